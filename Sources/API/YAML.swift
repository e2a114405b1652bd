public import JSON
internal import Yams

/// YAML bodies and files, converted at the edge: everything behind works on JSON.
public enum YAML {
    /// The JSON text of a YAML document. Anchors, tags of other languages and several documents are refused (400).
    public static func json(_ bytes: [UInt8]) throws(StatusError) -> [UInt8] { try value(bytes).encoded() }

    public static func value(_ bytes: [UInt8]) throws(StatusError) -> JSONValue {
        guard let text = String(validating: bytes, as: UTF8.self) else {
            throw .badRequest("the YAML is not UTF-8 text")
        }
        do {
            guard let node = try Parser(yaml: text).singleRoot() else { return .null }
            return try convert(node, depth: 0)
        } catch let error as StatusError {
            throw error
        } catch {
            throw .badRequest("error converting YAML to JSON: \(error)")
        }
    }

    /// The YAML text of a value, for people.
    public static func text(_ value: JSONValue) -> String {
        (try? Yams.serialize(node: node(value))) ?? value.description
    }

    private static func node(_ value: JSONValue) -> Node {
        switch value {
        case .null: Node("null", Tag(.null))
        case .bool(let flag): Node(flag ? "true" : "false", Tag(.bool))
        case .number(let number): Node(number.text, Tag(number.int == nil ? .float : .int))
        // Quoted, so that no text is taken for a number or a flag.
        case .string(let text): Node(text, Tag(.str), text.contains("\n") ? .literal : .doubleQuoted)
        case .array(let items): Node(items.map(node), Tag(.seq))
        case .object(let members): Node(members.map { (Node($0.key), node($0.value)) }, Tag(.map))
        }
    }

    private static func convert(_ node: Node, depth: Int) throws -> JSONValue {
        if depth > JSONLimits.default.maxDepth { throw StatusError.badRequest("the YAML is nested too deeply") }
        switch node {
        case .mapping(let mapping):
            var object = JSONObject()
            for (key, value) in mapping {
                guard let name = key.scalar?.string else {
                    throw StatusError.badRequest("a key of the YAML is not text")
                }
                object[name] = try convert(value, depth: depth + 1)
            }
            return .object(object)
        case .sequence(let sequence): return .array(try sequence.map { try convert($0, depth: depth + 1) })
        case .alias: throw StatusError.badRequest("YAML aliases are not accepted")
        case .scalar(let scalar):
            if scalar.style == .singleQuoted || scalar.style == .doubleQuoted || scalar.style == .literal
                || scalar.style == .folded
            {
                return .string(scalar.string)
            }
            switch node.tag.rawValue {
            case "tag:yaml.org,2002:null": return .null
            case "tag:yaml.org,2002:bool": return node.bool.map { .bool($0) } ?? .string(scalar.string)
            case "tag:yaml.org,2002:int": return node.int.map { .int($0) } ?? .string(scalar.string)
            case "tag:yaml.org,2002:float":
                if let number = JSONNumber(text: scalar.string) { return .number(number) }
                return node.float.flatMap { JSONNumber(text: String($0)) }.map { .number($0) } ?? .string(scalar.string)
            default: return .string(scalar.string)
            }
        }
    }
}
