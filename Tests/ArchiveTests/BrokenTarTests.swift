// SPDX-License-Identifier: Apache-2.0

import Archive
import TestSupport
import Testing

@Suite(.timeLimit(.minutes(15))) struct BrokenTarTests {
    @Test(arguments: BrokenTar.all)
    func `a broken tar is an error that tells where and why`(broken: BrokenTar) throws {
        for pieceByteCount in [Int.max, 512, 7] {
            let error = #expect(throws: ArchiveError.self) {
                _ = try readEntries(broken.tar, pieceByteCount: pieceByteCount)
            }
            #expect(error?.description == broken.error, "in pieces of \(pieceByteCount)")
        }
    }

    @Test func `no two broken tars have one name`() {
        #expect(Set(BrokenTar.all.map(\.description)).count == BrokenTar.all.count)
    }

    /// A tar with one of everything.
    private static let varied = TarBuilder {
        $0.file("a", [UInt8](repeating: 1, count: 700), pax: ["mtime": "1.5", "SCHILY.xattr.user.a": "b"])
        $0.gnuLongName(String(repeating: "n", count: 120))
        $0.file("x")
        $0.sparse("s", .pax10, size: 5000, runs: [(512, [1, 2, 3])])
        $0.sparse("o", .oldGNU, size: 50_000, runs: (0..<30).map { ($0 * 1024, [9]) })
        $0.symlink("l", to: "t")
        $0.globalHeader(["uid": "7"])
        $0.hardLink("h", to: "a")
        $0.file("z", [UInt8](repeating: 2, count: 513))
    }

    @Test func `a tar cut off at any byte ends where an entry ends, or is an error`() throws {
        let tar = Self.varied.bytes
        let whole = try readEntries(tar)
        let end = Self.varied.body.count
        // It may end with an entry, its padding or not, or with the first block of zeros.
        var goodEnds: [Int: Int] = [0: 0, end + 512: whole.count, end + 1024: whole.count]
        for (index, read) in whole.enumerated() {
            let dataEnd = Int(read.entry.dataOffset + read.entry.storedSize)
            for position in dataEnd...(dataEnd + 511) / 512 * 512 { goodEnds[position] = index + 1 }
        }
        // The header for all files says nothing of an entry.
        let globalEnd = (whole.last { $0.line.hasPrefix("h =") }?.entry.dataOffset).map { Int($0) - 512 } ?? 0
        goodEnds[globalEnd] = whole.count - 2
        for count in 0...tar.count {
            do {
                let entries = try readEntries(Array(tar[..<count]), pieceByteCount: 300)
                #expect(entries.map(\.line) == whole.prefix(goodEnds[count] ?? -1).map(\.line), "\(count) bytes")
            } catch let error as ArchiveError {
                #expect(goodEnds[count] == nil, "\(count) bytes")
                #expect(error.reason == "the tar is cut off", "\(count) bytes")
            }
        }
    }

    @Test func `flipped bits are errors or other entries, never more`() throws {
        let seed = UInt64.random(in: 0...UInt64.max)
        var random = SeededGenerator(seed: seed)
        let tar = Self.varied.bytes
        for round in 0..<3000 {
            var damaged = tar
            let position = Int.random(in: damaged.indices, using: &random)
            damaged[position] ^= 1 << UInt8.random(in: 0..<8, using: &random)
            // Half of them get a good checksum, to come past it.
            if round.isMultiple(of: 2) { Self.repairChecksum(&damaged, at: position) }
            do {
                _ = try readEntries(damaged, pieceByteCount: 4096)
            } catch is ArchiveError {
            } catch {
                Issue.record("seed \(seed), round \(round): \(error)")
            }
        }
    }

    private static func repairChecksum(_ tar: inout [UInt8], at position: Int) {
        let start = position / 512 * 512
        guard start + 512 <= tar.count else { return }
        for index in start + 148..<start + 156 { tar[index] = 0x20 }
        let sum = tar[start..<start + 512].reduce(0) { $0 + Int($1) }
        let digits = Array(String(sum, radix: 8).utf8)
        tar.replaceSubrange(start + 148..<start + 148 + digits.count, with: digits)
    }
}
