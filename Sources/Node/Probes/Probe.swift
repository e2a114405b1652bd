internal import API
internal import JSON
internal import NIOCore
internal import NIOPosix
internal import Runtime

/// One check of one container.
struct Probe: Sendable {
    enum Outcome: Sendable, Equatable {
        case success
        /// A success that somebody should look at.
        case warning(String)
        case failure(String)
        /// The check could not be made; it counts for nothing.
        case unknown(String)

        /// As measurements name it.
        var metric: String {
            switch self {
            case .success, .warning: "successful"
            case .failure: "failed"
            case .unknown: "unknown"
            }
        }
    }
    let spec: JSONRef
    let target: ActionTarget

    private var timeout: Int64 { Int64(max(1, spec["timeoutSeconds"].int ?? 1)) }

    func run(_ driver: any RuntimeDriver) async -> Outcome {
        do {
            if spec["exec"].exists { return try await exec(driver) }
            if spec["httpGet"].exists { return try await httpGet() }
            if spec["tcpSocket"].exists { return try await tcpSocket() }
            if spec["grpc"].exists { return try await grpc() }
            return .unknown("missing probe handler")
        } catch let failure as ProbeFailure {
            return .failure(failure.description)
        } catch {
            return .unknown("\(error)")
        }
    }

    private func exec(_ driver: any RuntimeDriver) async throws -> Outcome {
        let command = spec["exec"]["command"].elements.compactMap(\.string)
        do {
            let result = try await driver.execSync(container: target.containerID, command: command, timeout: timeout)
            if result.exitCode == 0 { return .success }
            return .failure(String(decoding: (result.stdout + result.stderr).prefix(10 << 10), as: UTF8.self))
        } catch let error as RuntimeError where error.code == .deadlineExceeded {
            return .failure("command timed out: \"\(command.joined(separator: " "))\" timed out after \(timeout)s")
        }
    }

    private func tcpSocket() async throws -> Outcome {
        let (host, port) = (target.host(spec["tcpSocket"]), try target.port(spec["tcpSocket"]["port"]))
        do {
            let channel = try await ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
                .connectTimeout(.seconds(timeout)).connect(host: host, port: port).get()
            try? await channel.close()
            return .success
        } catch {
            return .failure("dial tcp \(host.contains(":") ? "[\(host)]" : host):\(port): \(dialError(error))")
        }
    }

    /// Any status from 200 to 399 is success. Redirections are followed within the host.
    private func httpGet() async throws -> Outcome {
        var request = try target.httpGet(spec["httpGet"])
        for _ in 0..<10 {
            let answer = try await request.send(timeout: timeout)
            if let next = request.redirected(by: answer) {
                request = next
                continue
            }
            switch answer.status {
            case 300..<400: return .warning("Probe terminated redirects, Response body: \(answer.body)")
            case 200..<300: return .success
            default: return .failure("HTTP probe failed with statuscode: \(answer.status)")
            }
        }
        return .failure("Get \"\(request.url)\": stopped after 10 redirects")
    }

    private func grpc() async throws -> Outcome {
        let port = try target.port(spec["grpc"]["port"])
        do {
            let status = try await GRPCHealth.check(
                host: target.address, port: port, service: spec["grpc"]["service"].string ?? "", timeout: timeout)
            return status == .serving ? .success : .failure("service unhealthy (responded with \"\(status.name)\")")
        } catch let error as RuntimeError {
            switch error.code {
            case .unavailable:
                return .failure(
                    "timeout: failed to connect service \"\(target.address):\(port)\" within \(timeout)s: \(error.message)"
                )
            case .unimplemented:
                return .failure(
                    "error: this server does not implement the grpc health protocol (grpc.health.v1.Health): \(error.message)"
                )
            case .deadlineExceeded: return .failure("timeout: health rpc did not complete within \(timeout)s")
            default: return .failure("error: health rpc probe failed: \(rpcText(error))")
            }
        }
    }
}
