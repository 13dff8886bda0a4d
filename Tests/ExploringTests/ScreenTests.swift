// SPDX-License-Identifier: Apache-2.0

import Exploring
import FileTree
import TestSupport
import Testing

/// Cells, and the bytes between a terminal and them.
@Suite(.timeLimit(.minutes(5))) struct ScreenTests {
    @Test func `no text drives the terminal`() {
        var screen = Screen(columns: 40, rows: 3)
        screen.put("a\u{1B}[2J\u{202E}b\u{301}\u{9B}c\u{7F}", 0, 0)
        #expect(screen.text(0) == "a\\u{1b}[2J\\u{202e}b\\u{301}\\u{9b}c\\u{7f}")
        var writer = ScreenWriter(isColored: true)
        let bytes = writer.bytes(for: screen)
        #expect(!bytes.contains(0xC2))
        #expect(bytes.filter { $0 == 0x1B }.count == 7)
        var plain = Screen(columns: 12, rows: 1, isPlain: true)
        plain.put("é€abcdefghijk", 0, 0)
        #expect(plain.text(0) == "\\u{e9}\\u{20~")
    }

    @Test func `wide letters take two cells and are never cut in half`() {
        var screen = Screen(columns: 8, rows: 3)
        #expect(screen.put("漢字", 0, 0) == 4)
        screen.put("漢字漢字漢字", 0, 1)
        screen.put("a漢字漢字漢", 0, 2)
        #expect(screen.text == "漢字\n漢字漢 …\n a漢字漢…\n".replacing(" a", with: "a"))
        #expect(CharacterWidth.of("漢a\u{1B}") == 9)
        #expect(screen.cells.filter { $0.letter == nil }.count == 2 + 3 + 3)
    }

    @Test func `only what differs is written`() {
        var writer = ScreenWriter(isColored: false)
        var screen = Screen(columns: 10, rows: 2)
        screen.put("one", 0, 0, [.green, .bold])
        #expect(
            String(decoding: writer.bytes(for: screen), as: UTF8.self)
                == "\u{1B}[?2026h\u{1B}[?25l\u{1B}[m\u{1B}[2J\u{1B}[1;1H\u{1B}[0;1mone\u{1B}[m\u{1B}[?2026l")
        #expect(writer.bytes(for: screen).isEmpty)
        screen.put("x", 4, 1)
        #expect(
            String(decoding: writer.bytes(for: screen), as: UTF8.self)
                == "\u{1B}[?2026h\u{1B}[?25l\u{1B}[2;5H\u{1B}[0mx\u{1B}[?2026l")
        var coloured = ScreenWriter(isColored: true)
        #expect(String(decoding: coloured.bytes(for: screen), as: UTF8.self).contains("\u{1B}[0;1;32mone"))
    }

    @Test func `keys come out of bytes, however those are cut`() {
        let all: [(bytes: String, keys: [Key])] = [
            ("a", [.letter("a")]), ("é", [.letter("é")]), ("漢", [.letter("漢")]), ("\u{1B}[A", [.up]),
            ("\u{1B}OB", [.down]), ("\u{1B}[5~", [.pageUp]), ("\u{1B}[6;2~", [.pageDown]), ("\u{1B}[1~", [.home]),
            ("\u{1B}OF", [.end]), ("\u{1B}[Z", [.backTab]), ("\r", [.enter]), ("\t", [.tab]), ("\u{7F}", [.backspace]),
            ("\u{6}", [.control("f")]), ("\u{1A}", [.control("z")]), ("\u{1B}[99X", []), ("\u{1B}[3~", [.delete]),
            ("\u{1B}q", [.escape, .letter("q")]), ("\u{1C}", []),
        ]
        var whole = KeyDecoder()
        #expect(whole.take(all.map(\.bytes).joined().utf8) == all.flatMap(\.keys))
        var single = KeyDecoder()
        #expect(all.map(\.bytes).joined().utf8.flatMap { single.take([$0]) } == all.flatMap(\.keys))
        #expect(!single.isWaiting)
    }

    @Test func `an Escape alone is one once nothing follows`() {
        var decoder = KeyDecoder()
        #expect(decoder.take([0x1B]).isEmpty && decoder.isWaiting)
        #expect(decoder.finish() == [.escape] && !decoder.isWaiting)
        #expect(decoder.take([0xE6, 0xBC]).isEmpty && decoder.finish().isEmpty)
        // Bytes that are no letter are passed by, and a sequence without an end is none.
        #expect(decoder.take([0xFF, 0xC3, 0x28, 0x61]) == [.letter("("), .letter("a")])
        #expect(decoder.take([0x1B, 0x5B] + Array(repeating: 0x31, count: 100)).isEmpty && !decoder.isWaiting)
    }

    @Test func `random bytes are keys or nothing`() {
        var random = SeededGenerator(seed: UInt64.random(in: 0...UInt64.max))
        var decoder = KeyDecoder()
        for _ in 0..<5000 {
            let bytes = (0..<Int.random(in: 0...9, using: &random)).map { _ in UInt8.random(in: 0...255, using: &random)
            }
            _ = decoder.take(bytes)
            if Bool.random(using: &random) { _ = decoder.finish() }
        }
    }
}
