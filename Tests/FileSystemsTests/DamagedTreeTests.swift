// SPDX-License-Identifier: Apache-2.0

import EROFS
import FileSystems
import FileTree
import SystemPackage
import TestSupport
import Testing

@Suite(.timeLimit(.minutes(15))) struct DamagedTreeTests {
    @Test func `any damage of an image is an error or another answer, never the end of the server`() throws {
        let fixture = variedFixture()
        let tree = try fixture.tree()
        let image = try imageBytes(tree, fixture)
        let notes = try TreeNotes.encode(tree)
        var random = SeededGenerator(seed: 20)
        var opened = 0
        for round in 0..<100 {
            var damaged = image
            // The first block is guarded by a checksum: damage there is found at once.
            let start = min(1536, damaged.count - 1)
            for _ in 0...Int.random(in: 0..<8, using: &random) {
                damaged[Int.random(in: start..<damaged.count, using: &random)] ^= UInt8.random(
                    in: 1...255, using: &random)
            }
            if round % 10 == 0 { damaged.removeLast(Int.random(in: 1..<damaged.count - start, using: &random)) }
            guard let fileSystem = try? readOnlyTree(damaged, notes: notes, fixture, LogLines()) else { continue }
            opened += 1
            flood(fileSystem, &random)
        }
        #expect(opened > 50)
    }

    @Test func `made-up numbers, cookies and offsets are refused`() throws {
        let sut = try TreeOfFixture(variedFixture())
        var random = SeededGenerator(seed: 3)
        flood(sut.fileSystem, &random)
        #expect(throws: Errno.ioError) { _ = try list(sut.fileSystem, .root, from: 5) }
        #expect(try list(sut.fileSystem, .root, from: .max) == [])
    }

    @Test func `a layer that is too short is an I/O error`() throws {
        let fixture = variedFixture()
        let tree = try fixture.tree()
        let log = LogLines()
        let empty = TreeFixture(layerCount: 2)
        let fileSystem = try readOnlyTree(imageBytes(tree, fixture), notes: nil, empty, log)
        let name = Array("sparse".utf8)
        let file = try name.withUnsafeBytes { try fileSystem.lookup($0, in: .root) }.number
        var buffer = [UInt8](repeating: 0, count: 16384)
        #expect(throws: Errno.ioError) {
            try buffer.withUnsafeMutableBytes { try fileSystem.read(file, FileHandle(0), at: 0, into: $0) }
        }
        #expect(log.all.count == 1)
    }

    /// Asks everything of files that may not exist; answers and errors are all the same here.
    private func flood(_ fileSystem: any FileSystem, _ random: inout SeededGenerator) {
        var numbers: [UInt64] = [0, 1, 2, .max, 1 << 62, 1 << 62 | 1, 1 << 58, UInt64(Int64.max)]
        numbers += (0..<60).map { $0 * 2 }
        numbers += (0..<8).map { _ in UInt64.random(in: 0 ... .max, using: &random) }
        var buffer = [UInt8](repeating: 0, count: 8192)
        let name = Array("etc".utf8)
        for file in numbers.map({ FileNumber($0) }) {
            let number = UInt64.random(in: 0 ... .max, using: &random) >> UInt64.random(in: 0..<64, using: &random)
            _ = try? fileSystem.attributes(of: file)
            _ = try? fileSystem.target(of: file)
            _ = try? name.withUnsafeBytes { try fileSystem.lookup($0, in: file) }
            _ = try? list(fileSystem, file)
            _ = try? list(fileSystem, file, from: number)
            _ = try? fileSystem.xattrNames(of: file)
            _ = try? fileSystem.ownXattr(Array("user.cimg.layer".utf8), of: file, isOwner: true)
            _ = try? fileSystem.xattr(Array("user.a".utf8), of: file)
            _ = try? fileSystem.seek(file, FileHandle(0), from: number, to: .hole)
            _ = try? fileSystem.seek(file, FileHandle(0), from: 0, to: .data)
            _ = try? buffer.withUnsafeMutableBytes {
                try fileSystem.read(file, FileHandle(0), at: number, into: $0)
            }
            _ = try? buffer.withUnsafeMutableBytes { try fileSystem.read(file, FileHandle(0), at: 0, into: $0) }
        }
    }
}

/// The same numbers on every run (SplitMix64).
struct SeededGenerator: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var value = state
        value = (value ^ value >> 30) &* 0xBF58_476D_1CE4_E5B9
        value = (value ^ value >> 27) &* 0x94D0_49BB_1331_11EB
        return value ^ value >> 31
    }
}
