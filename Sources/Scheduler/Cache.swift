/// All nodes with the sums over their pods, and the pods that were given a node but whose binding the watch has not
/// shown yet (*assumed* pods).
struct Cache: Sendable {
    private(set) var nodes: [NodeInfo] = []
    /// The names in the order of `nodes`, and where each is.
    private var names: [String] = []
    private var index: [String: Int] = [:]
    private var assumed: [String: (pod: PodInfo, node: String)] = [:]
    private(set) var pods = PodIndex()
    /// Pods for which other pods were pushed out, by node and key: the place is theirs.
    private(set) var nominated: [String: [String: PodInfo]] = [:]
    /// How many nodes have each image.
    private(set) var images: [String: Int] = [:]
    var storage = Storage()
    var workloads = Workloads()
    var budgets: [String: DisruptionBudget] = [:]
    /// How many of `nodes` exist.
    private(set) var nodeCount = 0
    /// Grows when a node comes, goes or changes.
    private(set) var generation = 0

    subscript(_ name: String) -> NodeInfo? { index[name].map { nodes[$0] } }
    func position(of name: String) -> Int? { index[name] }

    // MARK: Nodes

    /// Returns whether anything about the node changed that matters.
    mutating func set(_ node: Node) -> Bool {
        let position = slot(node.name)
        if nodes[position].node == node { return false }
        if let old = nodes[position].node { count(old, -1) } else { nodeCount += 1 }
        nodes[position].node = node
        count(node, 1)
        generation += 1
        return true
    }

    mutating func removeNode(_ name: String) {
        guard let position = index[name], let old = nodes[position].node else { return }
        nodes[position].node = nil
        count(old, -1)
        nodeCount -= 1
        generation += 1
        dropIfVoid(name)
    }

    private mutating func count(_ node: Node, _ count: Int) { for name in node.images.keys { images.add(name, count) } }

    // MARK: Pods

    /// A pod changed. Returns the name of a node that has more room than before.
    mutating func change(from old: PodInfo?, to new: PodInfo?) -> String? {
        if let old, let new, old.isPlaced, new.isPlaced, old.weighsLike(new) { return nil }
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
        if let new, new.isPlaced { add(new, new.nodeName) }
        if let new, new.demand != nil {
            if !new.nominatedNode.isEmpty, old?.nominatedNode != new.nominatedNode, assumed[key] == nil {
                nominate(new, new.nominatedNode)
            }
        } else {
            denominate(key)
        }
        return freed
    }

    mutating func assume(_ pod: PodInfo, on node: String) {
        assumed[pod.key] = (pod, node)
        add(pod, node)
        denominate(pod.key)
    }

    /// The binding failed, or has been seen. Returns the node that the pod was assumed on.
    @discardableResult
    mutating func forget(_ pod: PodInfo) -> String? {
        guard let (assumedPod, node) = assumed[pod.key], assumedPod.uid == pod.uid else { return nil }
        assumed[pod.key] = nil
        storage.release(pod.key)
        remove(assumedPod, node)
        return node
    }

    mutating func nominate(_ pod: PodInfo, _ node: String) {
        denominate(pod.key)
        nominated[node, default: [:]][pod.key] = pod
    }

    mutating func denominate(_ key: String) {
        if nominated.isEmpty { return }
        for (node, pods) in nominated where pods[key] != nil {
            nominated[node] = pods.count == 1 ? nil : pods.filter { $0.key != key }
        }
    }

    mutating func set(namespace: String, _ labels: [String: String]?) { pods.namespaces[namespace] = labels }

    /// How many such pods each node has; nodes without any are left out.
    mutating func count(_ matchers: [PodMatcher], ignoringDeleted: Bool = false) -> [String: Int] {
        pods.count(.init(matchers: matchers, ignoresDeleted: ignoringDeleted), nodes)
    }

    private mutating func add(_ pod: PodInfo, _ name: String) {
        nodes[slot(name)].add(pod)
        pods.add(pod, on: name)
    }

    private mutating func remove(_ pod: PodInfo, _ name: String) {
        guard let position = index[name] else { return }
        nodes[position].remove(pod)
        pods.add(pod, on: name, by: -1)
        dropIfVoid(name)
    }

    // MARK: Places in `nodes`

    private mutating func slot(_ name: String) -> Int {
        if let position = index[name] { return position }
        nodes.append(NodeInfo())
        index[name] = nodes.count - 1
        names.append(name)
        return nodes.count - 1
    }

    private mutating func dropIfVoid(_ name: String) {
        guard let position = index[name], nodes[position].node == nil, nodes[position].pods.isEmpty else { return }
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
