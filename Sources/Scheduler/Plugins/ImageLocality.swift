/// Rather where the pod's images are already, the more so the larger they are and the more nodes have them.
struct ImageLocality: Score {
    static let weight = 1
    /// Bytes between which the score grows from 0 to 100; the upper one for each container.
    private static let (least, most) = (23 << 20, 1000 << 20)
    private let images: [String]
    private let nodeCount: Int

    init?(_ pod: PodInfo, _ demand: Demand, _ cache: inout Cache) {
        let seen = cache.images
        if seen.isEmpty || !demand.images.contains(where: { seen[$0] != nil }) { return nil }
        (images, nodeCount) = (demand.images, max(1, cache.nodeCount))
    }

    func scores(_ positions: [Int], _ cache: Cache) -> [Int] {
        let most = Self.most * images.count
        return positions.map { position in
            guard let there = cache.nodes[position].node?.images else { return 0 }
            let sum = images.reduce(0) { $0 + (there[$1] ?? 0) * (cache.images[$1] ?? 0) / nodeCount }
            return 100 * (min(max(sum, Self.least), most) - Self.least) / (most - Self.least)
        }
    }

    /// With `:latest` where there is neither a tag nor a digest.
    static func normalized(_ image: String) -> String {
        let last = image.utf8.lastIndex(of: UInt8(ascii: "/")).map { image.utf8[$0...] } ?? image.utf8[...]
        return last.contains(UInt8(ascii: ":")) || image.isEmpty ? image : image + ":latest"
    }
}
