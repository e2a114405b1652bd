internal import Glibc

/// What the kernel remembers of flows, through netlink. Datagrams have no end: a flow goes on to the endpoint that it once got until
/// its entry is deleted. https://docs.kernel.org/userspace-api/netlink/intro.html, linux/netfilter/nfnetlink_conntrack.h
///
/// Blocks: call it from a thread of one's own.
enum Conntrack {
    struct Tuple: Equatable {
        var source = ""
        var destination = ""
        var sourcePort = 0
        var destinationPort = 0
        var transport = 0
    }
    struct Flow {
        /// As the client sends, and as answers come.
        var original = Tuple()
        var reply = Tuple()
        fileprivate var family: UInt8 = 0
        fileprivate var key: [UInt8] = []
    }
    struct Failure: Error, CustomStringConvertible {
        let description: String
    }

    private static let subsystem: UInt16 = 1 << 8
    private enum Message {
        static let get: UInt16 = 1
        static let delete: UInt16 = 2
        static let error: UInt16 = 2
        static let done: UInt16 = 3
    }

    /// Deletes the flows of datagrams that `isStale`, and returns how many.
    static func delete(where isStale: (Flow) -> Bool) throws(Failure) -> Int {
        let socket = socket(AF_NETLINK, Int32(SOCK_RAW.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 12)
        guard socket >= 0 else { throw failure("cannot be opened") }
        defer { close(socket) }
        var stale: [Flow] = []
        // NLM_F_REQUEST | NLM_F_DUMP
        try send(socket, Message.get, flags: 0x301, family: 0, [])
        try receive(socket) { flow in if flow.original.transport == IPPROTO_UDP, isStale(flow) { stale.append(flow) } }
        for flow in stale {
            // NLM_F_REQUEST | NLM_F_ACK; that it went by itself meanwhile is no error.
            try send(socket, Message.delete, flags: 0x5, family: flow.family, flow.key)
            try receive(socket) { _ in }
        }
        return stale.count
    }

    private static func failure(_ what: String) -> Failure {
        Failure(description: "connection tracking (netlink) \(what): \(String(cString: strerror(errno)))")
    }

    private static func send(
        _ socket: Int32, _ type: UInt16, flags: UInt16, family: UInt8, _ attributes: [UInt8]
    ) throws(Failure) {
        var message: [UInt8] = []
        func append(_ value: some FixedWidthInteger) { withUnsafeBytes(of: value) { message.append(contentsOf: $0) } }
        append(UInt32(20 + attributes.count))
        append(subsystem | type)
        append(flags)
        append(UInt32(1))
        append(UInt32(0))
        message += [family, 0, 0, 0] + attributes
        guard Glibc.send(socket, message, message.count, 0) == message.count else { throw failure("takes no request") }
    }

    /// Reads until the answer is complete.
    private static func receive(_ socket: Int32, _ found: (Flow) -> Void) throws(Failure) {
        var buffer = [UInt8](repeating: 0, count: 1 << 16)
        while true {
            let count = recv(socket, &buffer, buffer.count, 0)
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { throw failure("does not answer") }
            var at = 0
            while at + 16 <= count {
                let length = Int(native(buffer, at))
                guard length >= 16, at + length <= count else { break }
                let type = UInt16(buffer[at + 4]) | UInt16(buffer[at + 5]) << 8
                switch type {
                case Message.done: return
                case Message.error:
                    let code = length >= 20 ? Int32(bitPattern: native(buffer, at + 16)) : 0
                    if code == 0 || code == -ENOENT { return }
                    errno = -code
                    throw failure("refuses")
                default:
                    if length >= 20 { found(flow(buffer[at + 16..<at + length])) }
                }
                at += (length + 3) & ~3
            }
        }
    }

    private static func native(_ bytes: [UInt8], _ at: Int) -> UInt32 {
        var value: UInt32 = 0
        withUnsafeMutableBytes(of: &value) { $0.copyBytes(from: bytes[at..<at + 4]) }
        return value
    }

    private static func flow(_ message: ArraySlice<UInt8>) -> Flow {
        var flow = Flow()
        flow.family = message.first ?? 0
        for (type, whole, content) in attributes(message.dropFirst(4)) {
            if type == 1 {
                flow.original = tuple(content)
                flow.key = Array(whole)
            } else if type == 2 {
                flow.reply = tuple(content)
            }
        }
        return flow
    }

    private static func tuple(_ content: ArraySlice<UInt8>) -> Tuple {
        var tuple = Tuple()
        func port(_ bytes: ArraySlice<UInt8>) -> Int { bytes.prefix(2).reduce(0) { $0 << 8 | Int($1) } }
        for (part, _, content) in attributes(content) {
            for (type, _, value) in attributes(content) {
                switch (part, type) {
                case (1, 1), (1, 3): tuple.source = addressText(value)
                case (1, 2), (1, 4): tuple.destination = addressText(value)
                case (2, 1): tuple.transport = Int(value.first ?? 0)
                case (2, 2): tuple.sourcePort = port(value)
                case (2, 3): tuple.destinationPort = port(value)
                default: break
                }
            }
        }
        return tuple
    }

    /// Attributes as (type, with header, content).
    private static func attributes(
        _ bytes: ArraySlice<UInt8>
    ) -> [(type: Int, whole: ArraySlice<UInt8>, content: ArraySlice<UInt8>)] {
        var found: [(Int, ArraySlice<UInt8>, ArraySlice<UInt8>)] = []
        var rest = bytes
        while rest.count >= 4 {
            let at = rest.startIndex
            let length = Int(rest[at]) | Int(rest[at + 1]) << 8
            guard length >= 4, length <= rest.count else { break }
            // The upper two bits say how the content is written.
            let type = (Int(rest[at + 2]) | Int(rest[at + 3]) << 8) & 0x3FFF
            found.append((type, rest.prefix(length), rest[at + 4..<at + length]))
            rest = rest.dropFirst((length + 3) & ~3)
        }
        return found
    }
}

/// The text of an address of 4 or 16 bytes, as inet_ntop(3) writes it.
func addressText(_ bytes: some Collection<UInt8>) -> String {
    let bytes = Array(bytes)
    var text = [CChar](repeating: 0, count: Int(INET6_ADDRSTRLEN))
    let family = bytes.count == 4 ? AF_INET : AF_INET6
    guard bytes.count == 4 || bytes.count == 16, inet_ntop(family, bytes, &text, socklen_t(text.count)) != nil else {
        return ""
    }
    return String(decoding: text.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
}
