internal import API
internal import JSON

/// Cells of volumes, claims and classes.
enum StorageCells {
    static let functions: [String: Cells.Cell] = [
        "accessModes": { .string(modes($0)) },
        // A claim shows what it got, once it is bound to a volume.
        "claimCapacity": { claim in
            (claim["spec"]["volumeName"].string ?? "").isEmpty
                ? "" : .string(claim["status"]["capacity"]["storage"].string ?? "")
        },
        "claimAccessModes": { claim in
            (claim["spec"]["volumeName"].string ?? "").isEmpty ? "" : .string(modes(claim["status"]["accessModes"]))
        },
        "storageClass": { object in
            .string(
                object["metadata"]["annotations"]["volume.beta.kubernetes.io/storage-class"].string
                    ?? object["spec"]["storageClassName"].string ?? "")
        },
        "claim": { volume in
            let claim = volume["spec"]["claimRef"]
            return claim.exists ? "\(claim["namespace"].string ?? "")/\(claim["name"].string ?? "")".cell : ""
        },
        "className": { object in
            let isDefault = ["", "beta."].contains {
                object["metadata"]["annotations"]["storageclass.\($0)kubernetes.io/is-default-class"].equals("true")
            }
            return "\(object["metadata"]["name"].string ?? "")\(isDefault ? " (default)" : "")".cell
        },
        "tokenRequests": { driver in
            .string(
                Cells.list(
                    driver["spec"]["tokenRequests"].elements.compactMap { $0["audience"].string }, none: "<unset>"))
        },
        "claimState": { claim in
            var states: [String] = []
            if claim["metadata"]["deletionTimestamp"].exists { states.append("deleted") }
            if claim["status"]["allocation"].exists { states.append("allocated") }
            if claim["status"]["reservedFor"].count > 0 { states.append("reserved") }
            return .string(Cells.list(states, none: "pending"))
        },
    ]

    private static func modes(_ modes: JSONRef) -> String {
        let short = ["ReadWriteOnce": "RWO", "ReadOnlyMany": "ROX", "ReadWriteMany": "RWX", "ReadWriteOncePod": "RWOP"]
        let given = Set(modes.elements.compactMap(\.string))
        return ["ReadWriteOnce", "ReadOnlyMany", "ReadWriteMany", "ReadWriteOncePod"].filter(given.contains).compactMap
        { short[$0] }
        .joined(separator: ",")
    }
}
