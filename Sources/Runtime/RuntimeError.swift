/// Why a runtime did not do what it was asked: a gRPC status code and the runtime's own words.
public struct RuntimeError: Error, Sendable, Equatable, CustomStringConvertible {
    /// https://grpc.github.io/grpc/core/md_doc_statuscodes.html
    public enum Code: Int, Sendable {
        case ok = 0
        case cancelled, unknown, invalidArgument, deadlineExceeded, notFound, alreadyExists, permissionDenied
        case resourceExhausted, failedPrecondition, aborted, outOfRange, unimplemented, `internal`, unavailable
        case dataLoss, unauthenticated
    }

    public var code: Code
    public var message: String

    public init(_ code: Code, _ message: String) {
        self.code = code
        self.message = message
    }

    /// The runtime's words as they are: they go into events and container states.
    public var description: String { message }
}
