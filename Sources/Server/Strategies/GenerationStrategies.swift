internal import API
internal import JSON

// Kinds whose generation counts more, or less, than the changes of everything but metadata and status.

extension Strategy {
    /// Counts one change; the generic count of a change in the spec comes to the same number.
    fileprivate func count(_ object: inout JSONValue, old: JSONValue) {
        object["metadata"]["generation"] = .int((old["metadata"]["generation"].int ?? 0) + 1)
    }
}

/// Deployments copy their annotations to their ReplicaSets.
struct DeploymentStrategy: Strategy {
    var keptByStatus: [String] { ["labels"] }

    func prepareForUpdate(_ object: inout JSONValue, old: JSONValue, _ context: WriteContext) throws(StatusError) {
        if context.subresource == nil, object["metadata"]["annotations"] != old["metadata"]["annotations"] {
            count(&object, old: old)
        }
    }
}

/// The labels of an EndpointSlice say whose it is.
struct EndpointSliceStrategy: Strategy {
    func prepareForUpdate(_ object: inout JSONValue, old: JSONValue, _ context: WriteContext) throws(StatusError) {
        if object["metadata"]["labels"] != old["metadata"]["labels"] { count(&object, old: old) }
    }
}

/// The fields of a CSIDriver that may change are counted from nothing.
struct CSIDriverStrategy: Strategy {
    var returnsDeletedObject: Bool { true }
    var needsRevision: Bool { true }

    func prepareForUpdate(_ object: inout JSONValue, old: JSONValue, _ context: WriteContext) throws(StatusError) {
        let fields = ["tokenRequests", "requiresRepublish", "seLinuxMount", "nodeAllocatableUpdatePeriodSeconds"]
        if fields.contains(where: { object["spec"][$0] != old["spec"][$0] }) { count(&object, old: old) }
    }
}
