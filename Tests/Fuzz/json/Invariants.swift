import JSON

/// What must hold of the module for any bytes whatever.
enum Invariants {
    /// What does not hold; nil when all is well.
    static func violation(_ bytes: [UInt8]) -> String? {
        let expected = ReferenceParser.parse(bytes)
        let document: JSONDocument
        do {
            document = try JSONDocument(bytes)
        } catch {
            if expected != nil { return "rejected (\(error)) what the grammar accepts" }
            return 0...bytes.count ~= error.offset ? nil : "an error outside the text"
        }
        guard let expected else { return "accepted what the grammar rejects" }
        let value = document.root.value
        guard value == expected else { return "the value is \(value), not \(expected)" }
        let encoded = value.encoded()
        guard let again = try? JSONValue(parsing: encoded), again == value, again.encoded() == encoded else {
            return "the value is not the same after writing and reading"
        }
        let repeats = hasRepeats(document.root)
        guard document.duplicateFields(limit: 3).isEmpty == !repeats else { return "duplicate fields" }
        return mismatch(document.root, value) ?? edits(value)
    }

    private static func hasRepeats(_ ref: JSONRef) -> Bool {
        ref.count != (ref.value.object?.count ?? ref.count) || ref.elements.contains(where: hasRepeats)
            || ref.members.contains { hasRepeats($0.value) }
    }

    /// Compares reading through the tape with the tree.
    private static func mismatch(_ ref: JSONRef, _ value: JSONValue) -> String? {
        guard (try? JSONValue(parsing: Array(ref.rawBytes))) == value else { return "the raw text of \(value)" }
        switch (ref.kind, value) {
        case (.null, .null): return ref.isNull && ref.exists ? nil : "null"
        case (.bool, .bool(let bool)): return ref.bool == bool ? nil : "bool"
        case (.number, .number(let number)):
            guard ref.int == number.int, ref.double == value.double else { return "number \(number)" }
            return number.int == nil || number == JSONNumber(number.int ?? 0) ? nil : "integer \(number)"
        case (.string, .string(let string)):
            guard let read = ref.string, Array(read.utf8) == Array(string.utf8), ref.equals(string),
                !ref.equals(string + "x")
            else { return "string \(string)" }
            return nil
        case (.array, .array(let elements)):
            guard ref.count == elements.count, !ref[elements.count].exists else { return "count of \(value)" }
            for (index, (element, value)) in zip(ref.elements, elements).enumerated() {
                if index < 8, element.byteRange != ref[index].byteRange { return "element \(index)" }
                if let found = mismatch(element, value) { return found }
            }
            return Array(ref.elements).count == elements.count ? nil : "elements of \(value)"
        case (.object, .object(let members)):
            guard Array(ref.members).count == ref.count else { return "members of \(value)" }
            for (key, value) in members {
                if let found = mismatch(ref[key], value) { return found }
            }
            return ref["no such name"].exists && !members.keys.contains("no such name") ? "absent member" : nil
        default: return "kind of \(value)"
        }
    }

    /// Takes an object apart and puts it together again.
    private static func edits(_ value: JSONValue) -> String? {
        guard let members = value.object else { return nil }
        var edited = value
        for key in members.keys { edited.remove(key) }
        guard edited == [:] else { return "something is left of \(value)" }
        for (key, value) in members { edited[key] = value }
        return edited.encoded() == value.encoded() ? nil : "not put together again: \(value)"
    }
}
