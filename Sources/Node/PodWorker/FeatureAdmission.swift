internal import API
internal import JSON
internal import Runtime

/// What a node may have to refuse because it cannot, or must not, do it.
extension NodeServices {
    func rejection(of pod: Object) async throws -> Admission.Rejection? {
        if let name = forbiddenSysctl(of: pod) {
            return .init(reason: "SysctlForbidden", message: "forbidden sysctl: \"\(name)\" not allowlisted")
        }
        let context = pod.spec["securityContext"]
        let contexts = [context] + pod.allContainers.map { $0.spec["securityContext"] }
        let confined = contexts.contains {
            ["RuntimeDefault", "Localhost"].contains($0["appArmorProfile"]["type"].string)
        }
        if confined, Files.line("/sys/module/apparmor/parameters/enabled") != "Y" {
            return .init(
                reason: "AppArmor", message: "Cannot enforce AppArmor: AppArmor is not enabled on the host")
        }
        if context["supplementalGroupsPolicy"].equals("Strict"),
            try await !driver.status().supplementalGroupsPolicy
        {
            return .init(
                reason: "SupplementalGroupsPolicyNotSupported",
                message: "SupplementalGroupsPolicy=Strict is not supported in this node")
        }
        return nil
    }

    /// Those that are the pod's own and can do no harm to others; the rest an administrator must allow.
    /// https://kubernetes.io/docs/tasks/administer-cluster/sysctl-cluster/#safe-and-unsafe-sysctls
    private static let safeSysctls: Set = [
        "kernel.shm_rmid_forced", "net.ipv4.ip_local_port_range", "net.ipv4.tcp_syncookies",
        "net.ipv4.ping_group_range", "net.ipv4.ip_unprivileged_port_start", "net.ipv4.ip_local_reserved_ports",
        "net.ipv4.tcp_keepalive_time", "net.ipv4.tcp_fin_timeout", "net.ipv4.tcp_keepalive_intvl",
        "net.ipv4.tcp_keepalive_probes", "net.ipv4.tcp_rmem", "net.ipv4.tcp_wmem",
    ]

    private func forbiddenSysctl(of pod: Object) -> String? {
        let names = pod.spec["securityContext"]["sysctls"].elements.map { sysctlName($0["name"].string ?? "") }
        return names.first { name in
            !Self.safeSysctls.contains(name)
                && !configuration.allowedUnsafeSysctls.contains {
                    $0.hasSuffix("*") ? name.hasPrefix($0.dropLast()) : name == $0
                }
        }
    }
}

/// With dots, though it may be given with slashes (sysctl(8)).
func sysctlName(_ name: String) -> String {
    guard let separator = name.first(where: { $0 == "." || $0 == "/" }), separator == "/" else { return name }
    return String(name.map { $0 == "/" ? "." : $0 == "." ? "/" : $0 })
}
