/// An IPv4 or IPv6 address, from its usual text (RFC 4291, section 2.2).
public struct IPAddress: Sendable, Hashable {
    public let bytes: [UInt8]
    public var isIPv4: Bool { bytes.count == 4 }

    public init?(_ text: some StringProtocol) {
        guard let bytes = text.contains(":") ? Self.ipv6(text) : Self.ipv4(text) else { return nil }
        self.bytes = bytes
    }

    /// Four decimal numbers without leading zeros.
    private static func ipv4(_ text: some StringProtocol) -> [UInt8]? {
        let parts = text.split(separator: ".", omittingEmptySubsequences: false)
        guard parts.count == 4 else { return nil }
        var bytes: [UInt8] = []
        for part in parts {
            guard let byte = UInt8(part), part.utf8.first != UInt8(ascii: "+"), part.count == 1 || part.first != "0"
            else { return nil }
            bytes.append(byte)
        }
        return bytes
    }

    private static func ipv6(_ text: some StringProtocol) -> [UInt8]? {
        func groups(_ text: some StringProtocol) -> [UInt8]? {
            if text.isEmpty { return [] }
            var bytes: [UInt8] = []
            let parts = text.split(separator: ":", omittingEmptySubsequences: false)
            for (index, part) in parts.enumerated() {
                if index == parts.count - 1, part.contains(".") {
                    guard let tail = ipv4(part) else { return nil }
                    bytes += tail
                    continue
                }
                guard (1...4).contains(part.utf8.count), part.utf8.first != UInt8(ascii: "+"),
                    let group = UInt16(part, radix: 16)
                else { return nil }
                bytes += [UInt8(group >> 8), UInt8(group & 255)]
            }
            return bytes
        }
        guard let gap = text.firstRange(of: "::") else {
            guard let bytes = groups(text), bytes.count == 16 else { return nil }
            return bytes
        }
        guard let head = groups(text[..<gap.lowerBound]), let tail = groups(text[gap.upperBound...]),
            head.count + tail.count <= 14
        else {
            return nil
        }
        return head + [UInt8](repeating: 0, count: 16 - head.count - tail.count) + tail
    }

    /// Why an address cannot be one of a host on the network: unspecified, loopback, link-local or multicast.
    var specialUse: String? {
        if bytes.allSatisfy({ $0 == 0 }) { return "may not be unspecified" }
        if isIPv4 {
            if bytes[0] == 127 { return "may not be in the loopback range (127.0.0.0/8)" }
            if bytes[0] == 169, bytes[1] == 254 { return "may not be in the link-local range (169.254.0.0/16)" }
            if bytes[0] == 224, bytes[1] == 0, bytes[2] == 0 {
                return "may not be in the link-local multicast range (224.0.0.0/24)"
            }
        } else {
            if bytes.dropLast().allSatisfy({ $0 == 0 }), bytes[15] == 1 {
                return "may not be the loopback address (::1)"
            }
            if bytes[0] == 0xfe, bytes[1] & 0xc0 == 0x80 { return "may not be in the link-local range (fe80::/10)" }
            if bytes[0] == 0xff, bytes[1] & 0x0f == 2 {
                return "may not be in the link-local multicast range (ff02::/10)"
            }
        }
        return nil
    }
}

/// A block of addresses: `10.0.0.0/8`.
public struct IPBlock: Sendable, Hashable {
    public let address: IPAddress
    public let length: Int

    public init?(_ text: some StringProtocol) {
        let (head, tail) = text.splitOnce("/")
        guard let address = IPAddress(head), let length = Int(tail), tail.utf8.allSatisfy({ (48...57).contains($0) }),
            tail == "0" || !tail.hasPrefix("0"), length <= address.bytes.count * 8
        else { return nil }
        (self.address, self.length) = (address, length)
    }

    /// Whether the other block lies within this one, and is smaller.
    public func strictlyContains(_ other: IPBlock) -> Bool {
        guard other.address.bytes.count == address.bytes.count, other.length > length else { return false }
        return (0..<length).allSatisfy { bit in
            let mask = UInt8(128 >> (bit % 8))
            return address.bytes[bit / 8] & mask == other.address.bytes[bit / 8] & mask
        }
    }
}
