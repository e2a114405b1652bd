import TLS
import Testing

struct CryptoTests {
    /// The examples of FIPS 180-4 and RFC 4648.
    @Test func digestsMatchTheStandardsExamples() {
        #expect(
            Hex.encode(SHA256.hash(Array("abc".utf8)))
                == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad")
        #expect(
            Hex.encode(SHA256.hash([])) == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855")
        #expect(Hex.encode(SHA1.hash(Array("abc".utf8))) == "a9993e364706816aba3e25717850c26c9cd0d89d")
    }

    @Test(arguments: [
        ("", ""), ("f", "Zg=="), ("fo", "Zm8="), ("foo", "Zm9v"), ("foob", "Zm9vYg=="), ("fooba", "Zm9vYmE="),
        ("foobar", "Zm9vYmFy"),
    ])
    func base64MatchesTheStandardsExamples(plain: String, coded: String) {
        #expect(Base64.encode(Array(plain.utf8)) == coded)
        #expect(Base64.decode(coded) == Array(plain.utf8))
        let unpadded = coded.prefix { $0 != "=" }
        #expect(Base64.encodeURL(Array(plain.utf8)) == unpadded)
        #expect(Base64.decodeURL(unpadded) == Array(plain.utf8))
    }

    @Test(arguments: ["Zg", "Zg=", "Zh==", "Zg==\n", "Z===", "Zm9v=", "Zm-v", "====", "Zg==Zg=="])
    func base64ThatIsNotCanonicalIsRefused(text: String) {
        #expect(Base64.decode(text) == nil)
    }

    @Test(arguments: ["Zg==", "Zh", "Z", "Zm+v", "Zm/v"])
    func urlSafeBase64ThatIsNotCanonicalIsRefused(text: String) {
        #expect(Base64.decodeURL(text) == nil)
    }

    @Test func everyByteSurvivesBase64() {
        let bytes = Array(UInt8.min...UInt8.max)
        for count in 250...256 {
            #expect(Base64.decode(Base64.encode(bytes[..<count])) == Array(bytes[..<count]))
            #expect(Base64.decodeURL(Base64.encodeURL(bytes[..<count])) == Array(bytes[..<count]))
        }
    }

    @Test func uuidHasTheFormOfVersionFour() throws {
        let pattern = try Regex("[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}")
        let made = (0..<1000).map { _ in Random.uuid() }
        #expect(made.allSatisfy { $0.wholeMatch(of: pattern) != nil })
        #expect(Set(made).count == 1000)
        #expect(Random.hex(4).count == 8)
        #expect(Random.bytes(0).isEmpty)
    }

    @Test func secretsAreComparedByContent() {
        #expect(constantTimeEqual([1, 2, 3], [1, 2, 3]))
        #expect(!constantTimeEqual([1, 2, 3], [1, 2, 4]))
        #expect(!constantTimeEqual([1, 2, 3], [1, 2]))
    }
}
