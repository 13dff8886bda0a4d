// SPDX-License-Identifier: Apache-2.0

import Browsing
import Foundation
import TestSupport
import Testing

/// Patterns of names, with the C library as a judge.
@Suite(.timeLimit(.minutes(15))) struct NamePatternTests {
    @Test(arguments: [
        ("*", "", true), ("*", "abc", true), ("a*c", "abc", true), ("a*c", "ab", false), ("a?c", "abc", true),
        ("a?c", "ac", false), ("*.so.*", "libc.so.6", true), ("*.so.*", "libc.so", false), ("a**b", "ab", true),
        ("[a-c]x", "bx", true), ("[!a-c]x", "bx", false), ("[^a-c]x", "dx", true), ("[]]", "]", true),
        ("[a-]", "-", true), ("[", "[", true), ("[a", "[a", true), ("[[:digit:]]*", "7z", true),
        ("[[:upper:][:digit:]]", "a", false), ("\\*", "*", true), ("\\*", "a", false), ("a\\", "a\\", true),
        ("?", "é", true), ("[é]", "é", true), ("[à-ü]", "é", true), ("??", "é", false), ("*é", "café", true),
        ("*a*a*a*a*b", String(repeating: "a", count: 60), false), (".*", ".x", true), ("*", ".x", true),
    ])
    func `a name fits or does not`(_ pattern: String, _ name: String, _ fits: Bool) {
        #expect(NamePattern(Array(pattern.utf8)).matches(Array(name.utf8)) == fits)
    }

    @Test func `case and leading dots can be made to count`() {
        #expect(NamePattern(Array("READ*".utf8), ignoresCase: true).matches(Array("readme".utf8)))
        #expect(NamePattern(Array("[R-S]ead".utf8), ignoresCase: true).matches(Array("Read".utf8)))
        #expect(NamePattern(Array("[r]EAD".utf8), ignoresCase: true).matches(Array("Read".utf8)))
        #expect(!NamePattern(Array("*".utf8), hidesDots: true).matches(Array(".x".utf8)))
        #expect(!NamePattern(Array("?x".utf8), hidesDots: true).matches(Array(".x".utf8)))
        #expect(!NamePattern(Array("[.]x".utf8), hidesDots: true).matches(Array(".x".utf8)))
        #expect(NamePattern(Array(".?".utf8), hidesDots: true).matches(Array(".x".utf8)))
    }

    @Test func `bytes that are no text fit a question mark each`() {
        #expect(NamePattern(Array("a?b".utf8)).matches([0x61, 0xFF, 0x62]))
        #expect(!NamePattern(Array("a?b".utf8)).matches([0x61, 0xC3, 0xFF, 0x62]))
        #expect(NamePattern([0x2A, 0xFF]).matches([0x61, 0xFF]))
        #expect(NamePattern([0x5B, 0xFF, 0x5D]).matches([0xFF]))
    }

    @Test func `the C library agrees on a hundred thousand patterns`() {
        var generator = SeededGenerator(seed: 15)
        let letters = Array("aab.*?[]!-x\\".utf8)
        for _ in 0..<100_000 {
            let pattern = (0..<Int.random(in: 0...6, using: &generator)).map { _ in
                letters.randomElement(using: &generator) ?? 0
            }
            // What stands for itself at the end or in an open bracket is left to each library.
            guard !pattern.contains(UInt8(ascii: "\\")) || pattern.last != UInt8(ascii: "\\"),
                !pattern.contains(UInt8(ascii: "[")) || !pattern.contains(UInt8(ascii: "\\"))
            else { continue }
            let name = (0..<Int.random(in: 0...5, using: &generator)).map { _ in
                Array("aab.x]-".utf8).randomElement(using: &generator) ?? 0
            }
            let (patternText, nameText) = (
                String(decoding: pattern, as: UTF8.self), String(decoding: name, as: UTF8.self)
            )
            #expect(
                NamePattern(pattern).matches(name) == (fnmatch(patternText, nameText, 0) == 0),
                "\(patternText) \(nameText)")
            #expect(
                NamePattern(pattern, hidesDots: true).matches(name)
                    == (fnmatch(patternText, nameText, FNM_PERIOD) == 0),
                "\(patternText) \(nameText), dots hidden")
        }
    }
}
