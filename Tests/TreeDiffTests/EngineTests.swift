// SPDX-License-Identifier: Apache-2.0

import DiffCommands
import FileTree
import TestSupport
import Testing
import TreeDiff

private struct Broken: Error, CustomStringConvertible {
    var description: String { "input/output error" }
}

@Suite(.timeLimit(.minutes(15))) struct EngineTests {
    private let base: [MemoryEntry] = [
        .file("a/big", "1"), .file("a/deep/er", "2"), .file("b/same", "3"), .directory("c"),
    ]

    @Test func `directories with equal subtree digests are not entered`() throws {
        let left = MemoryTree(base, knows: .everything)
        let right = MemoryTree(base + [.file("b/same", "4")], knows: .everything)
        #expect(try printed(left, right) == "C /b/same (content)\n")
        #expect(left.questions == MemoryTree.Questions(listings: 2, reads: 0))
        #expect(right.questions == MemoryTree.Questions(listings: 2, reads: 0))
    }

    @Test func `known contents are not read`() throws {
        let left = MemoryTree(base, knows: .contents)
        let right = MemoryTree(base + [.file("b/same", "4")], knows: .contents)
        #expect(try printed(left, right) == "C /b/same (content)\n")
        #expect(left.questions.reads + right.questions.reads == 0)
    }

    @Test func `contents of other sizes are not read`() throws {
        let left = MemoryTree([.file("f", "1")])
        let right = MemoryTree([.file("f", "22")], knows: .contents)
        #expect(try printed(left, right) == "C /f (content, size 1→2)\n")
        #expect(left.questions.reads + right.questions.reads == 0)
    }

    @Test func `contents that only one side knows are read from both`() throws {
        let left = MemoryTree([.file("f", "1"), .file("g", "1")])
        let right = MemoryTree([.file("f", "2"), .file("g", "1")], knows: .contents)
        #expect(try printed(left, right) == "C /f (content)\n")
        #expect(left.questions.reads == 2)
        #expect(right.questions.reads == 2)
    }

    @Test(arguments: [(1 << 20) - 1, 1 << 20, (1 << 20) + 1, 3 << 20])
    func `a difference is found in any chunk`(_ size: Int) throws {
        for position in [0, size / 2, size - 1] {
            var entry = MemoryEntry.file("f")
            entry.content = [UInt8](repeating: 7, count: size)
            entry.attributes.size = UInt64(size)
            var other = entry
            other.content[position] = 8
            #expect(try printed(MemoryTree([entry]), MemoryTree([other])) == "C /f (content)\n")
            #expect(try printed(MemoryTree([entry]), MemoryTree([entry])) == "")
        }
    }

    @Test func `an error names side, path and cause, after what was found before it`() throws {
        let left = MemoryTree([.file("a", "1"), .file("b\n/c", "1")])
        let right = MemoryTree([.file("a", "2"), .file("b\n/c", "2")], failures: ["b\n/c": Broken()])
        var found: [Change] = []
        let error = #expect(throws: TreeDiffError.self) {
            try TreeComparison(left: left, right: right).forEachChange { found.append($0) }
        }
        #expect(error?.description == "right tree, \"/b\\n/c\": input/output error")
        #expect(found.map(\.path) == [Array("/a".utf8)])
        let text = error.map { DiffError.text($0, left: "l", right: "img:1") }
        #expect(text == "img:1: \"/b\\n/c\": input/output error")
    }

    @Test func `an error of the body ends the walk as it is`() {
        let tree = MemoryTree([.file("a"), .file("b")])
        #expect(throws: Broken.self) {
            try TreeComparison(left: MemoryTree([]), right: tree).forEachChange { _ in throw Broken() }
        }
    }

    @Test func `what vanished counts as missing`() throws {
        let entries: [MemoryEntry] = [.file("a/x", "1"), .file("b", "1"), .file("z", "1")]
        let gone = MemoryTree(entries, failures: ["a": VanishedFile(), "b": VanishedFile()])
        #expect(try printed(gone, MemoryTree(entries)) == "A /a\nA /a/x\nA /b\n")
        #expect(try printed(MemoryTree(entries), gone) == "D /a\nD /a/x\nD /b\n")
        #expect(try printed(gone, MemoryTree([.file("z", "1")])) == "")
        #expect(try printed(MemoryTree([]), gone) == "A /z\n")
        let parts = ComparisonOptions(paths: [Array("a/x".utf8)])
        #expect(try printed(gone, MemoryTree(entries), parts) == "A /a/x\n")
    }

    @Test(arguments: [
        ("nowhere", "\"/nowhere\": no such path on either side"),
        ("f/x", "\"/f/x\": no such path on either side"),
        ("a/../f", "\"a/../f\": a path with \"..\" or a NUL names nothing in a tree"),
        ("a\0", "\"a\\x00\": a path with \"..\" or a NUL names nothing in a tree"),
    ])
    func `a part that is nowhere is an error before any change`(_ path: String, _ text: String) {
        let options = ComparisonOptions(paths: [Array("f".utf8), Array(path.utf8)])
        var found = 0
        let error = #expect(throws: TreeDiffError.self) {
            try TreeComparison(
                left: MemoryTree([.file("f", "1")]), right: MemoryTree([.file("f", "2")]), options: options
            )
            .forEachChange { _ in found += 1 }
        }
        #expect(error?.description == text)
        #expect(found == 0)
    }

    @Test func `trees may be 20,000 directories deep`() throws {
        let depth = 20_000
        let (left, right) = (MemoryTree(depth: depth, leaf: "1"), MemoryTree(depth: depth, leaf: "2"))
        let path = [UInt8](repeating: 0, count: 2 * depth).enumerated().map { $0.offset % 2 == 0 ? 0x2F : UInt8(0x64) }
        let leaf = Array("/leaf".utf8)
        let found = try changes(left, right)
        // The root is the first directory of the chain.
        #expect(found.map(\.path) == [Array(path.dropLast(2)) + leaf])
        var count = 0
        try TreeComparison(left: MemoryTree([]), right: right).forEachChange { _ in count += 1 }
        #expect(count == depth)
    }

    @Test func `a directory may be wide`() throws {
        let names = (0..<50_000).map { MemoryEntry.file("d/\($0)") }
        let left = MemoryTree(names, knows: .contents)
        let right = MemoryTree(Array(names.dropFirst()) + [.file("d/x")], knows: .contents)
        #expect(try printed(left, right) == "D /d/0\nA /d/x\n")
    }

    @Test func `fields have names both ways`() {
        #expect(
            ChangedFields.allNames == [
                "content", "mode", "uid", "gid", "size", "mtime", "xattrs", "target", "device", "nlink", "type",
            ])
        for name in ChangedFields.allNames {
            #expect(ChangedFields(name: name)?.named.map(\.name) == [name])
        }
        #expect(ChangedFields(name: "time") == nil)
        #expect(ChangedFields.all.subtracting(.timeless) == .mtime)
    }
}
