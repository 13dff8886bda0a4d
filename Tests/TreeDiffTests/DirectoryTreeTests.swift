// SPDX-License-Identifier: Apache-2.0

import FileTree
import Glibc
import LinuxIO
import SystemPackage
import TestSupport
import Testing
import Transports
import TreeDiff

@Suite(.timeLimit(.minutes(15))) struct DirectoryTreeTests {
    /// A tree as lines of metadata, in tree order.
    private func dump(_ tree: any TreeSource) throws -> [String] {
        try changes(MemoryTree([]), tree, ComparisonOptions(fields: [])).map { change in
            guard let file = change.right else { return "?" }
            let attributes = file.attributes
            let xattrs = attributes.xattrs.map { Bytes.escaped($0.name) + "=" + Bytes.escaped($0.value) }
            return
                ([
                    Bytes.escaped(change.path), "\(attributes.type)", String(attributes.permissions, radix: 8),
                    "\(attributes.uid):\(attributes.gid)",
                    "\(attributes.mtime.seconds).\(attributes.mtime.nanoseconds)",
                    "\(attributes.size)", "\(attributes.device.major):\(attributes.device.minor)",
                    Bytes.escaped(attributes.target), attributes.type == .directory ? "" : "\(file.linkCount)",
                ] + xattrs).joined(separator: " ")
        }
    }

    @Test func `metadata of every type of file is told`() throws {
        var odd = MemoryEntry.file("", "x").at([0x80, 0x0A])
        odd.attributes.mtime = Timestamp(seconds: -5, nanoseconds: 7)
        let disk = try DiskTree([
            .file("f", "123", mode: 0o4751, uid: 7, gid: 8, mtime: 9, xattrs: [("user.b", "2"), ("trusted.a", "1")]),
            .hardLink("h", to: "f"), .symlink("l", to: "/etc/passwd", uid: 3, mtime: 9), odd,
            .special("n", .characterDevice, 1, 3, mode: 0o666), .special("b", .blockDevice, 7, 200),
            .special("p", .fifo), .special("s", .socket), .directory("d", mode: 0o1777, mtime: 1),
        ])
        let lines = try withExtendedLifetime(disk) { try dump(disk.tree()) }
        let timeless = lines.map { line in
            let words = line.split(separator: " ", omittingEmptySubsequences: false)
            return "bnps".contains(line.dropFirst().first ?? " ")
                ? words.enumerated()
                    .filter { $0.offset != 4 }.map(\.element).joined(separator: " ") : line
        }
        #expect(
            timeless == [
                "/b blockDevice 644 0:0 0 7:200  1",
                "/d directory 1777 0:0 1.0 0 0:0  ",
                "/f regular 4751 7:8 9.0 3 0:0  2 trusted.a=1 user.b=2",
                "/h regular 4751 7:8 9.0 3 0:0  2 trusted.a=1 user.b=2",
                "/l symbolicLink 777 3:0 9.0 11 0:0 /etc/passwd 1",
                "/n characterDevice 666 0:0 0 1:3  1",
                "/p fifo 644 0:0 0 0:0  1",
                "/s socket 644 0:0 0 0:0  1",
                "/\\x80\\n regular 644 0:0 -5.7 1 0:0  1",
            ])
    }

    @Test func `names of one file share a node, which stays the same`() throws {
        let disk = try DiskTree([.file("a", "1"), .hardLink("d/b", to: "a"), .file("c", "1")])
        let tree = try disk.tree()
        let first = try tree.children(of: tree.root)
        let below = try tree.children(of: first[2].node)
        #expect(first.map(\.name) == ["a", "c", "d"].map { Array($0.utf8) })
        #expect(below[0].node == first[0].node)
        #expect(first[1].node != first[0].node)
        #expect(mkdir(disk.path + "/b", 0o755) == 0)
        let second = try tree.children(of: tree.root)
        #expect(second.map(\.node) == [first[0].node, second[1].node, first[1].node, first[2].node])
        #expect(!first.map(\.node).contains(second[1].node))
    }

    @Test func `names that are told in parts keep their numbers and share them`() throws {
        let names = (0..<300).map { "f\($0 + 1000)" }
        let one = try DiskTree(names.map { .file($0, "1") } + [.hardLink("d/x", to: "f1299")])
        let two = try DiskTree(names.map { .file($0, $0.hasSuffix("9") ? "2" : "1") } + [.directory("d")])
        let (left, right) = (try one.tree(), try two.tree())
        let first = try changes(left, right)
        #expect(
            first.map(\.path)
                == ([["/d/x"], names.filter { $0.hasSuffix("9") }.map { "/" + $0 }].joined().map { Array($0.utf8) }))
        #expect(first.first?.left?.node == first.last?.left?.node)
        // All names are listed now; those that were told have their numbers.
        let listed = try left.children(of: left.root)
        for change in first.dropFirst() {
            #expect(listed.first { [0x2F] + $0.name == change.path }?.node == change.left?.node)
        }
        #expect(listed.count == 301)
        #expect(Set(listed.map(\.node)).count == 301)
        #expect(try changes(left, right) == first)
    }

    @Test func `more directories than are kept open are compared`() throws {
        // A directory of many, each with more names than one thread takes at a time.
        let entries = (0..<150).flatMap { directory in
            (0..<40).map { MemoryEntry.file("d\(directory)/f\($0)", "\(directory)") }
        }
        let one = try DiskTree(entries)
        let two = try DiskTree(entries.map { $0.path == Array("d77/f33".utf8) ? .file("d77/f33", "x") : $0 })
        let (left, right) = (try one.tree(), try two.tree())
        for threadCount in [1, 2, 8] {
            let options = ComparisonOptions(fields: .content, threadCount: threadCount)
            #expect(try changes(left, right, options).map(\.path) == [Array("/d77/f33".utf8)])
        }
    }

    @Test func `what vanishes from a directory that is listed already is missing`() throws {
        let entries: [MemoryEntry] = [.file("d/a", "1"), .file("d/b", "1"), .symlink("d/l", to: "x")]
        let (one, two) = (try DiskTree(entries), try DiskTree(entries))
        let (left, right) = (try one.tree(), try two.tree())
        let directories = (try left.children(of: left.root)[0].node, try right.children(of: right.root)[0].node)
        let pair = try #require(left.paired(directories.0, with: right, directories.1, comparesTimes: false))
        #expect(pair.count == 3)
        unlink(two.path + "/d/b")
        let room = UnsafeMutableRawBufferPointer.allocate(byteCount: 8192, alignment: 16)
        defer { room.deallocate() }
        let rest = try pair.remaining(in: 0..<3, room: room)
        #expect(rest.left.map(\.name) == [Array("b".utf8)])
        #expect(rest.right.isEmpty)
        #expect(left.paired(directories.0, with: MemoryTree([]), TreeNode(0), comparesTimes: false) == nil)
        #expect(left.paired(TreeNode(99), with: right, directories.1, comparesTimes: false) == nil)
    }

    @Test func `attributes of the machine and of overlays are left out`() throws {
        let kept = [("user.overlayed", "1"), ("user.x", "2")]
        let disk = try DiskTree([
            .file(
                "f",
                xattrs: kept + [
                    ("user.overlay.opaque", "y"), ("trusted.overlay.origin", "y"), ("user.fuseoverlayfs.opaque", "y"),
                    ("user.containers.override_stat", "0:0:0755"),
                ])
        ])
        try withExtendedLifetime(disk) {
            try #expect(printed(MemoryTree([.file("f", xattrs: kept)]), disk.tree()) == "")
        }
    }

    @Test func `access control lists are attributes`() throws {
        let disk = try DiskTree([.file("f", mode: 0o640)])
        // Version 2: user::rw-, user:5:r--, group::r--, mask::r--, other::--- as in linux/posix_acl_xattr.h.
        let list: [UInt8] =
            [2, 0, 0, 0] + [1, 0, 6, 0, 255, 255, 255, 255] + [2, 0, 4, 0, 5, 0, 0, 0]
            + [4, 0, 4, 0, 255, 255, 255, 255] + [16, 0, 4, 0, 255, 255, 255, 255] + [32, 0, 0, 0, 255, 255, 255, 255]
        #expect(try setAttribute(disk.absolute(Array("f".utf8)), Array("system.posix_acl_access".utf8), list) == 0)
        let expected = "C /f (xattrs +system.posix_acl_access)\n"
        #expect(try printed(MemoryTree([.file("f", mode: 0o640)]), disk.tree()) == expected)
    }

    @Test func `what goes away meanwhile has vanished`() throws {
        let disk = try DiskTree([.file("f", "1"), .directory("d"), .symlink("l", to: "x"), .file("t", "1")])
        let tree = try disk.tree()
        let children = try tree.children(of: tree.root)
        unlink(disk.path + "/f")
        rmdir(disk.path + "/d")
        unlink(disk.path + "/l")
        unlink(disk.path + "/t")
        #expect(symlink("/etc/passwd", disk.path + "/t") == 0)
        var byte: UInt8 = 0
        withUnsafeMutableBytes(of: &byte) { buffer in
            #expect(throws: VanishedFile()) { try tree.children(of: children[0].node) }
            #expect(throws: VanishedFile()) { try tree.read(children[1].node, at: 0, into: buffer) }
            #expect(throws: VanishedFile()) { try tree.attributes(of: children[2].node) }
            #expect(throws: VanishedFile()) { try tree.read(children[3].node, at: 0, into: buffer) }
        }
        #expect(try printed(MemoryTree([]), disk.tree()) == "A /t\n")
    }

    @Test func `only regular files are read`() throws {
        let disk = try DiskTree([.special("p", .fifo), .file("r", "12345")])
        let tree = try disk.tree()
        let children = try tree.children(of: tree.root)
        var bytes = [UInt8](repeating: 0, count: 4)
        let error = bytes.withUnsafeMutableBytes { buffer in
            #expect(throws: DirectoryTreeError.self) { try tree.read(children[0].node, at: 0, into: buffer) }
        }
        #expect(error?.description == "directory \"\(disk.path)/p\": not a regular file")
        #expect(try bytes.withUnsafeMutableBytes { try tree.read(children[1].node, at: 2, into: $0) } == 3)
        #expect(bytes == Array("345\0".utf8))
        #expect(try bytes.withUnsafeMutableBytes { try tree.read(children[1].node, at: 5, into: $0) } == 0)
        #expect(throws: DirectoryTreeError.self) { try tree.attributes(of: TreeNode(99)) }
    }

    @Test func `what may not be read is an error with its path`() throws {
        let disk = try DiskTree([
            .file("d/x"), .directory("d", mode: 0o700), .file("f", "1", mode: 0o600),
        ])
        let other = try DiskTree([.file("f", "2", uid: 4)])
        // The file system's user of this thread only: permissions then count even for root.
        try setFileSystemUser(65_534)
        defer { try? setFileSystemUser(0) }
        let tree = try disk.tree()
        let error = #expect(throws: TreeDiffError.self) { try changes(MemoryTree([]), tree) }
        #expect(error?.description == "right tree, \"/d\": directory \"\(disk.path)/d\": Permission denied")
        let file = ComparisonOptions(fields: .content, paths: [Array("f".utf8)])
        let second = #expect(throws: TreeDiffError.self) { try changes(tree, other.tree(), file) }
        #expect(second?.description == "left tree, \"/f\": directory \"\(disk.path)/f\": Permission denied")
    }

    @Test func `a path that is no directory is an error`() throws {
        let error = #expect(throws: DirectoryTreeError.self) { try DirectoryTree(path: "/etc/passwd") }
        #expect(error?.description == "directory \"/etc/passwd\": Not a directory")
    }

    @Test func `trees may be deeper than paths can be long`() throws {
        // In memory: tens of thousands of new directories keep a disk busy.
        let disk = try DiskTree(in: "/dev/shm")
        let depth = 20_000
        // Every hundredth level has a sibling that sorts behind the way down: the walk comes back to each.
        var directory = try Descriptor.open(FilePath(disk.path), O_RDONLY | O_DIRECTORY)
        for level in 1...depth {
            try #require(mkdirat(directory.rawValue, "d", 0o755) == 0)
            if level % 100 == 0 {
                try #require(mkdirat(directory.rawValue, "z", 0o755) == 0)
                try #require(mkdirat(directory.rawValue, "z/y", 0o755) == 0)
            }
            directory = try directory.openBeneath("d", O_RDONLY | O_DIRECTORY)
        }
        let tree = try disk.tree()
        var count = 0
        var last: [UInt8] = []
        try TreeComparison(left: MemoryTree([]), right: tree).forEachChange { change in
            count += 1
            last = change.path
        }
        #expect(count == depth + 2 * depth / 100)
        #expect(last.count == 99 * 2 + 4)
        #expect(try printed(tree, disk.tree()) == "")
    }
}

/// setfsuid(2), which Glibc's module does not show.
private func setFileSystemUser(_ user: uid_t) throws {
    let symbol = try #require(dlsym(nil, "setfsuid"))
    _ = unsafeBitCast(symbol, to: (@convention(c) (uid_t) -> Int32).self)(user)
}
