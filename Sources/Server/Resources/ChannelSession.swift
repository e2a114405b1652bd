internal import API
internal import Client
internal import HTTP
internal import JSON

/// The remote command protocol over a WebSocket: the first byte of a message is the channel
/// (0 stdin, 1 stdout, 2 stderr, 3 status, 4 resize; 255 closes the channel that follows, since v5).
/// https://kubernetes.io/docs/reference/kubernetes-api/ (KEP-4006)
struct ChannelSession {
    private enum Channel {
        static let stdin: UInt8 = 0, stdout: UInt8 = 1, stderr: UInt8 = 2, status: UInt8 = 3, resize: UInt8 = 4,
            close: UInt8 = 255
    }
    private let connection: WebSocketConnection

    init(_ connection: WebSocketConnection) { self.connection = connection }

    func run(_ stream: any ContainerStream) async {
        let reader = Task {
            for await message in connection.incoming {
                let bytes: [UInt8]
                switch message {
                case .binary(let data): bytes = Array(data)
                case .text(let text): bytes = Array(text.utf8)
                default: continue
                }
                guard let channel = bytes.first else { continue }
                do {
                    switch channel {
                    case Channel.stdin:
                        // An empty message opens the channel and says nothing.
                        if bytes.count > 1 { try await stream.writeStdin(Array(bytes.dropFirst())) }
                    case Channel.resize:
                        if let size = try? JSONDocument(Array(bytes.dropFirst())).root, let width = size["Width"].int,
                            let height = size["Height"].int
                        {
                            try await stream.resize(width: width, height: height)
                        }
                    case Channel.close:
                        if bytes.count > 1, bytes[1] == Channel.stdin { try await stream.closeStdin() }
                    default: break
                    }
                } catch {
                    break
                }
            }
            // The client is gone; so is its interest in the process.
            stream.close()
        }
        var hasStatus = false
        do {
            for try await output in stream.output {
                switch output {
                case .stdout(let bytes): try await send(Channel.stdout, bytes)
                case .stderr(let bytes): try await send(Channel.stderr, bytes)
                case .status(let bytes):
                    hasStatus = true
                    try await send(Channel.status, bytes)
                }
            }
            if !hasStatus { try await send(Channel.status, Array(#"{"metadata":{},"status":"Success"}"#.utf8)) }
        } catch is WebSocketClosed {
            stream.close()
        } catch {
            if !hasStatus { await fail(.internalError("error executing command in container: \(error)")) }
        }
        connection.close()
        reader.cancel()
    }

    func fail(_ error: StatusError) async {
        try? await send(Channel.status, error.encoded())
        connection.close()
    }

    private func send(_ channel: UInt8, _ bytes: [UInt8]) async throws {
        try await connection.send(binary: [channel] + bytes)
    }
}
