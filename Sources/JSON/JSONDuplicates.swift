extension JSONDocument {
    /// The paths of members whose name occurred before in the same object, each once, at most `limit` of them, in the
    /// order of the text and worded as Kubernetes does: `data`, `spec.containers[0].image`.
    ///
    /// Field validation reports them: https://kubernetes.io/docs/reference/using-api/api-concepts/#field-validation
    public func duplicateFields(limit: Int) -> [String] {
        var search = DuplicateSearch(document: self, limit: limit)
        _ = search.visit(0)
        return search.found
    }
}

private struct DuplicateSearch {
    enum Step {
        case name(Int)
        case index(Int)
    }

    let document: JSONDocument
    let limit: Int
    var found: [String] = []
    var seen: Set<ByteKey> = []
    var path: [Step] = []

    /// Searches the value at `index`, and tells where the next one is.
    mutating func visit(_ index: Int) -> Int {
        let word = document.tape[index]
        guard word.isContainer else { return index + 1 }
        let isObject = word.kind == Word.object
        var names = NamesSeen(document: document, object: index)
        var at = index + 2
        var position = 0
        while at < document.end(index), found.count < limit {
            path.append(isObject ? .name(at) : .index(position))
            if isObject, !names.insert(at), seen.insert(ByteKey(pathText)).inserted { found.append(pathText) }
            at = visit(isObject ? at + 1 : at)
            path.removeLast()
            position += 1
        }
        return document.end(index)
    }

    var pathText: String {
        var text = ""
        for step in path {
            switch step {
            case .index(let index): text += "[\(index)]"
            case .name(let name): text += (text.isEmpty ? "" : ".") + document.string(document.tape[name])
            }
        }
        return text
    }
}

/// The names of one object so far: compared in place while they are few, hashed when they are many.
private struct NamesSeen {
    let document: JSONDocument
    let object: Int
    var hashed: Set<ByteKey>?

    init(document: JSONDocument, object: Int) {
        self.document = document
        self.object = object
        if document.tape[object].length > 16 { hashed = [] }
    }

    /// False when the name at this index of the tape was there before.
    mutating func insert(_ name: Int) -> Bool {
        let word = document.tape[name]
        if hashed != nil { return hashed?.insert(ByteKey(document.string(word))).inserted ?? true }
        var at = object + 2
        while at < name {
            if same(document.tape[at], word) { return false }
            at = document.next(at + 1)
        }
        return true
    }

    private func same(_ a: UInt64, _ b: UInt64) -> Bool {
        if b.kind == Word.escaped { return document.string(b).withBytes { document.equals(a, $0) } }
        return document.bytes.withUnsafeBufferPointer {
            document.equals(a, $0.extracting(b.start..<b.start + b.length))
        }
    }
}
