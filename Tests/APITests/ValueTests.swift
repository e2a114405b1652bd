import JSON
import Testing

@testable import API

@Suite struct ValueTests {
    @Test(arguments: [
        ("0", "0"), ("100m", "100m"), ("0.1", "100m"), ("1000m", "1"), ("1.5", "1500m"), ("1500", "1500"),
        ("1000", "1k"), ("1e3", "1e3"),
        ("12e6", "12e6"), ("1024Ki", "1Mi"), ("1.5Gi", "1536Mi"), ("0.5Ki", "512"), ("2048", "2048"),
        ("100Mi", "100Mi"), ("1000Ki", "1000Ki"),
        ("-5", "-5"), ("+5", "5"), ("0.0000000001", "1n"), ("1E", "1E"), ("9999999999E", "9223372036854775807"),
    ])
    func quantitiesAreBroughtToOneForm(_ given: String, _ canonical: String) throws {
        #expect(try #require(Quantity(given)).canonical == canonical)
    }

    @Test(arguments: ["", "2Gib", "1 Gi", "abc", "1..5", "Gi", "1KI", "--1", "1e", "0x10"])
    func whatIsNoQuantityIsRefused(_ text: String) { #expect(Quantity(text) == nil) }

    @Test func quantitiesAddUpAndCompareExactly() throws {
        let sum = try #require(Quantity("100m")) + #require(Quantity("1.9"))
        #expect(sum.canonical == "2")
        #expect(sum == Quantity(2))
        #expect(try #require(Quantity("1Gi")) > #require(Quantity("1G")))
        #expect(try #require(Quantity("1Gi")) - #require(Quantity("1Mi")) == #require(Quantity("1023Mi")))
        #expect(try #require(Quantity("1100m")).value == 2)
        #expect(try #require(Quantity("1.0001")).milliValue == 1001)
    }

    @Test func timesKeepTheirMomentInAnyZone() throws {
        let time = try #require(Time("2026-02-28T23:30:00+01:00"))
        #expect(time.description == "2026-02-28T22:30:00Z")
        #expect(try #require(Time("2026-01-01T00:00:00.123456Z")).microseconds == "2026-01-01T00:00:00.123456Z")
        #expect(try #require(Time("2024-02-29T00:00:00Z")).adding(seconds: 86400).description == "2024-03-01T00:00:00Z")
        for wrong in ["", "2026-02-30T00:00:00Z", "2026-01-01", "2026-01-01T25:00:00Z", "2026-01-01T00:00:00"] {
            #expect(Time(wrong) == nil, "\(wrong)")
        }
    }

    @Test func addressesAreReadAsTheyAreWritten() throws {
        for right in ["10.0.0.1", "::", "::1", "2001:db8::ff", "::ffff:10.0.0.1", "1:2:3:4:5:6:7:8"] {
            #expect(IPAddress(right) != nil, "\(right)")
        }
        for wrong in [
            "", "1.2.3", "01.2.3.4", "256.1.1.1", "1:2", ":::", "1:2:3:4:5:6:7:8:9", "g::1", "+1.2.3.4", "::1%eth0",
        ] {
            #expect(IPAddress(wrong) == nil, "\(wrong)")
        }
        let block = try #require(IPBlock("10.0.0.0/8"))
        #expect(block.strictlyContains(try #require(IPBlock("10.9.0.0/16"))))
        #expect(!block.strictlyContains(block))
        #expect(!block.strictlyContains(try #require(IPBlock("11.0.0.0/16"))))
        for wrong in ["10.0.0.0", "10.0.0.0/33", "10.0.0.0/-1", "10.0.0.0/08", "x/8"] {
            #expect(IPBlock(wrong) == nil, "\(wrong)")
        }
    }

    @Test(arguments: [
        ("app=web", ["app": "web"], true), ("app=web", ["app": "db"], false), ("app!=web", [:], true),
        ("app in (a,b),x", ["app": "b", "x": ""], true),
        ("app notin (a,b)", ["app": "a"], false), ("!app", ["app": ""], false), ("n>5", ["n": "6"], true),
        ("n<5", ["n": "6"], false), ("", ["a": "b"], true),
    ])
    func labelSelectorsChoose(_ text: String, _ labels: [String: String], _ expected: Bool) throws {
        #expect(try LabelSelector(parsing: text).matches { labels[$0] } == expected)
    }

    @Test(arguments: ["a=b=c", "=x", "a in", "a in (b", "a,,b", "a b", "-a"])
    func wrongLabelSelectorsAreBadRequests(_ text: String) {
        #expect(throws: StatusError.self) { try LabelSelector(parsing: text) }
    }

    @Test func formatsFindWhatUpstreamFinds() {
        let cases: [(Format, String, Int)] = [
            (.dns1123Label, "web-1", 0), (.dns1123Label, "-web", 1),
            (.dns1123Label, String(repeating: "A", count: 64), 2), (.dns1123Subdomain, "a.b-c.d", 0),
            (.dns1123Subdomain, "a..b", 1), (.qualifiedName, "example.com/Name_1", 0), (.qualifiedName, "", 2),
            (.qualifiedName, "a/b/c", 1),
            (.qualifiedName, "/a", 1), (.labelValue, "", 0), (.labelValue, "a b", 1), (.portName, "http", 0),
            (.portName, "80", 1),
            (.portName, "ThisIsTooLongForAPortName", 2), (.envVarName, "A=B", 1), (.pathSegment, "a/b%", 2),
            (.hostPath, "/a/../b", 1), (.relativePath, "/a", 1),
            (.wildcardHost, "*.example.com", 0), (.wildcardHost, "*", 1), (.fullyQualifiedName, "a.b", 1),
            (.domainPath, "a.b/c", 0), (.domainPath, "a", 1),
            (.cidr, "10.0.0.0/8", 0), (.ip, "x", 1), (.httpHeaderName, "X-A", 0), (.httpHeaderName, "X A", 1),
        ]
        for (format, text, count) in cases { #expect(format.problems(text).count == count, "\(format) \(text)") }
    }
}
