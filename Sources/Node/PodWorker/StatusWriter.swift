internal import API
internal import Client
internal import JSON

/// Writes the status of one pod behind the worker's back: always the newest, and only when it says something new.
actor StatusWriter {
    private let services: NodeServices
    private let uid: String
    private let namespace: String
    private let name: String
    private let isStatic: Bool
    private var pending: PodStatus?
    private var writing: Task<Void, Never>?

    init(_ services: NodeServices, _ pod: Object) {
        (self.services, uid, namespace, name) = (services, pod.uid, pod.namespace, pod.name)
        isStatic = pod.isStatic
    }

    func publish(_ status: PodStatus) {
        pending = status
        if writing == nil { writing = Task { await self.write() } }
    }

    /// Returns when everything published before is written, or cannot be written any more.
    func flush() async {
        while let writing { await writing.value }
    }

    private func write() async {
        var backoff = Backoff(initial: 0.2, maximum: 10)
        while let status = pending {
            pending = nil
            do {
                let (uid, isStatic) = (uid, isStatic)
                try await services.client.modify(.pods, namespace: namespace, name: name, subresource: "status") {
                    @Sendable value in
                    let metadata = value["metadata"]
                    let own = isStatic ? metadata["annotations"][StaticPods.mirrorAnnotation] : metadata["uid"]
                    return own.string == uid && status.write(to: &value)
                }
                backoff.reset()
            } catch {
                // The pod is gone; the watch will tell the worker.
                if error.code == 404 { break }
                services.log("status of pod \(namespace)/\(name) not written: \(error)")
                if pending == nil { pending = status }
                // A status that is refused as it is would be refused for ever.
                if error.code == 422 || error.code == 403 { pending = nil }
                try? await Task.sleep(for: .seconds(backoff.next()))
            }
        }
        writing = nil
    }
}
