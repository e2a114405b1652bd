internal import JSON

// Checks of the volumes of Pods.
extension Kinds {
    static let volumeChecks: [String: Check] = [
        "core.v1.SecretVolumeSource": { $2.require($0, "secretName", $1) },
        "core.v1.ConfigMapVolumeSource": { $2.require($0, "name", $1) },
        "core.v1.SecretProjection": { $2.require($0, "name", $1) },
        "core.v1.ConfigMapProjection": { $2.require($0, "name", $1) },
        "core.v1.ImageVolumeSource": { $2.require($0, "reference", $1) },
        "core.v1.EphemeralVolumeSource": { $2.require($0, "volumeClaimTemplate", $1) },
        "core.v1.EmptyDirVolumeSource": { source, path, errors in
            if source["sizeLimit"].string.flatMap(Quantity.init)?.isNegative == true {
                errors.append(.forbidden(path["sizeLimit"], "must be a valid resource quantity"))
            }
        },
        "core.v1.DownwardAPIVolumeFile": { file, path, errors in
            switch (file.given("fieldRef"), file.given("resourceFieldRef")) {
            case (true, true):
                errors.append(.invalid(path, file, "fieldRef and resourceFieldRef can not be specified simultaneously"))
            case (false, false): errors.append(.required(path, "one of fieldRef and resourceFieldRef is required"))
            default: break
            }
            checkFieldRef(file["fieldRef"], among: volumeFields, path["fieldRef"], &errors)
            if file.given("resourceFieldRef") {
                errors.require(file["resourceFieldRef"], "containerName", path["resourceFieldRef"])
                checkResourceRef(file["resourceFieldRef"], path["resourceFieldRef"], &errors)
            }
        },
        "core.v1.VolumeProjection": { projection, path, errors in
            let sources = projection.members.keys.filter(projection.given)
            if sources.isEmpty { errors.append(.required(path, "must specify a source")) }
            if sources.count > 1 {
                errors.append(.forbidden(path, "may not specify more than 1 volume type per source"))
            }
        },
        "core.v1.ProjectedVolumeSource": { volume, path, errors in
            var taken: Set<String> = []
            for (index, source) in volume["sources"].items.enumerated() {
                var paths = ["secret", "configMap", "downwardAPI"].flatMap {
                    source[$0]["items"].items.map { $0["path"].text }
                }
                paths += ["serviceAccountToken", "clusterTrustBundle"].compactMap { source[$0]["path"].string }
                for place in paths where !place.isEmpty && !taken.insert(place).inserted {
                    errors.append(.invalid(path["sources"][index], .string(place), "conflicting duplicate paths"))
                }
            }
        },
        "core.v1.CSIVolumeSource": { checkDriver($0["driver"], $1["driver"], &$2) },
    ]

    /// The name of a CSI driver.
    static func checkDriver(_ name: JSONValue, _ path: FieldPath, _ errors: inout [FieldError]) {
        guard let text = name.string, !text.isEmpty else { return }
        if text.utf8.count > 63 { errors.append(.tooLong(path, maximum: 63)) }
        errors.check(.dns1123Subdomain, .string(text.lowercased()), path)
    }
}
