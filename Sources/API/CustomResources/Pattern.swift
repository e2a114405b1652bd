internal import CPCRE2

/// A regular expression of a custom resource's schema. The expressions are those of RE2 as far as PCRE2 reads them the same way;
/// matching is bounded, so that no text that a stranger sends takes long.
///
/// `@unchecked Sendable`: compiled code is never changed, and PCRE2 allows its use from several threads at once.
final class Pattern: @unchecked Sendable {
    private let code: OpaquePointer
    private static let workLimit: UInt32 = 1_000_000

    /// Nil when the text is no regular expression.
    init?(_ text: String) {
        var error: Int32 = 0
        var offset = 0
        let options = UInt32(PCRE2_UTF) | UInt32(PCRE2_DOLLAR_ENDONLY) | UInt32(PCRE2_NEVER_BACKSLASH_C)
        let bytes = Array(text.utf8)
        guard let code = segler_pcre2_compile(bytes, bytes.count, options, &error, &offset) else { return nil }
        self.code = code
    }

    deinit { segler_pcre2_free(code) }

    /// Whether the expression is found anywhere in the text. One that takes too much work is not.
    func matches(_ text: String) -> Bool {
        let bytes = Array(text.utf8)
        return segler_pcre2_matches(code, bytes, bytes.count, Self.workLimit) == 1
    }
}
