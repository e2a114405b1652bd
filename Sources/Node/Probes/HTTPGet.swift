internal import NIOCore
internal import NIOHTTP1
internal import NIOPosix
internal import TLS

/// One HTTP GET, as probes and hooks make it: a connection of its own, certificates not verified.
/// https://kubernetes.io/docs/tasks/configure-pod-container/configure-liveness-readiness-startup-probes/#http-probes
struct HTTPGet: Sendable {
    var isHTTPS = false
    var host: String
    var port: Int
    /// With the query.
    var path: String
    var headers: [(name: String, value: String)] = []

    struct Answer: Sendable {
        var status: Int
        var location: String?
        /// Its beginning.
        var body: String
    }

    private static let bodyLimit = 10 << 10

    var authority: String { (host.contains(":") ? "[\(host)]" : host) + ":\(port)" }
    var url: String { "\(isHTTPS ? "https" : "http")://\(authority)\(path)" }

    /// - Throws: `ProbeFailure` in upstream's words when there is no answer within `timeout` seconds.
    func send(timeout: Int64) async throws -> Answer {
        let group = MultiThreadedEventLoopGroup.singleton
        let promise = group.next().makePromise(of: Answer.self)
        let head = requestHead
        let tls = isHTTPS ? try TLSContext.client(serverName: nil) : nil
        let channel: any Channel
        do {
            channel = try await ClientBootstrap(group: group)
                .connectTimeout(.seconds(timeout))
                .channelInitializer { channel in
                    channel.eventLoop.makeCompletedFuture {
                        let pipeline = channel.pipeline.syncOperations
                        if let tls { try pipeline.addHandler(TLSHandler(tls, handshakeTimeout: .seconds(timeout))) }
                        try pipeline.addHTTPClientHandlers()
                        try pipeline.addHandler(AnswerCollector(head, limit: Self.bodyLimit, promise))
                    }
                }
                .connect(host: host, port: port).get()
        } catch {
            let failure = ProbeFailure("Get \"\(url)\": dial tcp \(authority): \(dialError(error))")
            promise.fail(failure)
            throw failure
        }
        let late = ProbeFailure(
            "Get \"\(url)\": context deadline exceeded (Client.Timeout exceeded while awaiting headers)")
        let deadline = channel.eventLoop.scheduleTask(in: .seconds(timeout)) { promise.fail(late) }
        defer {
            deadline.cancel()
            channel.close(promise: nil)
        }
        do {
            return try await promise.futureResult.get()
        } catch let failure as ProbeFailure {
            throw failure
        } catch {
            throw ProbeFailure("Get \"\(url)\": \(error)")
        }
    }

    private var requestHead: HTTPRequestHead {
        var fields = HTTPHeaders(headers.filter { $0.name.lowercased() != "host" }.map { ($0.name, $0.value) })
        fields.add(name: "Host", value: headers.last { $0.name.lowercased() == "host" }?.value ?? authority)
        if !fields.contains(name: "User-Agent") { fields.add(name: "User-Agent", value: "kube-probe/1.36") }
        // One that is given empty is not sent.
        if !fields.contains(name: "Accept") { fields.add(name: "Accept", value: "*/*") }
        for name in ["User-Agent", "Accept"] where fields[name] == [""] { fields.remove(name: name) }
        fields.replaceOrAdd(name: "Connection", value: "close")
        return HTTPRequestHead(version: .http1_1, method: .GET, uri: path, headers: fields)
    }

    /// Where a redirection leads; nil when it is none, or leads to another host, which is not followed.
    func redirected(by answer: Answer) -> HTTPGet? {
        guard [301, 302, 303, 307, 308].contains(answer.status), let location = answer.location else { return nil }
        var next = self
        guard let scheme = location.firstRange(of: "://") else {
            if location.hasPrefix("/") {
                next.path = location
            } else {
                let directory = path.prefix { $0 != "?" }
                next.path = directory[...(directory.lastIndex(of: "/") ?? directory.startIndex)] + location
            }
            return next
        }
        next.isHTTPS = location[..<scheme.lowerBound] == "https"
        let rest = location[scheme.upperBound...]
        let place = rest.prefix { $0 != "/" && $0 != "?" }
        next.path = String(rest[place.endIndex...])
        if !next.path.hasPrefix("/") { next.path = "/" + next.path }
        var name = place
        next.port = next.isHTTPS ? 443 : 80
        if let colon = place.lastIndex(of: ":"), let port = Int(place[place.index(after: colon)...]) {
            (name, next.port) = (place[..<colon], port)
        }
        next.host = name.filter { $0 != "[" && $0 != "]" }
        return next.host == host ? next : nil
    }
}

/// A probe or hook that got no for an answer.
struct ProbeFailure: Error, CustomStringConvertible {
    let description: String
    init(_ description: String) { self.description = description }
}

/// Why a connection could not be made, as Go puts it.
func dialError(_ error: any Error) -> String {
    let reasons = ((error as? NIOConnectionError)?.connectionErrors.map(\.error) ?? []) + [error]
    for reason in reasons {
        if let reason = reason as? IOError { return "connect: " + SystemError.text(reason.errnoCode).lowercased() }
        if case ChannelError.connectTimeout = reason { return "i/o timeout" }
    }
    return "\(error)"
}

/// Sends the request when the connection stands and gathers the answer.
private final class AnswerCollector: ChannelInboundHandler {
    typealias InboundIn = HTTPClientResponsePart
    typealias OutboundOut = HTTPClientRequestPart

    private let request: HTTPRequestHead
    private let limit: Int
    private let promise: EventLoopPromise<HTTPGet.Answer>
    private var head: HTTPResponseHead?
    private var body: [UInt8] = []

    init(_ request: HTTPRequestHead, limit: Int, _ promise: EventLoopPromise<HTTPGet.Answer>) {
        (self.request, self.limit, self.promise) = (request, limit, promise)
    }

    func channelActive(context: ChannelHandlerContext) {
        context.write(wrapOutboundOut(.head(request)), promise: nil)
        context.writeAndFlush(wrapOutboundOut(.end(nil)), promise: nil)
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        switch unwrapInboundIn(data) {
        case .head(let head): self.head = head
        case .body(let bytes):
            body += bytes.readableBytesView.prefix(limit - body.count)
            if body.count >= limit { finish() }
        case .end: finish()
        }
    }

    private func finish() {
        guard let head else { return promise.fail(ProbeFailure("EOF")) }
        promise.succeed(
            .init(
                status: Int(head.status.code), location: head.headers.first(name: "Location"),
                body: String(decoding: body, as: UTF8.self)))
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        promise.fail(error)
        context.close(promise: nil)
    }

    func channelInactive(context: ChannelHandlerContext) { finish() }
}
