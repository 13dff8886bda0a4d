// SPDX-License-Identifier: Apache-2.0

import Browsing
import FileTree
import OCI
import TestSupport
import Testing

/// Paths in a tree: links stay inside, and lead nowhere for ever.
@Suite(.timeLimit(.minutes(15))) struct ResolvingTests {
    private static let entries: [MemoryEntry] = [
        .directory("etc"), .file("etc/passwd", "root:x:0:0::/:\n"), .symlink("etc/absolute", to: "/usr/bin/tool"),
        .symlink("etc/relative", to: "../usr/bin/tool"), .symlink("etc/above", to: "../../../../etc/passwd"),
        .symlink("etc/missing", to: "nothing"), .symlink("etc/self", to: "self"), .symlink("etc/empty", to: ""),
        .directory("usr"), .directory("usr/bin"), .file("usr/bin/tool", "tool", mode: 0o755),
        .symlink("bin", to: "usr/bin"),
        .symlink("chain0", to: "chain1"), .symlink("chain1", to: "chain2"), .symlink("chain2", to: "bin/"),
    ]

    @Test(arguments: TreeForm.allCases)
    func `a path leads where it would lead a process whose root this is`(_ form: TreeForm) throws {
        let tree = try form.tree(Self.entries)
        let expected = [
            "/": "/", "": "/", "/..": "/", "../..": "/", "//etc//./passwd": "/etc/passwd", "etc/passwd": "/etc/passwd",
            "/etc/absolute": "/usr/bin/tool", "/etc/relative": "/usr/bin/tool", "/etc/above": "/etc/passwd",
            "/bin": "/usr/bin", "/bin/tool": "/usr/bin/tool", "/bin/..": "/usr", "/chain0": "/usr/bin",
            "/chain0/tool": "/usr/bin/tool", "/etc/../usr/": "/usr", "/bin/": "/usr/bin",
        ]
        for (path, place) in expected { #expect(tree.place(path) == place, "\(path)") }
    }

    @Test(arguments: TreeForm.allCases)
    func `a link at the end is itself unless a slash stands behind it`(_ form: TreeForm) throws {
        let tree = try form.tree(Self.entries)
        #expect(tree.place("/etc/absolute", followsLast: false) == "/etc/absolute")
        #expect(tree.place("/bin", followsLast: false) == "/bin")
        #expect(tree.place("/bin/", followsLast: false) == "/usr/bin")
        #expect(tree.place("/bin/tool", followsLast: false) == "/usr/bin/tool")
    }

    @Test(arguments: TreeForm.allCases)
    func `what is not there is told by tree, path and cause`(_ form: TreeForm) throws {
        let tree = try form.tree(Self.entries)
        let missing = "no such file or directory"
        #expect(tree.place("/etc/none") == "box: \"/etc/none\": \(missing)")
        #expect(tree.place("/etc/missing") == "box: \"/etc/missing\": \(missing)")
        #expect(tree.place("/etc/empty") == "box: \"/etc/empty\": \(missing)")
        #expect(tree.place("/etc/passwd/x") == "box: \"/etc/passwd/x\": not a directory")
        #expect(tree.place("/etc/passwd/") == "box: \"/etc/passwd/\": not a directory")
        #expect(tree.place("/etc/passwd/..") == "box: \"/etc/passwd/..\": not a directory")
        #expect(tree.place("/etc/self") == "box: \"/etc/self\": more than 40 links follow one another")
        #expect(tree.place("/etc/a\0b") == "box: \"/etc/a\\x00b\": a path with a NUL names nothing")
        #expect(try tree.find("/etc/none") == nil)
        #expect(try tree.find("/etc/passwd/x") == nil)
        #expect(throws: BrowsingError.self) { try tree.find("/etc/self") }
    }

    @Test func `forty links are followed and no more`() throws {
        var entries: [MemoryEntry] = [.file("end", "x")]
        for number in 0..<41 { entries.append(.symlink("l\(number)", to: number == 0 ? "end" : "l\(number - 1)")) }
        let tree = try TreeForm.mapped.tree(entries)
        #expect(tree.place("/l39") == "/end")
        #expect(tree.place("/l40") == "box: \"/l40\": more than 40 links follow one another")
    }

    @Test func `links that multiply are stopped by the number of components`() throws {
        // Each puts 2,000 components before the next: 40 of them are more than the limit.
        let climb = String(repeating: "./", count: 2000)
        let entries = (0..<40).map { MemoryEntry.symlink("l\($0)", to: climb + "l\($0 + 1)") }
        let tree = try TreeForm.memory.tree(entries)
        #expect(tree.place("/l0") == "box: \"/l0\": more than 65536 components, with those of links")
        let long = String(repeating: "/.", count: 65_537)
        #expect(tree.place(long).hasSuffix("more than 65536 components, with those of links"))
    }

    @Test(arguments: TreeForm.allCases)
    func `bytes are read up to a limit and no further`(_ form: TreeForm) throws {
        let tree = try form.tree(Self.entries + [.file("ten", "0123456789"), .special("fifo", .fifo)])
        let ten = try tree.at("/ten")
        #expect(try tree.bytes(of: ten, limit: 10) == Array("0123456789".utf8))
        let error = #expect(throws: BrowsingError.self) { try tree.bytes(of: ten, limit: 9) }
        #expect(error.map { "\($0)" } == "box: \"/ten\": more than the 9 bytes that are read of such a file")
        #expect(try tree.bytes(of: ten, at: 7, count: 100) == Array("789".utf8))
        #expect(try tree.bytes(of: ten, at: 10, count: 100) == [])
        var pieces: [UInt8] = []
        try tree.forEachPiece(of: ten) { pieces += $0 }
        #expect(pieces == Array("0123456789".utf8))
        for (path, reason) in [("/etc", "is a directory"), ("/fifo", "has no bytes to read: it is a fifo")] {
            let error = try #require(throws: BrowsingError.self) { try tree.bytes(of: tree.at(path), limit: 9) }
            #expect("\(error)" == "box: \"\(path)\": \(reason)")
        }
    }

    @Test func `the layer of a file is known of a mapped image`() throws {
        var fixture = TreeFixture(layerCount: 2)
        fixture.file("base", "a", layer: 0)
        fixture.file("top", "b", layer: 1)
        let tree = BrowsedTree(try TreeForm.mapped(fixture), name: [])
        #expect(try tree.layer(of: tree.at("/base")) == FileLayer(index: 0, diffID: fixture.layerNames[0]))
        #expect(try tree.layer(of: tree.at("/top")) == FileLayer(index: 1, diffID: fixture.layerNames[1]))
        #expect(try tree.layer(of: tree.root) == nil)
        #expect(tree.layers == fixture.layerNames)
        #expect(try tree.knownDigest(of: tree.at("/top")) == Digest(of: Array("b".utf8)))
        #expect(try TreeForm.memory.tree(Self.entries).layers == nil)
    }
}
