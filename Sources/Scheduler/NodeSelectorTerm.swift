internal import API
internal import JSON

/// core/v1 NodeSelectorTerm: everything in it must match; an empty one matches nothing.
struct NodeSelectorTerm: Sendable {
    private let labels: LabelSelector
    /// Names that the node must have one of, or none of.
    private let names: [(isIn: Bool, values: [String])]
    private let isEmpty: Bool

    init(_ term: JSONRef) {
        labels = LabelSelector(matchExpressions: term["matchExpressions"])
        // `metadata.name` is the only field there is.
        names = term["matchFields"].elements.map {
            ($0["operator"].equals("In"), $0["values"].elements.compactMap(\.string))
        }
        isEmpty = term["matchExpressions"].count == 0 && names.isEmpty
    }

    func matches(_ node: Node) -> Bool {
        !isEmpty && labels.matches { node.labels[$0] } && names.allSatisfy { $0.values.contains(node.name) == $0.isIn }
    }
}

extension [NodeSelectorTerm] {
    /// A NodeSelector (core/v1): one of its terms must match.
    init(nodeSelector: JSONRef) { self = nodeSelector["nodeSelectorTerms"].elements.map(NodeSelectorTerm.init) }

    func matches(_ node: Node) -> Bool { contains { $0.matches(node) } }
}
