internal import API
internal import JSON
internal import Store

/// A claim may ask for more only when its class says so.
/// https://kubernetes.io/docs/reference/access-authn-authz/admission-controllers/#persistentvolumeclaimresize
struct PersistentVolumeClaimResize: AdmissionStep {
    func admit(_ object: inout JSONValue, old: JSONValue?, _ context: WriteContext) throws(StatusError) {
        guard let old, context.resource.storeName == "persistentvolumeclaims", context.subresource == nil else {
            return
        }
        func size(_ claim: JSONValue) -> Quantity {
            claim["spec"]["resources"]["requests"]["storage"].string.flatMap(Quantity.init) ?? .zero
        }
        guard size(object) > size(old) else { return }
        let name = object["spec"]["storageClassName"].string ?? ""
        let stored = context.server.store.get("storageclasses.storage.k8s.io", name)
        if let stored, (try? JSONDocument(stored.bytes).root)?["allowVolumeExpansion"].bool == true { return }
        throw .forbidden(
            context.resource.definition, object["metadata"]["name"].string ?? "",
            "only dynamically provisioned pvc can be resized and the storageclass that provisions the pvc must support resize"
        )
    }
}
