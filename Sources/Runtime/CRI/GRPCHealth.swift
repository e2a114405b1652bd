internal import NIOCore
internal import NIOPosix
internal import SwiftProtobuf

/// The health service of gRPC servers. https://github.com/grpc/grpc/blob/master/doc/health-checking.md
public enum GRPCHealth {
    public enum Status: Int32, Sendable {
        case unknown = 0
        case serving, notServing, serviceUnknown

        /// As the protocol names it.
        public var name: String {
            switch self {
            case .unknown: "UNKNOWN"
            case .serving: "SERVING"
            case .notServing: "NOT_SERVING"
            case .serviceUnknown: "SERVICE_UNKNOWN"
            }
        }
    }

    /// Asks a server how a service of its is; "" is the server as a whole. The connection is closed afterwards.
    /// - Parameter timeout: seconds, for connecting and for the answer.
    /// - Throws: `RuntimeError` with the server's status, e.g. `unimplemented`, or `unavailable` without a connection.
    public static func check(host: String, port: Int, service: String, timeout: Int64) async throws -> Status {
        let channel = GRPCChannel(
            .tcp(host: host, port: port), connectTimeout: .seconds(timeout),
            group: MultiThreadedEventLoopGroup.singleton)
        // The same bytes as HealthCheckRequest { string service = 1 } and HealthCheckResponse { enum status = 1 }.
        let answer: Google_Protobuf_Int32Value
        do {
            answer = try await channel.unary(
                "grpc.health.v1.Health/Check", Google_Protobuf_StringValue(service), timeout: .seconds(timeout))
        } catch {
            await channel.close()
            throw error
        }
        await channel.close()
        return Status(rawValue: answer.value) ?? .unknown
    }
}
