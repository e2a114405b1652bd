internal import Server

enum Versions {
    static let kubernetes = ServerConfiguration.kubernetesVersion
}
