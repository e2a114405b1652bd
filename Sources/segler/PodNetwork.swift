internal import Glibc

/// The pods' network of a data directory. The usual one has fixed names; others get their own, so that two servers on one machine
/// do not take each other's bridge and addresses.
struct PodNetwork {
    /// Holds a link for each network in use, named by its place in 10.42.0.0/16, to the data directory that has it. Gone
    /// after a restart of the machine, as the networks are.
    static let claims = "/run/segler/networks"

    let bridge: String
    let podCIDR: String
    /// Where the cluster's DNS listens if it can.
    let dnsPort: Int

    /// - Parameter podCIDR: what the cluster gave this node; nil: one of this machine's own choice.
    init(dataDirectory: String, podCIDR given: String? = nil) throws(Failure) {
        if dataDirectory == "/var/lib/segler" {
            (bridge, podCIDR, dnsPort) = ("segler0", given ?? "10.42.0.0/24", 10053)
            return
        }
        let hash = dataDirectory.utf8.reduce(UInt32(0x811C_9DC5)) { ($0 ^ UInt32($1)) &* 0x0100_0193 }
        mkdir("/run/segler", 0o755)
        mkdir(Self.claims, 0o755)
        let first = Int(hash % 254)
        guard let place = (0..<254).map({ 1 + (first + $0) % 254 }).first(where: { Self.claim($0, dataDirectory) })
        else {
            throw Failure(
                "all 254 pod networks of this machine are taken: remove links from \(Self.claims) whose data directories are not in use"
            )
        }
        bridge = "segler" + String(hash, radix: 16)
        dnsPort = 10054 + place
        podCIDR = given ?? "10.42.\(place).0/24"
    }

    /// Whether the network is this directory's now. One whose directory is gone is free.
    private static func claim(_ place: Int, _ directory: String) -> Bool {
        let path = "\(claims)/\(place)"
        for _ in 0..<2 {
            if symlink(directory, path) == 0 { return true }
            guard errno == EEXIST else { return false }
            var buffer = [CChar](repeating: 0, count: Int(PATH_MAX))
            let count = readlink(path, &buffer, buffer.count)
            let owner = String(decoding: buffer.prefix(max(0, count)).map { UInt8(bitPattern: $0) }, as: UTF8.self)
            if owner == directory { return true }
            if access(owner + "/lock", F_OK) == 0 { return false }
            unlink(path)
        }
        return false
    }
}
