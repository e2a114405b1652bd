public import API
public import JSON

/// meta/v1 OwnerReference: the object without which this one has no reason to exist.
public struct OwnerReference: Sendable, Hashable {
    public var apiVersion: String
    public var kind: String
    public var name: String
    public var uid: String
    /// Whether the owner is the one that manages the object.
    public var isController: Bool
    /// Whether a foreground deletion of the owner waits for this object.
    public var blocksOwnerDeletion: Bool

    public init(
        apiVersion: String, kind: String, name: String, uid: String, isController: Bool = false,
        blocksOwnerDeletion: Bool = false
    ) {
        (self.apiVersion, self.kind, self.name, self.uid) = (apiVersion, kind, name, uid)
        (self.isController, self.blocksOwnerDeletion) = (isController, blocksOwnerDeletion)
    }

    /// What the objects that `owner` manages say about it.
    public init(controller owner: Object) {
        self.init(
            apiVersion: owner.apiVersion, kind: owner.kind, name: owner.name, uid: owner.uid, isController: true,
            blocksOwnerDeletion: true)
    }

    public init(_ reference: JSONRef) {
        self.init(
            apiVersion: reference["apiVersion"].string ?? "", kind: reference["kind"].string ?? "",
            name: reference["name"].string ?? "", uid: reference["uid"].string ?? "",
            isController: reference["controller"].bool ?? false,
            blocksOwnerDeletion: reference["blockOwnerDeletion"].bool ?? false)
    }

    public var value: JSONValue {
        var value: JSONValue = [
            "apiVersion": .string(apiVersion), "kind": .string(kind), "name": .string(name), "uid": .string(uid),
        ]
        if isController { value["controller"] = true }
        if blocksOwnerDeletion { value["blockOwnerDeletion"] = true }
        return value
    }
}

extension Object {
    public var ownerReferences: [OwnerReference] { metadata["ownerReferences"].elements.map(OwnerReference.init) }
    /// The owner that manages this object.
    public var controllerReference: OwnerReference? {
        metadata["ownerReferences"].elements.first { $0["controller"].bool == true }.map(OwnerReference.init)
    }
    public var finalizers: [String] { metadata["finalizers"].elements.compactMap(\.string) }
}
