internal import API
internal import JSON

/// What a claim starts from: another claim or a snapshot in the old field, anything in the new one (KEP-1495).
struct ClaimStrategy: Strategy {
    var returnsDeletedObject: Bool { true }
    var protection: String? { "kubernetes.io/pvc-protection" }

    func prepareForCreate(_ object: inout JSONValue, _ context: WriteContext) throws(StatusError) {
        fill(&object, isKept: false)
    }

    func prepareForUpdate(_ object: inout JSONValue, old: JSONValue, _ context: WriteContext) throws(StatusError) {
        if context.subresource == nil { fill(&object, isKept: old["spec"].has("dataSource")) }
    }

    /// A source of the own namespace stands in both fields; one that the old field cannot name is as none.
    private func fill(_ object: inout JSONValue, isKept: Bool) {
        var spec = object["spec"]
        defer { object["spec"] = spec }
        let source = spec["dataSource"]
        if !spec.has("dataSourceRef"), !source.isNull {
            let group = source["apiGroup"].string ?? ""
            let isKnown =
                group.isEmpty && source["kind"] == "PersistentVolumeClaim"
                || group == "snapshot.storage.k8s.io" && source["kind"] == "VolumeSnapshot"
            if isKnown || isKept { spec["dataSourceRef"] = source } else { spec.remove("dataSource") }
        } else if source.isNull, spec.has("dataSourceRef"), !spec["dataSourceRef"].has("namespace") {
            spec["dataSource"] = spec["dataSourceRef"]
        }
    }
}
