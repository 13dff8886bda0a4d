// SPDX-License-Identifier: Apache-2.0

import OCI
import TestSupport
import Testing

/// Arguments as text that stands for their bytes.
@Suite(.timeLimit(.minutes(15))) struct ArgumentTextTests {
    @Test func `text of UTF-8 is itself`() {
        for text in ["", "a", "/usr/lib", "é\u{301}\u{1F600}", "\u{10FFFF}\u{10F77F}\u{E000}", "a\nb"] {
            #expect(ArgumentText.text(of: Array(text.utf8)) == text)
            #expect(ArgumentText.bytes(of: text) == Array(text.utf8))
            #expect(ArgumentText.isPlain(text))
        }
    }

    @Test(
        arguments: [
            ([0x61, 0xFF], 2), ([0xC3], 1), ([0xC3, 0x28], 2), ([0xED, 0xA0, 0x80], 3), ([0xF4, 0x90, 0x80, 0x80], 4),
            ([0xC0, 0xAF], 2), ([0xC3, 0xA9, 0xFF], 2), ([0x80], 1),
            // A character that stands for a byte, as an argument: it stands for its own four bytes.
            ([0xF4, 0x8F, 0x9F, 0xBF], 4), ([0xF4, 0x8F, 0x9E, 0x80], 4), ([0xF4, 0x8F, 0x9D, 0xBF], 1),
        ] as [([UInt8], Int)])
    func `bytes that are no text become a character each, and bytes again`(bytes: [UInt8], count: Int) {
        let text = ArgumentText.text(of: bytes)
        #expect(text.unicodeScalars.count == count)
        #expect(ArgumentText.bytes(of: text) == bytes)
        #expect(ArgumentText.isPlain(text) == (String(validating: bytes, as: UTF8.self) == text))
    }

    @Test func `random bytes are told apart, whole and in parts`() {
        let seed = UInt64.random(in: 0...UInt64.max)
        var random = SeededGenerator(seed: seed)
        let pieces: [[UInt8]] = [
            [0xFF], [0x80], [0xC3, 0xA9], [0xF4, 0x8F, 0x9F, 0xBF], [0x3A], [0x61], [0xF4], [0x8F, 0x9F], [0xCC, 0x81],
        ]
        var known: [String: [UInt8]] = [:]
        for _ in 0..<20_000 {
            let bytes = (0..<Int.random(in: 0...5, using: &random)).flatMap { _ in
                pieces.randomElement(using: &random) ?? []
            }
            let text = ArgumentText.text(of: bytes)
            #expect(ArgumentText.bytes(of: text) == bytes, "seed \(seed)")
            // What is cut where a program cuts is the same cut in the bytes.
            let parts = text.unicodeScalars.split(separator: ":", omittingEmptySubsequences: false)
            #expect(
                parts.map { ArgumentText.bytes(of: String($0)) }
                    == bytes.split(separator: 0x3A, omittingEmptySubsequences: false).map(Array.init), "seed \(seed)")
            let key = text.unicodeScalars.map { String($0.value) }.joined(separator: " ")
            #expect(known.updateValue(bytes, forKey: key) ?? bytes == bytes, "seed \(seed)")
        }
    }

    @Test func `what stands for a byte is printed as that byte`() {
        #expect(ArgumentText.text(of: [0x61, 0xFF, 0x80, 0xC3, 0xA9]).printable == "a\\xff\\x80é")
    }
}
