internal import HTTP
internal import NIOHTTP1

extension APIServer {
    /// The admin console is static files; they come with the console. Until they are there, this says so.
    func console(_ segments: [Substring]) -> HTTPResponse {
        Self.text(
            .notImplemented,
            "The console is not part of this version yet. Use kubectl with the admin.kubeconfig of the data directory.\n"
        )
    }
}
