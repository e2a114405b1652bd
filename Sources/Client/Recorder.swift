public import API
internal import JSON
internal import Synchronization

public enum EventType: String, Sendable {
    case normal = "Normal"
    case warning = "Warning"
}

/// Tells users what happens to their objects, as Events (core/v1). Never waits and never fails: events are written behind
/// the caller's back; what cannot be written is counted.
/// https://kubernetes.io/docs/reference/kubernetes-api/cluster-resources/event-v1/
public final class Recorder: Sendable {
    private struct State {
        var queue: [Occurrence] = []
        var writer: Task<Void, Never>?
        var correlator = EventCorrelator()
        var lastName = 0
        var failures = 0
        var dropped = 0
    }
    private let state = Mutex(State())
    private let client: any ObjectClient
    private let component: String
    private let instance: String
    private let time: any TimeSource

    /// How many events may wait to be written.
    public static let capacity = 4096

    /// `component` and `instance` say who reports, such as `kubelet` and the node's name.
    public init(
        _ client: any ObjectClient, component: String, instance: String = "", time: any TimeSource = SystemTime()
    ) {
        (self.client, self.component, self.time) = (client, component, time)
        self.instance = instance
    }

    /// Events that the server refused, since the start.
    public var failures: Int { state.withLock { $0.failures } }
    /// Events left out because too many waited, or because the object had too many.
    public var dropped: Int { state.withLock { $0.dropped } }

    public func event(_ object: Object, _ type: EventType = .normal, reason: String, _ message: String) {
        event(ObjectReference(object), type, reason: reason, message)
    }

    public func event(_ object: ObjectReference, _ type: EventType = .normal, reason: String, _ message: String) {
        let at = time.now.microsecondsSince1970
        state.withLock { state in
            guard state.queue.count < Self.capacity else {
                state.dropped += 1
                return
            }
            state.queue.append(
                Occurrence(kind: .init(object: object, type: type, reason: reason), message: message, at: at))
            if state.writer == nil { state.writer = Task { await self.writeQueue() } }
        }
    }

    /// Returns when everything that was told before is written.
    public func flush() async {
        while let writer = state.withLock({ $0.writer }) { await writer.value }
    }

    private func writeQueue() async {
        while true {
            let batch = state.withLock { state in
                defer { state.queue.removeAll() }
                if state.queue.isEmpty { state.writer = nil }
                return state.queue
            }
            if batch.isEmpty { return }
            // In order for each object, side by side for different ones: a write waits for a disk.
            let lanes = Dictionary(grouping: batch) { ($0.kind.object.uid + $0.kind.object.name).hashValue & 15 }
            await withTaskGroup { group in
                for lane in lanes.values {
                    group.addTask { for occurrence in lane { await self.write(occurrence) } }
                }
            }
        }
    }

    private func write(_ occurrence: Occurrence) async {
        let uptime = time.uptime
        switch state.withLock({ $0.correlator.decide(occurrence, uptime: uptime) }) {
        case .drop: state.withLock { $0.dropped += 1 }
        case .create(let message): await create(occurrence, message, count: 1)
        case .count(let name, let count, let message):
            let patch: JSONValue = [
                "count": .int(count), "message": .string(message),
                "lastTimestamp": .string(Time(microsecondsSince1970: occurrence.at).description),
            ]
            do throws(StatusError) {
                _ = try await client.patch(
                    .events, namespace: namespace(occurrence), name: name, subresource: nil, .merge, patch)
                state.withLock { $0.correlator.remember(occurrence, message: message, name: name, count: count) }
            } catch  where error.code == 404 {
                // It went out of date and was deleted.
                await create(occurrence, message, count: 1)
            } catch {
                state.withLock { $0.failures += 1 }
            }
        }
    }

    private func namespace(_ occurrence: Occurrence) -> String {
        let namespace = occurrence.kind.object.namespace
        return namespace.isEmpty ? "default" : namespace
    }

    private func create(_ occurrence: Occurrence, _ message: String, count: Int) async {
        let object = occurrence.kind.object
        let stamp = state.withLock { state in
            state.lastName = max(state.lastName + 1, occurrence.at * 1000)
            return state.lastName
        }
        let name = object.name + "." + String(stamp, radix: 16)
        var involved: JSONValue = ["kind": .string(object.kind)]
        for (field, text) in [
            ("namespace", object.namespace), ("name", object.name), ("uid", object.uid),
            ("apiVersion", object.apiVersion),
            ("resourceVersion", object.resourceVersion), ("fieldPath", object.fieldPath),
        ] where !text.isEmpty { involved[field] = .string(text) }
        let at = JSONValue.string(Time(microsecondsSince1970: occurrence.at).description)
        var source: JSONValue = ["component": .string(component)]
        if !instance.isEmpty { source["host"] = .string(instance) }
        let event: JSONValue = [
            "apiVersion": "v1", "kind": "Event",
            "metadata": ["name": .string(name), "namespace": .string(namespace(occurrence))],
            "involvedObject": involved, "reason": .string(occurrence.kind.reason), "message": .string(message),
            "source": source, "firstTimestamp": at, "lastTimestamp": at, "count": .int(count),
            "type": .string(occurrence.kind.type.rawValue), "reportingComponent": .string(component),
            "reportingInstance": .string(instance),
        ]
        do throws(StatusError) {
            _ = try await client.create(.events, namespace: namespace(occurrence), event)
            state.withLock { $0.correlator.remember(occurrence, message: message, name: name, count: count) }
        } catch {
            state.withLock { $0.failures += 1 }
        }
    }
}
