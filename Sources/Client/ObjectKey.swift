public import API

/// The namespace (nil for objects of the cluster) and the name in an `Object.key`.
public func splitKey(_ key: String) -> (namespace: String?, name: String) {
    guard let slash = key.utf8.firstIndex(of: UInt8(ascii: "/")) else { return (nil, key) }
    return (String(key[..<slash]), String(key[key.utf8.index(after: slash)...]))
}

/// What an event, an owner reference or a log line says about an object (core/v1 ObjectReference).
public struct ObjectReference: Sendable, Hashable {
    public var apiVersion: String
    public var kind: String
    public var namespace: String
    public var name: String
    public var uid: String
    public var resourceVersion: String
    /// A part of the object, such as `spec.containers{web}`.
    public var fieldPath: String

    public init(
        apiVersion: String = "v1", kind: String, namespace: String = "", name: String, uid: String = "",
        resourceVersion: String = "", fieldPath: String = ""
    ) {
        (self.apiVersion, self.kind, self.namespace, self.name) = (apiVersion, kind, namespace, name)
        (self.uid, self.resourceVersion, self.fieldPath) = (uid, resourceVersion, fieldPath)
    }

    public init(_ object: Object, fieldPath: String = "") {
        self.init(
            apiVersion: object.apiVersion, kind: object.kind, namespace: object.namespace, name: object.name,
            uid: object.uid, resourceVersion: object.resourceVersion, fieldPath: fieldPath)
    }
}
