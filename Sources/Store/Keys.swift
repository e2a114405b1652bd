import Glibc

// Keys are ordered and compared by their UTF-8 bytes, as etcd does. Swift's own `<` and `==` on String would treat
// canonically equivalent spellings as one key.

@inline(__always)
func withBytes<Result>(of string: String, _ body: (UnsafeBufferPointer<UInt8>) -> Result) -> Result {
    if let result = string.utf8.withContiguousStorageIfAvailable(body) { return result }
    var copy = string
    return copy.withUTF8(body)
}

/// Negative, zero or positive, like memcmp.
func compareBytes(_ left: String, _ right: String) -> Int {
    withBytes(of: left) { left in
        withBytes(of: right) { right in
            let common = min(left.count, right.count)
            if common > 0, let a = left.baseAddress, let b = right.baseAddress {
                let order = memcmp(a, b, common)
                if order != 0 { return Int(order) }
            }
            return left.count - right.count
        }
    }
}

func hasPrefix(_ key: String, _ prefix: String) -> Bool {
    if prefix.isEmpty { return true }
    return withBytes(of: key) { key in
        withBytes(of: prefix) { prefix in
            guard prefix.count <= key.count, let a = key.baseAddress, let b = prefix.baseAddress else { return false }
            return memcmp(a, b, prefix.count) == 0
        }
    }
}

func equal(_ slice: Slice<UnsafeBufferPointer<UInt8>>, _ bytes: UnsafeBufferPointer<UInt8>) -> Bool {
    guard slice.count == bytes.count else { return false }
    let slice = UnsafeBufferPointer(rebasing: slice)
    guard let a = slice.baseAddress, let b = bytes.baseAddress else { return bytes.isEmpty }
    return memcmp(a, b, bytes.count) == 0
}
