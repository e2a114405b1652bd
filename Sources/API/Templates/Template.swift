public import JSON

/// A Template (template.openshift.io/v1): objects with places for parameters, and what becomes of them.
/// https://docs.openshift.com/container-platform/latest/openshift_images/using-templates.html
public struct Template: Sendable {
    public static let apiVersion = "template.openshift.io/v1"

    public struct Parameter: Sendable {
        public let name: String
        public let description: String
        public let isRequired: Bool
        /// `expression`, when the value is made up unless it is given.
        public let generator: String
        public let from: String
        public internal(set) var value: String
    }

    /// What is wrong, in words that name the parameter.
    public struct Failure: Error, Sendable, CustomStringConvertible {
        public let description: String
        public init(description: String) { self.description = description }
    }

    public private(set) var parameters: [Parameter]
    private let template: JSONValue

    public init(_ template: JSONValue) throws(Failure) {
        let kind = template["kind"].text
        guard kind == "Template", ["", "v1", Self.apiVersion].contains(template["apiVersion"].text) else {
            throw Failure(
                description:
                    "this is no Template: its kind is \"\(kind)\" and its apiVersion \"\(template["apiVersion"].text)\"; a Template has kind: Template, apiVersion: \(Self.apiVersion)"
            )
        }
        self.template = template
        var seen: Set<String> = []
        parameters = []
        for (index, parameter) in template["parameters"].items.enumerated() {
            let name = parameter["name"].text
            guard !name.isEmpty, name.utf8.allSatisfy(Self.isNameByte) else {
                throw Failure(
                    description: "parameters[\(index)].name: \"\(name)\" must be of letters, digits and underscores")
            }
            guard seen.insert(name).inserted else {
                throw Failure(description: "parameters[\(index)].name: \(name) is there twice")
            }
            parameters.append(
                Parameter(
                    name: name, description: parameter["description"].text, isRequired: parameter["required"] == true,
                    generator: parameter["generate"].text, from: parameter["from"].text,
                    value: Self.text(of: parameter["value"])))
        }
    }

    private static func isNameByte(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"):
            true
        default: false
        }
    }

    /// Numbers and flags are taken as they are written.
    private static func text(of value: JSONValue) -> String {
        switch value {
        case .null: ""
        case .string(let text): text
        default: value.description
        }
    }

    // MARK: Processing

    /// The objects with the parameters' values in them, and the message for the user.
    ///
    /// - Parameters:
    ///   - values: by parameter; they go before the Template's own.
    ///   - labels: for every object, beside the Template's own.
    public func process(
        values: [String: String], labels: [String: String] = [:], using random: inout some RandomNumberGenerator
    ) throws(Failure) -> (objects: [JSONValue], message: String, values: [String: String]) {
        let known = Set(parameters.map(\.name))
        if let stranger = values.keys.filter({ !known.contains($0) }).sorted().first {
            throw Failure(
                description: "there is no parameter \(stranger); this Template has "
                    + (known.isEmpty ? "none" : known.sorted().joined(separator: ", ")))
        }
        var settled: [String: String] = [:]
        for (index, parameter) in parameters.enumerated() {
            settled[parameter.name] = try value(of: parameter, index, values[parameter.name], &random)
        }
        var objects: [JSONValue] = []
        for (index, object) in template["objects"].items.enumerated() {
            guard object.object != nil else { throw Failure(description: "objects[\(index)] is no object") }
            // A fixed namespace would bind the Template to it: the objects go where they are applied.
            var object = object
            if !object["metadata"]["namespace"].text.contains("${") { object["metadata"].remove("namespace") }
            object = Self.substitute(object, settled)
            for (key, value) in template["labels"].members {
                object["metadata"]["labels"][Self.substitute(key, settled)] = Self.substitute(value, settled)
            }
            for (key, value) in labels { object["metadata"]["labels"][key] = .string(value) }
            objects.append(object)
        }
        return (objects, Self.substitute(template["message"].text, settled), settled)
    }

    private func value(
        of parameter: Parameter, _ index: Int, _ given: String?, _ random: inout some RandomNumberGenerator
    ) throws(Failure) -> String {
        var value = given ?? parameter.value
        if value.isEmpty, !parameter.generator.isEmpty {
            guard parameter.generator == "expression" else {
                throw Failure(
                    description:
                        "parameters[\(index)].generate: parameter \(parameter.name): \"\(parameter.generator)\" is unknown; there is \"expression\""
                )
            }
            do {
                value = try ValueGenerator.generate(parameter.from, using: &random)
            } catch {
                throw Failure(
                    description:
                        "parameters[\(index)].from: parameter \(parameter.name): \"\(parameter.from)\": \(error.reason)"
                )
            }
        }
        if value.isEmpty, parameter.isRequired {
            throw Failure(
                description:
                    "parameters[\(index)]: parameter \(parameter.name) is required and has no value: give it with -p \(parameter.name)=VALUE"
            )
        }
        return value
    }

    /// In names and values alike. `${{NAME}}` alone in a text stands for the value itself: a number, a flag, a list.
    private static func substitute(_ value: JSONValue, _ values: [String: String]) -> JSONValue {
        switch value {
        case .string(let text):
            if text.hasPrefix("${{"), text.hasSuffix("}}"), let found = values[String(text.dropFirst(3).dropLast(2))] {
                return (try? JSONValue(parsing: Array(found.utf8))) ?? .string(found)
            }
            return .string(substitute(text, values))
        case .array(let items): return .array(items.map { substitute($0, values) })
        case .object(let members):
            var result = JSONObject()
            for (key, item) in members { result[substitute(key, values)] = substitute(item, values) }
            return .object(result)
        default: return value
        }
    }

    /// What names no parameter stays as it is.
    private static func substitute(_ text: String, _ values: [String: String]) -> String {
        guard text.contains("${") else { return text }
        var result = ""
        var rest = text[...]
        while let start = rest.firstRange(of: "${") {
            result += rest[..<start.lowerBound]
            rest = rest[start.upperBound...]
            if let end = rest.firstIndex(of: "}"), let value = values[String(rest[..<end])] {
                result += value
                rest = rest[rest.index(after: end)...]
            } else {
                result += "${"
            }
        }
        return result + rest
    }
}
