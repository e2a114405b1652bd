internal import API
internal import HTTP
internal import JSON
internal import NIOConcurrencyHelpers
internal import NIOCore
internal import NIOHTTP1
internal import Store
internal import TLS

extension APIServer {
    /// Answers with a stream of events, one JSON object a line. All that is due is written in one go and flushed once; while the
    /// client does not read, nothing is taken from the store, and who stays behind for too long is told to list again (410).
    func watch(_ resource: ServedResource, _ target: ResourcePath, _ list: ListRequest, _ presentation: Presentation)
        throws(StatusError) -> Reply
    {
        let pump = WatchPump(resource, list, presentation)
        let session = try WatchSession(self, resource, namespace: target.namespace, list) { pump.wake() }
        return .now(
            HTTPResponse(
                status: .ok,
                headers: HTTPHeaders([("content-type", "application/json"), ("cache-control", "no-cache, private")]),
                body: .stream { pump.start(session, $0) }))
    }
}

/// Moves events from a watch session to a response.
///
/// `@unchecked Sendable`: `wake` only reads `stream`, which is written once before any use on the loop and is published through the
/// store's and the loop's queues; everything else is touched on the stream's event loop only.
private final class WatchPump: @unchecked Sendable {
    private let resource: ServedResource
    private let list: ListRequest
    private let presentation: Presentation
    private var session: WatchSession?
    private var deadline: Scheduled<Void>?
    private var bookmark: Scheduled<Void>?
    private var lastBookmark: Int64 = 0
    /// Events that come within this time of each other are sent together: one TLS record and one system call for all.
    private static let coalescing = TimeAmount.milliseconds(2)
    private var notBefore = NIODeadline.now()
    private var isScheduled = false
    private let streamBox = NIOLockedValueBox<(stream: ResponseStream?, isDue: Bool)>((nil, false))

    init(_ resource: ServedResource, _ list: ListRequest, _ presentation: Presentation) {
        (self.resource, self.list, self.presentation) = (resource, list, presentation)
    }

    /// From any thread.
    func wake() {
        let stream = streamBox.withLockedValue { box in
            if box.stream == nil { box.isDue = true }
            return box.stream
        }
        if let stream { stream.eventLoop.execute { self.pumpSoon(stream) } }
    }

    /// At once, unless something was sent just now.
    private func pumpSoon(_ stream: ResponseStream) {
        let now = NIODeadline.now()
        if now >= notBefore {
            notBefore = now + Self.coalescing
            pump(stream)
        } else if !isScheduled {
            isScheduled = true
            stream.eventLoop.scheduleTask(deadline: notBefore) {
                self.isScheduled = false
                self.notBefore = .now() + Self.coalescing
                self.pump(stream)
            }
        }
    }

    func start(_ session: WatchSession, _ stream: ResponseStream) {
        self.session = session
        stream.onClose {
            session.cancel()
            self.deadline?.cancel()
            self.bookmark?.cancel()
            self.session = nil
        }
        stream.onWritable { self.pump(stream) }
        for object in session.initial { write(WatchSession.Event(kind: .added, object: object), stream) }
        if list.sendInitialEvents == true, list.allowWatchBookmarks { writeBookmark(stream, endsInitialEvents: true) }
        stream.flush()
        // Spread over half an hour, so that a restart does not bring everyone back at the same moment.
        let seconds = list.timeout ?? 1800 + Int(Random.bytes(2).reduce(0) { $0 << 8 | Int($1) } % 1800)
        deadline = stream.eventLoop.scheduleTask(in: .seconds(Int64(min(max(seconds, 0), 1 << 24)))) {
            self.pump(stream)
            stream.finish()
        }
        if list.allowWatchBookmarks { scheduleBookmark(stream) }
        streamBox.withLockedValue { $0.stream = stream }
        pump(stream)
    }

    private func scheduleBookmark(_ stream: ResponseStream) {
        bookmark = stream.eventLoop.scheduleTask(in: .seconds(60)) {
            guard let session = self.session else { return }
            self.pump(stream)
            if stream.isWritable, session.revision > self.lastBookmark {
                self.writeBookmark(stream, endsInitialEvents: false)
                stream.flush()
            }
            self.scheduleBookmark(stream)
        }
    }

    private func pump(_ stream: ResponseStream) {
        guard let session, stream.isWritable else { return }
        let (events, ended) = session.drain()
        for event in events { write(event, stream) }
        if let ended {
            if let error = ended {
                var line = Array(#"{"type":"ERROR","object":"#.utf8)
                line += error.encoded()
                line += Array("}\n".utf8)
                stream.write(line)
            }
            stream.flush()
            stream.finish()
            return
        }
        if !events.isEmpty { stream.flush() }
    }

    private func write(_ event: WatchSession.Event, _ stream: ResponseStream) {
        write(event.kind, presentation.render(event.bytes, resource), stream)
    }

    private func write(_ kind: WatchSession.Kind, _ object: [UInt8], _ stream: ResponseStream) {
        var buffer = stream.allocator.buffer(capacity: object.count + 40)
        buffer.writeString("{\"type\":\"")
        buffer.writeString(kind.rawValue)
        buffer.writeString("\",\"object\":")
        buffer.writeBytes(object)
        buffer.writeString("}\n")
        stream.write(buffer)
    }

    /// An object with nothing but a resourceVersion.
    private func writeBookmark(_ stream: ResponseStream, endsInitialEvents: Bool) {
        guard let session else { return }
        lastBookmark = session.revision
        var metadata: JSONValue = ["resourceVersion": .string(String(session.revision)), "creationTimestamp": nil]
        if endsInitialEvents { metadata["annotations"] = ["k8s.io/initial-events-end": "true"] }
        var object: JSONValue = [
            "kind": .string(resource.kind), "apiVersion": .string(resource.definition.apiVersion), "metadata": metadata,
        ]
        switch presentation {
        case .full: break
        case .partialMetadata:
            object["kind"] = "PartialObjectMetadata"
            object["apiVersion"] = "meta.k8s.io/v1"
        case .table:
            write(.bookmark, presentation.render(object.encoded(), resource), stream)
            return
        }
        write(.bookmark, object.encoded(), stream)
    }
}
