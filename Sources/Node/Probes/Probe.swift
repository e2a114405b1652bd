internal import API
internal import JSON
internal import NIOCore
internal import NIOPosix
internal import Runtime

/// One check of one container.
struct Probe: Sendable {
    let spec: JSONRef
    let container: ContainerSpec
    let containerID: String
    /// Of the pod.
    let address: String

    private var timeout: Int64 { Int64(spec["timeoutSeconds"].int ?? 1) }

    /// nil: success; else what went wrong.
    func run(_ driver: any RuntimeDriver) async -> String? {
        do {
            if spec["exec"].exists { return try await exec(driver) }
            if spec["httpGet"].exists { return try await httpGet() }
            if spec["tcpSocket"].exists { return try await tcpSocket() }
            return nil  // grpc: not checked
        } catch {
            return "\(error)"
        }
    }

    private func exec(_ driver: any RuntimeDriver) async throws -> String? {
        let command = spec["exec"]["command"].elements.compactMap(\.string)
        do {
            let result = try await driver.execSync(container: containerID, command: command, timeout: timeout)
            return result.exitCode == 0 ? nil : String(decoding: result.stdout + result.stderr, as: UTF8.self)
        } catch let error as RuntimeError where error.code == .deadlineExceeded {
            return "command timed out: \"\(command.joined(separator: " "))\" timed out after \(timeout)s"
        }
    }

    private func tcpSocket() async throws -> String? {
        let (host, port) = try target(spec["tcpSocket"])
        let channel = try await ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .connectTimeout(.seconds(timeout)).connect(host: host, port: port).get()
        try? await channel.close()
        return nil
    }

    /// Any status from 200 to 399 is success.
    private func httpGet() async throws -> String? {
        let action = spec["httpGet"]
        guard action["scheme"].string != "HTTPS" else { return try await tcpConnect(action) }
        let (host, port) = try target(action)
        var path = action["path"].string ?? "/"
        if !path.hasPrefix("/") { path = "/" + path }
        var headers: [(String, String)] = action["httpHeaders"].elements.map {
            ($0["name"].string ?? "", $0["value"].string ?? "")
        }
        func has(_ name: String) -> Bool { headers.contains { $0.0.lowercased() == name } }
        if !has("host") { headers.append(("Host", host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)")) }
        if !has("user-agent") { headers.append(("User-Agent", "kube-probe/1.36")) }
        if !has("accept") { headers.append(("Accept", "*/*")) }
        headers.append(("Connection", "close"))
        // A header's value can say nothing about the next line.
        let lines = headers.map { "\($0.0): \($0.1)".filter { !$0.isNewline } }
        let request =
            (["GET \(path.filter { !$0.isNewline && $0 != " " }) HTTP/1.1"] + lines).joined(separator: "\r\n")
            + "\r\n\r\n"
        let url = "http://\(host):\(port)\(path)"
        guard let status = try await exchange(request, host, port) else {
            return "Get \"\(url)\": no HTTP response within \(timeout)s"
        }
        return (200..<400).contains(status) ? nil : "HTTP probe failed with statuscode: \(status)"
    }

    private func tcpConnect(_ action: JSONRef) async throws -> String? {
        let (host, port) = try target(action)
        let channel = try await ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .connectTimeout(.seconds(timeout)).connect(host: host, port: port).get()
        try? await channel.close()
        return nil
    }

    /// The status of the answer; nil when there is none in time.
    private func exchange(_ request: String, _ host: String, _ port: Int) async throws -> Int? {
        let timeout = TimeAmount.seconds(timeout)
        let channel = try await ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .connectTimeout(timeout)
            .connect(host: host, port: port) { channel in
                channel.eventLoop.makeCompletedFuture {
                    try NIOAsyncChannel<ByteBuffer, ByteBuffer>(wrappingChannelSynchronously: channel)
                }
            }
        let deadline = channel.channel.eventLoop.scheduleTask(in: timeout) { channel.channel.close(promise: nil) }
        defer { deadline.cancel() }
        return try await channel.executeThenClose { inbound, outbound in
            try await outbound.write(ByteBuffer(string: request))
            var head: [UInt8] = []
            for try await part in inbound {
                head += part.readableBytesView
                let words = String(decoding: head.prefix { $0 != UInt8(ascii: "\n") }, as: UTF8.self).split(
                    separator: " ")
                if head.contains(UInt8(ascii: "\n")) || head.count > 4096 {
                    return words.count > 1 ? Int(words[1]) : nil
                }
            }
            return nil
        }
    }

    /// The address to ask; a port may be named.
    private func target(_ action: JSONRef) throws -> (host: String, port: Int) {
        let host = action["host"].string.flatMap { $0.isEmpty ? nil : $0 } ?? address
        if let port = action["port"].int { return (host, port) }
        let name = action["port"].string ?? ""
        let named = container.spec["ports"].elements.first { $0["name"].equals(name) }
        guard let port = named?["containerPort"].int ?? Int(name) else {
            throw ConfigurationError("couldn't find port: \(name)")
        }
        return (host, port)
    }
}
