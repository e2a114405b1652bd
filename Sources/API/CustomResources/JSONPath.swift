public import JSON

/// The part of kubectl's JSONPath that columns of custom resources use: names, `['quoted names']`, `[0]`, `[*]`, `..name` and
/// filters such as `[?(@.type=="Ready")]`. https://kubernetes.io/docs/reference/kubectl/jsonpath/
public struct JSONPath: Sendable {
    private enum Step: Sendable {
        case key(String)
        case index(Int)
        case every
        case anywhere(String)
        /// The members of a list for which a path has a value, or compares to one.
        case filter(JSONPath, comparison: String, JSONValue)
    }
    private var steps: [Step] = []

    /// Nil when the text is no path, or one of a kind that is not understood.
    public init?(_ text: String) {
        var rest = Substring(text)
        if rest.hasPrefix("{"), rest.hasSuffix("}") { rest = rest.dropFirst().dropLast() }
        if rest.hasPrefix("$") || rest.hasPrefix("@") { rest = rest.dropFirst() }
        while let first = rest.first {
            if rest.hasPrefix("..") {
                rest = rest.dropFirst(2)
                guard let name = Self.name(&rest) else { return nil }
                steps.append(.anywhere(name))
            } else if first == "." {
                rest = rest.dropFirst()
                if rest.isEmpty || rest.first == "[" { continue }
                guard let name = Self.name(&rest) else { return nil }
                steps.append(name == "*" ? .every : .key(name))
            } else if first == "[" {
                guard let end = Self.closing(rest) else { return nil }
                let inner = rest[rest.index(after: rest.startIndex)..<end]
                rest = rest[rest.index(after: end)...]
                guard let step = Self.bracketed(inner) else { return nil }
                steps.append(step)
            } else {
                guard let name = Self.name(&rest) else { return nil }
                steps.append(.key(name))
            }
        }
    }

    private static func name(_ rest: inout Substring) -> String? {
        var name = ""
        while let character = rest.first, character != ".", character != "[" {
            rest = rest.dropFirst()
            // A backslash takes the next character as it is: `.metadata.annotations.example\.com/a`.
            if character == "\\", let next = rest.popFirst() { name.append(next) } else { name.append(character) }
        }
        return name.isEmpty ? nil : name
    }

    private static func closing(_ text: Substring) -> Substring.Index? {
        var quote: Character?
        var depth = 0
        for index in text.indices {
            let character = text[index]
            if let open = quote {
                if character == open { quote = nil }
            } else if character == "'" || character == "\"" {
                quote = character
            } else if character == "[" {
                depth += 1
            } else if character == "]" {
                depth -= 1
                if depth == 0 { return index }
            }
        }
        return nil
    }

    private static func bracketed(_ text: Substring) -> Step? {
        if text == "*" { return .every }
        if let index = Int(text) { return .index(index) }
        if let quote = text.first, quote == "'" || quote == "\"", text.last == quote, text.count >= 2 {
            return .key(String(text.dropFirst().dropLast()))
        }
        guard text.hasPrefix("?("), text.hasSuffix(")") else { return nil }
        let condition = text.dropFirst(2).dropLast()
        for comparison in ["==", "!=", ">=", "<=", ">", "<"] {
            guard let range = condition.firstRange(of: comparison) else { continue }
            func trimmed(_ text: Substring) -> String {
                String(text.drop { $0 == " " }.reversed().drop { $0 == " " }.reversed())
            }
            let literal = trimmed(condition[range.upperBound...])
            guard let path = JSONPath(trimmed(condition[..<range.lowerBound])) else { return nil }
            if literal.hasPrefix("'"), literal.hasSuffix("'"), literal.count >= 2 {
                return .filter(path, comparison: comparison, .string(String(literal.dropFirst().dropLast())))
            }
            guard let value = try? JSONValue(parsing: Array(literal.utf8)) else { return nil }
            return .filter(path, comparison: comparison, value)
        }
        return JSONPath(String(condition)).map { .filter($0, comparison: "", .null) }
    }

    /// Everything that the path leads to, in order.
    public func find(in root: JSONRef) -> [JSONRef] {
        steps.reduce([root]) { found, step in found.flatMap { Self.follow(step, $0) } }
    }

    private static func follow(_ step: Step, _ ref: JSONRef) -> [JSONRef] {
        switch step {
        case .key(let name):
            // Of a list, the members of its items, as kubectl has it only behind [*]: a plain name finds nothing there.
            return ref[name].exists ? [ref[name]] : []
        case .index(let index):
            let item = ref[index < 0 ? ref.count + index : index]
            return item.exists ? [item] : []
        case .every:
            return ref.kind == .object ? ref.members.map(\.value) : Array(ref.elements)
        case .anywhere(let name):
            let inside = ref.kind == .object ? ref.members.map(\.value) : Array(ref.elements)
            return (ref[name].exists ? [ref[name]] : []) + inside.flatMap { follow(step, $0) }
        case .filter(let path, let comparison, let literal):
            return ref.elements.filter { item in
                let found = path.find(in: item)
                guard !comparison.isEmpty else { return !found.isEmpty }
                return found.contains { compare($0.value, comparison, literal) }
            }
        }
    }

    private static func compare(_ value: JSONValue, _ comparison: String, _ literal: JSONValue) -> Bool {
        switch comparison {
        case "==": return value == literal
        case "!=": return value != literal
        default:
            let isLess: Bool
            let isEqual = value == literal
            if let a = value.double, let b = literal.double {
                isLess = a < b
            } else if let a = value.string, let b = literal.string {
                isLess = a < b
            } else {
                return false
            }
            switch comparison {
            case "<": return isLess
            case "<=": return isLess || isEqual
            case ">": return !isLess && !isEqual
            default: return !isLess || isEqual
            }
        }
    }
}
