internal import API
internal import JSON

/// DaemonSets count the changes of their template in an annotation, which old clients read.
struct DaemonSetStrategy: Strategy {
    private static let annotation = "deprecated.daemonset.template.generation"

    func prepareForCreate(_ object: inout JSONValue, _ context: WriteContext) throws(StatusError) {
        object["metadata"]["annotations"][Self.annotation] = "1"
    }

    func prepareForUpdate(_ object: inout JSONValue, old: JSONValue, _ context: WriteContext) throws(StatusError) {
        let before = old["metadata"]["annotations"][Self.annotation].string.flatMap(Int.init) ?? 0
        let isChanged = object["spec"]["template"] != old["spec"]["template"]
        object["metadata"]["annotations"][Self.annotation] = .string(String(isChanged ? before + 1 : before))
    }
}
