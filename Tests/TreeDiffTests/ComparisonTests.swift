// SPDX-License-Identifier: Apache-2.0

import FileTree
import TestSupport
import Testing
import TreeDiff

/// Two literal trees and what is printed about them.
struct ComparisonCase: Sendable, CustomTestStringConvertible {
    let testDescription: String
    var left: [MemoryEntry] = []
    var right: [MemoryEntry] = []
    var fields: ChangedFields = .timeless
    var paths: [String] = []
    let expected: String

    init(
        _ name: String, _ left: [MemoryEntry], _ right: [MemoryEntry], fields: ChangedFields = .timeless,
        paths: [String] = [], expected: String
    ) {
        testDescription = name
        self.left = left
        self.right = right
        self.fields = fields
        self.paths = paths
        self.expected = expected
    }

    var options: ComparisonOptions { ComparisonOptions(fields: fields, paths: paths.map { Array($0.utf8) }) }
}

@Suite(.timeLimit(.minutes(15))) struct ComparisonTests {
    @Test(arguments: ComparisonCase.all, Storage.allCases)
    func `a change is one line, wherever the trees are`(_ example: ComparisonCase, _ storage: Storage) throws {
        try storage.with(example.left) { left in
            try storage.with(example.right) { right in
                try #expect(printed(left, right, example.options) == example.expected)
            }
        }
    }

    @Test(arguments: ComparisonCase.all, Storage.allCases)
    func `a tree does not differ from itself`(_ example: ComparisonCase, _ storage: Storage) throws {
        try storage.with(example.left) { left in
            try #expect(printed(left, left, ComparisonOptions(fields: .all)) == "")
        }
        try Storage.memory.with(example.left) { plain in
            try storage.with(example.left) { other in
                try #expect(printed(plain, other) == "")
            }
        }
    }

    @Test(arguments: ComparisonCase.all, Storage.allCases)
    func `the way back is the mirror of the way there`(_ example: ComparisonCase, _ storage: Storage) throws {
        try storage.with(example.left) { left in
            try storage.with(example.right) { right in
                let there = try changes(left, right, example.options)
                let back = try changes(right, left, example.options)
                #expect(back == there.map(\.mirrored))
            }
        }
    }
}

extension ComparisonCase {
    private static let time: [MemoryEntry] = [.directory(""), .file("f", "x", mtime: 5), .directory("d", mtime: 7)]

    static let all: [ComparisonCase] = [
        ComparisonCase("nothing", [], [], expected: ""),
        ComparisonCase(
            "added and removed trees list every path", [.directory("old/sub"), .file("old/f", "1")],
            [.file("new/x/y", "2"), .symlink("new/l", to: "x")],
            expected: "A /new\nA /new/l\nA /new/x\nA /new/x/y\nD /old\nD /old/f\nD /old/sub\n"),
        ComparisonCase(
            "a directory is no change for what is below it", [.file("a/b/c", "1")], [.file("a/b/c", "2")],
            expected: "C /a/b/c (content)\n"),
        ComparisonCase(
            "modes",
            [.file("usr/bin/sudo", "s", mode: 0o755), .directory("tmp", mode: 0o755), .directory("z", mode: 0)],
            [.file("usr/bin/sudo", "s", mode: 0o4755), .directory("tmp", mode: 0o1777), .directory("z", mode: 0o7)],
            expected: "C /tmp (mode 0755→1777)\nC /usr/bin/sudo (mode 0755→4755)\nC /z (mode 0000→0007)\n"),
        ComparisonCase(
            "the root", [.directory("", mode: 0o755)], [.directory("", mode: 0o700, uid: 3)],
            expected: "C / (mode 0755→0700, uid 0→3)\n"),
        ComparisonCase(
            "owners", [.file("f", uid: 1, gid: 2), .symlink("l", to: "f", uid: 4)],
            [.file("f", uid: 10, gid: 20), .symlink("l", to: "f", uid: 5, gid: 1)],
            expected: "C /f (uid 1→10, gid 2→20)\nC /l (uid 4→5, gid 0→1)\n"),
        ComparisonCase(
            "content and size", [.file("a", "123"), .file("b", "123"), .file("c", ""), .file("d", "same")],
            [.file("a", "124"), .file("b", "12"), .file("c", "x"), .file("d", "same", mode: 0o600)],
            expected:
                "C /a (content)\nC /b (content, size 3→2)\nC /c (content, size 0→1)\nC /d (mode 0644→0600)\n"),
        ComparisonCase(
            "attributes", [.file("f", xattrs: [("user.a", "1"), ("user.b", "1"), ("user.d", "1")])],
            [.file("f", xattrs: [("user.b", "2"), ("user.c", "1"), ("user.d", "1")])],
            expected: "C /f (xattrs -user.a ~user.b +user.c)\n"),
        ComparisonCase(
            "link targets", [.symlink("l", to: "a")], [.symlink("l", to: "../b")],
            expected: "C /l (target a→../b)\n"),
        ComparisonCase(
            "devices",
            [.special("d", .characterDevice, 1, 3), .special("e", .blockDevice, 8, 0), .special("f", .fifo)],
            [.special("d", .characterDevice, 1, 5), .special("e", .blockDevice, 8, 0), .special("f", .fifo)],
            expected: "C /d (device 1:3→1:5)\n"),
        ComparisonCase(
            "types", [.file("a", "1"), .special("f", .fifo), .special("n", .characterDevice, 1, 3)],
            [.symlink("a", to: "b"), .special("f", .socket), .special("n", .blockDevice, 1, 3)],
            expected:
                "C /a (type file→symlink)\nC /f (type fifo→socket)\nC /n (type character-device→block-device)\n"),
        ComparisonCase(
            "a directory that replaced, or was replaced",
            [.file("d/x/y", "1"), .file("f", "1"), .file("z", "1")],
            [.file("d", "1"), .directory("f/g"), .file("f/h"), .file("z", "1")],
            expected: "C /d (type directory→file)\nD /d/x\nD /d/x/y\nC /f (type file→directory)\nA /f/g\nA /f/h\n"),
        ComparisonCase(
            "a hard link more", [.file("a", "1"), .file("b", "2"), .hardLink("c", to: "b")],
            [.file("a", "1"), .hardLink("a2", to: "a"), .file("b", "2"), .file("c", "2")],
            expected: "C /a (nlink 1→2)\nA /a2\nC /b (nlink 2→1)\nC /c (nlink 2→1)\n"),
        ComparisonCase(
            "link counts left out", [.file("a", "1")], [.file("a", "1"), .hardLink("b", to: "a")],
            fields: .timeless.subtracting(.nlink), expected: "A /b\n"),
        ComparisonCase(
            "times hidden", time, [.directory(""), .file("f", "x", mtime: 6), .directory("d", mtime: 8)], expected: ""),
        ComparisonCase(
            "times shown", time, [.directory(""), .file("f", "y", mtime: 6), .directory("d", mtime: -1)], fields: .all,
            expected:
                "C /d (mtime 1970-01-01T00:00:07Z→1969-12-31T23:59:59Z)\n"
                + "C /f (content, mtime 1970-01-01T00:00:05Z→1970-01-01T00:00:06Z)\n"),
        ComparisonCase(
            "one field only", [.file("a", "1"), .file("b", "1", mode: 0o600), .file("c")],
            [.file("a", "2"), .file("b", "1"), .directory("c/d")], fields: .mode,
            expected: "C /b (mode 0600→0644)\nA /c/d\n"),
        ComparisonCase(
            "size without content", [.file("a", "1"), .file("b", "1")], [.file("a", "2"), .file("b", "22")],
            fields: .size, expected: "C /b (size 1→2)\n"),
        ComparisonCase(
            "tree order: a slash before any byte", [],
            [.file("a/b"), .file("a-b"), .file("a\u{1}"), .file("a0"), .file("B")],
            expected: "A /B\nA /a\nA /a/b\nA /a\\x01\nA /a-b\nA /a0\n"),
        ComparisonCase(
            "hostile names", [],
            [
                .file("l\nA x"), .file("e\u{1B}[2J"), .file("").at([0x66, 0xFF, 0x80]), .file("ü"),
                .file("r\u{202E}x"), .file("b\\n"),
            ],
            expected:
                "A /b\\\\n\nA /e\\x1b[2J\nA /f\\xff\\x80\nA /l\\nA x\nA /r\\xe2\\x80\\xaex\nA /ü\n"),
        ComparisonCase(
            "hostile targets", [.symlink("l", to: "a\u{1B}]0;\u{7}")], [.symlink("l", to: "b\n")],
            expected: "C /l (target a\\x1b]0;\\x07→b\\n)\n"),
        ComparisonCase(
            "a part of the trees", [.file("a/x", "1"), .file("ab/x", "1"), .file("b", "1")],
            [.file("a/x", "2"), .file("ab/x", "2"), .file("b", "2")], paths: ["a"], expected: "C /a/x (content)\n"),
        ComparisonCase(
            "parts in tree order, none twice", [.file("a/x", "1"), .file("ab/x", "1"), .file("b", "1")],
            [.file("a/x", "2"), .file("ab/x", "2"), .file("b", "2")], paths: ["/b", "./a//x", "ab/", "/a", "a/x/"],
            expected: "C /a/x (content)\nC /ab/x (content)\nC /b (content)\n"),
        ComparisonCase(
            "the root as a part", [.file("a", "1")], [.file("a", "2")], paths: ["/", "a"],
            expected: "C /a (content)\n"),
        ComparisonCase(
            "a part that one side lacks", [.file("a/b/c", "1")], [.file("a", "2"), .file("z")], paths: ["a/b"],
            expected: "D /a/b\nD /a/b/c\n"),
    ]
}

extension Change {
    /// The change that the comparison the other way round must report.
    var mirrored: Change {
        let kind: Change.Kind =
            switch kind {
            case .added: .removed
            case .removed: .added
            case .modified: .modified
            }
        return Change(path: path, kind: kind, fields: fields, left: right, right: left)
    }
}
