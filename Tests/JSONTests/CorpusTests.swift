import JSON
import Testing

@testable import fuzz_json

@Suite struct CorpusTests {
    @Test func everyTextThatRFC8259AllowsIsAccepted() {
        for example in Corpus.accepted {
            #expect(throws: Never.self, "\(example.rule): \(String(decoding: example.bytes, as: UTF8.self).prefix(60))")
            {
                _ = try JSONDocument(example.bytes)
            }
        }
    }

    @Test func everyTextThatRFC8259ForbidsIsRejected() {
        for example in Corpus.rejected {
            #expect(
                throws: JSONError.self, "\(example.rule): \(String(decoding: example.bytes, as: UTF8.self).prefix(60))"
            ) {
                _ = try JSONDocument(example.bytes)
            }
        }
    }

    @Test func tapeTreeAndReferenceParserAgreeOnTheCorpus() {
        for example in Corpus.accepted + Corpus.rejected {
            let violation = Invariants.violation(example.bytes)
            #expect(violation == nil, "\(String(decoding: example.bytes, as: UTF8.self).prefix(60))")
        }
    }

    @Test func tapeTreeAndReferenceParserAgreeOnMutants() {
        let found = Fuzz.run(iterations: 20_000, seed: 1)
        #expect(found == nil)
    }
}
