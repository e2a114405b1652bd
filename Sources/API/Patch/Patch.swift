public import JSON

/// The ways to patch an object, by content type.
public enum PatchType: String, Sendable {
    case json = "application/json-patch+json"
    case merge = "application/merge-patch+json"
    case strategic = "application/strategic-merge-patch+json"
    case apply = "application/apply-patch+yaml"
}

/// JSON merge patch, RFC 7386: null removes, objects merge, everything else replaces.
public func mergePatch(_ target: inout JSONValue, with patch: JSONValue) {
    guard case .object(let changes) = patch else {
        target = patch
        return
    }
    if target.object == nil { target = .object([:]) }
    for (key, change) in changes {
        if change.isNull {
            target.remove(key)
        } else if target.has(key) || change.object != nil {
            mergePatch(&target[key], with: change)
        } else {
            target[key] = change
        }
    }
}

/// JSON patch, RFC 6902, with RFC 6901 pointers.
public struct JSONPatch: Sendable {
    /// How many operations one patch may have; upstream's limit.
    public static let maximumOperations = 10_000

    private enum Operation: Sendable {
        case add(JSONValue)
        case remove
        case replace(JSONValue)
        case test(JSONValue)
        case move([String])
        case copy([String])
    }
    private let operations: [(path: [String], operation: Operation)]

    public init(_ patch: JSONValue) throws(StatusError) {
        guard case .array(let list) = patch else { throw .badRequest("a JSON patch is a list of operations") }
        if list.count > Self.maximumOperations {
            throw StatusError(
                code: 413, reason: "RequestEntityTooLarge",
                message:
                    "a JSON patch may have at most \(Self.maximumOperations) operations, this one has \(list.count)")
        }
        var operations: [([String], Operation)] = []
        for (index, item) in list.enumerated() {
            guard item.object != nil else { throw .badRequest("operation \(index) of the JSON patch is not an object") }
            func pointer(_ field: String) throws(StatusError) -> [String] {
                guard let text = item[field].string else {
                    throw Self.failure([], "operation \(index) has no \(field)")
                }
                return try Self.pointer(text)
            }
            func value() throws(StatusError) -> JSONValue {
                if !item.has("value") { throw Self.failure([], "operation \(index) has no value") }
                return item["value"]
            }
            let path = try pointer("path")
            switch item["op"].string {
            case "add": operations.append((path, .add(try value())))
            case "remove": operations.append((path, .remove))
            case "replace": operations.append((path, .replace(try value())))
            case "test": operations.append((path, .test(item["value"])))
            case "move": operations.append((path, .move(try pointer("from"))))
            case "copy": operations.append((path, .copy(try pointer("from"))))
            default: throw Self.failure(path, "operation \(index) has an unknown op")
            }
        }
        self.operations = operations
    }

    private static func pointer(_ text: String) throws(StatusError) -> [String] {
        if text.isEmpty { return [] }
        guard text.hasPrefix("/") else { throw failure([text], "a JSON pointer begins with /") }
        return text.dropFirst().split(separator: "/", omittingEmptySubsequences: false).map {
            String($0.replacing("~1", with: "/").replacing("~0", with: "~"))
        }
    }

    /// An operation that cannot be carried out, a failed test too, is an error (422) and nothing is changed.
    public func apply(to target: inout JSONValue) throws(StatusError) {
        var copy = target
        var size = 0
        for (path, operation) in operations {
            switch operation {
            case .add(let value): try Self.edit(&copy, path[...], path) { .insert($0, value) }
            case .remove: try Self.edit(&copy, path[...], path) { .remove($0) }
            case .replace(let value): try Self.edit(&copy, path[...], path) { .replace($0, value) }
            case .test(let value):
                let found = try Self.read(copy, path)
                if found != value { throw Self.failure(path, "test failed: the value differs") }
            case .move(let from):
                let value = try Self.read(copy, from)
                try Self.edit(&copy, from[...], from) { .remove($0) }
                try Self.edit(&copy, path[...], path) { .insert($0, value) }
            case .copy(let from):
                let value = try Self.read(copy, from)
                // Copies of copies grow exponentially; what a patch may add is bounded.
                size += value.encoded().count
                if size > 3 << 20 { throw Self.failure(path, "the copies add up to more than 3 MiB") }
                try Self.edit(&copy, path[...], path) { .insert($0, value) }
            }
        }
        target = copy
    }

    private static func failure(_ path: [String], _ detail: String) -> StatusError {
        StatusError(
            code: 422, reason: "Invalid",
            message:
                "the server rejected our request due to an error in our request: the JSON patch cannot be applied at /\(path.joined(separator: "/")): \(detail)"
        )
    }

    private enum Edit {
        case insert(String, JSONValue)
        case replace(String, JSONValue)
        case remove(String)
    }

    private static func read(_ value: JSONValue, _ path: [String]) throws(StatusError) -> JSONValue {
        var value = value
        for key in path {
            switch value {
            case .object(let object):
                guard let next = object[key] else { throw failure(path, "there is nothing") }
                value = next
            case .array(let list):
                guard let index = index(key), index < list.count else { throw failure(path, "there is nothing") }
                value = list[index]
            default: throw failure(path, "there is nothing")
            }
        }
        return value
    }

    /// Digits without a leading zero (RFC 6901, section 4).
    private static func index(_ key: String) -> Int? {
        guard key == "0" || (!key.hasPrefix("0") && key.utf8.allSatisfy { (48...57).contains($0) }) else { return nil }
        return Int(key)
    }

    private static func edit(
        _ value: inout JSONValue, _ path: ArraySlice<String>, _ whole: [String], _ make: (String) -> Edit
    ) throws(StatusError) {
        guard let key = path.first else {
            switch make("") {
            case .insert(_, let new), .replace(_, let new): value = new
            case .remove: throw failure(whole, "the whole object cannot be removed")
            }
            return
        }
        if path.count > 1 {
            switch value {
            case .object(let object):
                guard object[key] != nil else { throw failure(whole, "there is no \(key)") }
                try edit(&value[key], path.dropFirst(), whole, make)
            case .array(let list):
                guard let index = index(key), index < list.count else {
                    throw failure(whole, "there is no item \(key)")
                }
                try edit(&value[index], path.dropFirst(), whole, make)
            default: throw failure(whole, "\(key) is not within an object or a list")
            }
            return
        }
        switch (value, make(key)) {
        case (.object, .insert(_, let new)): value[key] = new
        case (.object(let object), .replace(_, let new)):
            guard object[key] != nil else { throw failure(whole, "there is nothing to replace") }
            value[key] = new
        case (.object, .remove):
            guard value.remove(key) != nil else { throw failure(whole, "there is nothing to remove") }
        case (.array(var list), .insert(_, let new)):
            guard let index = key == "-" ? list.count : index(key), index <= list.count else {
                throw failure(whole, "the index is out of bounds")
            }
            list.insert(new, at: index)
            value = .array(list)
        case (.array(var list), .replace(_, let new)):
            guard let index = index(key), index < list.count else { throw failure(whole, "the index is out of bounds") }
            list[index] = new
            value = .array(list)
        case (.array(var list), .remove):
            guard let index = index(key), index < list.count else { throw failure(whole, "the index is out of bounds") }
            list.remove(at: index)
            value = .array(list)
        default: throw failure(whole, "the parent is neither an object nor a list")
        }
    }
}
