extension JSONRef {
    /// The elements of an array; nothing of anything else.
    public var elements: JSONElements { JSONElements(array: self) }

    /// The members of an object in the order of the text, repeated names included; nothing of anything else.
    public var members: JSONMembers { JSONMembers(object: self) }
}

public struct JSONElements: Sequence, Sendable {
    let array: JSONRef

    public var underestimatedCount: Int { array.kind == .array ? array.count : 0 }

    public func makeIterator() -> Iterator {
        Iterator(at: array.index + 2, end: array.end(ofKind: Word.array), of: array)
    }

    public struct Iterator: IteratorProtocol {
        var at: Int
        let end: Int
        let of: JSONRef

        public mutating func next() -> JSONRef? {
            guard at < end, let document = of.document else { return nil }
            defer { at = document.next(at) }
            return document.ref(at)
        }
    }
}

public struct JSONMembers: Sequence, Sendable {
    let object: JSONRef

    public var underestimatedCount: Int { object.kind == .object ? object.count : 0 }

    public func makeIterator() -> Iterator {
        Iterator(at: object.index + 2, end: object.end(ofKind: Word.object), of: object)
    }

    public struct Iterator: IteratorProtocol {
        var at: Int
        let end: Int
        let of: JSONRef

        public mutating func next() -> (key: String, value: JSONRef)? {
            guard at < end, let document = of.document else { return nil }
            defer { at = document.next(at + 1) }
            return (document.string(document.tape[at]), document.ref(at + 1))
        }
    }
}

extension JSONRef {
    /// The index after the last entry within a container of this kind; 0 of anything else.
    fileprivate func end(ofKind kind: UInt64) -> Int {
        guard let document, document.tape[index].kind == kind else { return 0 }
        return document.end(index)
    }
}
