// SPDX-License-Identifier: Apache-2.0

import Browsing
import FileTree
import Glibc
import LinuxIO
import SystemPackage
import TestSupport
import Testing

/// Copies of parts of a tree on this machine's disk.
@Suite(.timeLimit(.minutes(15))) struct DiskCopyTests {
    private static let entries: [MemoryEntry] = [
        .directory("etc", mode: 0o750, mtime: 1_000_000),
        .file("etc/name", "box\n", mode: 0o600, mtime: 2_000_000, xattrs: [("user.note", "kept")]),
        .hardLink("etc/other", to: "etc/name"), .symlink("etc/link", to: "/etc/passwd"),
        .directory("etc/locked", mode: 0),
        .file("etc/locked/inner", "in\n", mode: 0o444), .special("etc/pipe", .fifo, mode: 0o640),
        .directory("etc/empty"),
    ]

    /// What is in a directory as lines of `find`.
    private static func listing(_ scratch: ScratchDirectory, _ name: String = ".") throws -> [String] {
        let script =
            "cd \"$1\" && find . -mindepth 1 -name '.cimg-*' -prune -o -mindepth 1 -printf '%P %y %m %n %l %T@\\n' | sort"
        return try Shell.run(script, "\(scratch.path)/\(name)").map { String($0.replacing(".0000000000", with: "")) }
    }

    private static func copy(_ path: String, to scratch: ScratchDirectory, as name: String) throws -> CopyLosses {
        let tree = try TreeForm.mapped.tree(entries)
        let directory = try Descriptor.open(scratch.path, O_RDONLY | O_DIRECTORY)
        var copy = DiskCopy(tree, into: directory, called: Array("dest".utf8))
        try copy.copy(tree.at(path, followsLast: false), as: Array(name.utf8))
        return copy.losses
    }

    @Test func `a directory is copied with all that a tar would keep`() throws {
        let scratch = ScratchDirectory()
        let losses = try Self.copy("/etc", to: scratch, as: "new")
        #expect(losses.lines == [])
        #expect(
            try Self.listing(scratch) == [
                "new d 750 4  1000000", "new/empty d 755 2  0", "new/link l 777 1 /etc/passwd 0", "new/locked d 0 2  0",
                "new/locked/inner f 444 1  0", "new/name f 600 2  2000000", "new/other f 600 2  2000000",
                "new/pipe p 640 1  0",
            ])
        #expect(try Shell.run("cat \"$1\"/new/name", scratch.path.string) == ["box"])
    }

    @Test func `nothing is written through a link, and what is no directory stays`() throws {
        let (scratch, victim) = (ScratchDirectory(), ScratchDirectory())
        victim.file("name", "victim\n")
        scratch.directory("new")
        _ = try Shell.run(
            "ln -s \"$2\" \"$1\"/new/locked && ln -s \"$2\"/name \"$1\"/new/name && mkdir \"$1\"/new/link",
            scratch.path.string, victim.path.string)
        let losses = try Self.copy("/etc", to: scratch, as: "new")
        #expect(
            losses.lines == [
                "\"dest/new/link\": is a directory, and what is copied is none",
                "\"dest/new/locked\": is there and no directory; a link there is not followed",
            ])
        #expect(try Self.listing(victim).map { $0.prefix(6) } == ["name f"])
        #expect(try Shell.run("cat \"$1\"/name", victim.path.string) == ["victim"])
        #expect(
            try Shell.run("stat -c '%F %h' \"$1\"/new/name; ls -A \"$1\"/new", scratch.path.string) == [
                "regular file 2", "empty", "link", "locked", "name", "other", "pipe",
            ])
        let error = #expect(throws: DiskCopyError.self) {
            _ = try Shell.run("ln -s \"$2\" \"$1\"/top", scratch.path.string, victim.path.string)
            _ = try Self.copy("/etc", to: scratch, as: "top")
        }
        #expect(error.map { "\($0)" } == "\"dest/top\": is there and no directory; a link there is not followed")
    }

    @Test func `holes stay holes`() throws {
        var fixture = TreeFixture()
        fixture.sparseFile("s", size: 8 << 20, pieces: [(4 << 20, Array("middle".utf8), 0)])
        let tree = BrowsedTree(try TreeForm.mapped(fixture), name: [])
        let scratch = ScratchDirectory()
        let directory = try Descriptor.open(scratch.path, O_RDONLY | O_DIRECTORY)
        var copy = DiskCopy(tree, into: directory, called: [])
        try copy.copy(tree.at("/s"), as: Array("s".utf8))
        let found = try Shell.run("stat -c '%s %b' \"$1\"/s; tr -d '\\0' < \"$1\"/s", scratch.path.string)
        let fields = try #require(found.first).split(separator: " ").compactMap { Int($0) }
        #expect(fields[0] == 8 << 20)
        #expect(fields[1] <= 64)
        #expect(found.last == "middle")
    }

    @Test func `a tree may be deeper than there are descriptors and bytes in a path`() throws {
        let tree = BrowsedTree(MemoryTree(depth: 3000, leaf: "deep"), name: [])
        let scratch = ScratchDirectory()
        let directory = try Descriptor.open(scratch.path, O_RDONLY | O_DIRECTORY)
        var copy = DiskCopy(tree, into: directory, called: [])
        try copy.copy(tree.root, as: Array("all".utf8))
        #expect(copy.losses.count == 0)
        #expect(try Shell.run("find \"$1\"/all -type f -printf '%d\\n'", scratch.path.string) == ["3000"])
    }

    #if DEBUG
        private static func loop(
            _ name: String, _ path: String, before: String? = nil
        ) -> FailureLoop<ScratchDirectory, [String]> {
            FailureLoop(
                name,
                make: {
                    let scratch = ScratchDirectory()
                    if let before { scratch.file("new", before) }
                    return scratch
                },
                operation: { scratch in
                    // A second try fills up a directory that is there.
                    let lines = try copy(path, to: scratch, as: "new").lines
                    #expect(lines == [])
                },
                state: { try listing($0).filter { !$0.hasPrefix("new f 644") } },
                leftovers: { try Shell.run("cd \"$1\" && find . -name '.cimg-*' -prune", $0.path.string) })
        }

        @Test func `a directory is copied as a whole or not at all, whatever call fails`() throws {
            try Self.loop("cp of a directory", "/etc").run()
        }

        @Test func `a file is replaced or stays, whatever call fails`() throws {
            try Self.loop("cp of a file", "/etc/name", before: "old\n").run()
        }
    #endif
}
