public import JSON

/// A label selector, from query text (`app=web,tier in (a,b),!old`) or from a `LabelSelector` object.
/// https://kubernetes.io/docs/concepts/overview/working-with-objects/labels/#label-selectors
public struct LabelSelector: Sendable, Equatable {
    enum Requirement: Sendable, Equatable {
        case equals(String, [String])
        case notIn(String, [String])
        case exists(String)
        case absent(String)
        case greater(String, Int)
        case less(String, Int)
    }
    var requirements: [Requirement]
    /// A nil selector object selects nothing, an empty one everything.
    private var selectsNothing = false

    public static let everything = LabelSelector(requirements: [])
    public static let nothing: LabelSelector = {
        var selector = LabelSelector(requirements: [])
        selector.selectsNothing = true
        return selector
    }()

    init(requirements: [Requirement]) { self.requirements = requirements }

    public var isEmpty: Bool { requirements.isEmpty && !selectsNothing }

    public func matches(_ label: (String) -> String?) -> Bool {
        if selectsNothing { return false }
        return requirements.allSatisfy { requirement in
            switch requirement {
            case .equals(let key, let values): label(key).map(values.contains) ?? false
            case .notIn(let key, let values): label(key).map { !values.contains($0) } ?? true
            case .exists(let key): label(key) != nil
            case .absent(let key): label(key) == nil
            case .greater(let key, let bound): label(key).flatMap(Int.init).map { $0 > bound } ?? false
            case .less(let key, let bound): label(key).flatMap(Int.init).map { $0 < bound } ?? false
            }
        }
    }

    /// A map of labels that must all be there (a Service's or ReplicationController's selector).
    public init(matchLabels: JSONRef) {
        requirements = matchLabels.members.map { .equals($0.key, [$0.value.string ?? ""]) }
    }

    /// A `LabelSelector` object (meta/v1); a missing one selects nothing.
    public init(_ selector: JSONRef) {
        self.init(matchLabels: selector["matchLabels"])
        selectsNothing = selector.isNull
        for expression in selector["matchExpressions"].elements {
            if let requirement = Self.requirement(expression) { requirements.append(requirement) }
        }
    }

    /// One entry of matchExpressions, of a node selector term too (with Gt and Lt).
    static func requirement(_ expression: JSONRef) -> Requirement? {
        let key = expression["key"].string ?? ""
        let values = expression["values"].elements.compactMap(\.string)
        switch expression["operator"].string {
        case "In": return .equals(key, values)
        case "NotIn": return .notIn(key, values)
        case "Exists": return .exists(key)
        case "DoesNotExist": return .absent(key)
        case "Gt": return values.first.flatMap(Int.init).map { .greater(key, $0) } ?? .equals(key, [])
        case "Lt": return values.first.flatMap(Int.init).map { .less(key, $0) } ?? .equals(key, [])
        default: return nil
        }
    }

    /// A list of requirements that must all hold: a node selector term's matchExpressions.
    public init(matchExpressions: JSONRef) {
        requirements = matchExpressions.elements.compactMap(Self.requirement)
    }

    /// Parses the text of a `labelSelector` query; says what is wrong otherwise (400).
    public init(parsing text: String) throws(StatusError) {
        requirements = []
        var scanner = Scanner(text)
        scanner.skipSpace()
        if scanner.isAtEnd { return }
        repeat {
            requirements.append(try Self.parse(&scanner))
            scanner.skipSpace()
        } while scanner.take(",")
        if !scanner.isAtEnd { throw Self.wrong(text, "expected ',' or the end") }
    }

    private static func wrong(_ text: String, _ detail: String) -> StatusError {
        .badRequest("unable to parse the label selector \"\(text)\": \(detail)")
    }

    private static func parse(_ scanner: inout Scanner) throws(StatusError) -> Requirement {
        scanner.skipSpace()
        let negated = scanner.take("!")
        scanner.skipSpace()
        let key = scanner.word()
        if let problem = Format.qualifiedName.problems(key).first {
            throw wrong(scanner.text, "key \"\(key)\": \(problem)")
        }
        scanner.skipSpace()
        if negated { return .absent(key) }
        func value(_ text: String) throws(StatusError) -> String {
            if let problem = Format.labelValue.problems(text).first {
                throw wrong(scanner.text, "value \"\(text)\": \(problem)")
            }
            return text
        }
        if scanner.take("==") || scanner.take("=") {
            scanner.skipSpace()
            return .equals(key, [try value(scanner.word())])
        }
        if scanner.take("!=") {
            scanner.skipSpace()
            return .notIn(key, [try value(scanner.word())])
        }
        if scanner.take(">") {
            scanner.skipSpace()
            guard let bound = Int(scanner.word()) else { throw wrong(scanner.text, "'>' needs an integer") }
            return .greater(key, bound)
        }
        if scanner.take("<") {
            scanner.skipSpace()
            guard let bound = Int(scanner.word()) else { throw wrong(scanner.text, "'<' needs an integer") }
            return .less(key, bound)
        }
        if scanner.isAtEnd || scanner.peek == "," { return .exists(key) }
        let name = scanner.word()
        guard name == "in" || name == "notin" else { throw wrong(scanner.text, "unknown operator \"\(name)\"") }
        scanner.skipSpace()
        guard scanner.take("(") else { throw wrong(scanner.text, "expected '(' behind \(name)") }
        var values: [String] = []
        repeat {
            scanner.skipSpace()
            values.append(try value(scanner.word()))
            scanner.skipSpace()
        } while scanner.take(",")
        guard scanner.take(")") else { throw wrong(scanner.text, "expected ')'") }
        return name == "in" ? .equals(key, values) : .notIn(key, values)
    }
}

extension LabelSelector: CustomStringConvertible {
    /// The text that parses to this selector.
    public var description: String {
        requirements.map { requirement in
            switch requirement {
            case .equals(let key, let values) where values.count == 1: "\(key)=\(values[0])"
            case .equals(let key, let values): "\(key) in (\(values.sorted().joined(separator: ",")))"
            case .notIn(let key, let values) where values.count == 1: "\(key)!=\(values[0])"
            case .notIn(let key, let values): "\(key) notin (\(values.sorted().joined(separator: ",")))"
            case .exists(let key): key
            case .absent(let key): "!\(key)"
            case .greater(let key, let bound): "\(key)>\(bound)"
            case .less(let key, let bound): "\(key)<\(bound)"
            }
        }.sorted().joined(separator: ",")
    }
}

/// A field selector: `metadata.name=a,status.phase!=Running`.
public struct FieldSelector: Sendable, Equatable {
    public struct Requirement: Sendable, Equatable {
        public let field: String
        public let value: String
        public let isEqual: Bool
    }
    public let requirements: [Requirement]

    public static let everything = FieldSelector(requirements: [])
    init(requirements: [Requirement]) { self.requirements = requirements }
    public init(_ field: String, equals value: String) {
        requirements = [Requirement(field: field, value: value, isEqual: true)]
    }
    public var isEmpty: Bool { requirements.isEmpty }

    /// The value that a field must have, when the selector says so: `metadata.name` turns a list into a lookup.
    public func required(_ field: String) -> String? {
        requirements.first { $0.field == field && $0.isEqual }?.value
    }

    public func matches(_ field: (String) -> String) -> Bool {
        requirements.allSatisfy { (field($0.field) == $0.value) == $0.isEqual }
    }

    /// `allowed` says which fields the resource can be selected by.
    public init(parsing text: String, allowed: (String) -> Bool) throws(StatusError) {
        var found: [Requirement] = []
        for part in text.split(separator: ",") {
            var field = part[...]
            var isEqual = true
            guard let equals = part.firstIndex(of: "=") else {
                throw .badRequest(
                    "invalid field selector \"\(text)\": \"\(part)\" is not of the form field=value or field!=value")
            }
            field = part[..<equals]
            var value = part[part.index(after: equals)...]
            if field.last == "!" {
                isEqual = false
                field = field.dropLast()
            } else if value.first == "=" {
                value = value.dropFirst()
            }
            guard allowed(String(field)) else {
                throw .badRequest("field label not supported: \(field)")
            }
            found.append(Requirement(field: String(field), value: String(value), isEqual: isEqual))
        }
        requirements = found
    }
}

extension FieldSelector: CustomStringConvertible {
    public var description: String {
        requirements.map { "\($0.field)\($0.isEqual ? "=" : "!=")\($0.value)" }.joined(separator: ",")
    }
}

/// Reads words of selector text.
struct Scanner {
    let text: String
    private var rest: Substring

    init(_ text: String) {
        self.text = text
        rest = text[...]
    }
    var isAtEnd: Bool { rest.isEmpty }
    var peek: Character? { rest.first }
    mutating func skipSpace() { rest = rest.drop { $0 == " " || $0 == "\t" } }
    mutating func take(_ token: String) -> Bool {
        guard rest.hasPrefix(token) else { return false }
        rest = rest.dropFirst(token.count)
        return true
    }
    mutating func word() -> String {
        let word = rest.prefix { !" \t,=!()<>".contains($0) }
        rest = rest.dropFirst(word.count)
        return String(word)
    }
}
