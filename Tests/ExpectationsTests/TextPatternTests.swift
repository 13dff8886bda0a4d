// SPDX-License-Identifier: Apache-2.0

import Expectations
import Testing

/// Patterns are those of RE2.
@Suite(.timeLimit(.minutes(5))) struct TextPatternTests {
    private static func matches(_ pattern: String, _ text: String) throws -> Bool {
        try TextPattern(pattern).matches(Array(text.utf8))
    }

    @Test(arguments: [
        ("", "", true), ("", "x", true), ("b", "abc", true), ("^b", "abc", false), ("^a", "abc", true),
        ("c$", "abc", true), ("b$", "a\nb\n", false), ("(?m)^b$", "a\nb\nc", true), ("^b$", "a\nb\nc", false),
        ("a.c", "a\nc", false), ("(?s)a.c", "a\nc", true), ("(?i)root", "RoOt", true), ("(?i:R)oot", "root", true),
        ("(?i:R)oot", "rOOt", false), ("(?i)ÄX", "äx", true), ("a|b|", "c", true), ("^(a|bc)+$", "abcbca", true),
        ("^(a|bc)+$", "abcb", false), ("^a{2,3}$", "a", false), ("^a{2,3}$", "aaa", true), ("^a{2,3}$", "aaaa", false),
        ("^a{2,}$", "aaaaa", true), ("^a{2}$", "aa", true), ("^a{0}b$", "b", true), ("a{x", "a{x", true),
        ("a{,2}", "a{,2}", true), ("^[a-c]+$", "abc", true), ("^[^a-c]+$", "xyz", true), ("[^a-c]", "abc", false),
        ("^[]a]+$", "]a", true), ("^[a\\]-]+$", "a]-", true), ("^\\d+\\s\\w+$", "12 a_9", true), ("\\D", "12", false),
        ("^[\\D]$", "x", true), ("[[:^digit:]]", "7", false), ("^[[:alpha:]_]+$", "a_b", true),
        ("^[[:x]+$", "[:", true),
        ("\\bfoo\\b", "a foo b", true), ("\\bfoo\\b", "afoo", false), ("\\Bo", "foo", true), ("\\Aa\\z", "a", true),
        ("\\x41\\x{1F600}\\101\\t", "A😀A\t", true), ("\\Qa.b\\E.", "a.bc", true), ("\\Qa.b", "axb", false),
        ("^\\pL\\p{Lu}\\PN$", "éÄx", true), ("^\\p{^L}$", "1", true), ("^[\\pN-]+$", "1-²", true), ("^.$", "é", true),
        ("(?P<n>a)(?<m>b)", "ab", true), ("a*?b+?c??", "b", true), ("(a*)*$", "b", true), ("(|a)+b", "aab", true),
        ("(?i)[^a]", "A", false), ("(?i)[^x]", "A", true), ("((a))(?:b)", "ab", true), ("x*", "", true),
        ("(?-s).", "\n", false), ("a(?i)b|c", "aB", true), ("(a(?i)b)c", "aBC", false), ("\\.", "a", false),
        ("^\\S+@\\S+\\.com$", "me@x.com", true), ("ſ", "s", false), ("(?i)s", "ſ", true),
    ])
    func `a pattern matches as in RE2`(_ pattern: String, _ text: String, _ expected: Bool) throws {
        #expect(try Self.matches(pattern, text) == expected, "\(pattern) in \(text)")
    }

    @Test(arguments: [
        "(", ")", "a**", "*", "+a", "a|*", "(?=a)", "(?!a)", "(?<=a)", "(?<!a)", "(?x)a", "(?", "(?i", "[", "[a", "[]",
        "[b-a]", "[[:none:]]", "\\", "[\\", "\\1", "\\8", "\\y", "\\C", "\\xg", "\\x", "\\x{110000}", "\\x{", "\\p",
        "\\p{Greek}", "\\p{", "\\pX", "(?P<>a)", "(?P<a-b>x)", "(?P<a", "a{2,1}", "a{1001}", "a{2}{3}",
        "((a{100}){100}){2}",
    ])
    func `what RE2 does not take is no pattern`(_ pattern: String) {
        #expect(throws: PatternError.self) { try TextPattern(pattern) }
    }

    @Test func `bytes that are no UTF-8 are taken one by one`() throws {
        #expect(try TextPattern("^a.b$").matches([0x61, 0xFF, 0x62]))
        #expect(try TextPattern("^a..b$").matches([0x61, 0xE2, 0x82, 0x62]))
        #expect(try TextPattern("^.{3}$").matches([0xED, 0xA0, 0x80]))
        #expect(try TextPattern("^.{2}$").matches([0xC0, 0x80]))
    }

    @Test func `time does not explode`() throws {
        let text = [UInt8](repeating: UInt8(ascii: "a"), count: 20_000)
        #expect(try !TextPattern("^(a+)+(a|aa)*(a?){30}b$").matches(text))
        let nested = String(repeating: "(", count: 100) + "a" + String(repeating: ")*", count: 100)
        #expect(try TextPattern(nested).matches(text))
        #expect(throws: PatternError.self) { try TextPattern(String(repeating: "(", count: 5000)) }
        #expect(throws: PatternError.self) { try TextPattern(String(repeating: "a", count: 20_000)) }
        #expect(throws: PatternError.self) { try TextPattern(String(repeating: "a?", count: 9000)) }
    }

    @Test func `a search has a limit of steps`() throws {
        let text = [UInt8](repeating: 0x61, count: 10_000)
        let pattern = try TextPattern("(.{0,100}){1}b")
        #expect(throws: PatternError.self) { try pattern.matches(text, limit: 1_000_000) }
        #expect(try !pattern.matches(text, limit: 10_000_000))
    }
}
