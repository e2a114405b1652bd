internal import API
internal import Client
internal import JSON

/// Pods that this node runs from files in a directory, whether or not the API is there. For each of them a *mirror* Pod in
/// the API shows how it is; deleting the mirror only brings it back.
/// https://kubernetes.io/docs/tasks/configure-pod-container/static-pod/
actor StaticPods {
    static let mirrorAnnotation = "kubernetes.io/config.mirror"

    /// How the agent's workers are reached.
    struct Workers: Sendable {
        /// Starts a worker unless there is one; false while another pod has the name.
        let start: @Sendable (Object) -> Bool
        let stop: @Sendable (_ uid: String) -> Void
        let exists: @Sendable (_ uid: String) -> Bool
        /// By namespace/name.
        let mirrors: @Sendable () -> [String: Object]
    }
    private struct File {
        let bytes: [UInt8]
        let pod: Object?
    }
    private let services: NodeServices
    private let workers: Workers
    private let firstRead = Latch()
    private let signals: AsyncStream<Void>
    private nonisolated let signal: AsyncStream<Void>.Continuation
    private var files: [String: File] = [:]
    /// Those started and not yet ended, by uid.
    private var running: [String: Object] = [:]
    private var backoff = Backoff(initial: 0.5, maximum: 20)

    init(_ services: NodeServices, _ workers: Workers) {
        (self.services, self.workers) = (services, workers)
        (signals, signal) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(1))
    }

    /// Something happened to a worker or a mirror.
    nonisolated func wake() { signal.yield() }

    /// Returns when the pods there were in the beginning have their workers.
    nonisolated func waitForFirstRead() async { await firstRead.wait() }

    func run() async {
        let directory = services.configuration.manifestDirectory
        do { try await blocking { try Files.makeDirectories(directory) } } catch {
            services.log("static pods: \(error)")
        }
        let mask = FileWatcher.closed | FileWatcher.moved | FileWatcher.removed
        let watch = services.watcher?.watch(directory, mask) { [signal] _, _ in signal.yield() }
        if watch == nil {
            services.log("static pods: \(directory) cannot be watched: changes are seen at the next start")
        }
        signal.yield()
        for await _ in signals {
            await read(directory)
            reconcile()
            firstRead.open()
            do {
                try await reconcileMirrors()
                backoff.reset()
            } catch {
                services.log("mirror pods: \(error)")
                let delay = backoff.next()
                Task { [signal] in
                    try? await Task.sleep(for: .seconds(delay))
                    signal.yield()
                }
            }
        }
        firstRead.open()
    }

    // MARK: Files

    private func read(_ directory: String) async {
        let found = try? await blocking {
            var found: [String: [UInt8]] = [:]
            for name in Files.names(in: directory) where !name.hasPrefix(".") {
                if !Files.isDirectory("\(directory)/\(name)") { found[name] = Files.read("\(directory)/\(name)") }
            }
            return found
        }
        guard let found else { return }
        files = files.filter { found[$0.key] != nil }
        // Only needed while there is something to read: it takes some memory.
        var kinds: BuiltInKinds?
        for (name, bytes) in found.sorted(by: { $0.key < $1.key }) where files[name]?.bytes != bytes {
            do {
                let known = try kinds ?? BuiltInKinds()
                kinds = known
                files[name] = File(bytes: bytes, pod: try Self.pod(bytes, name, services.configuration, known))
            } catch {
                services.log("static pod \(directory)/\(name): \(error)")
                files[name] = File(bytes: bytes, pod: nil)
            }
        }
    }

    /// The pod of a file, in YAML or JSON, as the API would keep it.
    static func pod(
        _ bytes: [UInt8], _ file: String, _ configuration: NodeConfiguration, _ kinds: BuiltInKinds
    ) throws -> Object {
        let document = try JSONDocument(try YAML.json(bytes))
        guard document.root["kind"].equals("Pod"), let type = kinds.schema.type(named: "core.v1.Pod") else {
            throw ConfigurationError("it holds no Pod but a \(document.root["kind"].string ?? "thing without a kind")")
        }
        var decoder = Decoder(kinds.schema)
        var pod = try decoder.decode(document.root, type: type)
        if let unknown = decoder.unknownFields.first { throw ConfigurationError("unknown field \"\(unknown)\"") }
        let nodeName = configuration.nodeName
        let source = bytes + Array("\u{0}\(file)\u{0}\(nodeName)".utf8)
        let hash = [source, source + [0]].map { String(fnv1a($0), radix: 16) }
            .map { String(repeating: "0", count: 16 - $0.count) + $0 }.joined()
        pod["metadata"]["name"] = .string("\(pod["metadata"]["name"].string ?? "")-\(nodeName)")
        if pod["metadata"]["namespace"].isNull { pod["metadata"]["namespace"] = "default" }
        pod["metadata"]["uid"] = .string(hash)
        for (key, value) in [("hash", hash), ("source", "file"), ("seen", Time.now.description)] {
            pod["metadata"]["annotations"]["kubernetes.io/config.\(key)"] = .string(value)
        }
        pod["spec"]["nodeName"] = .string(nodeName)
        // Nothing drives it away: whoever wants it gone removes the file.
        let toleration: JSONValue = ["operator": "Exists", "effect": "NoExecute"]
        pod["spec"]["tolerations"] = .array((pod["spec"]["tolerations"].array ?? []) + [toleration])
        pod["status"] = ["phase": "Pending"]
        var validator = Validator(kinds.schema)
        validator.validate(pod, type: type)
        if let problem = validator.errors.first { throw ConfigurationError("\(problem.field): \(problem.message)") }
        (pod["apiVersion"], pod["kind"]) = ("v1", "Pod")
        return try Object(parsing: pod.encoded())
    }

    // MARK: Workers and mirrors

    private var wanted: [String: Object] {
        Dictionary(files.sorted { $0.key < $1.key }.compactMap { $0.value.pod.map { ($0.key, $0) } }) { first, _ in
            first
        }
    }

    private func reconcile() {
        running = running.filter { workers.exists($0.key) }
        let uids = Set(wanted.values.map(\.uid))
        for uid in running.keys where !uids.contains(uid) { workers.stop(uid) }
        for pod in wanted.values where running[pod.uid] == nil {
            if workers.start(pod) { running[pod.uid] = pod }
        }
    }

    private func reconcileMirrors() async throws(StatusError) {
        let (mirrors, wanted) = (workers.mirrors(), wanted)
        for (key, mirror) in mirrors {
            let isRight = wanted[key].map { mirror.annotation(Self.mirrorAnnotation) == $0.uid } ?? false
            if isRight && !mirror.isBeingDeleted { continue }
            // Until its containers have ended it shows how far they are.
            if wanted[key] == nil, running.values.contains(where: { $0.key == key }) { continue }
            try await ignoring(404, 409) { () throws(StatusError) in
                try await services.client.delete(
                    .pods, namespace: mirror.namespace, name: mirror.name,
                    DeleteOptions(gracePeriodSeconds: 0, uid: mirror.uid))
            }
        }
        for (key, pod) in wanted where mirrors[key] == nil {
            let node = try await services.client.get(.nodes, namespace: nil, name: services.configuration.nodeName)
            var mirror = pod.value
            mirror["metadata"]["uid"] = .null
            mirror["metadata"]["annotations"][Self.mirrorAnnotation] = .string(pod.uid)
            mirror["metadata"]["ownerReferences"] = [
                [
                    "apiVersion": "v1", "kind": "Node", "name": .string(node.name), "uid": .string(node.uid),
                    "controller": true,
                ]
            ]
            try await ignoring(409) { () throws(StatusError) in
                _ = try await services.client.create(.pods, namespace: pod.namespace, mirror)
            }
        }
    }

    private func ignoring(
        _ codes: Int..., work: () async throws(StatusError) -> Void
    ) async throws(StatusError) {
        do throws(StatusError) {
            try await work()
        } catch {
            if !codes.contains(error.code) { throw error }
        }
    }
}

extension Object {
    /// Whether it comes from a file of this node.
    var isStatic: Bool { annotation("kubernetes.io/config.source") == "file" }
    var isMirror: Bool { annotation(StaticPods.mirrorAnnotation) != nil }
}
