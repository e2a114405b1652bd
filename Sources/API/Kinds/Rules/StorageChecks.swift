internal import JSON

// Checks of volumes of the cluster, claims and classes.
extension Kinds {
    private static let accessModes = ["ReadOnlyMany", "ReadWriteMany", "ReadWriteOnce", "ReadWriteOncePod"]

    static let storageChecks: [String: Check] = [
        "core.v1.PersistentVolumeSpec": { spec, path, errors in
            checkAccessModes(spec["accessModes"], path["accessModes"], &errors)
            let capacity = spec["capacity"]
            if capacity.members.isEmpty { errors.append(.required(path["capacity"])) }
            if !capacity.has("storage") || capacity.members.count > 1 {
                errors.append(.notSupported(path["capacity"], capacity, ["storage"]))
            }
            for (name, value) in capacity.members { checkPositive(value, path["capacity"].entry(name), &errors) }
            if spec["hostPath"]["path"] == "/", spec["persistentVolumeReclaimPolicy"] == "Recycle" {
                errors.append(
                    .forbidden(
                        path["persistentVolumeReclaimPolicy"], "may not be 'recycle' for a hostPath mount of '/'"))
            }
            if spec.given("local"), !spec.given("nodeAffinity") {
                errors.append(.required(path["nodeAffinity"], "local volume requires node affinity"))
            }
            if spec.given("nodeAffinity"), spec["nodeAffinity"]["required"].isNull {
                errors.append(.required(path["nodeAffinity"]["required"], "must specify required node constraints"))
            }
            errors.check(.dns1123Subdomain, spec["storageClassName"], path["storageClassName"])
            if spec.given("volumeAttributesClassName") {
                errors.require(spec, "volumeAttributesClassName", path)
                if !spec["volumeAttributesClassName"].text.isEmpty {
                    errors.check(
                        .dns1123Subdomain, spec["volumeAttributesClassName"], path["volumeAttributesClassName"])
                }
                if !spec.given("csi") {
                    errors.append(.required(path["csi"], "has to be specified when using volumeAttributesClassName"))
                }
            }
        },
        "core.v1.CSIPersistentVolumeSource": { source, path, errors in
            checkDriver(source["driver"], path["driver"], &errors)
            for field in [
                "controllerPublishSecretRef", "controllerExpandSecretRef", "nodePublishSecretRef",
                "nodeExpandSecretRef",
            ]
            where source.given(field) {
                for (part, format) in [("name", Format.dns1123Subdomain), ("namespace", .dns1123Label)] {
                    errors.require(source[field], part, path[field])
                    if !source[field][part].text.isEmpty {
                        errors.check(format, source[field][part], path[field][part])
                    }
                }
            }
        },
        "core.v1.PersistentVolumeClaimSpec": { spec, path, errors in
            checkAccessModes(spec["accessModes"], path["accessModes"], &errors)
            let storage = spec["resources"]["requests"]["storage"]
            if storage.isNull {
                errors.append(.required(path["resources"].entry("storage")))
            } else {
                checkPositive(storage, path["resources"].entry("storage"), &errors)
            }
            for field in ["storageClassName", "volumeAttributesClassName"] where !spec[field].text.isEmpty {
                errors.check(.dns1123Subdomain, spec[field], path[field])
            }
            for field in ["dataSource", "dataSourceRef"] where spec.given(field) {
                let group = spec[field]["apiGroup"].text
                if group.isEmpty, spec[field]["kind"] != "PersistentVolumeClaim" {
                    errors.append(
                        .invalid(
                            path[field], spec[field]["kind"],
                            "must be 'PersistentVolumeClaim' when referencing the default apiGroup"))
                } else if !group.isEmpty {
                    errors.check(.dns1123Subdomain, .string(group), path[field]["apiGroup"])
                }
            }
            let (source, reference) = (spec["dataSource"], spec["dataSourceRef"])
            if !source.isNull, !reference.isNull,
                reference.given("namespace")
                    || ["apiGroup", "kind", "name"].contains(where: { source[$0] != reference[$0] })
            {
                errors.append(.invalid(path, "dataSource", "must match dataSourceRef"))
            }
        },
        "storage.v1.StorageClass": { object, path, errors in
            errors.check(object["reclaimPolicy"], isOneOf: ["Delete", "Retain"], path["reclaimPolicy"])
            if let name = object["provisioner"].string, !name.isEmpty {
                errors.check(.qualifiedName, .string(name.lowercased()), path["provisioner"])
            }
            if object["parameters"].members.count > 512 { errors.append(.tooLong(path["parameters"], maximum: 512)) }
            checkParameters(object["parameters"], path["parameters"], &errors)
        },
        "storage.v1.VolumeAttributesClass": { object, path, errors in
            checkDriver(object["driverName"], path["driverName"], &errors)
            if object["parameters"].members.isEmpty {
                errors.append(.required(path["parameters"], "must contain at least one key/value pair"))
            }
            if object["parameters"].members.count > 512 { errors.append(.tooLong(path["parameters"], maximum: 512)) }
            checkParameters(object["parameters"], path["parameters"], &errors)
        },
        "storage.v1.CSIStorageCapacity": { object, path, errors in
            for field in ["capacity", "maximumVolumeSize"] { errors.quantity(object[field], path[field]) }
        },
        "storage.v1.CSIDriverSpec": { spec, path, errors in
            errors.check(
                spec["fsGroupPolicy"], isOneOf: ["File", "None", "ReadWriteOnceWithFSType"], path["fsGroupPolicy"])
            for mode in spec["volumeLifecycleModes"].items {
                errors.check(mode, isOneOf: ["Ephemeral", "Persistent"], path["volumeLifecycleModes"])
            }
            var audiences: Set<String> = []
            for (index, token) in spec["tokenRequests"].items.enumerated() {
                if !audiences.insert(token["audience"].text).inserted {
                    errors.append(.duplicate(path["tokenRequests"][index]["audience"], token["audience"]))
                }
                if let seconds = token["expirationSeconds"].int, seconds < 600 {
                    errors.append(
                        .invalid(
                            path["tokenRequests"][index]["expirationSeconds"], .int(seconds),
                            "may not specify a duration less than 10 minutes"))
                }
            }
        },
        "storage.v1.CSIDriver": { checkDriver($0["metadata"]["name"], $1["metadata"]["name"], &$2) },
        "storage.v1.CSINodeDriver": { driver, path, errors in
            checkDriver(driver["name"], path["name"], &errors)
            if driver["nodeID"].text.utf8.count > 256 {
                errors.append(.invalid(path["nodeID"], driver["nodeID"], "must be 256 characters or less"))
            }
            errors.nonNegative(driver["allocatable"]["count"], path["allocatable"]["count"])
            var keys: Set<String> = []
            for key in driver["topologyKeys"].items {
                errors.check(.qualifiedName, key, path["topologyKeys"])
                if !keys.insert(key.text).inserted { errors.append(.duplicate(path["topologyKeys"], key)) }
            }
        },
        "storage.v1.CSINodeSpec": { spec, path, errors in
            var names: Set<String> = []
            for (index, driver) in spec["drivers"].items.enumerated()
            where !names.insert(driver["name"].text).inserted {
                errors.append(.duplicate(path["drivers"][index]["name"], driver["name"]))
            }
        },
        "storage.v1.VolumeAttachmentSpec": { spec, path, errors in
            checkDriver(spec["attacher"], path["attacher"], &errors)
            let source = spec["source"]
            switch (source.given("persistentVolumeName"), source.given("inlineVolumeSpec")) {
            case (false, false):
                errors.append(
                    .required(path["source"], "must specify exactly one of inlineVolumeSpec and persistentVolumeName"))
            case (true, true):
                errors.append(
                    .forbidden(path["source"], "must specify exactly one of inlineVolumeSpec and persistentVolumeName"))
            default: break
            }
        },
    ]

    static let storageUpdateChecks: [String: UpdateCheck] = [
        "core.v1.PersistentVolumeSpec": { new, old, path, errors in
            func source(_ spec: JSONValue) -> JSONValue {
                var source = JSONValue.object([:])
                for name in volumeSources { if spec.given(name) { source[name] = spec[name] } }
                return source
            }
            if source(new) != source(old) {
                errors.append(
                    .forbidden(
                        path["persistentvolumesource"], "spec.persistentvolumesource is immutable after creation"))
            }
            if new["volumeMode"] != old["volumeMode"] {
                errors.append(.invalid(FieldPath("volumeMode"), new["volumeMode"], "field is immutable"))
            }
            if old.given("nodeAffinity"), new["nodeAffinity"] != old["nodeAffinity"] {
                errors.append(.invalid(FieldPath("nodeAffinity"), new["nodeAffinity"], "field is immutable"))
            }
            if old.given("volumeAttributesClassName"), !new.given("volumeAttributesClassName") {
                errors.append(
                    .forbidden(path["volumeAttributesClassName"], "update from non-nil value to nil is forbidden"))
            }
        },
        "core.v1.PersistentVolumeClaim": { new, old, path, errors in
            var allowed = old["spec"]
            let isBound = old["status"]["phase"] == "Bound"
            // The binder fills in the volume; a bound claim may grow and change its attributes.
            if (old["spec"]["volumeName"].text).isEmpty, new["spec"].given("volumeName") {
                allowed["volumeName"] = new["spec"]["volumeName"]
            }
            if !old["spec"].given("storageClassName"), new["spec"].given("storageClassName") {
                allowed["storageClassName"] = new["spec"]["storageClassName"]
            }
            if isBound {
                if new["spec"]["resources"]["requests"].given("storage") {
                    allowed["resources"]["requests"]["storage"] = new["spec"]["resources"]["requests"]["storage"]
                }
                if new["spec"].given("volumeAttributesClassName") {
                    allowed["volumeAttributesClassName"] = new["spec"]["volumeAttributesClassName"]
                }
            }
            if new["spec"] != allowed {
                errors.append(
                    .forbidden(
                        path["spec"],
                        "spec is immutable after creation except resources.requests and volumeAttributesClassName for bound claims"
                    ))
            }
            func storage(_ claim: JSONValue) -> Quantity? {
                claim["spec"]["resources"]["requests"]["storage"].string.flatMap(Quantity.init)
            }
            if let now = storage(new), let before = storage(old), now < before,
                now <= old["status"]["capacity"]["storage"].string.flatMap(Quantity.init) ?? .zero
            {
                errors.append(
                    .forbidden(
                        path["spec"]["resources"]["requests"]["storage"], "field can not be less than status.capacity"))
            }
            if new["spec"]["volumeMode"] != old["spec"]["volumeMode"] {
                errors.append(.invalid(FieldPath("volumeMode"), new["spec"]["volumeMode"], "field is immutable"))
            }
            if !old["spec"]["volumeAttributesClassName"].text.isEmpty,
                new["spec"]["volumeAttributesClassName"].text.isEmpty
            {
                errors.append(
                    .forbidden(
                        path["spec"]["volumeAttributesClassName"], "update from non-nil value to nil is forbidden"))
            }
        },
        "core.v1.ResourceQuotaSpec": { new, old, path, errors in
            if Set(new["scopes"].items.map(\.text)) != Set(old["scopes"].items.map(\.text)) {
                errors.append(.invalid(path["scopes"], new["scopes"], "field is immutable"))
            }
        },
    ]

    /// In the order in which upstream looks for them.
    static let volumeSources = [
        "hostPath", "gcePersistentDisk", "awsElasticBlockStore", "glusterfs", "flocker", "nfs", "rbd", "quobyte",
        "cephfs", "iscsi",
        "cinder", "fc", "flexVolume", "azureFile", "vsphereVolume", "photonPersistentDisk", "portworxVolume",
        "azureDisk", "scaleIO",
        "local", "storageos", "csi",
    ]

    private static func checkAccessModes(_ modes: JSONValue, _ path: FieldPath, _ errors: inout [FieldError]) {
        if modes.items.isEmpty { errors.append(.required(path)) }
        for mode in modes.items { errors.check(mode, isOneOf: accessModes, path) }
        if modes.items.count > 1, modes.items.contains("ReadWriteOncePod") {
            errors.append(.forbidden(path, "may not use ReadWriteOncePod with other access modes"))
        }
    }

    private static func checkParameters(_ map: JSONValue, _ path: FieldPath, _ errors: inout [FieldError]) {
        var size = 0
        for (key, value) in map.members {
            if key.isEmpty { errors.append(.invalid(path, .string(key), "field can not be empty.")) }
            size += key.utf8.count + value.text.utf8.count
        }
        if size > 256 << 10 { errors.append(.tooLong(path, maximum: 256 << 10)) }
    }

    private static func checkPositive(_ value: JSONValue, _ path: FieldPath, _ errors: inout [FieldError]) {
        if let quantity = value.string.flatMap(Quantity.init), quantity <= .zero {
            errors.append(.invalid(path, value, "must be greater than zero"))
        }
    }
}
