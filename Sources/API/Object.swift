public import JSON

/// One object of the API, parsed and immutable. Reading a field walks the tape; nothing is decoded before it is asked for.
public struct Object: Sendable {
    public let document: JSONDocument

    public init(_ document: JSONDocument) { self.document = document }
    public init(parsing bytes: [UInt8]) throws(JSONError) { document = try JSONDocument(bytes) }

    public var root: JSONRef { document.root }
    public subscript(_ key: String) -> JSONRef { document.root[key] }
    public var metadata: JSONRef { root["metadata"] }
    public var kind: String { root["kind"].string ?? "" }
    public var apiVersion: String { root["apiVersion"].string ?? "" }
    public var name: String { metadata["name"].string ?? "" }
    public var namespace: String { metadata["namespace"].string ?? "" }
    public var uid: String { metadata["uid"].string ?? "" }
    public var resourceVersion: String { metadata["resourceVersion"].string ?? "" }
    public var isBeingDeleted: Bool { metadata["deletionTimestamp"].exists }
    public func label(_ key: String) -> String? { metadata["labels"][key].string }
    public func annotation(_ key: String) -> String? { metadata["annotations"][key].string }
    /// `namespace/name`, or the name alone.
    public var key: String { namespace.isEmpty ? name : namespace + "/" + name }
    public var bytes: [UInt8] { document.bytes }
    /// A tree to edit.
    public var value: JSONValue { root.value }

    /// What an event or an owner reference says about the object.
    public var reference: JSONValue {
        var reference: JSONValue = [
            "kind": .string(kind), "apiVersion": .string(apiVersion), "name": .string(name), "uid": .string(uid),
            "resourceVersion": .string(resourceVersion),
        ]
        if !namespace.isEmpty { reference["namespace"] = .string(namespace) }
        return reference
    }
}
