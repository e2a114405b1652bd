internal import API
internal import Client
internal import HTTP
internal import JSON
internal import NIOHTTP1
internal import Store

/// metrics.k8s.io: what `kubectl top` and autoscalers ask, answered from the nodes' own statistics.
/// https://kubernetes.io/docs/tasks/debug/debug-cluster/resource-metrics-pipeline/
extension APIServer {
    func serveMetrics(
        _ resource: ServedResource, _ target: ResourcePath, _ presentation: Presentation, _ query: Query, yaml: Bool
    ) throws(StatusError) -> Reply {
        guard let measured = registry.find(groupResource: resource.definition.name) else { throw .noSuchPath }
        let objects: [StoredObject]
        if let name = target.name {
            objects = [try get(measured, namespace: target.namespace, name: name)]
        } else {
            let list = try ListRequest(query, measured.definition)
            objects = try snapshot(measured, namespace: target.namespace, list).objects
        }
        let isOne = target.name != nil
        return .later {
            await Self.answer { () async throws(StatusError) in
                let found = await self.measurements(resource, objects)
                if isOne {
                    guard let one = found.first else {
                        throw .notFound(resource.definition, target.name ?? "")
                    }
                    return Self.json(presentation.render(one.bytes, resource), yaml: yaml)
                }
                let all = Snapshot(revision: self.store.revision, objects: found, more: false, remaining: 0)
                return HTTPResponse(
                    status: .ok, headers: Self.headers(yaml: yaml),
                    body: .slices(presentation.render(all, resource, selects: true)))
            }
        }
    }

    /// What these nodes or Pods use now, of those that were measured.
    func measurements(_ resource: ServedResource, _ objects: [StoredObject]) async -> [StoredObject] {
        let usages = await summaries()
        return objects.compactMap { resource.definition.name == "nodes" ? usages.node($0) : usages.pod($0) }
    }

    /// Of all nodes that answer: one that does not is left out, as upstream does.
    private func summaries() async -> Usages {
        await withTaskGroup(of: NodeStatistics?.self) { group in
            for node in connectedNodes { group.addTask { try? await node.statistics() } }
            for node in remoteNodes { group.addTask { try? await self.remoteStatistics(node) } }
            var usages = Usages()
            for await statistics in group {
                if let statistics { usages.add(statistics) }
            }
            return usages
        }
    }
}

/// What the nodes said, found by what it is about.
private struct Usages {
    /// Statistics, and the seconds over which they were measured.
    private typealias Entry = (stats: JSONValue, window: Double)
    private var nodes: [String: Entry] = [:]
    private var pods: [String: Entry] = [:]

    mutating func add(_ statistics: NodeStatistics) {
        let (summary, window) = (statistics.summary, statistics.window)
        nodes[summary["node"]["nodeName"].string ?? ""] = (summary["node"], window)
        for pod in summary["pods"].array ?? [] { pods[pod["podRef"]["uid"].string ?? ""] = (pod, window) }
    }

    func node(_ stored: StoredObject) -> StoredObject? {
        guard let root = try? JSONDocument(stored.bytes).root, let name = root["metadata"]["name"].string,
            let node = nodes[name]
        else { return nil }
        return Self.object("NodeMetrics", root["metadata"], node, ["usage": Self.usage(node.stats)], stored)
    }

    func pod(_ stored: StoredObject) -> StoredObject? {
        guard let root = try? JSONDocument(stored.bytes).root, let uid = root["metadata"]["uid"].string,
            let pod = pods[uid]
        else { return nil }
        let containers = (pod.stats["containers"].array ?? []).map { container -> JSONValue in
            ["name": container["name"], "usage": Self.usage(container)]
        }
        return Self.object("PodMetrics", root["metadata"], pod, ["containers": .array(containers)], stored)
    }

    /// Nanocores and KiB, as metrics-server writes them.
    private static func usage(_ stats: JSONValue) -> JSONValue {
        [
            "cpu": .string("\(stats["cpu"]["usageNanoCores"].int ?? 0)n"),
            "memory": .string("\((stats["memory"]["workingSetBytes"].int ?? 0) / 1024)Ki"),
        ]
    }

    private static func object(
        _ kind: String, _ metadata: JSONRef, _ entry: Entry, _ more: JSONValue, _ stored: StoredObject
    ) -> StoredObject {
        var object: JSONValue = [
            "kind": .string(kind), "apiVersion": "metrics.k8s.io/v1beta1",
            "metadata": ["name": .string(metadata["name"].string ?? "")],
        ]
        if let namespace = metadata["namespace"].string { object["metadata"]["namespace"] = .string(namespace) }
        object["metadata"]["creationTimestamp"] = .string(Time.now.description)
        if metadata["labels"].exists { object["metadata"]["labels"] = metadata["labels"].value }
        object["timestamp"] = entry.stats["cpu"]["time"]
        object["window"] = .string("\((entry.window * 1000).rounded() / 1000)s")
        for (key, value) in more.object ?? [:] { object[key] = value }
        return StoredObject(key: stored.key, revision: stored.revision, bytes: object.encoded())
    }
}
