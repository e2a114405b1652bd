/// Texts that a strict parser must accept or reject, by the rules of RFC 8259 that they are about.
enum Corpus {
    struct Case: Sendable {
        let rule: String
        let bytes: [UInt8]
    }

    private static func cases(_ rule: String, _ texts: String...) -> [Case] {
        texts.map { Case(rule: rule, bytes: Array($0.utf8)) }
    }

    /// Strings of these bytes, in an array.
    private static func strings(_ rule: String, _ contents: [UInt8]...) -> [Case] {
        contents.map { Case(rule: rule, bytes: Array("[\"".utf8) + $0 + Array("\"]".utf8)) }
    }

    private static func nested(_ depth: Int, _ open: String, _ inner: String, _ close: String) -> String {
        String(repeating: open, count: depth) + inner + String(repeating: close, count: depth)
    }

    static let accepted: [Case] =
        cases("a text is any value", "null", "true", "false", "0", "\"\"", "[]", "{}", "-1", "\"a\"")
        + cases(
            "white space may be around every token", " null", "null \n", "\t[\r\n1 , 2\t]\n ",
            "{ \"a\" : 1 , \"b\" : { } }",
            "[ ]", "[\n]", "{\t}", " \r\n\t 7 \r\n\t ")
        + cases("arrays", "[1]", "[1,2,3]", "[[]]", "[[],[[]],[]]", "[null,true,false,\"\",0,{},[]]", "[{},{\"a\":[]}]")
        + cases(
            "objects", "{\"a\":1}", "{\"\":0}", "{\"a\":{\"a\":{\"a\":null}}}", "{\"a\":[{\"b\":[]}],\"c\":{}}",
            "{\"a\":1,\"a\":2}", "{\"a\":1,\"\\u0061\":{\"b\":1,\"b\":1}}", "{\"a b\":1,\"a.b/c\":\"d\"}")
        + cases(
            "numbers", "0", "-0", "1", "-1", "10", "1234567890", "0.0", "0.1", "-0.5", "1.25", "1e5", "1E5", "1e+5",
            "1e-5",
            "1E+05", "0e0", "-0.0e-0", "123.456e78", "9223372036854775807", "-9223372036854775808",
            "9223372036854775808", "-9223372036854775809", "18446744073709551616", "0.1000000000000000000000000000001",
            "1e400", "-1e400", "1e-400", "1e99999999999999999999", "0e99999999999999999999",
            "100000000000000000000000000000000000000000000000000", "[0,-0,1e1]")
        + cases(
            "strings", "\"plain\"", "\"exactly8\"", "\"exactly sixteen.\"", "\"/\"", "\"'\"", "\"\u{7f}\"", "\" \"",
            "\"a longer string that goes on for more than one machine word\"")
        + cases(
            "escapes", #""\"""#, #""\\""#, #""\/""#, #""\b\f\n\r\t""#, #""\u0000""#, #""\u001f""#, #""\u0041\u00e9""#,
            #""\uAbCd\uabCD""#, #""\uFFFF\ufffe""#, #""\\u0041""#, #""\\\\""#, #""seven..\n""#, #""a\nb\"c\\d""#,
            #"{"a\n":1,"\u0062":2}"#)
        + cases(
            "surrogate escapes: pairs are one scalar, halves become U+FFFD", #""\ud83d\ude00""#, #""\uD834\uDD1E""#,
            #""\ud800""#, #""\udc00""#, #""\ud800\ud800\udc00""#, #""\udc00\ud800""#, #""\ud800a""#, #""\ud800\n""#,
            #""\ud800\u0041""#, #""\ud83d\\ude00""#)
        + cases(
            "UTF-8", "\"é\"", "\"日本語\"", "\"😀\"", "\"\u{80}\u{7ff}\u{800}\u{fffd}\u{10000}\u{10ffff}\"",
            "\"\u{d7ff}\u{e000}\"", "\"\u{2028}\u{2029}\"", "\"\u{feff}\"", "\"\u{fffd}\"", "{\"é\":\"e\u{301}\"}",
            "{\"é\":1,\"e\u{301}\":2}", "\"ünïcödé spread over sevéral words of éight bytes\"")
        + cases(
            "depth up to the limit", nested(256, "[", "", "]"), nested(255, "{\"a\":", "[]", "}"),
            nested(128, "[{\"a\":", "1", "}]"), "[" + String(repeating: "[],", count: 300) + "0]")
        + cases(
            "many tokens in few bytes", "[" + String(repeating: "0,", count: 500) + "0]",
            "[" + String(repeating: "[[]],", count: 500) + "[]]",
            "{" + String(repeating: "\"\":{},", count: 100) + "\"\":0}",
            "{" + (0..<50).map { "\"k\($0 % 40)\":\($0)" }.joined(separator: ",") + "}")

    static let rejected: [Case] =
        cases(
            "a text has one value", "", " ", "\n", "1 2", "null null", "[][]", "{}{}", "[]]", "{}}", "1,", "\"a\"\"b\"",
            "0x", "[]\0")
        + cases("no byte order mark", "\u{feff}null", "\u{feff}", "\u{feff}{}", "[\u{feff}]")
        + cases(
            "no other white space", "[\u{b}1]", "[\u{c}]", "\u{a0}1", "[\u{2028}]", "[1,\u{2003}2]", "\0", "[\0]",
            "1\0",
            "[1\u{85}]")
        + cases("no comments", "// a\n1", "/**/1", "[1/* */]", "#a\n1", "1 //")
        + cases(
            "literals are spelled so", "True", "NULL", "nul", "tru", "fals", "nulll", "truefalse", "undefined", "NaN",
            "Infinity", "-Infinity", "[nan]", "[truE]", "[tru]", "[nul", "t", "f", "n", "[t", "[fal, 1]")
        + cases(
            "arrays", "[", "]", "[1", "[1,", "[1,]", "[,1]", "[,]", "[1,,2]", "[1 2]", "[1:2]", "[1;2]", "[1}", "[[]",
            "[[1]",
            "[\"a\"", "[\"a", "[}", "[\"a\",\n4\n,1,", "(1)", "[1)")
        + cases(
            "objects", "{", "}", "{\"a\"", "{\"a\":", "{\"a\":1", "{\"a\":1,", "{\"a\":1,}", "{,}", "{,\"a\":1}",
            "{\"a\"}",
            "{\"a\",1}", "{\"a\":}", "{:1}", "{1:1}", "{null:1}", "{a:1}", "{'a':1}", "{\"a\" 1}", "{\"a\"::1}",
            "{\"a\":1 \"b\":2}", "{\"a\":1,,\"b\":2}", "{\"a\":1]", "{\"a\":1;}", "{[]:1}", "{\"a\":1:2}", "{]", "{\"a",
            "{ ",
            "{\"a\":{}")
        + cases(
            "numbers", "-", "+1", "--1", "-+1", "+", "01", "-01", "00", "-00", "012", "1.", "-1.", ".5", "-.5", "1.e1",
            ".", "1..2",
            "1.2.3", "1e", "1E", "1e+", "1e-", "1e1.5", "1ee1", "1e+-1", "e1", "0e", "0.e1", "1_000", "1,000", "0x1F",
            "0b1",
            "1a", "1.5f", "1L", "- 1", "1 .5", "[1.]", "[-]", "[1e]", "[01]", "[1-2]", "[-a]", "１", "[0.1.2]",
            "[1e1e1]", "-Inf", "[2.]",
            "[1+1]")
        + cases(
            "strings", "\"", "\"a", "'a'", "\"a\nb\"", "\"\t\"", "\"\0\"", "\"\u{1f}\"", "\"seven..\u{1}\"", "\"a\r\"",
            "a", "[a]", "`a`",
            "“a”", "\"\"\"", "[\"", "\"eight by", "\"exactly sixteen")
        + cases(
            "escapes", #""\"#, #""\""#, #""\a""#, #""\v""#, #""\0""#, #""\'""#, #""\x41""#, #""\u""#, #""\u1""#,
            #""\u12""#, #""\u123""#,
            #""\u123g""#, #""\u-123""#, #""\u 123""#, #""\U0041""#, #""\u{41}""#, #""\é""#, "\"\\\n\"", #""\ud800\u""#,
            #""\ud800\"#,
            #""\u00"#, #""\ud83d\ude0""#, #"["\"#, #"\u0041"#, #"[\n]"#, #"{"\q":1}"#)
        + cases(
            "depth beyond the limit", nested(257, "[", "", "]"), nested(257, "{\"a\":", "1", "}"),
            nested(100_000, "[", "", ""))
        + cases(
            "depth without an end", nested(250, "[", "", ""), nested(250, "{\"\":", "", ""),
            nested(250, "[", "", "]") + "]")
        + strings(
            "UTF-8: bytes that begin nothing", [0x80], [0xBF], [0xFE], [0xFF], [0x61, 0x80],
            [0xF8, 0x88, 0x80, 0x80, 0x80])
        + strings(
            "UTF-8: overlong forms", [0xC0, 0x80], [0xC0, 0xAF], [0xC1, 0xBF], [0xE0, 0x80, 0x80], [0xE0, 0x9F, 0xBF],
            [0xF0, 0x80, 0x80, 0x80], [0xF0, 0x8F, 0xBF, 0xBF], [0xFC, 0x83, 0xBF, 0xBF, 0xBF, 0xBF])
        + strings(
            "UTF-8: surrogates", [0xED, 0xA0, 0x80], [0xED, 0xBF, 0xBF], [0xED, 0xA0, 0xBD, 0xED, 0xB8, 0x80])
        + strings(
            "UTF-8: beyond U+10FFFF", [0xF4, 0x90, 0x80, 0x80], [0xF5, 0x80, 0x80, 0x80], [0xF7, 0xBF, 0xBF, 0xBF])
        + strings(
            "UTF-8: cut short", [0xC3], [0xE2, 0x82], [0xE2], [0xF0, 0x9F, 0x98], [0xF0, 0x9F], [0xF0], [0xC3, 0x28],
            [0xE2, 0x28, 0xA1], [0xF0, 0x9F, 0x28, 0x80], [0xF0, 0x28, 0x8C, 0xBC])
        + [
            [0x22, 0xC3], [0x22, 0xE2, 0x82], [0x22, 0xF0, 0x9F, 0x98], [0xC3, 0xA9], [0x5B, 0xFF, 0x5D], [0x31, 0xFF],
        ].map {
            Case(rule: "UTF-8: at the end or outside strings", bytes: $0)
        }
        + [Array("[1]".utf16), Array("\u{feff}\"a\"".utf16)].map { units in
            Case(rule: "no UTF-16", bytes: units.flatMap { [UInt8($0 & 0xFF), UInt8($0 >> 8)] })
        }
}
