internal import API
internal import Client
internal import HTTP
internal import JSON
internal import NIOCore
internal import NIOHTTP1
internal import Store
internal import Synchronization
internal import TLS

/// What this server shows to the agents of other machines, and what it demands of them.
/// https://kubernetes.io/docs/concepts/architecture/control-plane-node-communication/#apiserver-to-kubelet
public final class KubeletAccess: Sendable {
    /// PEM: who signs the agents' certificates.
    let authority: String
    /// PEM: the server's own certificate for agents, and its key.
    private let own: Mutex<(certificate: String, key: String)>

    public init(authority: String, certificate: String, key: String) {
        self.authority = authority
        own = Mutex((certificate, key))
    }

    /// Connections from now on use this certificate.
    public func replace(certificate: String, key: String) { own.withLock { $0 = (certificate, key) } }

    func context(serverName: String) throws(TLSError) -> TLSContext {
        let (certificate, key) = own.withLock { $0 }
        return try TLSContext.client(
            authority: authority, certificate: certificate, key: key, serverName: serverName)
    }
}

/// How a node is reached.
enum NodeLink {
    /// It runs in this process.
    case local(any NodeConnection)
    /// Its agent listens there.
    case remote(HTTPOrigin)
}

extension APIServer {
    func link(_ name: String) throws(StatusError) -> NodeLink {
        if let connection = connected(name) { return .local(connection) }
        return .remote(try agent(of: name))
    }

    /// Where the agent of a node listens that runs elsewhere; with TLS to that node alone, under the server's identity.
    func agent(of name: String) throws(StatusError) -> HTTPOrigin {
        guard let access = configuration.kubeletAccess else {
            throw .unavailable(
                "node \"\(name)\" is not connected to this server: its logs and streams cannot be reached")
        }
        let (address, agentPort) = try place(of: name)
        guard let port = agentPort else { throw .unavailable("node \"\(name)\" does not say where its agent listens") }
        do {
            return HTTPOrigin(host: address, port: port, tls: try access.context(serverName: address))
        } catch { throw .internalError("\(error)") }
    }

    /// The address of a node, and the port of its agent, as its status says.
    func place(of node: String) throws(StatusError) -> (address: String, agentPort: Int?) {
        guard let nodes = registry.find(groupResource: "nodes") else { throw .noSuchPath }
        let stored = try get(nodes, namespace: nil, name: node)
        let status = ((try? JSONDocument(stored.bytes))?.root ?? .missing)["status"]
        let address = status["addresses"].elements.first { $0["type"].equals("InternalIP") }?["address"].string
        guard let address else { throw .unavailable("node \"\(node)\" has no address") }
        return (address, Self.agentPort(status))
    }

    private static func agentPort(_ status: JSONRef) -> Int? {
        status["daemonEndpoints"]["kubeletEndpoint"]["Port"].int.flatMap { (1...65535).contains($0) ? $0 : nil }
    }

    /// As soon as some machine has an agent, there is a whole cluster.
    func offerWithNodes() async {
        let (signals, signal) = AsyncStream<Void>.makeStream(bufferingPolicy: .bufferingNewest(1))
        guard let watcher = try? store.watch("nodes", from: store.revision, wake: { signal.yield() }) else { return }
        signal.yield()
        for await _ in signals {
            var events: [StoreEvent] = []
            _ = watcher.drain(into: &events)
            guard let objects = try? store.list("nodes").objects,
                objects.contains(where: {
                    Self.agentPort(((try? JSONDocument($0.bytes))?.root ?? .missing)["status"]) != nil
                })
            else { continue }
            return await offerAll()
        }
    }

    /// What the agents of other machines say of their Pods.
    var remoteNodes: [String] {
        guard configuration.kubeletAccess != nil, let nodes = registry.find(groupResource: "nodes"),
            let objects = try? snapshot(nodes, namespace: nil, ListRequest()).objects
        else { return [] }
        return objects.map(\.key).filter { connected($0) == nil }
    }

    func remoteStatistics(_ name: String) async throws -> NodeStatistics {
        let origin = try agent(of: name)
        var head = HTTPRequestHead(version: .http1_1, method: .GET, uri: "/stats/summary")
        head.headers.add(name: "Host", value: origin.authority)
        let (answer, body) = try await origin.fetch(head, ByteBuffer())
        guard answer.status == .ok else { throw StatusError.unavailable("\(answer.status)") }
        return NodeStatistics(summary: try JSONValue(parsing: body), window: 10)
    }

    /// Passes a request on as it is, to another path; upgrades too.
    static func pass(_ request: HTTPRequest, to origin: HTTPOrigin, _ uri: String, links: ProxyLinks? = nil) -> Reply {
        let head = forwarded(request, uri, to: origin)
        guard request.headers.contains(name: "upgrade") else {
            let body = request.body
            return .later {
                do {
                    guard let links else { return try await origin.send(head, body) }
                    return links.rewrite(try await origin.send(head, body) { links.rewriting($0) })
                } catch {
                    return Self.response(.unavailable("error trying to reach service: \(error)"))
                }
            }
        }
        return .takeOver { fromClient, toClient in
            var opening = "\(head.method.rawValue) \(head.uri) HTTP/1.1\r\n"
            for (name, value) in head.headers { opening += "\(name): \(value)\r\n" }
            for name in ["connection", "upgrade"] {
                for value in request.headers[name] { opening += "\(name): \(value)\r\n" }
            }
            var bytes = ByteBuffer(string: opening + "\r\n")
            bytes.writeImmutableBuffer(request.body)
            try await origin.relay(fromClient, toClient, opening: bytes)
        }
    }
}
