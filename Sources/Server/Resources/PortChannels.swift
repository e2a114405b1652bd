internal import API
internal import Client
internal import HTTP

/// port-forward over a plain WebSocket, as client libraries speak it: of the port with index i, channel 2i carries the
/// data and 2i+1 errors; on each the server first sends the port's number in two bytes, the lower first.
/// https://github.com/kubernetes/kubernetes/blob/master/staging/src/k8s.io/kubelet/pkg/cri/streaming/portforward/websocket.go
struct PortChannels {
    private let connection: WebSocketConnection
    private let ports: [Int]

    init(_ connection: WebSocketConnection, _ ports: [Int]) { (self.connection, self.ports) = (connection, ports) }

    func run(_ open: @escaping @Sendable (Int) async throws(StatusError) -> any ContainerStream) async {
        var streams: [(any ContainerStream)?] = []
        for (index, port) in ports.enumerated() {
            let number = [UInt8(port & 0xFF), UInt8(port >> 8)]
            do {
                try await send(2 * index, number)
                try await send(2 * index + 1, number)
                streams.append(try await open(port))
            } catch {
                streams.append(nil)
                try? await send(2 * index + 1, Array("\(error)".utf8))
            }
        }
        let opened = streams
        await withTaskGroup(of: Void.self) { group in
            for (index, stream) in opened.enumerated() {
                guard let stream else { continue }
                group.addTask { await self.copy(stream, index) }
            }
            let reader = Task {
                for await message in connection.incoming {
                    guard case .binary(let bytes) = message, let channel = bytes.first, channel % 2 == 0,
                        Int(channel) / 2 < opened.count, bytes.count > 1
                    else { continue }
                    try? await opened[Int(channel) / 2]?.writeStdin(Array(bytes.dropFirst()))
                }
                for stream in opened { stream?.close() }
            }
            await group.waitForAll()
            reader.cancel()
        }
        for stream in opened { stream?.close() }
        connection.close()
    }

    private func copy(_ stream: any ContainerStream, _ index: Int) async {
        do {
            for try await output in stream.output {
                switch output {
                case .stdout(let bytes), .stderr(let bytes): try await send(2 * index, bytes)
                case .status(let bytes): try await send(2 * index + 1, bytes)
                }
            }
        } catch {
            try? await send(2 * index + 1, Array("\(error)".utf8))
        }
    }

    private func send(_ channel: Int, _ bytes: [UInt8]) async throws {
        try await connection.send(binary: [UInt8(truncatingIfNeeded: channel)] + bytes)
    }
}
