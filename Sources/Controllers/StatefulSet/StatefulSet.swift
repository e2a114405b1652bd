internal import API
internal import Client
internal import JSON

/// A StatefulSet as one look of its controller sees it.
struct StatefulSet: Sendable {
    let object: Object

    init(_ object: Object) { self.object = object }

    var spec: JSONRef { object["spec"] }
    var replicas: Int { spec["replicas"].int ?? 1 }
    var start: Int { spec["ordinals"]["start"].int ?? 0 }
    var ordinals: Range<Int> { start..<start + replicas }
    /// One Pod after the other.
    var isOrdered: Bool { !spec["podManagementPolicy"].equals("Parallel") }
    var isRolling: Bool { !spec["updateStrategy"]["type"].equals("OnDelete") }
    var partition: Int { spec["updateStrategy"]["rollingUpdate"]["partition"].int ?? 0 }
    var minReadySeconds: Int { spec["minReadySeconds"].int ?? 0 }
    var historyLimit: Int { spec["revisionHistoryLimit"].int ?? 10 }
    /// How many Pods may be missing during an update, at least one.
    var maxUnavailable: Int {
        max(1, spec["updateStrategy"]["rollingUpdate"]["maxUnavailable"].scaled(of: replicas, roundUp: false) ?? 1)
    }
    var selector: LabelSelector { LabelSelector(spec["selector"]) }
    var claimTemplates: JSONElements { spec["volumeClaimTemplates"].elements }

    func podName(_ ordinal: Int) -> String { "\(object.name)-\(ordinal)" }

    /// The number of a Pod of this name; nil when it is none of this set.
    func ordinal(_ podName: String) -> Int? {
        guard let dash = podName.lastIndex(of: "-"), podName[..<dash] == object.name else { return nil }
        let digits = podName[podName.index(after: dash)...]
        return digits.allSatisfy { ("0"..."9").contains($0) } ? Int(digits) : nil
    }

    func claimName(_ template: JSONRef, _ ordinal: Int) -> String {
        "\(template["metadata"]["name"].string ?? "")-\(podName(ordinal))"
    }

    enum Label {
        static let podName = "statefulset.kubernetes.io/pod-name"
        static let podIndex = "apps.kubernetes.io/pod-index"
        static let revision = "controller-revision-hash"
        static let hash = "controller.kubernetes.io/hash"
    }

    // MARK: What it makes

    /// The Pod of this number with a template of a revision: its name, its labels, its claims.
    func pod(_ ordinal: Int, template: JSONValue, revision: String) -> JSONValue {
        let name = podName(ordinal)
        var pod = PodControl.pod(template: template, owner: object)
        pod["metadata"].remove("generateName")
        pod["metadata"]["name"] = .string(name)
        for (label, value) in identity(ordinal) { pod["metadata"]["labels"][label] = .string(value) }
        pod["metadata"]["labels"][Label.revision] = .string(revision)
        pod["spec"]["hostname"] = .string(name)
        if let service = spec["serviceName"].string, !service.isEmpty { pod["spec"]["subdomain"] = .string(service) }
        let claims: [JSONValue] = claimTemplates.map { template in
            [
                "name": template["metadata"]["name"].value,
                "persistentVolumeClaim": ["claimName": .string(claimName(template, ordinal))],
            ]
        }
        let others = (template["spec"]["volumes"].array ?? []).filter { volume in
            !claims.contains { $0["name"] == volume["name"] }
        }
        if !claims.isEmpty { pod["spec"]["volumes"] = .array(claims + others) }
        return pod
    }

    func identity(_ ordinal: Int) -> [(String, String)] {
        [(Label.podName, podName(ordinal)), (Label.podIndex, String(ordinal))]
    }

    func claim(_ template: JSONRef, _ ordinal: Int) -> JSONValue {
        var claim = template.value
        claim["apiVersion"] = "v1"
        claim["kind"] = "PersistentVolumeClaim"
        claim["metadata"]["name"] = .string(claimName(template, ordinal))
        claim["metadata"]["namespace"] = .string(object.namespace)
        for (key, value) in spec["selector"]["matchLabels"].members { claim["metadata"]["labels"][key] = value.value }
        claim.remove("status")
        return claim
    }
}
