import TLS
import Testing

@Suite struct SealingKeyTests {
    private let key = SealingKey()

    @Test(arguments: [0, 1, 15, 16, 17, 5000])
    func whatIsSealedOpensInItsPlaceAlone(count: Int) throws {
        let message = Random.bytes(count)
        let sealed = key.seal(message, context: [1, 2])
        #expect(sealed.count == count + 28 && sealed != key.seal(message, context: [1, 2]))
        #expect(key.open(sealed, context: [1, 2]) == message)
        #expect(key.open(sealed, context: [1, 3]) == nil)
        #expect(SealingKey().open(sealed, context: [1, 2]) == nil)
        #expect(try #require(SealingKey(text: key.text)).open(sealed, context: [1, 2]) == message)
    }

    @Test func everyChangeIsNoticed() {
        let sealed = key.seal(Array("message".utf8), context: [])
        for place in sealed.indices {
            var changed = sealed
            changed[place] ^= 1
            #expect(key.open(changed, context: []) == nil)
        }
        #expect(key.open(sealed.dropLast(), context: []) == nil && key.open([UInt8](), context: []) == nil)
    }

    @Test(arguments: ["", "name", "name AAAA", "name !", "a b c"])
    func otherTextsAreNoKeys(text: String) { #expect(SealingKey(text: text) == nil) }
}
