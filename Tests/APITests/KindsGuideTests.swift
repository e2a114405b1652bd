import Foundation
import JSON
import Testing

@testable import API

/// docs/KINDS.md does what it says.
@Suite struct KindsGuideTests {
    /// The blocks of code of one language, in their order.
    private static func blocks(_ language: String) throws -> [String] {
        let guide = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "../../docs/KINDS.md")
        return try String(contentsOf: guide, encoding: .utf8).components(separatedBy: "```\(language)\n").dropFirst()
            .map {
                $0.components(separatedBy: "\n```")[0]
            }
    }

    private static func read() throws -> (Schema, ResourceDefinition) {
        var reader = DeclarationReader()
        for text in Kinds.declarations + (try blocks("kind")) { try reader.read(text) }
        try reader.finish()
        return (reader.schema, try #require(reader.resources.last))
    }

    private static func decode(_ text: String) throws -> JSONValue {
        let (schema, resource) = try read()
        var decoder = Decoder(schema)
        return try decoder.decode(JSONDocument(Array(text.utf8)).root, type: resource.type)
    }

    @Test func theExampleIsAResourceWithColumnsAndSelectors() throws {
        let (_, resource) = try Self.read()
        #expect(resource.groupResource == "backups.example.com" && resource.isNamespaced && resource.hasStatus)
        #expect(resource.tracksGeneration && resource.shortNames == ["bk"] && resource.categories == ["all"])
        #expect(resource.columns.map(\.name) == ["Name", "Target", "Last", "Age"])
        #expect(resource.selectableFields == ["spec.target"])
    }

    @Test func anObjectGetsItsDefaults() throws {
        let json = try Self.blocks("json")
        let object = try Self.decode(json[0])
        #expect(object["spec"] == (try JSONValue(parsing: Array(json[1].utf8))))
    }

    @Test func whatIsWrongIsFound() throws {
        let (schema, resource) = try Self.read()
        let object = try Self.decode("{\"metadata\": {\"name\": \"x\"}, \"spec\": \(try Self.blocks("json")[2])}")
        var validator = Validator(schema)
        validator.validate(object, type: resource.type)
        let found = validator.errors.map { "\($0.field) \($0.reason.rawValue)" }.sorted()
        #expect(found == (try Self.blocks("causes")[0]).split(separator: "\n").map(String.init))
    }

    @Test func theTargetMayNotChange() throws {
        let (schema, resource) = try Self.read()
        let old = try Self.decode(try Self.blocks("json")[0])
        var new = old
        new["spec"]["target"] = "other"
        var validator = Validator(schema)
        validator.validateUpdate(new, old, type: resource.type)
        #expect(validator.errors.map(\.field) == ["spec.target"])
    }
}
