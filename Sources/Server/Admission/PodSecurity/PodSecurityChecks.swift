internal import API
internal import JSON

/// One line of the Pod Security Standards.
struct PodSecurityCheck: Sendable {
    typealias Find = @Sendable (PodSecuritySubject) -> PodSecurityViolation?
    /// Policies of older versions do not have it.
    var since = 0
    /// The restricted level has a stricter check for the same thing.
    var isReplaced = false
    let find: Find
}

/// The checks, in the order in which upstream tells of them.
/// https://kubernetes.io/docs/concepts/security/pod-security-standards/
enum PodSecurityChecks {
    typealias Subject = PodSecuritySubject
    typealias Violation = PodSecurityViolation

    static func violations(_ subject: Subject, _ level: PodSecurityLevel) -> [Violation] {
        let checks: [PodSecurityCheck] =
            switch level {
            case .privileged: []
            case .baseline: baseline
            case .restricted: baseline.filter { !$0.isReplaced } + restricted
            }
        return checks.filter { $0.since <= subject.minor }.compactMap { $0.find(subject) }
    }

    private static let baseline: [PodSecurityCheck] = [
        PodSecurityCheck(find: appArmorProfile),
        PodSecurityCheck(isReplaced: true, find: addedCapabilities),
        PodSecurityCheck { pod in
            let shared = ["hostNetwork", "hostPID", "hostIPC"].filter { pod.spec[$0].bool == true }.map { $0 + "=true" }
            return shared.isEmpty ? nil : Violation(reason: "host namespaces", detail: shared.joined(separator: ", "))
        },
        PodSecurityCheck(isReplaced: true) { pod in
            let names = (pod.spec["volumes"].array ?? []).filter { $0.has("hostPath") }.compactMap { $0["name"].string }
            return names.isEmpty ? nil : Violation(reason: "hostPath volumes", detail: Subject.counted("volume", names))
        },
        PodSecurityCheck(find: hostPorts),
        PodSecurityCheck(since: 34, find: handlerHosts),
        PodSecurityCheck { pod in
            pod.containers { $0["securityContext"]["privileged"].bool == true }.map {
                Violation(reason: "privileged", detail: $0 + " must not set securityContext.privileged=true")
            }
        },
        PodSecurityCheck { pod in
            if pod.hasOwnUsers { return nil }
            let isBad = { (text: String) in text != "Default" }
            return pod.containers { $0["securityContext"]["procMount"].string.map(isBad) ?? false }.map {
                let values = Subject.quoted(pod.values(["procMount"], where: isBad))
                return Violation(
                    reason: "procMount", detail: "\($0) must not set securityContext.procMount to \(values)")
            }
        },
        PodSecurityCheck(find: seLinuxOptions),
        PodSecurityCheck(isReplaced: true, find: badSeccompProfile),
        PodSecurityCheck(find: sysctls),
        PodSecurityCheck { pod in
            pod.setters { $0["windowsOptions"]["hostProcess"].bool == true }.map {
                Violation(
                    reason: "hostProcess", detail: $0 + " must not set securityContext.windowsOptions.hostProcess=true")
            }
        },
    ]

    private static let restricted: [PodSecurityCheck] = [
        PodSecurityCheck(since: 8) { pod in
            if pod.isWindows { return nil }
            return pod.containers { $0["securityContext"]["allowPrivilegeEscalation"].bool != false }.map {
                Violation(
                    reason: "allowPrivilegeEscalation != false",
                    detail: $0 + " must set securityContext.allowPrivilegeEscalation=false")
            }
        },
        PodSecurityCheck(since: 22, find: keptCapabilities),
        PodSecurityCheck(find: restrictedVolumes),
        PodSecurityCheck { pod in
            if pod.hasOwnUsers { return nil }
            let reason = "runAsNonRoot != true"
            if let setters = pod.setters(where: { $0["runAsNonRoot"].bool == false }) {
                return Violation(reason: reason, detail: setters + " must not set securityContext.runAsNonRoot=false")
            }
            return pod.implicit("runAsNonRoot") { $0.bool == true }.map {
                Violation(reason: reason, detail: "pod or \($0) must set securityContext.runAsNonRoot=true")
            }
        },
        PodSecurityCheck(since: 23) { pod in
            if pod.hasOwnUsers { return nil }
            return pod.setters { $0["runAsUser"].int == 0 }.map {
                Violation(reason: "runAsUser=0", detail: $0 + " must not set runAsUser=0")
            }
        },
        PodSecurityCheck(since: 19) { pod in
            if pod.isWindows { return nil }
            if let bad = badSeccompProfile(pod) { return bad }
            return pod.implicit("seccompProfile") { !$0.isNull }.map {
                Violation(
                    reason: "seccompProfile",
                    detail:
                        "pod or \($0) must set securityContext.seccompProfile.type to \"RuntimeDefault\" or \"Localhost\""
                )
            }
        },
    ]

    // MARK: Baseline

    private static let appArmorProfile: PodSecurityCheck.Find = { pod in
        let isBad = { (type: String) in !["RuntimeDefault", "Localhost"].contains(type) }
        var setters = pod.setters { $0["appArmorProfile"]["type"].string.map(isBad) ?? false }
        var values = pod.values(["appArmorProfile", "type"], where: isBad)
        let annotations = (pod.metadata["annotations"].object ?? [:]).compactMap { key, value -> String? in
            let text = value.string ?? ""
            guard key.hasPrefix(Subject.appArmorPrefix), !text.isEmpty, text != "runtime/default",
                !text.hasPrefix("localhost/")
            else { return nil }
            return "\(key)=\"\(text)\""
        }.sorted()
        if !annotations.isEmpty {
            let word = Subject.plural("annotation", annotations.count)
            setters = setters.map { $0 + " and " + word } ?? word
            values += annotations
        }
        return setters.map {
            Violation(
                reason: Subject.plural("forbidden AppArmor profile", values.count),
                detail: "\($0) must not set AppArmor profile type to \(Subject.quoted(values))")
        }
    }

    private static let defaultCapabilities: Set = [
        "AUDIT_WRITE", "CHOWN", "DAC_OVERRIDE", "FOWNER", "FSETID", "KILL", "MKNOD", "NET_BIND_SERVICE", "SETFCAP",
        "SETGID", "SETPCAP", "SETUID", "SYS_CHROOT",
    ]

    private static let addedCapabilities: PodSecurityCheck.Find = { pod in
        added(pod, allowed: defaultCapabilities).map { Violation(reason: "non-default capabilities", detail: $0) }
    }

    private static func added(_ pod: Subject, allowed: Set<String>) -> String? {
        func bad(_ container: JSONValue) -> [String] {
            (container["securityContext"]["capabilities"]["add"].array ?? []).compactMap(\.string).filter {
                !allowed.contains($0)
            }
        }
        let values = Subject.quoted(Set(pod.containers.flatMap(bad)).sorted())
        return pod.containers { !bad($0).isEmpty }.map {
            "\($0) must not include \(values) in securityContext.capabilities.add"
        }
    }

    private static let hostPorts: PodSecurityCheck.Find = { pod in
        func ports(_ container: JSONValue) -> [String] {
            (container["ports"].array ?? []).compactMap { $0["hostPort"].int }.filter { $0 != 0 }.map(String.init)
        }
        let all = Set(pod.containers.flatMap(ports)).sorted()
        let names = pod.names { !ports($0).isEmpty }
        if names.isEmpty { return nil }
        let verb = names.count == 1 ? "uses" : "use"
        return Violation(
            reason: "hostPort",
            detail:
                "\(Subject.counted("container", names)) \(verb) \(Subject.plural("hostPort", all.count)) \(all.joined(separator: ", "))"
        )
    }

    private static let handlerHosts: PodSecurityCheck.Find = { pod in
        func hosts(_ container: JSONValue) -> [String] {
            let handlers =
                ["livenessProbe", "readinessProbe", "startupProbe"].map { container[$0] }
                + ["postStart", "preStop"].map { container["lifecycle"][$0] }
            return handlers.flatMap { [$0["httpGet"]["host"].string, $0["tcpSocket"]["host"].string] }.compactMap(
                \.self
            )
            .filter { !$0.isEmpty }
        }
        let all = Set(pod.containers.flatMap(hosts)).sorted()
        let names = pod.names { !hosts($0).isEmpty }.sorted()
        if names.isEmpty { return nil }
        let verb = names.count == 1 ? "uses" : "use"
        return Violation(
            reason: "probe or lifecycle host",
            detail: "\(Subject.counted("container", names)) \(verb) \(Subject.counted("probe or lifecycle host", all))")
    }

    private static let seLinuxOptions: PodSecurityCheck.Find = { pod in
        let types =
            ["", "container_t", "container_init_t", "container_kvm_t"] + (pod.minor >= 31 ? ["container_engine_t"] : [])
        let isBad = { (type: String) in !types.contains(type) }
        let isSet = { (text: String) in !text.isEmpty }
        let setters = pod.setters { context in
            let options = context["seLinuxOptions"]
            return isBad(options["type"].string ?? "") || isSet(options["user"].string ?? "")
                || isSet(options["role"].string ?? "")
        }
        guard let setters else { return nil }
        var data: [String] = []
        let badTypes = pod.values(["seLinuxOptions", "type"], where: isBad)
        if !badTypes.isEmpty { data.append(Subject.counted("type", badTypes)) }
        for field in ["user", "role"] where !pod.values(["seLinuxOptions", field], where: isSet).isEmpty {
            data.append("\(field) may not be set")
        }
        return Violation(
            reason: "seLinuxOptions",
            detail: "\(setters) set forbidden securityContext.seLinuxOptions: \(data.joined(separator: "; "))")
    }

    private static let badSeccompProfile: PodSecurityCheck.Find = { pod in
        let isBad = { (type: String) in !["RuntimeDefault", "Localhost"].contains(type) }
        return pod.setters { $0["seccompProfile"]["type"].string.map(isBad) ?? false }.map {
            let values = Subject.quoted(pod.values(["seccompProfile", "type"], where: isBad))
            return Violation(
                reason: "seccompProfile", detail: "\($0) must not set securityContext.seccompProfile.type to \(values)")
        }
    }

    /// With the minor version since which each is safe.
    private static let safeSysctls = [
        "kernel.shm_rmid_forced": 0, "net.ipv4.ip_local_port_range": 0, "net.ipv4.tcp_syncookies": 0,
        "net.ipv4.ping_group_range": 0, "net.ipv4.ip_unprivileged_port_start": 0,
        "net.ipv4.ip_local_reserved_ports": 27, "net.ipv4.tcp_keepalive_time": 29, "net.ipv4.tcp_fin_timeout": 29,
        "net.ipv4.tcp_keepalive_intvl": 29, "net.ipv4.tcp_keepalive_probes": 29, "net.ipv4.tcp_rmem": 32,
        "net.ipv4.tcp_wmem": 32,
    ]

    private static let sysctls: PodSecurityCheck.Find = { pod in
        let names = (pod.spec["securityContext"]["sysctls"].array ?? []).compactMap { $0["name"].string }.filter {
            safeSysctls[$0].map { $0 > pod.minor } ?? true
        }
        return names.isEmpty ? nil : Violation(reason: "forbidden sysctls", detail: names.joined(separator: ", "))
    }

    // MARK: Restricted

    private static let keptCapabilities: PodSecurityCheck.Find = { pod in
        if pod.isWindows { return nil }
        let keeping = pod.containers {
            !($0["securityContext"]["capabilities"]["drop"].array ?? []).contains("ALL")
        }
        let details = [
            keeping.map { $0 + " must set securityContext.capabilities.drop=[\"ALL\"]" },
            added(pod, allowed: ["NET_BIND_SERVICE"]),
        ].compactMap(\.self)
        return details.isEmpty
            ? nil : Violation(reason: "unrestricted capabilities", detail: details.joined(separator: "; "))
    }

    private static let volumeTypes: Set = [
        "configMap", "csi", "downwardAPI", "emptyDir", "ephemeral", "persistentVolumeClaim", "projected", "secret",
        // An OCI image, mounted read-only.
        "image",
    ]

    private static let restrictedVolumes: PodSecurityCheck.Find = { pod in
        var names: [String] = []
        var types: Set<String> = []
        for volume in pod.spec["volumes"].array ?? [] {
            guard let type = volume.object?.keys.first(where: { $0 != "name" }), !volumeTypes.contains(type) else {
                continue
            }
            names.append(volume["name"].string ?? "")
            types.insert(type)
        }
        if names.isEmpty { return nil }
        let verb = names.count == 1 ? "uses" : "use"
        return Violation(
            reason: "restricted volume types",
            detail:
                "\(Subject.counted("volume", names)) \(verb) \(Subject.counted("restricted volume type", types.sorted()))"
        )
    }
}
