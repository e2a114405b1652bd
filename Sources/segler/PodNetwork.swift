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
    /// Names of bridges and nftables tables of data directories that are gone, which had this place.
    private(set) var leftovers: [String] = []

    /// - Parameter podCIDR: what the cluster gave this node; nil: one of this machine's own choice.
    init(dataDirectory: String, podCIDR given: String? = nil) throws(Failure) {
        if dataDirectory == "/var/lib/segler" {
            (bridge, podCIDR, dnsPort) = ("segler0", given ?? "10.42.0.0/24", 10053)
            return
        }
        let hash = Self.hash(dataDirectory)
        mkdir("/run/segler", 0o755)
        mkdir(Self.claims, 0o755)
        let first = Int(hash % 254)
        var leftovers: [String] = []
        let places = (0..<254).map { 1 + (first + $0) % 254 }
        guard let place = places.first(where: { Self.claim($0, dataDirectory, &leftovers) }) else {
            throw Failure(
                "all 254 pod networks of this machine are taken: remove links from \(Self.claims) whose data directories are not in use"
            )
        }
        bridge = Self.name(hash)
        self.leftovers = leftovers
        dnsPort = 10054 + place
        podCIDR = given ?? "10.42.\(place).0/24"
    }

    private static func hash(_ directory: String) -> UInt32 {
        directory.utf8.reduce(0x811C_9DC5) { ($0 ^ UInt32($1)) &* 0x0100_0193 }
    }

    private static func name(_ hash: UInt32) -> String { "segler" + String(hash, radix: 16) }

    /// Whether the network is this directory's now. One whose directory is gone is free.
    private static func claim(_ place: Int, _ directory: String, _ leftovers: inout [String]) -> Bool {
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
            leftovers.append(name(hash(owner)))
        }
        return false
    }
}
