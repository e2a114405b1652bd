public import JSON

/// Where in an object something is: `spec.containers[0].image`.
public struct FieldPath: Sendable, CustomStringConvertible {
    enum Step: Sendable {
        case key(String)
        case index(Int)
        case mapKey(String)
    }
    private var steps: [Step] = []

    public init() {}
    public init(_ keys: String...) { steps = keys.map { .key($0) } }

    mutating func push(_ key: String) { steps.append(.key(key)) }
    mutating func push(_ index: Int) { steps.append(.index(index)) }
    mutating func pop() { steps.removeLast() }

    public subscript(_ key: String) -> FieldPath {
        var path = self
        path.push(key)
        return path
    }
    public subscript(_ index: Int) -> FieldPath {
        var path = self
        path.push(index)
        return path
    }
    /// An entry of a map whose keys are data: `metadata.labels[a/b]`.
    public func entry(_ key: String) -> FieldPath {
        var path = self
        path.steps.append(.mapKey(key))
        return path
    }

    /// The path of what holds this: of the list for an item, of the object for a field.
    var parent: FieldPath {
        var path = self
        path.steps = Array(steps.dropLast())
        return path
    }

    /// A field of an item of a list.
    var isBelowItem: Bool { if case .index? = steps.dropLast().last { true } else { false } }

    public var description: String {
        var text = ""
        for step in steps {
            switch step {
            case .key(let key): text += text.isEmpty ? key : "." + key
            case .index(let index): text += "[\(index)]"
            case .mapKey(let key): text += "[\(key)]"
            }
        }
        return text
    }
}

/// One thing that is wrong with a field: a cause in a `Status`.
public struct FieldError: Sendable, Equatable {
    public enum Reason: String, Sendable {
        case required = "FieldValueRequired"
        case invalid = "FieldValueInvalid"
        case notSupported = "FieldValueNotSupported"
        case duplicate = "FieldValueDuplicate"
        case forbidden = "FieldValueForbidden"
        case notFound = "FieldValueNotFound"
        case tooLong = "FieldValueTooLong"
        case tooMany = "FieldValueTooMany"
        case typeInvalid = "FieldValueTypeInvalid"
    }
    public let field: String
    public let reason: Reason
    public let message: String

    public init(_ path: FieldPath, _ reason: Reason, _ message: String) {
        (field, self.reason, self.message) = (path.description, reason, message)
    }

    public static func required(_ path: FieldPath, _ detail: String = "") -> FieldError {
        FieldError(path, .required, detail.isEmpty ? "Required value" : "Required value: " + detail)
    }
    public static func invalid(_ path: FieldPath, _ value: JSONValue, _ detail: String) -> FieldError {
        FieldError(path, .invalid, "Invalid value: \(shown(value)): \(detail)")
    }
    public static func notSupported(_ path: FieldPath, _ value: JSONValue, _ allowed: [String]) -> FieldError {
        FieldError(
            path, .notSupported,
            "Unsupported value: \(shown(value)): supported values: "
                + allowed.map { "\"\($0)\"" }.joined(separator: ", "))
    }
    public static func duplicate(_ path: FieldPath, _ value: JSONValue) -> FieldError {
        FieldError(path, .duplicate, "Duplicate value: \(shown(value))")
    }
    public static func notFound(_ path: FieldPath, _ value: JSONValue) -> FieldError {
        FieldError(path, .notFound, "Not found: \(shown(value))")
    }
    public static func forbidden(_ path: FieldPath, _ detail: String) -> FieldError {
        FieldError(path, .forbidden, "Forbidden: " + detail)
    }
    public static func tooLong(_ path: FieldPath, maximum: Int) -> FieldError {
        FieldError(path, .tooLong, "Too long: may not be more than \(maximum) bytes")
    }

    public static func tooMany(_ path: FieldPath, _ count: Int, maximum: Int) -> FieldError {
        FieldError(path, .tooMany, "Too many: \(count): must have at most \(maximum) items")
    }

    private static func shown(_ value: JSONValue) -> String {
        let text = String(decoding: value.encoded(), as: UTF8.self)
        return text.utf8.count > 256 ? String(text.prefix(256)) + "..." : text
    }
}

/// A refusal, as clients know it: the `Status` object (meta/v1) with its HTTP code.
public struct StatusError: Error, Sendable, CustomStringConvertible {
    public struct Cause: Sendable, Equatable {
        public var field: String
        public var reason: String
        public var message: String
        public init(field: String, reason: String, message: String) {
            (self.field, self.reason, self.message) = (field, reason, message)
        }
    }
    public var code: Int
    public var reason: String
    public var message: String
    public var name = "", group = "", kind = "", uid = ""
    public var causes: [Cause] = []
    /// Seconds after which trying again makes sense; also sent as Retry-After. 0: not said.
    public var retryAfterSeconds = 0

    public init(code: Int, reason: String, message: String) {
        (self.code, self.reason, self.message) = (code, reason, message)
    }

    public var description: String { message }

    /// Names the object that the refusal is about.
    public func about(name: String = "", group: String, kind: String) -> StatusError {
        var copy = self
        (copy.name, copy.group, copy.kind) = (name, group, kind)
        return copy
    }

    public static func badRequest(_ message: String) -> StatusError {
        StatusError(code: 400, reason: "BadRequest", message: message)
    }
    public static let unauthorized = StatusError(code: 401, reason: "Unauthorized", message: "Unauthorized")
    public static func forbidden(_ resource: ResourceDefinition, _ name: String, _ detail: String) -> StatusError {
        StatusError(
            code: 403, reason: "Forbidden", message: "\(resource.groupResource) \"\(name)\" is forbidden: \(detail)"
        ).about(name: name, group: resource.group, kind: resource.name)
    }
    /// The path itself leads nowhere.
    public static let noSuchPath = StatusError(
        code: 404, reason: "NotFound", message: "the server could not find the requested resource")
    public static func notFound(_ resource: ResourceDefinition, _ name: String) -> StatusError {
        notFound(group: resource.group, resource: resource.name, name)
    }
    public static func notFound(group: String, resource: String, _ name: String) -> StatusError {
        StatusError(
            code: 404, reason: "NotFound",
            message: "\(group.isEmpty ? resource : resource + "." + group) \"\(name)\" not found"
        ).about(name: name, group: group, kind: resource)
    }
    public static let methodNotAllowed = StatusError(
        code: 405, reason: "MethodNotAllowed",
        message: "the server does not allow this method on the requested resource")
    public static func terminating(_ resource: ResourceDefinition) -> StatusError {
        StatusError(
            code: 405, reason: "MethodNotAllowed",
            message:
                "create not allowed while the CustomResourceDefinition \"\(resource.groupResource)\" is terminating"
        ).about(group: resource.group, kind: resource.name)
    }
    public static func notAcceptable(_ offered: String) -> StatusError {
        StatusError(
            code: 406, reason: "NotAcceptable",
            message: "none of the media types that the request accepts can be served; this resource offers: \(offered)")
    }
    public static func alreadyExists(_ resource: ResourceDefinition, _ name: String) -> StatusError {
        StatusError(
            code: 409, reason: "AlreadyExists", message: "\(resource.groupResource) \"\(name)\" already exists"
        ).about(name: name, group: resource.group, kind: resource.name)
    }
    public static func conflict(_ resource: ResourceDefinition, _ name: String, _ detail: String) -> StatusError {
        StatusError(
            code: 409, reason: "Conflict",
            message: "Operation cannot be fulfilled on \(resource.groupResource) \"\(name)\": \(detail)"
        ).about(name: name, group: resource.group, kind: resource.name)
    }
    public static let staleObject =
        "the object has been modified; please apply your changes to the latest version and try again"
    public static func expired(_ message: String) -> StatusError {
        StatusError(code: 410, reason: "Expired", message: message)
    }
    public static func unsupportedMediaType(_ accepted: String) -> StatusError {
        StatusError(
            code: 415, reason: "UnsupportedMediaType",
            message: "the body of the request was in an unknown format - accepted media types include: \(accepted)")
    }
    public static func tooLarge(_ limit: Int) -> StatusError {
        StatusError(
            code: 413, reason: "RequestEntityTooLarge",
            message: "the request is too large: at most \(limit) bytes are accepted")
    }
    public static func invalid(kind: String, group: String, _ name: String, _ errors: [FieldError]) -> StatusError {
        let lines = errors.map { $0.field.isEmpty ? $0.message : "\($0.field): \($0.message)" }
        let list = lines.count == 1 ? lines[0] : "[" + lines.joined(separator: ", ") + "]"
        var error = StatusError(
            code: 422, reason: "Invalid",
            message: "\(group.isEmpty ? kind : kind + "." + group) \"\(name)\" is invalid: \(list)"
        ).about(name: name, group: group, kind: kind)
        error.causes = errors.map { Cause(field: $0.field, reason: $0.reason.rawValue, message: $0.message) }
        return error
    }
    /// The server has as much to do as it can take.
    public static let tooManyRequests: StatusError = {
        var error = StatusError(
            code: 429, reason: "TooManyRequests", message: "too many requests, please try again later")
        error.retryAfterSeconds = 1
        return error
    }()
    public static func internalError(_ message: String) -> StatusError {
        StatusError(code: 500, reason: "InternalError", message: message)
    }
    public static func notImplemented(_ message: String) -> StatusError {
        StatusError(code: 501, reason: "NotImplemented", message: message)
    }
    public static func unavailable(_ message: String) -> StatusError {
        StatusError(code: 503, reason: "ServiceUnavailable", message: message)
    }

    public func encoded() -> [UInt8] {
        var writer = JSONWriter(capacity: 256)
        writer.beginObject()
        writer.key("kind")
        writer.string("Status")
        writer.key("apiVersion")
        writer.string("v1")
        writer.key("metadata")
        writer.beginObject()
        writer.endObject()
        writer.key("status")
        writer.string("Failure")
        writer.key("message")
        writer.string(message)
        if !reason.isEmpty {
            writer.key("reason")
            writer.string(reason)
        }
        if !name.isEmpty || !group.isEmpty || !kind.isEmpty || !causes.isEmpty || retryAfterSeconds > 0 {
            writer.key("details")
            writer.beginObject()
            for (key, text) in [("name", name), ("group", group), ("kind", kind), ("uid", uid)] where !text.isEmpty {
                writer.key(key)
                writer.string(text)
            }
            if !causes.isEmpty {
                writer.key("causes")
                writer.beginArray()
                for cause in causes {
                    writer.beginObject()
                    writer.key("reason")
                    writer.string(cause.reason)
                    writer.key("message")
                    writer.string(cause.message)
                    if !cause.field.isEmpty {
                        writer.key("field")
                        writer.string(cause.field)
                    }
                    writer.endObject()
                }
                writer.endArray()
            }
            if retryAfterSeconds > 0 {
                writer.key("retryAfterSeconds")
                writer.int(retryAfterSeconds)
            }
            writer.endObject()
        }
        writer.key("code")
        writer.int(code)
        writer.endObject()
        return writer.bytes
    }
}
