internal import COpenSSL

/// Random bytes fit for keys and tokens, from libcrypto's generator, which the kernel seeds.
public enum Random {
    public static func bytes(_ count: Int) -> [UInt8] {
        guard count > 0 else { return [] }
        return [UInt8](unsafeUninitializedCapacity: count) { buffer, initialized in
            guard RAND_bytes(buffer.baseAddress, Int32(count)) == 1 else {
                // Nothing secret can be made without entropy, and no caller could do better.
                preconditionFailure("libcrypto has no random bytes")
            }
            initialized = count
        }
    }

    /// `count` random bytes as 2 * `count` lower case hexadecimal digits.
    public static func hex(_ count: Int) -> String {
        Hex.encode(bytes(count))
    }

    /// A random UUID (RFC 9562, version 4) in lower case.
    public static func uuid() -> String {
        var bytes = bytes(16)
        bytes[6] = bytes[6] & 0x0f | 0x40
        bytes[8] = bytes[8] & 0x3f | 0x80
        return String(unsafeUninitializedCapacity: 36) { out in
            var at = 0
            for (index, byte) in bytes.enumerated() {
                if index == 4 || index == 6 || index == 8 || index == 10 {
                    out[at] = UInt8(ascii: "-")
                    at += 1
                }
                out[at] = Hex.digit(byte >> 4)
                out[at + 1] = Hex.digit(byte & 15)
                at += 2
            }
            return 36
        }
    }
}

/// Lower case hexadecimal.
public enum Hex {
    public static func encode(_ bytes: some Collection<UInt8>) -> String {
        String(unsafeUninitializedCapacity: 2 * bytes.count) { out in
            var at = 0
            for byte in bytes {
                out[at] = digit(byte >> 4)
                out[at + 1] = digit(byte & 15)
                at += 2
            }
            return at
        }
    }

    @inline(__always)
    static func digit(_ value: UInt8) -> UInt8 {
        value < 10 ? UInt8(ascii: "0") + value : UInt8(ascii: "a") + value - 10
    }
}
