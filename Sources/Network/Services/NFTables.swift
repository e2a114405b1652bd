internal import Glibc
internal import JSON
internal import Synchronization

/// The kernel's nftables through libnftables, the library of the program `nft`: a change takes half a millisecond in this
/// process and 25 in a process of its own. Loaded when it is needed: the control plane alone does without.
/// https://manpages.debian.org/bookworm/libnftables1/libnftables.3.en.html
///
/// Blocks: call it from a thread of one's own. `@unchecked Sendable`: the context is only touched while `lock` is held.
final class NFTables: @unchecked Sendable {
    struct Failure: Error, CustomStringConvertible {
        let description: String
    }
    private typealias Context = OpaquePointer
    private let context: Context
    private let run: @convention(c) (Context, UnsafePointer<CChar>) -> CInt
    private let output: @convention(c) (Context) -> UnsafePointer<CChar>?
    private let errors: @convention(c) (Context) -> UnsafePointer<CChar>?
    private let setFlags: @convention(c) (Context, CUnsignedInt) -> Void
    private let free: @convention(c) (Context) -> Void
    /// The library's parser has state that all contexts share.
    private static let lock = Mutex(())
    private static let json: CUnsignedInt = 1 << 4

    init() throws(Failure) {
        guard let library = dlopen("libnftables.so.1", RTLD_NOW | RTLD_LOCAL) else {
            throw Failure(
                description: "Services need nftables: install the package nftables (there is no libnftables.so.1)")
        }
        func find<Function>(_ name: String, _: Function.Type) throws(Failure) -> Function {
            guard let symbol = dlsym(library, name) else {
                throw Failure(description: "libnftables.so.1 has no function \(name): install nftables 0.9 or later")
            }
            return unsafeBitCast(symbol, to: Function.self)
        }
        let new = try find("nft_ctx_new", (@convention(c) (CUnsignedInt) -> Context?).self)
        let buffer = (@convention(c) (Context) -> CInt).self
        let bufferOutput = try find("nft_ctx_buffer_output", buffer)
        let bufferErrors = try find("nft_ctx_buffer_error", buffer)
        run = try find("nft_run_cmd_from_buffer", (@convention(c) (Context, UnsafePointer<CChar>) -> CInt).self)
        let text = (@convention(c) (Context) -> UnsafePointer<CChar>?).self
        output = try find("nft_ctx_get_output_buffer", text)
        errors = try find("nft_ctx_get_error_buffer", text)
        setFlags = try find("nft_ctx_output_set_flags", (@convention(c) (Context, CUnsignedInt) -> Void).self)
        free = try find("nft_ctx_free", (@convention(c) (Context) -> Void).self)
        guard let context = new(0), bufferOutput(context) == 0, bufferErrors(context) == 0 else {
            throw Failure(description: "libnftables cannot be used: it has no memory, or may open no netlink socket")
        }
        self.context = context
    }

    deinit { Self.lock.withLock { _ in free(context) } }

    /// Runs the commands as one transaction: all of them, or none.
    @discardableResult
    func run(_ commands: [String], json: Bool = false) throws(Failure) -> String {
        if commands.isEmpty { return "" }
        let text = commands.joined(separator: "\n") + "\n"
        return try Self.lock.withLock { _ throws(Failure) in
            setFlags(context, json ? Self.json : 0)
            let code = run(context, text)
            // Both buffers are emptied by reading them.
            let (output, errors) = (self.output(context), self.errors(context))
            guard code == 0 else {
                let message = errors.map { String(cString: $0) } ?? ""
                throw Failure(
                    description: "nftables refused a change: "
                        + String(message.split(separator: "\n").prefix(3).joined(separator: "; ").prefix(500)))
            }
            return output.map { String(cString: $0) } ?? ""
        }
    }

    /// The names of a table's chains and sets; none when there is no such table.
    func contents(_ family: Family, table: String) -> (chains: [String], sets: [String]) {
        func names(_ kind: String) -> [String] {
            guard let text = try? run(["list \(kind)s \(family.table)"], json: true),
                let document = try? JSONDocument(Array(text.utf8), limits: JSONLimits(maxBytes: 256 << 20))
            else { return [] }
            return document.root["nftables"].elements.compactMap { entry in
                entry[kind]["table"].equals(table) ? entry[kind]["name"].string : nil
            }
        }
        return (names("chain"), names("set"))
    }
}
