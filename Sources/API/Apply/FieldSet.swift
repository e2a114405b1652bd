public import JSON

/// A set of paths into an object, kept in the form in which `managedFields` carries it (FieldsV1, meta/v1): a tree whose
/// names are path elements, `f:NAME` for a field or map entry, `k:{…}` for the item of a list with these keys, `v:…` for
/// the item of a set, `i:N` for one by position. A node that is in the set has a member `.`, or no members at all.
///
/// Operations walk only the branches that both sides have, so that taking a small change off a large set is cheap.
public struct FieldSet: Sendable, Equatable {
    /// The names below the root, which itself is in no set.
    public private(set) var tree: JSONObject

    public init() { tree = [:] }

    /// Trusts that the tree is in its normal form, as this type writes it.
    init(tree: JSONObject) { self.tree = tree }

    /// From a client: nil when it is not a set of fields. Keys and values are brought to their canonical text.
    public init?(parsing value: JSONValue) {
        guard case .object(let object) = value, let tree = Self.normal(object) else { return nil }
        self.tree = tree
        self.tree.removeValue(forKey: ".")
    }

    public var isEmpty: Bool { tree.isEmpty }

    public func contains(_ path: String...) -> Bool {
        var node = tree
        for element in path {
            guard let next = node[element]?.object else { return false }
            node = next
        }
        return !path.isEmpty && Self.isMember(node)
    }

    public mutating func formUnion(_ other: FieldSet) {
        if tree.isEmpty { tree = other.tree } else { Self.merge(&tree, other.tree) }
    }

    public mutating func subtract(_ other: FieldSet) {
        if other.isEmpty { return }
        for (element, theirs) in other.tree { Self.subtract(theirs, from: &tree, element) }
    }

    public func intersection(_ other: FieldSet) -> FieldSet { FieldSet(tree: Self.intersect(tree, other.tree)) }

    /// Every path in the set, from the root.
    public var paths: [[String]] {
        var paths: [[String]] = []
        var path: [String] = []
        func walk(_ node: JSONObject) {
            for (element, below) in node where element != "." {
                guard case .object(let below) = below else { continue }
                path.append(element)
                if Self.isMember(below) { paths.append(path) }
                walk(below)
                path.removeLast()
            }
        }
        walk(tree)
        return paths
    }

    // MARK: Trees

    static let member: JSONValue = .object([:])

    static func isMember(_ node: JSONObject) -> Bool { node.isEmpty || node["."] != nil }

    /// Both have names: those of the other are added.
    private static func merge(_ node: inout JSONObject, _ other: JSONObject) {
        for (element, theirs) in other {
            guard let mine = node[element]?.object else {
                node[element] = theirs
                continue
            }
            guard element != ".", let theirs = theirs.object, !(mine.isEmpty && theirs.isEmpty) else { continue }
            var merged = mine
            if merged.isEmpty { merged["."] = member }
            if theirs.isEmpty { merged["."] = member } else { merge(&merged, theirs) }
            node[element] = .object(merged)
        }
    }

    private static func subtract(_ theirs: JSONValue, from parent: inout JSONObject, _ element: String) {
        guard case .object(let theirs) = theirs, case .object(var node)? = parent[element] else { return }
        let stays = isMember(node) && !isMember(theirs)
        if !stays { node.removeValue(forKey: ".") }
        for (element, below) in theirs where element != "." { subtract(below, from: &node, element) }
        let isBare = node.isEmpty || (node.count == 1 && node["."] != nil)
        if isBare, !stays {
            parent.removeValue(forKey: element)
        } else {
            parent[element] = isBare ? member : .object(node)
        }
    }

    private static func intersect(_ a: JSONObject, _ b: JSONObject) -> JSONObject {
        var result = JSONObject()
        for (element, mine) in a where element != "." {
            guard case .object(let mine) = mine, case .object(let theirs)? = b[element] else { continue }
            var both = FieldNode(children: intersect(mine, theirs))
            both.isMember = isMember(mine) && isMember(theirs)
            if let tree = both.tree { result[element] = tree }
        }
        return result
    }

    private static func normal(_ object: JSONObject) -> JSONObject? {
        var result = JSONObject()
        for (element, below) in object {
            guard case .object(let below) = below, let element = PathElement.canonical(element),
                var node = normal(below)
            else { return nil }
            if node.count == 1, node["."] != nil { node = [:] }
            result[element] = .object(node)
        }
        return result
    }
}

/// One node of a set while it is built.
struct FieldNode {
    var isMember = false
    var children: JSONObject = [:]

    var isEmpty: Bool { !isMember && children.isEmpty }

    /// Nil when neither the node nor anything below is in the set.
    var tree: JSONValue? {
        guard isMember else { return children.isEmpty ? .none : .object(children) }
        if children.isEmpty { return FieldSet.member }
        var object: JSONObject = [".": FieldSet.member]
        object.reserveCapacity(children.count + 1)
        for (element, below) in children { object.updateValue(below, forKey: element) }
        return .object(object)
    }

    mutating func attach(_ element: String, _ child: FieldNode) {
        if let tree = child.tree { children.updateValue(tree, forKey: element) }
    }
}

/// The elements of paths: how they are written in `managedFields`, and how in messages.
enum PathElement {
    static func field(_ name: String) -> String { "f:" + name }
    static func value(_ value: JSONValue) -> String { "v:" + value.description }

    /// `keys` in the order of their names.
    static func key(_ keys: [(name: String, value: JSONValue)]) -> String {
        var writer = JSONWriter(capacity: 48)
        writer.beginObject()
        for (name, value) in keys {
            writer.key(name)
            writer.value(value)
        }
        writer.endObject()
        return "k:" + String(decoding: writer.bytes, as: UTF8.self)
    }

    /// Nil when it is none.
    static func canonical(_ element: String) -> String? {
        if element == "." || element.hasPrefix("f:") { return element }
        let text = element.dropFirst(2)
        if element.hasPrefix("i:") { return Int(text).map { "i:\($0)" } }
        guard element.hasPrefix("k:") || element.hasPrefix("v:"), let value = try? JSONValue(parsing: Array(text.utf8))
        else {
            return nil
        }
        if element.hasPrefix("v:") { return Self.value(value) }
        guard case .object(var keys) = value, !keys.isEmpty else { return nil }
        keys.sortKeys()
        return key(keys.map { ($0.key, $0.value) })
    }

    /// As messages show a path: `.spec.containers[name="a"].image`.
    static func description(of path: [String]) -> String {
        path.map { element in
            let text = element.dropFirst(2)
            switch element.prefix(2) {
            case "f:": return "." + text
            case "v:": return "[=\(text)]"
            case "k:":
                let keys = (try? JSONValue(parsing: Array(text.utf8)))?.object ?? [:]
                return "[" + keys.map { "\($0.key)=\($0.value)" }.joined(separator: ",") + "]"
            default: return "[\(text)]"
            }
        }.joined()
    }
}
