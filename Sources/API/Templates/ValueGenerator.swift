/// Makes values out of expressions such as `[a-zA-Z0-9]{8}`: ranges of characters with a length, and text that stands for itself.
/// `\w` is letters, digits and `_`, `\d` digits, `\a` letters and digits, `\A` signs.
/// https://docs.openshift.com/container-platform/latest/openshift_images/using-templates.html#templates-writing-parameters_using-templates
struct ValueGenerator {
    private static let classes: [Character: [Character]] = [
        "w": letters + digits + ["_"], "d": digits, "a": letters + digits,
        "A": Array("~!@#$%^&*()-_+={}[]\\|<,>.?/\"';:`"),
    ]
    private static let letters = Array("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ")
    private static let digits = Array("0123456789")
    private static let maximumLength = 255

    /// What is wrong with an expression.
    struct Failure: Error { let reason: String }

    static func generate(_ expression: String, using random: inout some RandomNumberGenerator) throws(Failure) -> String
    {
        var text = Array(expression)[...]
        var value = ""
        while let next = text.popFirst() {
            guard next == "[" else {
                value.append(next)
                continue
            }
            guard let end = text.firstIndex(of: "]") else {
                throw Failure(reason: "the range after \"\(value)\" has no end")
            }
            let characters = try characters(text[..<end])
            text = text[(end + 1)...]
            guard text.popFirst() == "{", let close = text.firstIndex(of: "}"),
                let length = Int(String(text[..<close])),
                (1...maximumLength).contains(length)
            else {
                throw Failure(reason: "behind each range stands its length, {1} to {\(maximumLength)}")
            }
            text = text[(close + 1)...]
            for _ in 0..<length {
                if let character = characters.randomElement(using: &random) { value.append(character) }
            }
        }
        return value
    }

    /// The characters of `a-zA-Z0-9_` or `\w`.
    private static func characters(_ range: ArraySlice<Character>) throws(Failure) -> [Character] {
        var range = range
        var found: [Character] = []
        while let first = range.popFirst() {
            if first == "\\", let name = range.popFirst() {
                found += classes[name] ?? [name]
            } else if range.first == "-", let last = range.dropFirst().first, let low = first.asciiValue,
                let high = last.asciiValue
            {
                guard low <= high else { throw Failure(reason: "\(first)-\(last) is no range: it runs backwards") }
                found += (low...high).map { Character(UnicodeScalar($0)) }
                range = range.dropFirst(2)
            } else {
                found.append(first)
            }
        }
        guard !found.isEmpty else { throw Failure(reason: "a range without characters") }
        return found
    }
}
