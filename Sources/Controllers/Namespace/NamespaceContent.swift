internal import API
internal import Client

/// What is left of a namespace that is being emptied.
struct NamespaceContent: Sendable {
    var remaining: [(resource: ResourceName, list: ObjectList)] = []
    var failures: [StatusError] = []

    /// https://kubernetes.io/docs/reference/kubernetes-api/cluster-resources/namespace-v1/#NamespaceStatus
    var conditions: [Condition] {
        let counts = remaining.map { resource, list in
            "\(resource.plural).\(resource.group) has \(list.items.count) resource instances"
        }
        var finalizers: [String: Int] = [:]
        for (_, list) in remaining {
            for object in list.items { for finalizer in object.finalizers { finalizers[finalizer, default: 0] += 1 } }
        }
        let held = finalizers.map { "\($0.key) in \($0.value) resource instances" }.sorted()
        let failed = failures.map(\.message).joined(separator: ", ")
        return [
            Condition(
                "NamespaceDeletionDiscoveryFailure", false, reason: "ResourcesDiscovered",
                message: "All resources successfully discovered"),
            Condition(
                "NamespaceDeletionGroupVersionParsingFailure", false, reason: "ParsedGroupVersions",
                message: "All legacy kube types successfully parsed"),
            failures.isEmpty
                ? Condition(
                    "NamespaceDeletionContentFailure", false, reason: "ContentDeleted",
                    message: "All content successfully deleted, may be waiting on finalization")
                : Condition(
                    "NamespaceDeletionContentFailure", true, reason: "ContentDeletionFailed",
                    message: "Failed to delete all resource types, \(failures.count) remaining: \(failed)"),
            counts.isEmpty
                ? Condition(
                    "NamespaceContentRemaining", false, reason: "ContentRemoved",
                    message: "All content successfully removed")
                : Condition(
                    "NamespaceContentRemaining", true, reason: "SomeResourcesRemain",
                    message: "Some resources are remaining: " + counts.joined(separator: ", ")),
            held.isEmpty
                ? Condition(
                    "NamespaceFinalizersRemaining", false, reason: "ContentHasNoFinalizers",
                    message: "All content-preserving finalizers finished")
                : Condition(
                    "NamespaceFinalizersRemaining", true, reason: "SomeFinalizersRemain",
                    message: "Some content in the namespace has finalizers remaining: " + held.joined(separator: ", ")),
        ]
    }
}
