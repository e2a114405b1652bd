public import NIOCore
internal import NIOWebSocket
internal import Synchronization

/// A whole message: fragments are joined.
public enum WebSocketMessage: Sendable, Equatable {
    case text(String)
    case binary([UInt8])

    var count: Int {
        switch self {
        case .text(let text): text.utf8.count
        case .binary(let bytes): bytes.count
        }
    }
}

/// The connection was closed, by either side, before a message was sent.
public struct WebSocketClosed: Error, Sendable, CustomStringConvertible {
    public let description = "the WebSocket is closed"
}

/// An open WebSocket, as the server sees it. Pings are answered and sent by themselves.
public final class WebSocketConnection: Sendable {
    /// Of the client's subprotocols, the one agreed on.
    public let chosenProtocol: String?
    public let eventLoop: any EventLoop
    private let handler: NIOLoopBound<WebSocketHandler>
    private let inbox = Mutex(Inbox())

    private struct Inbox {
        var messages = CircularBuffer<WebSocketMessage>()
        var bytes = 0
        var isFull = false
        var isClosed = false
        var waiter: CheckedContinuation<WebSocketMessage?, Never>?
        var whenClosed: [@Sendable () -> Void] = []
    }

    /// Messages held for a slow reader before the socket is no longer read, in bytes.
    private static let high = 1024 * 1024
    /// What a message costs beside its bytes.
    private static let overhead = 64

    init(chosenProtocol: String?, handler: WebSocketHandler, eventLoop: any EventLoop) {
        self.chosenProtocol = chosenProtocol
        self.eventLoop = eventLoop
        self.handler = NIOLoopBound(handler, eventLoop: eventLoop)
    }

    /// Returns when the client keeps up with what was sent so far.
    public func send(binary bytes: [UInt8]) async throws(WebSocketClosed) {
        try await send(WebSocketHandler.frame(.binary, bytes))
    }

    /// Returns when the client keeps up with what was sent so far.
    public func send(text: String) async throws(WebSocketClosed) {
        try await send(WebSocketHandler.frame(.text, text.utf8))
    }

    /// Says goodbye with a code of RFC 6455, section 7.4; the connection ends when the client has answered, or after
    /// two seconds.
    public func close(code: UInt16 = 1000, reason: String = "") {
        let handler = handler
        eventLoop.execute { handler.value.close(code: code, reason: reason) }
    }

    /// The client's messages in order, until the connection ends. For one reader; while it is slow, the socket is not
    /// read.
    public var incoming: Incoming { Incoming(connection: self) }

    /// `f` is called once when the connection is over, at once if it is over already.
    public func onClose(_ f: @escaping @Sendable () -> Void) {
        let isClosed = inbox.withLock { inbox in
            if !inbox.isClosed { inbox.whenClosed.append(f) }
            return inbox.isClosed
        }
        if isClosed { f() }
    }

    public struct Incoming: AsyncSequence, Sendable {
        public typealias Element = WebSocketMessage
        let connection: WebSocketConnection

        public func makeAsyncIterator() -> Iterator { Iterator(connection: connection) }

        public struct Iterator: AsyncIteratorProtocol, Sendable {
            let connection: WebSocketConnection
            public func next() async -> WebSocketMessage? { await connection.next() }
        }
    }

    private func send(_ frame: ByteBuffer) async throws(WebSocketClosed) {
        let handler = handler
        let sent = await withCheckedContinuation { continuation in
            eventLoop.execute { handler.value.send(frame, continuation) }
        }
        if !sent { throw WebSocketClosed() }
    }

    private func next() async -> WebSocketMessage? {
        await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                enum Step {
                    case give(WebSocketMessage?, resume: Bool)
                    case wait(insteadOf: CheckedContinuation<WebSocketMessage?, Never>?)
                }
                let step = inbox.withLock { inbox -> Step in
                    guard let message = inbox.messages.popFirst() else {
                        if inbox.isClosed || Task.isCancelled { return .give(nil, resume: false) }
                        defer { inbox.waiter = continuation }
                        return .wait(insteadOf: inbox.waiter)
                    }
                    inbox.bytes -= message.count + Self.overhead
                    let resume = inbox.isFull && inbox.bytes < Self.high / 2
                    if resume { inbox.isFull = false }
                    return .give(message, resume: resume)
                }
                switch step {
                case .wait(let other): other?.resume(returning: nil)
                case .give(let message, let resume):
                    continuation.resume(returning: message)
                    if resume {
                        let handler = handler
                        eventLoop.execute { handler.value.resumeReading() }
                    }
                }
            }
        } onCancel: {
            inbox.withLock { inbox -> CheckedContinuation<WebSocketMessage?, Never>? in
                defer { inbox.waiter = nil }
                return inbox.waiter
            }?.resume(returning: nil)
        }
    }

    // MARK: For the handler, on the event loop

    /// Returns whether to read on.
    func deliver(_ message: WebSocketMessage) -> Bool {
        let (waiter, readOn) = inbox.withLock { inbox -> (CheckedContinuation<WebSocketMessage?, Never>?, Bool) in
            if let waiter = inbox.waiter {
                inbox.waiter = nil
                return (waiter, true)
            }
            inbox.messages.append(message)
            inbox.bytes += message.count + Self.overhead
            if inbox.bytes >= Self.high { inbox.isFull = true }
            return (nil, !inbox.isFull)
        }
        waiter?.resume(returning: message)
        return readOn
    }

    func finish() {
        let (waiter, callbacks) = inbox.withLock { inbox in
            let found = (inbox.waiter, inbox.whenClosed)
            inbox.isClosed = true
            inbox.waiter = nil
            inbox.whenClosed = []
            return found
        }
        waiter?.resume(returning: nil)
        for f in callbacks { f() }
    }
}
