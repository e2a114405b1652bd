internal import API
internal import JSON

// Between the version of a kind that a client asks for and the one that is kept. Most kinds have one version, and nothing happens.
extension ServedResource {
    /// A decoded object of this version in the form that is kept.
    func storedForm(_ object: JSONValue) -> JSONValue {
        if stored === self { return object }
        return convert(object, to: stored) { definition.conversion?.toStored(&$0) }
    }

    /// A kept object in this version.
    func servedForm(_ object: JSONValue) -> JSONValue {
        convert(object, to: self) { definition.conversion?.fromStored(&$0) }
    }

    /// The bytes of a kept object as this version shows them.
    func served(_ bytes: [UInt8]) -> [UInt8] {
        guard rereads, let root = try? JSONDocument(bytes).root else { return bytes }
        return ObjectEncoder.bytes(servedForm(root.value), resourceVersion: root["metadata"]["resourceVersion"].string)
    }

    /// Decoding with the other type brings its defaults and leaves out what it does not know.
    private func convert(_ object: JSONValue, to target: ServedResource, _ change: (inout JSONObject) -> Void)
        -> JSONValue
    {
        guard rereads, var members = object.object else { return object }
        change(&members)
        var decoder = Decoder(target.schema)
        guard let root = try? JSONDocument(JSONValue.object(members).encoded()).root,
            var result = try? decoder.decode(root, type: target.definition.type)
        else { return object }
        result["apiVersion"] = .string(target.definition.apiVersion)
        result["kind"] = .string(target.kind)
        return result
    }
}
