import API
import Glibc
import JSON
import Testing

@testable import Network

/// In the kernel, beside the tables of others: what libnftables makes of the same commands is what must come out.
@Suite(.serialized, .enabled(if: getuid() == 0)) struct NetfilterBatchTests {
    private let byLibrary = "segler-test-\(getpid())-a"
    private let direct = "segler-test-\(getpid())-b"

    private func commands(_ family: Family, _ table: String, _ services: [(Service, [Slice])])
        -> (start: [String], change: [String], back: [String])
    {
        var configuration = proxyConfiguration
        configuration.table = table
        if family == .ipv6 {
            configuration.podCIDRs = ["fd00:42::/64"]
            configuration.serviceCIDRs = ["fd00:96::/108"]
        }
        var ruleset = Ruleset(family, configuration)
        let start = ruleset.everything(replacing: [], [])
        let change = services.flatMap { ruleset.update($0.0.key, $0.0, $0.1, zone: nil) }
        let back = services.reversed().flatMap { ruleset.update($0.0.key, nil, [], zone: nil) }
        return (start, change, back)
    }

    private func list(_ nftables: NFTables, _ family: Family, _ table: String) throws -> [String] {
        try nftables.run(["list table \(family.table) \(table)"])
            .replacing("table \(family.table) \(table)", with: "table").split(separator: "\n").map(String.init)
    }

    private func compare(_ family: Family, _ services: [(Service, [Slice])]) throws {
        let nftables = try NFTables()
        let (a, b) = (commands(family, byLibrary, services), commands(family, direct, services))
        defer { for table in [byLibrary, direct] { _ = try? nftables.run(["delete table \(family.table) \(table)"]) } }
        try nftables.run(a.start)
        try nftables.run(b.start)
        let empty = try list(nftables, family, direct)
        try nftables.run(a.change)
        let batch = try #require(NetfilterBatch(b.change, family, table: direct))
        #expect(try batch.commit())
        let made = try list(nftables, family, direct)
        #expect(try made == list(nftables, family, byLibrary))
        #expect(made != empty)
        let removal = try #require(NetfilterBatch(b.back, family, table: direct))
        #expect(try removal.commit())
        #expect(try list(nftables, family, direct) == empty)
    }

    private static let spec: JSONValue = [
        "clusterIP": "10.96.0.5", "type": "NodePort", "externalIPs": ["192.0.2.9"],
        "ports": [
            ["name": "a", "port": 80, "protocol": "TCP", "nodePort": 30080],
            ["name": "b", "port": 53, "protocol": "UDP", "nodePort": 30053],
        ],
    ]

    @Test func theKernelGetsWhatTheLibraryWouldGiveIt() throws {
        func slice(_ count: Int) throws -> Slice {
            try object([
                "metadata": ["name": "s", "namespace": "ns", "labels": ["kubernetes.io/service-name": "web"]],
                "addressType": "IPv4",
                "endpoints": .array(
                    (0..<count).map {
                        ["addresses": [.string("10.42.0.\($0 + 2)")], "nodeName": $0 == 0 ? "here" : "there"]
                    }),
                "ports": [
                    ["name": "a", "port": 8080, "protocol": "TCP"], ["name": "b", "port": 8053, "protocol": "UDP"],
                ],
            ]).slice()
        }
        for count in [0, 1, 2, 9] { try compare(.ipv4, [(makeService(Self.spec), [slice(count)])]) }
    }

    @Test func localTrafficAndIPv6AreTheSame() throws {
        let local = try makeService([
            "clusterIP": "10.96.0.6", "internalTrafficPolicy": "Local",
            "ports": [["port": 80, "protocol": "TCP"]],
        ])
        let remote = ("10.42.1.2", true, true, false, "there")
        try compare(.ipv4, [(local, [makeSlice([remote])])])
        let six = try makeService([
            "clusterIP": "fd00:96::5", "clusterIPs": ["fd00:96::5"], "ipFamilies": ["IPv6"],
            "ports": [["port": 80, "protocol": "TCP"]],
        ])
        let slice = try object([
            "metadata": ["name": "s", "namespace": "ns", "labels": ["kubernetes.io/service-name": "web"]],
            "addressType": "IPv6", "endpoints": [["addresses": ["fd00:42::2"]], ["addresses": ["fd00:42::3"]]],
            "ports": [["name": "", "port": 8080, "protocol": "TCP"]],
        ]).slice()
        try compare(.ipv6, [(six, [slice])])
    }

    @Test func whatTheKernelRefusesIsAnErrorAndChangesNothing() throws {
        let nftables = try NFTables()
        defer { _ = try? nftables.run(["delete table ip \(direct)"]) }
        try nftables.run(commands(.ipv4, direct, []).start)
        let before = try list(nftables, .ipv4, direct)
        let place = "ip \(direct)"
        let batch = try #require(
            NetfilterBatch(
                ["add chain \(place) one", "delete element \(place) nodeports { tcp . 81 }"], .ipv4, table: direct))
        #expect(throws: NFTables.Failure.self) { try batch.commit() }
        #expect(try list(nftables, .ipv4, direct) == before)
    }

    @Test func otherCommandsAreLeftToTheLibrary() {
        for command in ["add set ip t aff/x { type ipv4_addr; }", "add rule ip t c update @aff/x { ip saddr }"] {
            #expect(NetfilterBatch(["add chain ip t c", command], .ipv4, table: "t") == nil)
        }
    }
}

extension Object {
    fileprivate func slice() throws -> Slice { try #require(Slice(self)) }
}
