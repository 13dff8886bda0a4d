// SPDX-License-Identifier: Apache-2.0

import FileTree
import TestSupport
import Testing

@testable import EROFS

/// Images that are cut or changed: every call gives a value or an error, in bounded time.
@Suite(.timeLimit(.minutes(15))) struct HostileImageTests {
    private static let small = Result {
        var fixture = TreeFixture(layerCount: 2)
        fixture.directory("dir", xattrs: ["user.shared": "value", "user.own": "x"])
        for index in 0..<30 { fixture.file("dir/a-file-of-the-name-\(index)", "") }
        fixture.file("file", "some text", xattrs: ["user.shared": "value", "trusted.t": "long enough"])
        fixture.symbolicLink("link", to: "file")
        fixture.symbolicLink("long", to: String(repeating: "long/", count: 150))
        fixture.sparseFile(
            "sparse", size: 20_000, layer: 1,
            pieces: [
                (0, EdgeTree.pattern(4096, 1), 0), (9000, EdgeTree.pattern(1000, 2), 3),
            ])
        fixture.add("device", Attributes(type: .blockDevice, permissions: 0o600, device: DeviceNumber(major: 8)))
        return try ImageFixture(fixture)
    }

    /// Makes the superblock's checksum true, as an attacker would.
    private func seal(_ bytes: inout [UInt8]) {
        let start = Format.superblockOffset
        guard bytes.count >= start + Format.blockSize else { return }
        bytes.replaceSubrange(start + 4..<start + 8, with: [0, 0, 0, 0])
        let checksum = Format.checksum(bytes[start..<start + Format.blockSize])
        for byte in 0..<4 { bytes[start + 4 + byte] = UInt8(truncatingIfNeeded: checksum >> (8 * UInt32(byte))) }
    }

    /// Calls everything that there is to call, as far as there are values; returns how many files were met.
    @discardableResult
    private func exercise(_ bytes: [UInt8]) -> Int {
        guard let image = try? Memory(bytes).image() else { return 0 }
        let tree = MappedTree(
            image: image, notes: nil, layers: FixtureLayers(layers: (try? Self.small.get().layers) ?? []))
        var pending = [image.rootNumber]
        var seen: Set<UInt64> = []
        var buffer = [UInt8](repeating: 0, count: 30_000)
        while let number = pending.popLast(), seen.count < 200 {
            guard seen.insert(number).inserted, let record = try? image.record(number) else { continue }
            _ = try? tree.attributes(of: TreeNode(number))
            _ = try? image.xattr(Array("user.shared".utf8), of: record)
            _ = try? image.xattr(Array("user.none".utf8), of: record)
            _ = try? image.target(record)
            _ = try? tree.children(of: TreeNode(number))
            _ = try? buffer.withUnsafeMutableBytes { try tree.read(record, at: 0, into: $0) }
            for offset in [0, 511, 512, record.size / 2, record.size &- 1, record.size, .max] {
                _ = try? image.map(record, at: offset)
                try? image.readDirectory(record, from: offset) { _ in false }
            }
            for name in ["file", "..", "dir", "\u{7F}"] {
                _ = try? Array(name.utf8).withUnsafeBytes { try image.lookup($0, in: record) }
            }
            try? image.readDirectory(record, from: 0) { entry in
                pending.append(entry.number)
                _ = try image.lookup(entry.name, in: record)
                return pending.count < 1000
            }
        }
        return seen.count
    }

    @Test func `the whole image is met before it is damaged`() throws {
        #expect(exercise(try Self.small.get().bytes) == 37)
    }

    @Test func `an image cut anywhere is refused`() throws {
        let bytes = try Self.small.get().bytes
        for count in 0..<bytes.count {
            #expect(throws: EROFSError.self, "\(count) bytes") { try Memory(bytes[..<count]).image() }
        }
    }

    @Test(.timeLimit(.minutes(15))) func `an image cut anywhere that denies it never traps`() throws {
        let bytes = try Self.small.get().bytes
        for count in stride(from: 1536, to: bytes.count, by: 13) {
            var cut = Array(bytes[..<count])
            cut.replaceSubrange(1024 + 36..<1024 + 40, with: [0, 0, 0, 0])
            seal(&cut)
            exercise(cut)
        }
    }

    @Test(.timeLimit(.minutes(15)), arguments: 0..<4)
    func `flipped bits never trap`(part: UInt64) throws {
        let bytes = try Self.small.get().bytes
        var random = SeededNumbers(seed: 1000 + part)
        for round in 0..<250 {
            var changed = bytes
            for _ in 0...round % 4 {
                let position = Int.random(in: 1024..<bytes.count, using: &random)
                changed[position] ^= 1 << UInt8.random(in: 0..<8, using: &random)
            }
            seal(&changed)
            exercise(changed)
        }
    }

    @Test(.timeLimit(.minutes(15)), arguments: [UInt8(0), 0x7F, 0x80, 0xFF])
    func `bytes set to an extreme never trap`(value: UInt8) throws {
        let written = try Self.small.get()
        // Every number of the first inodes and of the superblock in turn.
        let start = Int(try written.image().inodesOffset)
        for position in Array(1024..<1152) + Array(start..<start + 700) {
            for count in [2, 8] where position % count == 0 {
                var changed = written.bytes
                for byte in position..<position + count { changed[byte] = value }
                seal(&changed)
                exercise(changed)
            }
        }
    }

    @Test func `changes of the superblock without a true checksum are refused`() throws {
        let bytes = try Self.small.get().bytes
        for position in 1024..<1536 {
            var changed = bytes
            changed[position] ^= 1
            #expect(throws: EROFSError.self, "byte \(position)") { try Memory(changed).image() }
        }
    }

    @Test func `numbers that are no inode are errors`() throws {
        let image = try Self.small.get().image()
        for number in [UInt64.max, UInt64.max / 32, UInt64.max / 32 + 1, 1 << 58, UInt64(image.bytes.count), 0]
            as [UInt64]
        {
            #expect(throws: EROFSError.self, "\(number)") { try image.record(number) }
        }
    }

    @Test func `a directory that leads back to itself is an error where it is listed`() throws {
        var fixture = TreeFixture()
        fixture.directory("a")
        fixture.directory("a/b")
        fixture.file("a/b/c", "x")
        let written = try ImageFixture(fixture)
        let image = try written.image()
        let (a, b) = (try #require(try image.find("a")), try #require(try image.find("a/b")))
        // The entry of `b` in `a`, which stands beside the inode, leads to `a`.
        var bytes = written.bytes
        let entry = try #require(
            (a.bodyOffset..<a.bodyOffset + Int(a.size)).first {
                image.bytes.number(at: $0, as: UInt64.self) == b.number
            })
        for byte in 0..<8 { bytes[entry + byte] = UInt8(truncatingIfNeeded: a.number >> (8 * UInt64(byte))) }
        let tree = MappedTree(
            image: try Memory(bytes).image(), notes: nil, layers: FixtureLayers(layers: written.layers))
        #expect(try tree.children(of: tree.root).count == 1)
        #expect(throws: EROFSError.self) { try tree.children(of: TreeNode(a.number)) }
    }

    @Test func `notes cut or changed give values or errors`() throws {
        let notes = try TreeNotes.encode(try Self.small.get().tree)
        for count in 0..<notes.count {
            #expect(throws: EROFSError.self, "\(count) bytes") { try Memory(notes[..<count]).notes() }
        }
        #expect(throws: EROFSError.self) { try Memory(notes + [0]).notes() }
        let read = try Memory(notes).notes()
        #expect(read.count == 37)
        for ordinal in [UInt32(37), .max, .max / 2] {
            #expect(read.layer(of: ordinal) == nil)
            #expect(read.digest(of: ordinal) == nil)
        }
    }
}

/// A generator of numbers that a seed decides (splitmix64).
struct SeededNumbers: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ mixed >> 30) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ mixed >> 27) &* 0x94D0_49BB_1331_11EB
        return mixed ^ mixed >> 31
    }
}
