internal import NIOCore

/// From a query to its answer, over whatever it came.
struct DNSResponder: Sendable {
    enum Response {
        case nothing
        case now([UInt8])
        /// Others have to be asked.
        case later(@Sendable () async -> [UInt8])
    }
    let zone: Zone
    let forwarder: Forwarder
    let clients: [AddressRange]

    func serves(_ client: SocketAddress) -> Bool {
        // The address within sockaddr_in and sockaddr_in6.
        let place: Range<Int>
        switch client {
        case .v4: place = 4..<8
        case .v6: place = 8..<24
        default: return false
        }
        return client.withSockAddr { pointer, size in
            let address = UnsafeRawBufferPointer(start: pointer, count: size)[place]
            return clients.contains { $0.contains(address) }
        }
    }

    func respond(_ bytes: some RandomAccessCollection<UInt8>, isDatagram: Bool) -> Response {
        let query: DNSQuery
        do throws(DNSQuery.Failure) {
            query = try DNSQuery(bytes)
        } catch {
            switch error {
            case .ignored: return .nothing
            case .refused(let id, let code): return .now(DNSWriter.refusal(id, code))
            }
        }
        let limit = isDatagram ? query.udpSize : 65535
        switch zone.lookup(query.labels, query.type) {
        case .answer(let answer): return .now(DNSWriter.encode(answer, to: query, limit: limit))
        case .alias(let name): return alias(name, query, limit)
        case .elsewhere:
            let key = AnswerCache.Key(name: query.name, type: query.type, wantsDNSSEC: query.wantsDNSSEC)
            if let answer = forwarder.remembered(key) { return .now(answer.encoded(to: query, limit: limit)) }
            return .later { [forwarder] in
                guard let answer = await forwarder.resolve(key, question: query.question) else {
                    return Self.failure(query, limit)
                }
                return answer.encoded(to: query, limit: limit)
            }
        }
    }

    private static func failure(_ query: DNSQuery, _ limit: Int) -> [UInt8] {
        DNSWriter.encode(DNSAnswer(code: .serverFailure, isAuthoritative: false), to: query, limit: limit)
    }

    /// Clients do not ask again for what a name stands for: they expect its addresses in the same answer.
    private func alias(_ name: String, _ query: DNSQuery, _ limit: Int) -> Response {
        let name = name.hasSuffix(".") ? String(name.dropLast()) : name
        var answer = DNSAnswer(answers: [DNSRecord(ttl: Zone.ttl, content: .cname(name))])
        guard query.type == DNS.Kind.a || query.type == DNS.Kind.aaaa else {
            return .now(DNSWriter.encode(answer, to: query, limit: limit))
        }
        switch zone.lookup(name.lowercased().split(separator: ".").map(String.init), query.type) {
        case .answer(let target):
            answer.answers += target.answers.map { record in
                DNSRecord(owner: record.owner ?? name, ttl: record.ttl, content: record.content)
            }
            return .now(DNSWriter.encode(answer, to: query, limit: limit))
        // One step is enough: aliases of aliases may go round in circles.
        case .alias: return .now(DNSWriter.encode(answer, to: query, limit: limit))
        case .elsewhere:
            let key = AnswerCache.Key(name: name.lowercased(), type: query.type, wantsDNSSEC: false)
            let known = answer
            return .later { [forwarder] in
                var answer = known
                let question = DNSWriter.question(name, query.type)
                guard let found = await forwarder.resolve(key, question: question) else {
                    return Self.failure(query, limit)
                }
                answer.answers += found.addresses(query.type).map { time, bytes in
                    DNSRecord(owner: name, ttl: time, content: .address(bytes))
                }
                return DNSWriter.encode(answer, to: query, limit: limit)
            }
        }
    }
}
