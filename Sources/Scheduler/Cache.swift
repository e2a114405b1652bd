/// All nodes with the sums over their pods, and the pods that were given a node but whose binding the watch has not
/// shown yet (*assumed* pods).
struct Cache: Sendable {
    private(set) var nodes: [NodeInfo] = []
    /// The names in the order of `nodes`, and where each is.
    private var names: [String] = []
    private var index: [String: Int] = [:]
    private var assumed: [String: (pod: PodInfo, node: String)] = [:]
    /// How many of `nodes` exist.
    private(set) var nodeCount = 0
    /// Grows when a node comes, goes or changes.
    private(set) var generation = 0

    subscript(_ name: String) -> NodeInfo? { index[name].map { nodes[$0] } }

    /// Returns whether anything about the node changed that matters.
    mutating func set(_ node: Node) -> Bool {
        let position = slot(node.name)
        if nodes[position].node == node { return false }
        if nodes[position].node == nil { nodeCount += 1 }
        nodes[position].node = node
        generation += 1
        return true
    }

    mutating func removeNode(_ name: String) {
        guard let position = index[name], nodes[position].node != nil else { return }
        nodes[position].node = nil
        nodeCount -= 1
        generation += 1
        dropIfVoid(name)
    }

    /// A pod changed. Returns the name of a node that has more room than before.
    mutating func change(from old: PodInfo?, to new: PodInfo?) -> String? {
        if let old, let new, old.isPlaced, new.isPlaced, old.nodeName == new.nodeName, old.requests == new.requests,
            old.hostPorts == new.hostPorts
        {
            return nil
        }
        var freed: String?
        if let old, old.isPlaced {
            remove(old, old.nodeName)
            freed = old.nodeName
        }
        let key = new?.key ?? old?.key ?? ""
        if let (pod, _) = assumed[key], new?.uid != pod.uid || new?.demand == nil {
            let node = forget(pod)
            // Bound as assumed, which frees nothing.
            if node != new?.nodeName { freed = node }
        }
        if let new, new.isPlaced { nodes[slot(new.nodeName)].add(new) }
        return freed
    }

    mutating func assume(_ pod: PodInfo, on node: String) {
        assumed[pod.key] = (pod, node)
        nodes[slot(node)].add(pod)
    }

    /// The binding failed, or has been seen. Returns the node that the pod was assumed on.
    @discardableResult
    mutating func forget(_ pod: PodInfo) -> String? {
        guard let (assumedPod, node) = assumed[pod.key], assumedPod.uid == pod.uid else { return nil }
        assumed[pod.key] = nil
        remove(assumedPod, node)
        return node
    }

    private mutating func remove(_ pod: PodInfo, _ name: String) {
        guard let position = index[name] else { return }
        nodes[position].remove(pod)
        dropIfVoid(name)
    }

    private mutating func slot(_ name: String) -> Int {
        if let position = index[name] { return position }
        nodes.append(NodeInfo())
        index[name] = nodes.count - 1
        names.append(name)
        return nodes.count - 1
    }

    private mutating func dropIfVoid(_ name: String) {
        guard let position = index[name], nodes[position].node == nil, nodes[position].pods == 0 else { return }
        index[name] = nil
        let last = nodes.count - 1
        if position < last {
            nodes[position] = nodes[last]
            names[position] = names[last]
            index[names[position]] = position
        }
        nodes.removeLast()
        names.removeLast()
    }
}
