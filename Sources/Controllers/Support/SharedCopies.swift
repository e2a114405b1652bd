internal import API
internal import Client
internal import JSON

/// Copies of resources that several controllers read: each object is parsed and held once. Who writes such an object
/// notes the answer in the copy, so that the next look knows of it whether or not the watch has come that far.
final class SharedCopies: Sendable {
    /// All by who controls them: `values(at: owner.uid)`, `values(at: orphans(in: namespace))`.
    let pods: Reflector<Object>
    let replicaSets: Reflector<Object>
    let revisions: Reflector<Object>
    let nodes: Reflector<Object>
    var all: [Reflector<Object>] { [pods, replicaSets, revisions, nodes] }

    init(_ client: any ObjectClient, _ time: any TimeSource) {
        func owned(_ resource: ResourceName) -> Reflector<Object> {
            Reflector(client, resource, time: time, index: { [$0.controllerUID ?? Self.orphans(in: $0.namespace)] })
        }
        pods = owned(.pods)
        replicaSets = Reflector(
            client, .replicaSets, time: time,
            index: { [$0.controllerUID ?? Self.orphans(in: $0.namespace), Self.all(in: $0.namespace)] })
        revisions = owned(.controllerRevisions)
        nodes = Reflector(client, .nodes, time: time)
    }

    /// Where the index has the objects of a namespace that nobody controls.
    static func orphans(in namespace: String) -> String { "orphans in " + namespace }
    /// Where the index of owners has all of a namespace.
    static func all(in namespace: String) -> String { "all in " + namespace }

    /// A copy of a kind of owners, for an `OwnerFinder`.
    static func owners(
        _ client: any ObjectClient, _ resource: ResourceName, _ time: any TimeSource
    ) -> Reflector<Object> {
        Reflector(client, resource, time: time, index: { [all(in: $0.namespace)] })
    }
}

extension Object {
    var controllerUID: String? {
        metadata["ownerReferences"].elements.first { $0["controller"].bool == true }?["uid"].string
    }
    var generation: Int { metadata["generation"].int ?? 0 }
    /// Seconds precision, as the API has it.
    var created: Time? { metadata["creationTimestamp"].string.flatMap { Time($0) } }

    /// Older ones first; by name where that decides nothing.
    static func isOlder(_ a: Object, _ b: Object) -> Bool {
        let (x, y) = (a.metadata["creationTimestamp"].string ?? "", b.metadata["creationTimestamp"].string ?? "")
        return x == y ? a.name < b.name : x < y
    }
}

/// A copy that hears what was written.
extension Reflector where Value == Object {
    func note(deletionOf object: Object, _ answer: Object?) {
        if let answer, answer.isBeingDeleted { note(answer) } else { noteRemoval(of: object) }
    }
}
