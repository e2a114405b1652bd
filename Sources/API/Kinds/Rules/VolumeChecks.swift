internal import JSON

// Checks of the volumes of Pods.
extension Kinds {
    static let volumeChecks: [String: Check] = [
        "core.v1.SecretVolumeSource": { $2.require($0, "secretName", $1) },
        "core.v1.ConfigMapVolumeSource": { $2.require($0, "name", $1) },
        "core.v1.SecretProjection": { $2.require($0, "name", $1) },
        "core.v1.ConfigMapProjection": { $2.require($0, "name", $1) },
        "core.v1.EphemeralVolumeSource": { $2.require($0, "volumeClaimTemplate", $1) },
        "core.v1.PersistentVolumeClaimTemplate": { template, path, errors in
            for field in template["metadata"].members.keys.sorted() where field != "labels" && field != "annotations" {
                errors.append(.forbidden(path["metadata"][field], "cannot be set"))
            }
        },
        "core.v1.EmptyDirVolumeSource": { source, path, errors in
            if source["sizeLimit"].string.flatMap(Quantity.init)?.isNegative == true {
                errors.append(.forbidden(path["sizeLimit"], "must be a valid resource quantity"))
            }
        },
        "core.v1.FCVolumeSource": { source, path, errors in
            let (names, ids) = (source["targetWWNs"].items, source["wwids"].items)
            if names.isEmpty, ids.isEmpty {
                errors.append(.required(path["targetWWNs"], "must specify either targetWWNs or wwids"))
            } else if !names.isEmpty, !ids.isEmpty {
                errors.append(
                    .invalid(path["targetWWNs"], source["targetWWNs"], "targetWWNs and wwids can not both be specified")
                )
            }
            if !names.isEmpty {
                if !source.given("lun") {
                    errors.append(.required(path["lun"], "lun is required if targetWWNs is specified"))
                } else if let lun = source["lun"].int, !(0...255).contains(lun) {
                    errors.append(.invalid(path["lun"], .int(lun), "must be between 0 and 255, inclusive"))
                }
            }
        },
        "core.v1.DownwardAPIVolumeSource": { checkFiles($0, $1, &$2) },
        "core.v1.DownwardAPIProjection": { checkFiles($0, $1, &$2) },
        "core.v1.VolumeProjection": { projection, path, errors in
            if projection.members.keys.count(where: projection.given) > 1 {
                errors.append(.forbidden(path, "may not specify more than 1 volume type per source"))
            }
        },
        "core.v1.ProjectedVolumeSource": { volume, path, errors in
            var taken: Set<String> = []
            for (index, source) in volume["sources"].items.enumerated() {
                if source.given("serviceAccountToken") {
                    errors.require(source["serviceAccountToken"], "path", path)
                    errors.check(.localPath, source["serviceAccountToken"]["path"], path["path"])
                }
                checkTrust(source["clusterTrustBundle"], path["sources"][index]["clusterTrustBundle"], &errors)
                var paths = ["secret", "configMap", "downwardAPI"].flatMap {
                    source[$0]["items"].items.map { $0["path"].text }
                }
                if let place = source["clusterTrustBundle"]["path"].string { paths.append(place) }
                for place in paths where !place.isEmpty && !taken.insert(place).inserted {
                    errors.append(.invalid(path, .string(place), "conflicting duplicate paths"))
                }
            }
        },
        "core.v1.CSIVolumeSource": { source, path, errors in
            checkDriver(source["driver"], path["driver"], &errors)
            guard source.given("nodePublishSecretRef") else { return }
            errors.require(source["nodePublishSecretRef"], "name", path["nodePublishSecretRef"])
            if let name = source["nodePublishSecretRef"]["name"].string, !name.isEmpty {
                errors.check(.dns1123Subdomain, .string(name), path["name"])
            }
        },
        "core.v1.ISCSIVolumeSource": checkISCSI,
        "core.v1.ISCSIPersistentVolumeSource": checkISCSI,
    ]

    /// Files of the downward API. What is wrong with one is found at the volume.
    private static func checkFiles(_ volume: JSONValue, _ path: FieldPath, _ errors: inout [FieldError]) {
        for file in volume["items"].items {
            errors.require(file, "path", path)
            errors.check(.localPath, file["path"], path["path"])
            checkFieldRef(file["fieldRef"], among: volumeFields, path["fieldRef"], &errors)
            switch (file.given("fieldRef"), file.given("resourceFieldRef")) {
            case (true, true):
                errors.append(
                    .invalid(path, "resource", "fieldRef and resourceFieldRef can not be specified simultaneously"))
            case (false, true):
                let (reference, path) = (file["resourceFieldRef"], path["resourceFieldRef"])
                errors.require(reference, reference["containerName"].text.isEmpty ? "containerName" : "resource", path)
                if !reference["containerName"].text.isEmpty { checkResourceRef(reference, path, &errors) }
            case (true, false): errors.require(file["fieldRef"], "fieldPath", path["fieldRef"])
            case (false, false): errors.append(.required(path, "one of fieldRef and resourceFieldRef is required"))
            }
            if let mode = file["mode"].int, !(0...511).contains(mode) {
                errors.append(
                    .invalid(
                        path["mode"], .int(mode), "must be a number between 0 and 0777 (octal), both inclusive"))
            }
        }
    }

    private static func checkTrust(_ bundle: JSONValue, _ path: FieldPath, _ errors: inout [FieldError]) {
        if bundle.isNull { return }
        switch (bundle.given("name"), bundle.given("signerName")) {
        case (true, true): errors.append(.invalid(path, bundle, "only one of name and signerName may be used"))
        case (false, false): errors.append(.required(path, "either name or signerName must be specified"))
        case (true, false):
            if bundle.given("labelSelector") {
                errors.append(
                    .invalid(
                        path["labelSelector"], bundle["labelSelector"],
                        "labelSelector must be unset if name is specified"))
            }
        case (false, true): checkSigner(bundle["signerName"], path["signerName"], &errors)
        }
    }

    private static func checkISCSI(_ source: JSONValue, _ path: FieldPath, _ errors: inout [FieldError]) {
        let name = source["iqn"].text
        if !name.isEmpty, !["iqn", "eui", "naa"].contains(where: name.hasPrefix) {
            errors.append(
                .invalid(path["iqn"], source["iqn"], "must be valid format starting with iqn, eui, or naa"))
        }
        if let lun = source["lun"].int, !(0...255).contains(lun) {
            errors.append(.invalid(path["lun"], .int(lun), "must be between 0 and 255, inclusive"))
        }
        if source["chapAuthDiscovery"] == true || source["chapAuthSession"] == true, !source.given("secretRef") {
            errors.append(.required(path["secretRef"]))
        }
    }

    /// The name of a CSI driver.
    static func checkDriver(_ name: JSONValue, _ path: FieldPath, _ errors: inout [FieldError]) {
        let text = name.text
        if text.utf8.count > 63 { errors.append(.tooLong(path, maximum: 63)) }
        errors.check(.dns1123Subdomain, .string(text.lowercased()), path)
    }

    /// `example.com/signer-name`
    static func checkSigner(_ name: JSONValue, _ path: FieldPath, _ errors: inout [FieldError]) {
        guard let text = name.string, !text.isEmpty else { return }
        let parts = text.split(separator: "/", omittingEmptySubsequences: false).map(String.init)
        guard parts.count == 2, !parts[1].isEmpty else {
            errors.append(
                .invalid(
                    path, name, "must be a fully qualified domain and path of the form 'example.com/signer-name'"))
            return
        }
        if text.utf8.count > 571 { errors.append(.tooLong(path, maximum: 571)) }
        errors.check(.dns1123Subdomain, .string(parts[0]), path)
        if !parts[0].contains(".") {
            errors.append(.invalid(path, name, "should be a domain with at least two segments separated by dots"))
        }
        errors.check(.dns1123Subdomain, .string(parts[1]), path)
    }
}
