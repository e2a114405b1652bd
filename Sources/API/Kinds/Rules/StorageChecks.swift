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
            if spec.given("local"), spec["nodeAffinity"]["required"].isNull {
                errors.append(.required(path["nodeAffinity"], "local volume requires node affinity"))
            }
            if spec.given("nodeAffinity"), spec["nodeAffinity"]["required"].isNull, !spec.given("local") {
                errors.append(.required(path["nodeAffinity"]["required"], "must specify required node constraints"))
            }
            errors.check(.dns1123Subdomain, spec["storageClassName"], path["storageClassName"])
        },
        "core.v1.CSIPersistentVolumeSource": { checkDriver($0["driver"], $1["driver"], &$2) },
        "core.v1.PersistentVolumeClaimSpec": { spec, path, errors in
            checkAccessModes(spec["accessModes"], path["accessModes"], &errors)
            let storage = spec["resources"]["requests"]["storage"]
            if storage.isNull {
                errors.append(.required(path["resources"].entry("storage")))
            } else {
                checkPositive(storage, path["resources"].entry("storage"), &errors)
            }
            if let name = spec["storageClassName"].string, !name.isEmpty {
                errors.check(.dns1123Subdomain, .string(name), path["storageClassName"])
            }
        },
        "storage.v1.StorageClass": { object, path, errors in
            errors.check(object["reclaimPolicy"], isOneOf: ["Delete", "Retain"], path["reclaimPolicy"])
            if let name = object["provisioner"].string, !name.isEmpty {
                errors.check(.qualifiedName, .string(name.lowercased()), path["provisioner"])
            }
            if object["parameters"].members.count > 512 { errors.append(.tooLong(path["parameters"], maximum: 512)) }
            for key in object["parameters"].members.keys where key.isEmpty {
                errors.append(.invalid(path["parameters"], .string(key), "field can not be empty."))
            }
        },
        "storage.v1.CSIDriverSpec": { spec, path, errors in
            errors.check(
                spec["fsGroupPolicy"], isOneOf: ["File", "None", "ReadWriteOnceWithFSType"], path["fsGroupPolicy"])
            for mode in spec["volumeLifecycleModes"].items {
                errors.check(mode, isOneOf: ["Ephemeral", "Persistent"], path["volumeLifecycleModes"])
            }
            for (index, token) in spec["tokenRequests"].items.enumerated() {
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
        },
        "storage.v1.VolumeAttachmentSpec": { spec, path, errors in
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
                errors.append(.invalid(path["volumeMode"], new["volumeMode"], "field is immutable"))
            }
            if old.given("nodeAffinity"), new["nodeAffinity"] != old["nodeAffinity"] {
                errors.append(.invalid(path["nodeAffinity"], new["nodeAffinity"], "field is immutable"))
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
                allowed["volumeAttributesClassName"] = new["spec"]["volumeAttributesClassName"]
                if allowed["volumeAttributesClassName"].isNull { allowed.remove("volumeAttributesClassName") }
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
                now < new["status"]["capacity"]["storage"].string.flatMap(Quantity.init) ?? before
            {
                errors.append(
                    .forbidden(
                        path["spec"]["resources"]["requests"]["storage"], "field can not be less than status.capacity"))
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

    private static func checkPositive(_ value: JSONValue, _ path: FieldPath, _ errors: inout [FieldError]) {
        if let quantity = value.string.flatMap(Quantity.init), quantity <= .zero {
            errors.append(.invalid(path, value, "must be greater than zero"))
        }
    }
}
