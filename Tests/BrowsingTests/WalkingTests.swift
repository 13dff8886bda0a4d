// SPDX-License-Identifier: Apache-2.0

import Browsing
import FileTree
import TestSupport
import Testing

/// Walks over what is below a directory, and the names that a tree has for owners.
@Suite(.timeLimit(.minutes(15))) struct WalkingTests {
    private static let entries: [MemoryEntry] = [
        .directory("a"), .file("a/1"), .directory("a/b"), .file("a/b/2"), .file("a/c"), .file("a.x"),
        .symlink("link", to: "a"), .file("z"),
    ]

    private static func paths(
        _ tree: BrowsedTree, from start: String, _ step: (String) -> WalkStep = { _ in .into }
    ) throws -> [String] {
        var paths: [String] = []
        try tree.walk(from: tree.at(start, followsLast: false)) { walked in
            let path = String(decoding: walked.path, as: UTF8.self)
            paths.append("\(walked.depth) \(path) \(String(decoding: walked.name, as: UTF8.self))")
            return step(path)
        }
        return paths
    }

    @Test(arguments: TreeForm.allCases)
    func `directories stand before what is in them, names in their order`(_ form: TreeForm) throws {
        let tree = try form.tree(Self.entries)
        #expect(
            try Self.paths(tree, from: "/") == [
                "0 / ", "1 /a a", "2 /a/1 1", "2 /a/b b", "3 /a/b/2 2", "2 /a/c c", "1 /a.x a.x", "1 /link link",
                "1 /z z",
            ])
        #expect(try Self.paths(tree, from: "/a/b") == ["0 /a/b b", "1 /a/b/2 2"])
        #expect(try Self.paths(tree, from: "/z") == ["0 /z z"])
        #expect(try Self.paths(tree, from: "/link") == ["0 /link link"])
    }

    @Test(arguments: TreeForm.allCases)
    func `a walk passes by or ends where it is told to`(_ form: TreeForm) throws {
        let tree = try form.tree(Self.entries)
        #expect(
            try Self.paths(tree, from: "/") { $0 == "/a" ? .past : .into } == [
                "0 / ", "1 /a a", "1 /a.x a.x", "1 /link link", "1 /z z",
            ])
        #expect(
            try Self.paths(tree, from: "/") { $0 == "/a/b" ? .end : .into } == [
                "0 / ", "1 /a a", "2 /a/1 1", "2 /a/b b",
            ])
    }

    @Test func `depth is bounded by nothing but memory`() throws {
        let tree = BrowsedTree(MemoryTree(depth: 20_000, leaf: "x"), name: [])
        var deepest = 0
        try tree.walk(from: tree.root) { walked in
            deepest = max(deepest, walked.depth)
            return .into
        }
        #expect(deepest == 20_000)
    }

    @Test(arguments: TreeForm.allCases)
    func `the facts of a file are those of its metadata`(_ form: TreeForm) throws {
        let tree = try form.tree([
            .file("f", "12345", mode: 0o4711, uid: 7, gid: 9, mtime: -3), .hardLink("g", to: "f"),
        ])
        #expect(
            try tree.facts(of: tree.at("/g").node)
                == FileFacts(
                    type: .regular, permissions: 0o4711, uid: 7, gid: 9, size: 5, mtime: Timestamp(seconds: -3),
                    linkCount: 2))
    }

    @Test func `names of owners are those of the tree itself`() throws {
        let passwd =
            "root:x:0:0::/:\n#x:x:5:\ndaemon:x:1\n+::0:\nbad:x:-1:\nbig:x:4294967296:\nroot2:x:0:\ndaemon:x:9:\n"
        let tree = try TreeForm.mapped.tree([
            .directory("etc"), .symlink("etc/passwd", to: "/etc/users"), .file("etc/users", passwd),
        ])
        let users = try tree.userNames()
        #expect(users.name(of: 0) == Array("root".utf8))
        #expect(users.name(of: 1) == Array("daemon".utf8))
        #expect(users.name(of: 5) == nil)
        #expect(users.number(of: Array("daemon".utf8)) == 1)
        #expect(users.number(of: Array("root2".utf8)) == 0)
        #expect(users.number(of: Array("bad".utf8)) == nil)
        #expect(users.number(of: Array("big".utf8)) == nil)
        #expect(try tree.groupNames().name(of: 0) == nil)
    }
}
