internal import Client
internal import NIOCore
internal import NIOPosix
internal import Synchronization

/// Asks the node's resolvers for names that are not the cluster's, and remembers what they say. Equal questions at one time
/// are asked once.
final class Forwarder: Sendable {
    /// How many questions may be on their way.
    static let capacity = 512
    /// Seconds that a server has to answer.
    static let patience: Int64 = 2
    private static let rounds = 2

    private struct State {
        var cache = AnswerCache()
        var asked: [AnswerCache.Key: Task<ForeignAnswer?, Never>] = [:]
    }
    private let state = Mutex(State())
    private let servers: @Sendable () -> [SocketAddress]
    private let group: any EventLoopGroup
    private let time: any TimeSource

    /// `servers` tells the addresses to ask, in order; asked for every question that is not answered from memory.
    init(group: any EventLoopGroup, time: any TimeSource, servers: @escaping @Sendable () -> [SocketAddress]) {
        (self.group, self.time, self.servers) = (group, time, servers)
    }

    func remembered(_ key: AnswerCache.Key) -> ForeignAnswer? {
        let now = time.uptime
        return state.withLock { $0.cache.find(key, now: now) }
    }

    /// Nil when nobody answers, or too many questions wait already.
    func resolve(_ key: AnswerCache.Key, question: [UInt8]) async -> ForeignAnswer? {
        if let answer = remembered(key) { return answer }
        let task = state.withLock { state -> Task<ForeignAnswer?, Never>? in
            if let task = state.asked[key] { return task }
            guard state.asked.count < Self.capacity else { return nil }
            let task = Task { await self.askAll(key, question) }
            state.asked[key] = task
            return task
        }
        return await task?.value
    }

    private func askAll(_ key: AnswerCache.Key, _ question: [UInt8]) async -> ForeignAnswer? {
        var failure: ForeignAnswer?
        var found: ForeignAnswer?
        let servers = servers()
        search: for _ in 0..<Self.rounds {
            for server in servers {
                guard let answer = await ask(server, question, key.wantsDNSSEC) else { continue }
                if [DNS.Code.noError.rawValue, DNS.Code.nameError.rawValue].contains(answer.code) {
                    found = answer
                    break search
                }
                // Another server may do better.
                failure = answer
            }
            if failure != nil { break }
        }
        let now = time.uptime
        state.withLock { state in
            if let found { state.cache.store(found, key, now: now) }
            state.asked[key] = nil
        }
        return found ?? failure
    }

    private func ask(_ server: SocketAddress, _ question: [UInt8], _ wantsDNSSEC: Bool) async -> ForeignAnswer? {
        let answer = await exchange(server, question, wantsDNSSEC, stream: false)
        guard answer?.isTruncated == true else { return answer }
        return await exchange(server, question, wantsDNSSEC, stream: true) ?? answer
    }

    /// Every question has a socket, and so a port, of its own: an answer by somebody else has to guess it and the ID (RFC 5452).
    private func exchange(
        _ server: SocketAddress, _ question: [UInt8], _ wantsDNSSEC: Bool, stream: Bool
    ) async -> ForeignAnswer? {
        let id = UInt16.random(in: 0...UInt16.max)
        let query = DNSWriter.query(id: id, question: question, wantsDNSSEC: wantsDNSSEC)
        let loop = group.next()
        let promise = loop.makePromise(of: ForeignAnswer?.self)
        let timeout = loop.scheduleTask(in: .seconds(Self.patience)) { promise.succeed(nil) }
        let setUp: @Sendable (any Channel) -> EventLoopFuture<Void> = { channel in
            channel.eventLoop.makeCompletedFuture {
                try channel.pipeline.syncOperations.addHandlers(
                    (stream ? DNSFrames.handlers() : [DatagramContent()])
                        + [AnswerHandler(promise, id: id, question: question)])
            }
        }
        do {
            let channel =
                stream
                ? try await ClientBootstrap(group: loop).connectTimeout(.seconds(Self.patience))
                    .channelInitializer(setUp).connect(to: server).get()
                : try await DatagramBootstrap(group: loop).channelInitializer(setUp).connect(to: server).get()
            if stream {
                channel.writeAndFlush(ByteBuffer(bytes: query), promise: nil)
            } else {
                channel.writeAndFlush(
                    AddressedEnvelope(remoteAddress: server, data: ByteBuffer(bytes: query)), promise: nil)
            }
            let answer = try? await promise.futureResult.get()
            timeout.cancel()
            channel.close(promise: nil)
            return answer ?? nil
        } catch {
            timeout.cancel()
            promise.succeed(nil)
            return nil
        }
    }
}

/// Waits for the answer to one question. Its state stays on one event loop.
private final class AnswerHandler: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    private let promise: EventLoopPromise<ForeignAnswer?>
    private let id: UInt16
    private let question: [UInt8]

    init(_ promise: EventLoopPromise<ForeignAnswer?>, id: UInt16, question: [UInt8]) {
        (self.promise, self.id, self.question) = (promise, id, question)
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        // What does not fit is somebody else's attempt: go on waiting.
        let buffer = unwrapInboundIn(data)
        guard let answer = ForeignAnswer(Array(buffer.readableBytesView), id: id, question: question) else { return }
        promise.succeed(answer)
    }

    func channelInactive(context: ChannelHandlerContext) { promise.succeed(nil) }
    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        promise.succeed(nil)
        context.close(promise: nil)
    }
}
