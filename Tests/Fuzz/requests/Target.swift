import API
import Glibc
import HTTP
import JSON
import NIOCore
import NIOHTTP1
import NIOPosix
import Server
import Store
import TLS

/// An API server on a file of its own, driven without a connection.
final class Target: Sendable {
    private let server: APIServer
    private let store: Store
    private let directory: String
    private let loop = MultiThreadedEventLoopGroup.singleton.any()
    private let connection = ConnectionInfo(remoteAddress: "127.0.0.1")
    let seeds: [Seeds.Seed]

    init() async throws {
        var template = Array("/tmp/fuzz-requests-XXXXXX".utf8CString)
        guard mkdtemp(&template) != nil else { throw StatusError.internalError("no directory can be made in /tmp") }
        directory = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
        let kinds = try BuiltInKinds()
        seeds = kinds.resources.flatMap(Seeds.seeds)
        store = try Store(
            backend: try SQLiteBackend(path: directory + "/store.db"), attributes: APIServer.attributes(of: kinds),
            historyWindow: HistoryWindow(seconds: 5, events: 100, bytes: 1 << 18))
        server = try APIServer(
            ServerConfiguration(adminToken: "fuzz", signingKey: try SigningKey(), authority: ""), store: store,
            kinds: kinds)
        try await server.createSystemNamespaces()
        server.isReady = true
        for name in Seeds.namespaces {
            for (path, kind) in [("namespaces", "Namespace"), ("namespaces/\(name)/serviceaccounts", "ServiceAccount")]
            {
                let body: JSONValue = [
                    "kind": .string(kind),
                    "metadata": ["name": .string(kind == "Namespace" ? name : "default")],
                ]
                _ = await answer(
                    Seeds.Seed(
                        method: "POST", path: "/api/v1/" + path, contentType: "application/json",
                        body: body.encoded()), accept: "*/*")
            }
        }
    }

    func close() async {
        await store.close()
        for name in ["store.db", "store.db-wal", "store.db-shm", "last"] { unlink(directory + "/" + name) }
        rmdir(directory)
    }

    /// Where the last request is kept, so that a crash can be told.
    var lastPath: String { directory + "/last" }

    /// What is wrong with the answer; nil when nothing is.
    func answer(_ seed: Seeds.Seed, accept: String) async -> String? {
        var uri = seed.path
        for (index, parameter) in seed.query.enumerated() {
            uri += (index == 0 ? "?" : "&") + parameter.0 + "=" + parameter.1.replacing(" ", with: "%20")
        }
        var headers = HTTPHeaders([("authorization", "Bearer fuzz"), ("accept", accept), ("user-agent", "fuzz/1")])
        if !seed.contentType.isEmpty { headers.add(name: "content-type", value: seed.contentType) }
        let request = HTTPRequest(
            method: HTTPMethod(rawValue: seed.method), uri: uri, headers: headers, body: ByteBuffer(bytes: seed.body),
            connection: connection)
        let response: HTTPResponse
        var reply = server.respond(to: request, on: loop)
        while case .eventually(let decide) = reply { reply = await decide() }
        switch reply {
        case .eventually: return "undecided"
        case .now(let now): response = now
        case .later(let later): response = await later()
        case .webSocket, .takeOver: return nil
        }
        return await problem(response, seed)
    }

    private func problem(_ response: HTTPResponse, _ seed: Seeds.Seed) async -> String? {
        var body: [UInt8] = []
        switch response.body {
        case .none: break
        case .bytes(let bytes): body = bytes
        case .slices(let slices): body = Array(slices.joined())
        case .stream(let start):
            // The client leaves as soon as the answer begins.
            let loop = loop
            try? await loop.submit {
                let stream = ResponseStream.discarding(on: loop)
                if seed.method != "HEAD" { start(stream) }
                stream.finish()
            }.get()
        }
        let code = Int(response.status.code)
        // Not implemented, no node to ask, a revision that is yet to come: these are answers. So is a 500 without a reason: that is
        // what Kubernetes says to patches that do not fit the kind. An `InternalError` is a mistake of ours.
        let isUntyped = code == 500 && (try? JSONDocument(body).root).map { !$0["reason"].exists } ?? false
        if code >= 500, ![501, 503, 504].contains(code), !isUntyped {
            return "\(code): \(String(decoding: body.prefix(500), as: UTF8.self))"
        }
        guard code >= 400, seed.method != "HEAD", response.headers.first(name: "content-encoding") == nil else {
            return nil
        }
        if response.headers.first(name: "content-type")?.hasPrefix("application/json") != true { return nil }
        guard let status = try? JSONDocument(body).root, status["kind"].string == "Status",
            status["code"].int == code
        else { return "\(code) without a Status: \(String(decoding: body.prefix(500), as: UTF8.self))" }
        return nil
    }
}
