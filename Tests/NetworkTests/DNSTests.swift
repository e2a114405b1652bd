import API
import Client
import ClientTesting
import JSON
import Testing

@testable import Network

@Suite struct MessageTests {
    static func query(_ name: String, _ type: UInt16, edns: Int? = nil) -> [UInt8] {
        var bytes: [UInt8] = [0x12, 0x34, 1, 0, 0, 1, 0, 0, 0, 0, 0, edns == nil ? 0 : 1]
        bytes += DNSWriter.question(name, type)
        if let edns { bytes += [0, 0, 41, UInt8(edns >> 8), UInt8(edns & 255), 0, 0, 0, 0, 0, 0] }
        return bytes
    }

    private func failure(_ bytes: [UInt8]) -> DNSQuery.Failure? {
        do throws(DNSQuery.Failure) {
            _ = try DNSQuery(bytes)
            return nil
        } catch { return error }
    }

    @Test func namesAreComparedWithoutCaseAndRepeatedAsTheyCame() throws {
        let query = try DNSQuery(Self.query("WEB.Ns.svc", 1))
        #expect(query.name == "web.ns.svc" && query.id == 0x1234 && query.udpSize == 512)
        let answer = DNSWriter.encode(DNSAnswer(), to: query, limit: 512)
        #expect(answer.contains(UInt8(ascii: "W")))
        #expect(try DNSQuery(Self.query("a", 1, edns: 4096)).udpSize == 1232)
    }

    @Test func whatIsNoQueryIsRefusedOrIgnored() {
        func isIgnored(_ bytes: [UInt8]) -> Bool { if case .ignored = failure(bytes) { true } else { false } }
        func code(_ bytes: [UInt8]) -> DNS.Code? {
            if case .refused(_, let code) = failure(bytes) { code } else { nil }
        }
        let good = Self.query("a.b", 1)
        #expect(isIgnored([]) && isIgnored(Array(good.prefix(11))))
        var bytes = good
        bytes[2] |= 0x80
        #expect(isIgnored(bytes), "an answer")
        bytes = good
        bytes[2] = 0x28
        #expect(code(bytes) == .notImplemented)
        bytes = good
        bytes[5] = 2
        #expect(code(bytes) == .formatError)
        bytes = good
        bytes[bytes.count - 1] = 3
        #expect(code(bytes) == .refused, "class")
        bytes = good
        bytes[12] = 0xC0
        #expect(code(bytes) == .formatError, "a pointer")
        for length in 12..<good.count { #expect(code(Array(good.prefix(length))) == .formatError) }
        #expect(code(good + [UInt8](repeating: 0, count: 2000)) == .formatError)
    }

    @Test func whatDoesNotFitIsLeftOutAndSaidToBe() throws {
        let query = try DNSQuery(Self.query("a.b", 1))
        let records = (0..<100).map { DNSRecord(ttl: 5, content: .address([10, 0, 0, UInt8($0)])) }
        let short = DNSWriter.encode(DNSAnswer(answers: records), to: query, limit: 512)
        #expect(short.count <= 512 && short[2] & 2 != 0)
        #expect(Int(short[7]) == (512 - 12 - query.question.count) / 16)
        let long = DNSWriter.encode(DNSAnswer(answers: records), to: query, limit: 65535)
        #expect(long[7] == 100 && long[2] & 2 == 0)
    }

    @Test func answersOfOthersAgeAndAreCheckedAgainstTheQuestion() throws {
        let query = try DNSQuery(Self.query("a.b", 1))
        let record = DNSRecord(ttl: 100, content: .address([192, 0, 2, 1]))
        let message = DNSWriter.encode(DNSAnswer(answers: [record]), to: query, limit: 512)
        let answer = try #require(ForeignAnswer(message, id: 0x1234, question: query.question))
        #expect(answer.lifetime == 100 && !answer.isNegative)
        #expect(answer.aged(40).addresses(1).map(\.time) == [60])
        #expect(answer.aged(400).addresses(1).map(\.time) == [0])
        #expect(ForeignAnswer(message, id: 1, question: query.question) == nil)
        #expect(ForeignAnswer(message, id: 0x1234, question: DNSWriter.question("a.c", 1)) == nil)
        for length in 0..<message.count {
            #expect(ForeignAnswer(Array(message.prefix(length)), id: 0x1234, question: query.question) == nil)
        }
        var cache = AnswerCache()
        let key = AnswerCache.Key(name: "a.b", type: 1, wantsDNSSEC: false)
        cache.store(answer, key, now: 1000)
        #expect(cache.find(key, now: 1010)?.addresses(1).map(\.time) == [90])
        #expect(cache.find(key, now: 1100) == nil)
    }
}

/// The zone of a small cluster.
@Suite struct ZoneTests {
    let zone: Zone
    private let run: Task<Void, Never>

    init() async throws {
        let api = MemoryAPI()
        func service(_ name: String, _ spec: JSONValue) {
            api.put(.services, ["metadata": ["name": .string(name), "namespace": "ns"], "spec": spec])
        }
        let ports: JSONValue = [["name": "http", "port": 80, "protocol": "TCP"]]
        service("web", ["clusterIP": "10.96.0.5", "clusterIPs": ["10.96.0.5"], "ports": ports])
        service("db", ["clusterIP": "None", "clusterIPs": ["None"], "ports": ports])
        service("out", ["type": "ExternalName", "externalName": "Example.com."])
        service("empty", ["clusterIP": "None"])
        api.put(
            .endpointSlices,
            [
                "metadata": [
                    "name": "db-1", "namespace": "ns", "labels": ["kubernetes.io/service-name": "db"],
                ],
                "addressType": "IPv4", "ports": [["name": "http", "port": 8080, "protocol": "TCP"]],
                "endpoints": [
                    ["addresses": ["10.42.0.2"], "hostname": "db-0", "conditions": ["ready": true]],
                    ["addresses": ["10.42.0.3"], "conditions": ["ready": true]],
                    ["addresses": ["10.42.0.4"], "conditions": ["ready": false]],
                ],
            ])
        let cache = ServiceCache(api)
        run = Task { await cache.run() }
        await cache.waitForSync()
        zone = Zone(domain: "cluster.local", cache: cache, ranges: ["10.96.0.0/12", "10.42.0.0/24"])
    }

    private func look(_ name: String, _ type: UInt16 = DNS.Kind.a) -> DNSAnswer? {
        if case .answer(let answer) = zone.lookup(name.split(separator: ".").map(String.init), type) {
            answer
        } else {
            nil
        }
    }
    private func addresses(_ name: String) -> [String] {
        (look(name)?.answers ?? []).compactMap {
            if case .address(let bytes) = $0.content { addressText(bytes) } else { nil }
        }.sorted()
    }

    @Test func servicesHaveTheirAddress() {
        defer { run.cancel() }
        #expect(addresses("web.ns.svc.cluster.local") == ["10.96.0.5"])
        let other = look("web.ns.svc.cluster.local", DNS.Kind.aaaa)
        #expect(other?.code == .noError && other?.answers == [] && other?.authorities.first?.type == DNS.Kind.soa)
        for unknown in ["no.ns.svc", "web.other.svc", "other.svc", "x.web.ns.svc", "a.b"] {
            let answer = look(unknown + ".cluster.local")
            #expect(answer?.code == .nameError && answer?.authorities.first?.owner == "cluster.local", "\(unknown)")
        }
        #expect(look("ns.svc.cluster.local")?.code == .noError)
        #expect(zone.lookup(["example", "com"], 1) == .elsewhere)
    }

    @Test func headlessServicesHaveThoseOfTheirReadyEndpoints() {
        defer { run.cancel() }
        #expect(addresses("db.ns.svc.cluster.local") == ["10.42.0.2", "10.42.0.3"])
        #expect(addresses("db-0.db.ns.svc.cluster.local") == ["10.42.0.2"])
        #expect(addresses("10-42-0-3.db.ns.svc.cluster.local") == ["10.42.0.3"])
        #expect(look("empty.ns.svc.cluster.local")?.code == .nameError)
    }

    @Test func namedPortsHaveServiceRecords() throws {
        defer { run.cancel() }
        let web = try #require(look("_http._tcp.web.ns.svc.cluster.local", DNS.Kind.srv))
        #expect(
            web.answers.map(\.content) == [
                .srv(priority: 0, weight: 100, port: 80, target: "web.ns.svc.cluster.local")
            ])
        #expect(web.additional.map(\.content) == [.address([10, 96, 0, 5])])
        let db = try #require(look("_http._tcp.db.ns.svc.cluster.local", DNS.Kind.srv))
        #expect(
            db.answers.map(\.content).contains(
                .srv(priority: 0, weight: 50, port: 8080, target: "db-0.db.ns.svc.cluster.local")))
        #expect(look("_no._tcp.web.ns.svc.cluster.local", DNS.Kind.srv)?.code == .nameError)
    }

    @Test func addressesLeadBackToNames() {
        defer { run.cancel() }
        func name(_ reversed: String) -> [DNSRecord.Content]? {
            look(reversed + ".in-addr.arpa", DNS.Kind.ptr)?.answers.map(\.content)
        }
        #expect(name("5.0.96.10") == [.ptr("web.ns.svc.cluster.local")])
        #expect(name("2.0.42.10") == [.ptr("db-0.db.ns.svc.cluster.local")])
        #expect(look("9.0.96.10.in-addr.arpa", DNS.Kind.ptr)?.code == .nameError)
        #expect(zone.lookup(["1", "2", "0", "192", "in-addr", "arpa"], DNS.Kind.ptr) == .elsewhere)
    }

    @Test func podsHaveTheAddressThatTheirNameSays() {
        defer { run.cancel() }
        #expect(addresses("10-42-0-7.ns.pod.cluster.local") == ["10.42.0.7"])
        #expect(look("web.ns.pod.cluster.local")?.code == .nameError)
        #expect(look("2001-db8--1.ns.pod.cluster.local", DNS.Kind.aaaa)?.answers.count == 1)
    }

    @Test func externalNamesStandForOthers() {
        defer { run.cancel() }
        #expect(zone.lookup(["out", "ns", "svc", "cluster", "local"], DNS.Kind.a) == .alias("Example.com."))
        #expect(look("dns-version.cluster.local", DNS.Kind.txt)?.answers.first?.content == .txt("1.1.0"))
    }
}
