/// Base64 of RFC 4648: the standard alphabet with padding, and the URL-safe one without (as in JSON Web Tokens).
public enum Base64 {
    public static func encode(_ bytes: some Collection<UInt8>) -> String {
        encode(bytes, alphabet: standard, padded: true)
    }

    /// With `-` and `_`, without `=`.
    public static func encodeURL(_ bytes: some Collection<UInt8>) -> String {
        encode(bytes, alphabet: urlSafe, padded: false)
    }

    /// nil unless `text` is canonical: complete padding, no line breaks, no stray bits.
    public static func decode(_ text: some StringProtocol) -> [UInt8]? {
        decode(Array(text.utf8), urlSafe: false)
    }

    /// nil unless `text` is canonical URL-safe base64; padding is refused.
    public static func decodeURL(_ text: some StringProtocol) -> [UInt8]? {
        decode(Array(text.utf8), urlSafe: true)
    }

    private static let standard = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)
    private static let urlSafe = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_".utf8)

    private static func encode(_ bytes: some Collection<UInt8>, alphabet: [UInt8], padded: Bool) -> String {
        String(unsafeUninitializedCapacity: (bytes.count + 2) / 3 * 4) { out in
            var at = 0
            func put(_ digit: UInt32) {
                out[at] = alphabet[Int(digit & 63)]
                at += 1
            }
            var bits: UInt32 = 0
            var held = 0
            for byte in bytes {
                bits = bits << 8 | UInt32(byte)
                held += 1
                if held == 3 {
                    for shift in [18, 12, 6, 0] as [UInt32] { put(bits >> shift) }
                    bits = 0
                    held = 0
                }
            }
            if held == 1 {
                put(bits >> 2)
                put(bits << 4)
            } else if held == 2 {
                put(bits >> 10)
                put(bits >> 4)
                put(bits << 2)
            }
            if padded {
                while at % 4 != 0 {
                    out[at] = UInt8(ascii: "=")
                    at += 1
                }
            }
            return at
        }
    }

    private static func decode(_ text: [UInt8], urlSafe: Bool) -> [UInt8]? {
        var digits = text[...]
        if !urlSafe {
            guard text.count % 4 == 0 else { return nil }
            for _ in 0..<2 where digits.last == UInt8(ascii: "=") { digits.removeLast() }
        }
        guard digits.count % 4 != 1 else { return nil }
        var out: [UInt8] = []
        out.reserveCapacity(digits.count * 3 / 4)
        var bits: UInt32 = 0
        var held = 0
        for character in digits {
            let value: UInt8
            switch (character, urlSafe) {
            case (UInt8(ascii: "A")...UInt8(ascii: "Z"), _): value = character - UInt8(ascii: "A")
            case (UInt8(ascii: "a")...UInt8(ascii: "z"), _): value = character - UInt8(ascii: "a") + 26
            case (UInt8(ascii: "0")...UInt8(ascii: "9"), _): value = character - UInt8(ascii: "0") + 52
            case (UInt8(ascii: "+"), false), (UInt8(ascii: "-"), true): value = 62
            case (UInt8(ascii: "/"), false), (UInt8(ascii: "_"), true): value = 63
            default: return nil
            }
            bits = bits << 6 | UInt32(value)
            held += 6
            if held >= 8 {
                held -= 8
                out.append(UInt8(truncatingIfNeeded: bits >> UInt32(held)))
                bits &= (1 << UInt32(held)) - 1
            }
        }
        return bits == 0 ? out : nil
    }
}
