internal import JSON

// What a Pod may say on one operating system only, and in annotations.
extension Kinds {
    /// Fields of the Pod, of its security context and of those of its containers that Windows knows nothing of.
    private static let notOnWindows = (
        pod: ["hostUsers", "hostPID", "hostIPC", "shareProcessNamespace"],
        podContext: [
            "appArmorProfile", "seLinuxOptions", "seccompProfile", "fsGroup", "fsGroupChangePolicy", "sysctls",
            "runAsUser", "runAsGroup", "supplementalGroups", "supplementalGroupsPolicy", "seLinuxChangePolicy",
        ],
        container: [
            "appArmorProfile", "seLinuxOptions", "seccompProfile", "capabilities", "readOnlyRootFilesystem",
            "privileged", "allowPrivilegeEscalation", "procMount", "runAsUser", "runAsGroup",
        ]
    )

    static func checkOperatingSystem(_ spec: JSONValue, _ path: FieldPath, _ errors: inout [FieldError]) {
        let name = spec["os"]["name"].text
        if name.isEmpty { return }
        guard name == "linux" || name == "windows" else {
            errors.append(.notSupported(path["os"], spec["os"]["name"], ["linux", "windows"]))
            return
        }
        func forbid(_ fields: [String], in value: JSONValue, _ path: FieldPath) {
            for field in fields where value.given(field) {
                errors.append(.forbidden(path[field], "cannot be set for a \(name) pod"))
            }
        }
        let isLinux = name == "linux"
        if !isLinux { forbid(notOnWindows.pod, in: spec, path) }
        forbid(
            isLinux ? ["windowsOptions"] : notOnWindows.podContext, in: spec["securityContext"],
            path["securityContext"])
        for list in containerLists {
            for (index, container) in spec[list].items.enumerated() {
                forbid(
                    isLinux ? ["windowsOptions"] : notOnWindows.container, in: container["securityContext"],
                    path[list][index]["securityContext"])
            }
        }
    }

    static func checkPodAnnotations(
        _ metadata: JSONValue, _ spec: JSONValue, _ path: FieldPath, _ errors: inout [FieldError]
    ) {
        let annotations = metadata["annotations"]
        let mirror = "kubernetes.io/config.mirror"
        if annotations.has(mirror), spec["nodeName"].text.isEmpty {
            errors.append(
                .invalid(
                    path.entry(mirror), annotations[mirror], "must set spec.nodeName if mirror pod annotation is set"))
        }
        let cost = "controller.kubernetes.io/pod-deletion-cost"
        if let text = annotations[cost].string, !isCost(text) {
            errors.append(.invalid(path.entry(cost), annotations[cost], "must be a 32bit integer"))
        }
    }

    private static func isCost(_ text: String) -> Bool {
        text == "0" || Int32(text) != nil && !text.hasPrefix("+") && !text.drop { $0 == "-" }.hasPrefix("0")
    }
}
