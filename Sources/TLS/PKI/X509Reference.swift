internal import COpenSSL
internal import Glibc

/// A counted reference to a libcrypto X509.
///
/// Sendable: an X509 is not changed after it was parsed or signed, and libcrypto guards what it caches inside with
/// locks of its own.
final class X509Reference: @unchecked Sendable {
    let native: OpaquePointer

    /// Takes over the caller's reference.
    init(owning native: OpaquePointer) {
        self.native = native
    }

    deinit { X509_free(native) }

    /// Every certificate in `pem`, in order; other PEM blocks are passed over.
    static func all(inPEM pem: String) throws(TLSError) -> [X509Reference] {
        let bio = try MemoryBIO(pem)
        var found: [X509Reference] = []
        while let next = PEM_read_bio_X509(bio.native, nil, refusePassphrase, nil) {
            found.append(X509Reference(owning: next))
        }
        let code = ERR_peek_last_error()
        ERR_clear_error()
        // "No start line" is how the end of the text shows itself.
        let reason = pki_error_reason(code)
        guard code == 0 || reason == PEM_R_NO_START_LINE else {
            throw TLSError("a certificate in the PEM text cannot be read")
        }
        return found
    }

    var der: [UInt8] { encoded { i2d_X509(native, $0) } }

    var pem: String {
        MemoryBIO.text { PEM_write_bio_X509($0, native) }
    }

    var notBefore: Int64 { seconds(X509_get0_notBefore(native)) }
    var notAfter: Int64 { seconds(X509_get0_notAfter(native)) }

    func subject(_ nid: Int32) -> [String] {
        entries(of: X509_get_subject_name(native), nid)
    }

    /// DNS names and IP addresses of the subject alternative name extension, addresses as text.
    var alternativeNames: (dns: [String], addresses: [String]) {
        readAlternativeNames(X509_get_ext_d2i(native, NID_subject_alt_name, nil, nil))
    }
}

/// PEM text and what writes it, in memory.
final class MemoryBIO {
    let native: OpaquePointer

    init(_ text: String = "") throws(TLSError) {
        guard let native = BIO_new(BIO_s_mem()) else { throw .library("out of memory") }
        self.native = native
        var text = text
        text.withUTF8 { _ = BIO_write(native, $0.baseAddress, Int32($0.count)) }
    }

    deinit { BIO_free(native) }

    /// What `write` wrote; empty if it failed.
    static func text(_ write: (OpaquePointer) -> Int32) -> String {
        guard let bio = try? MemoryBIO(), write(bio.native) == 1 else { return "" }
        var data: UnsafeMutablePointer<CChar>?
        let count = pki_bio_bytes(bio.native, &data)
        guard let data, count > 0 else { return "" }
        return String(decoding: UnsafeRawBufferPointer(start: data, count: count), as: UTF8.self)
    }
}

/// Keys with a passphrase are refused, never asked for on the terminal.
let refusePassphrase: @convention(c) (UnsafeMutablePointer<CChar>?, Int32, Int32, UnsafeMutableRawPointer?) -> Int32 = {
    _, _, _, _ in -1
}

/// DER by one of libcrypto's i2d functions.
func encoded(_ encode: (UnsafeMutablePointer<UnsafeMutablePointer<UInt8>?>?) -> Int32) -> [UInt8] {
    let size = Int(encode(nil))
    guard size > 0 else { return [] }
    return [UInt8](unsafeUninitializedCapacity: size) { buffer, initialized in
        var cursor = buffer.baseAddress
        initialized = max(0, Int(encode(&cursor)))
    }
}

func seconds(_ time: UnsafePointer<ASN1_TIME>?) -> Int64 {
    var parts = tm()
    guard ASN1_TIME_to_tm(time, &parts) == 1 else { return 0 }
    return Int64(timegm(&parts))
}

func entries(of name: OpaquePointer?, _ nid: Int32) -> [String] {
    var found: [String] = []
    var at = X509_NAME_get_index_by_NID(name, nid, -1)
    while at >= 0 {
        var utf8: UnsafeMutablePointer<UInt8>?
        let count = ASN1_STRING_to_UTF8(&utf8, X509_NAME_ENTRY_get_data(X509_NAME_get_entry(name, at)))
        if count >= 0, let utf8 {
            found.append(String(decoding: UnsafeBufferPointer(start: utf8, count: Int(count)), as: UTF8.self))
            CRYPTO_free(utf8, nil, 0)
        }
        at = X509_NAME_get_index_by_NID(name, nid, at)
    }
    return found
}

/// Reads and frees a list of GENERAL_NAME.
func readAlternativeNames(_ names: UnsafeMutableRawPointer?) -> (dns: [String], addresses: [String]) {
    var dns: [String] = []
    var addresses: [String] = []
    guard let names else { return (dns, addresses) }
    defer { pki_general_names_free(names) }
    for index in 0..<pki_general_names_count(names) {
        var kind: Int32 = 0
        var count: Int32 = 0
        guard let data = pki_general_name(names, index, &kind, &count) else { continue }
        let bytes = UnsafeBufferPointer(start: data, count: Int(count))
        switch kind {
        case GEN_DNS: dns.append(String(decoding: bytes, as: UTF8.self))
        case GEN_IPADD: if let text = IPAddress.text(Array(bytes)) { addresses.append(text) }
        default: break
        }
    }
    return (dns, addresses)
}

/// IPv4 and IPv6 addresses as text and bytes.
enum IPAddress {
    /// 4 or 16 bytes.
    static func parse(_ text: String) -> [UInt8]? {
        var bytes = [UInt8](repeating: 0, count: 16)
        if inet_pton(AF_INET, text, &bytes) == 1 { return Array(bytes[..<4]) }
        return inet_pton(AF_INET6, text, &bytes) == 1 ? bytes : nil
    }

    static func text(_ bytes: [UInt8]) -> String? {
        guard bytes.count == 4 || bytes.count == 16 else { return nil }
        var out = [CChar](repeating: 0, count: 64)
        guard inet_ntop(bytes.count == 4 ? AF_INET : AF_INET6, bytes, &out, 64) != nil else { return nil }
        return String(decoding: out.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }
}
