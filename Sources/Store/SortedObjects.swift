/// The objects of one resource in key order: an array of sorted chunks.
///
/// A copy shares all chunks and is the snapshot that lists read. A write copies at most one chunk and the array of
/// chunks, and only while a snapshot is alive.
struct SortedObjects: Sendable {
    private static let chunkLimit = 256

    private(set) var count = 0
    /// None is empty.
    private var chunks: [[StoredObject]] = []

    /// A place between objects; the end is (chunks.count, 0).
    struct Position: Comparable {
        var chunk: Int
        var index: Int

        static func < (left: Position, right: Position) -> Bool {
            left.chunk != right.chunk ? left.chunk < right.chunk : left.index < right.index
        }
    }

    var isEmpty: Bool { count == 0 }

    subscript(key: String) -> StoredObject? {
        let position = position { compareBytes($0, key) < 0 }
        guard let object = self[position], compareBytes(object.key, key) == 0 else { return nil }
        return object
    }

    /// The object at a position, nil at the end.
    subscript(position: Position) -> StoredObject? {
        position.chunk < chunks.count ? chunks[position.chunk][position.index] : nil
    }

    /// The first position whose key is not before the wanted place; `isBefore` is true for a beginning of the keys.
    func position(where isBefore: (String) -> Bool) -> Position {
        // The last chunk whose first key is before the place holds it, or the place is the start of the next.
        let chunk = partitionPoint(chunks.count) { isBefore(chunks[$0][0].key) } - 1
        guard chunk >= 0 else { return Position(chunk: 0, index: 0) }
        let index = partitionPoint(chunks[chunk].count) { isBefore(chunks[chunk][$0].key) }
        return index < chunks[chunk].count
            ? Position(chunk: chunk, index: index) : Position(chunk: chunk + 1, index: 0)
    }

    func position(after position: Position) -> Position {
        normalized(Position(chunk: position.chunk, index: position.index + 1))
    }

    /// The end of a chunk is the start of the next one.
    func normalized(_ position: Position) -> Position {
        position.index < chunks[position.chunk].count ? position : Position(chunk: position.chunk + 1, index: 0)
    }

    /// As many objects as one chunk has between two positions, the first before the second.
    func run(from start: Position, to end: Position) -> ArraySlice<StoredObject> {
        let chunk = chunks[start.chunk]
        return chunk[start.index..<(end.chunk == start.chunk ? end.index : chunk.count)]
    }

    /// How many objects are between two positions; 0 if the second is before the first.
    func distance(from start: Position, to end: Position) -> Int {
        guard start < end else { return 0 }
        return chunks[start.chunk..<end.chunk].reduce(end.index - start.index) { $0 + $1.count }
    }

    mutating func put(_ object: StoredObject) {
        var position = position { compareBytes($0, object.key) < 0 }
        if let present = self[position], compareBytes(present.key, object.key) == 0 {
            chunks[position.chunk][position.index] = object
            return
        }
        count += 1
        if position.index == 0, position.chunk > 0 {
            // Between two chunks: append to the left one, so that ascending keys fill chunks.
            position = Position(chunk: position.chunk - 1, index: chunks[position.chunk - 1].count)
        } else if chunks.isEmpty {
            chunks.append([])
        }
        chunks[position.chunk].insert(object, at: position.index)
        if chunks[position.chunk].count > Self.chunkLimit {
            // Appending in order leaves full chunks behind, anything else halves.
            let atEnd = position.chunk == chunks.count - 1 && position.index == Self.chunkLimit
            let cut = atEnd ? Self.chunkLimit : Self.chunkLimit / 2
            let right = Array(chunks[position.chunk][cut...])
            chunks[position.chunk].removeSubrange(cut...)
            chunks.insert(right, at: position.chunk + 1)
        }
    }

    mutating func remove(_ key: String) {
        let position = position { compareBytes($0, key) < 0 }
        guard let object = self[position], compareBytes(object.key, key) == 0 else { return }
        count -= 1
        chunks[position.chunk].remove(at: position.index)
        let size = chunks[position.chunk].count
        if size == 0 {
            chunks.remove(at: position.chunk)
        } else if position.chunk + 1 < chunks.count,
            size + chunks[position.chunk + 1].count <= Self.chunkLimit / 2
        {
            let right = chunks.remove(at: position.chunk + 1)
            chunks[position.chunk].append(contentsOf: right)
        }
    }
}

/// The first index in 0..<count for which the predicate, true for a beginning of them, is false.
func partitionPoint(_ count: Int, _ isBefore: (Int) -> Bool) -> Int {
    var low = 0
    var high = count
    while low < high {
        let middle = low + (high - low) / 2
        if isBefore(middle) { low = middle + 1 } else { high = middle }
    }
    return low
}
