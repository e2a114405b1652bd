internal import API
internal import JSON

/// Which of the names that definitions ask for they get: within a group a name stands for one resource, and who came first has it.
struct RequestedNames {
    /// What the status of a definition is to say.
    struct Verdict {
        let names: JSONValue
        /// Without their times.
        let conditions: [JSONValue]
        let isEstablished: Bool
    }
    private struct Name: Hashable {
        let group: String
        /// Plural, singular and short names are told apart from kinds and kinds of lists.
        let isKind: Bool
        let text: String
    }
    private var taken: Set<Name> = []

    init(builtIn: [ServedResource]) {
        for definition in builtIn.map(\.definition) {
            for text in [definition.name, definition.singular] + definition.shortNames {
                taken.insert(Name(group: definition.group, isKind: false, text: text))
            }
            for text in [definition.kind, definition.kind + "List"] {
                taken.insert(Name(group: definition.group, isKind: true, text: text))
            }
        }
    }

    /// The order in which definitions are asked: who has its names keeps them.
    static func isBefore(_ a: JSONRef, _ b: JSONRef) -> Bool {
        func order(_ ref: JSONRef) -> (Int, String, String) {
            let metadata = ref["metadata"]
            return (
                isEstablished(ref) ? 0 : 1, metadata["creationTimestamp"].string ?? "", metadata["name"].string ?? ""
            )
        }
        return order(a) < order(b)
    }

    private static func isEstablished(_ object: JSONRef) -> Bool {
        object["status"]["conditions"].elements.contains {
            $0["type"].equals("Established") && $0["status"].equals("True")
        }
    }

    mutating func verdict(on object: JSONRef) -> Verdict {
        func condition(_ type: String, _ status: Bool, _ reason: String, _ message: String) -> JSONValue {
            [
                "type": .string(type), "status": status ? "True" : "False", "lastTransitionTime": nil,
                "reason": .string(reason), "message": .string(message),
            ]
        }
        let wanted = Self.names(of: object)
        if let conflict = wanted.last(where: { taken.contains($0.name) }) {
            let isEstablished = Self.isEstablished(object)
            var conditions = [
                condition("NamesAccepted", false, conflict.reason, "\"\(conflict.name.text)\" is already in use")
            ]
            if !isEstablished {
                conditions.append(condition("Established", false, "NotAccepted", "not all names are accepted"))
            }
            return Verdict(
                names: object["status"]["acceptedNames"].value, conditions: conditions, isEstablished: isEstablished)
        }
        taken.formUnion(wanted.map(\.name))
        return Verdict(
            names: object["spec"]["names"].value,
            conditions: [
                condition("NamesAccepted", true, "NoConflicts", "no conflicts found"),
                condition("Established", true, "InitialNamesAccepted", "the initial names have been accepted"),
            ], isEstablished: true)
    }

    private static func names(of object: JSONRef) -> [(reason: String, name: Name)] {
        let group = object["spec"]["group"].string ?? ""
        let names = object["spec"]["names"]
        var seen: Set<Name> = []
        let all: [(String, Bool, [String?])] = [
            ("PluralConflict", false, [names["plural"].string]),
            ("SingularConflict", false, [names["singular"].string]),
            ("ShortNamesConflict", false, names["shortNames"].elements.map(\.string)),
            ("KindConflict", true, [names["kind"].string]),
            ("ListKindConflict", true, [names["listKind"].string]),
        ]
        return all.flatMap { reason, isKind, texts in
            texts.compactMap { text in
                guard let text, !text.isEmpty else { return nil }
                let name = Name(group: group, isKind: isKind, text: text)
                return seen.insert(name).inserted ? (reason, name) : nil
            }
        }
    }
}
