// SPDX-License-Identifier: Apache-2.0

import Foundation
import SystemPackage
import TestSupport
import Testing
import TreeDiff

/// Unified diffs, which patch applies and diff does not make shorter.
struct UnifiedDiffTests {
    private static func text(_ left: String, _ right: String) -> String {
        let lines = UnifiedDiff(Array(left.utf8), Array(right.utf8))?.lines ?? []
        return lines.map { String(decoding: [$0.kind] + $0.text, as: UTF8.self) + "\n" }.joined()
    }

    @Test func `changes stand in hunks with three lines around them`() {
        let old = (1...20).map { "\($0)\n" }.joined()
        let new = old.replacing("5\n", with: "five\n", maxReplacements: 1).replacing("18\n", with: "")
        #expect(
            Self.text(old, new) == """
                @@ -2,7 +2,7 @@
                 2
                 3
                 4
                -5
                +five
                 6
                 7
                 8
                @@ -15,6 +15,5 @@
                 15
                 16
                 17
                -18
                 19
                 20

                """)
        #expect(Self.text(old, old) == "")
        #expect(Self.text("", "a\n") == "@@ -0,0 +1 @@\n+a\n")
        #expect(Self.text("a\n", "") == "@@ -1 +0,0 @@\n-a\n")
        #expect(
            Self.text("a\nb", "a\nb\n")
                == "@@ -1,2 +1,2 @@\n a\n-b\n\\ No newline at end of file\n+b\n")
    }

    @Test func `texts that have nothing in common are one change`() {
        let left = (0..<5000).map { Array("l\($0)\n".utf8)[...] }
        let right = (0..<5000).map { Array("r\($0)\n".utf8)[...] }
        #expect(LineDifference(left, right).edits.map { [$0.left, $0.right] } == [[0..<5000, 0..<5000]])
        let same = [Array("same\n".utf8)[...]]
        let around = LineDifference(same + left + same, same + right + same)
        #expect(around.edits.map { [$0.left, $0.right] } == [[1..<5001, 1..<5001]])
    }

    @Test func `a text of too many lines is not compared`() {
        let lines = [UInt8](repeating: UInt8(ascii: "\n"), count: LineDifference.lineLimit + 1)
        #expect(UnifiedDiff(lines, []) == nil)
    }

    @Test func `patch makes of the left text the right one`() throws {
        let scratch = ScratchDirectory()
        var generator = SeededGenerator(seed: 7)
        for number in 0..<40 {
            var lines = (0..<Int.random(in: 0...60, using: &generator)).map { _ in
                ["a", "b", "c", "", "\(UInt8.random(in: 0...255, using: &generator))"].randomElement(using: &generator)
                    ?? ""
            }
            let left = lines.joined(separator: "\n") + (Bool.random(using: &generator) ? "\n" : "")
            for _ in 0..<Int.random(in: 1...12, using: &generator) {
                let place = Int.random(in: 0...lines.count, using: &generator)
                if place < lines.count, Bool.random(using: &generator) {
                    lines.remove(at: place)
                } else {
                    lines.insert(["x", "a", ""].randomElement(using: &generator) ?? "", at: place)
                }
            }
            let right = lines.joined(separator: "\n") + (Bool.random(using: &generator) ? "\n" : "")
            let diff = Self.text(left, right)
            guard !diff.isEmpty else { continue }
            scratch.file("text", left)
            scratch.file("diff", "--- text\n+++ text\n" + diff)
            let process = Process()
            process.executableURL = URL(fileURLWithPath: "/bin/sh")
            process.arguments = ["-c", "cd \"$1\" && patch -s -i diff text", "sh", scratch.path.string]
            try process.run()
            process.waitUntilExit()
            #expect(process.terminationStatus == 0, "\(number)")
            let patched = (try? String(contentsOfFile: scratch.path("text").string, encoding: .utf8)) ?? ""
            #expect(patched == right, "\(number)")
        }
    }
}
