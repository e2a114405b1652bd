import Glibc
import NIOCore
import NIOPosix
import Testing

@testable import Runtime

@Suite
struct UnitTests {
    @Test func sha256AgreesWithTheStandardsExamples() {
        #expect(
            SHA256.hex(Array("abc".utf8)) == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad")
        #expect(SHA256.hex([]) == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855")
        #expect(
            SHA256.hex([UInt8](repeating: UInt8(ascii: "a"), count: 1_000_000))
                == "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0")
    }

    @Test func aTarArchiveIsReadByTar() async throws {
        let path = "/tmp/segler-test-\(getpid()).tar"
        defer { unlink(path) }
        var tar = TarArchive()
        tar.addDirectory("d")
        tar.addFile("d/f", Array("content".utf8), mode: 0o755)
        tar.addSymbolicLink("l", to: "d/f")
        try Files.write(tar.bytes, to: path)
        let program = try #require(Files.program("tar"))
        let list = try await ChildProcess.run(program, ["--numeric-owner", "-tvf", path]).output
        #expect(list.contains("drwxr-xr-x 0/0") && list.contains("-rwxr-xr-x 0/0") && list.contains("l -> d/f"))
        #expect(try await ChildProcess.run(program, ["-xOf", path, "d/f"]).output == "content")
    }

    @Test func grpcMessagesAreDecoded() {
        #expect(percentDecoded("no such%20thing %e2%82%ac 100% %zz") == "no such thing € 100% %zz")
    }

    @Test func aRuntimeThatIsNotThereIsUnavailable() async {
        let driver = CRIRuntime(socketPath: "/run/segler-no-such-\(getpid()).sock")
        let error = await #expect(throws: RuntimeError.self) { try await driver.version() }
        #expect(error?.code == .unavailable && error?.message.contains("/run/segler-no-such") == true)
    }

    /// A server that takes connections and never answers.
    private func withSilentServer(_ body: (GRPCChannel) async throws -> Void) async throws {
        let path = "/tmp/segler-test-\(getpid())-silent.sock"
        let server = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .bind(unixDomainSocketPath: path, cleanupExistingSocketFile: true).get()
        let channel = GRPCChannel(socketPath: path, group: MultiThreadedEventLoopGroup.singleton)
        do { try await body(channel) } catch {
            Issue.record(error)
        }
        await channel.close()
        try await server.close()
        unlink(path)
    }

    @Test func aCallEndsAtItsDeadlineAndWhenCancelled() async throws {
        try await withSilentServer { channel in
            let error = await #expect(throws: RuntimeError.self) {
                let _: Runtime_V1_VersionResponse = try await channel.unary(
                    "runtime.v1.RuntimeService/Version", Runtime_V1_VersionRequest(), timeout: .milliseconds(50))
            }
            #expect(error?.code == .deadlineExceeded)
            let call = Task {
                let _: Runtime_V1_VersionResponse = try await channel.unary(
                    "runtime.v1.RuntimeService/Version", Runtime_V1_VersionRequest(), timeout: nil)
            }
            call.cancel()
            await #expect(throws: CancellationError.self) { try await call.value }
        }
    }

    @Test func configurationsAreWellFormed() async throws {
        let network = CNIConfiguration(
            bridge: "segler0", podCIDRs: ["10.42.0.0/24", "fd00:42::/64"], ipMasq: true, dataDirectory: "/data \"x\"",
            binDirectory: nil)
        let python = try #require(Files.program("python3"))
        let (code, output) = try await ChildProcess.run(
            python, ["-c", "import json,sys; print(json.loads(sys.argv[1])['plugins'][0]['ipam'])", network.json])
        #expect(code == 0, "\(output)")
        #expect(output.contains("fd00:42::/64") && output.contains("::/0"))
    }
}
