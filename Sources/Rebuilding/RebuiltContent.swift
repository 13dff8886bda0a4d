// SPDX-License-Identifier: Apache-2.0

import FileTree

/// Causes that the bytes of a file tell, on both sides.
package enum RebuiltContent {
    /// Bytes of a file that are looked at: 16 MiB.
    package static let byteLimit: UInt64 = 16 << 20

    /// Why the bytes of a file differ; nil where that is not known.
    package static func finding(_ path: [UInt8], _ left: [UInt8], _ right: [UInt8]) -> RebuildFinding? {
        let path = path.drop { $0 == UInt8(ascii: "/") }
        if path.elementsEqual("etc/shadow".utf8), isShadow(left, right) {
            return RebuildFinding(.passwordDays, "only the third field of lines differs")
        }
        for (cause, evidence, masked) in masks {
            guard let one = masked(left), let other = masked(right), one == other else { continue }
            return RebuildFinding(cause, evidence)
        }
        if let one = ZipMembers(left), let other = ZipMembers(right), one.isSame(as: other) {
            return RebuildFinding(.zip, "the same \(one.count) members, with other times or in another order")
        }
        return RebuiltText.finding(left, right)
    }

    /// Forms of files, each with the bytes that its builder writes of the time and of itself blotted out; nil for a file of
    /// another form.
    private static let masks: [(RebuildCause, String, @Sendable ([UInt8]) -> [UInt8]?)] = [
        (.gzip, "bytes 4 to 7 alone differ", gzip), (.pythonBytecode, "bytes 8 to 11 alone differ", bytecode),
        (.ar, "only times, owners and modes of members differ", ar),
        (.tar, "only times and owners of members differ", tar), (.buildID, "only .note.gnu.build-id differs", elf),
    ]

    private static func blotted(_ bytes: [UInt8], _ range: Range<Int>) -> [UInt8] {
        var bytes = bytes
        for index in range where bytes.indices.contains(index) { bytes[index] = 0 }
        return bytes
    }

    private static func gzip(_ bytes: [UInt8]) -> [UInt8]? {
        guard bytes.count > 18, bytes.starts(with: [0x1F, 0x8B, 8]) else { return nil }
        return blotted(bytes, 4..<8)
    }

    private static func bytecode(_ bytes: [UInt8]) -> [UInt8]? {
        guard bytes.count > 16, bytes[2] == 0x0D, bytes[3] == 0x0A, bytes[4..<8].allSatisfy({ $0 == 0 }) else {
            return nil
        }
        return blotted(bytes, 8..<12)
    }

    private static func number(_ digits: ArraySlice<UInt8>, radix: Int) -> Int? {
        let text = digits.drop { $0 == 0x20 }.prefix { (0x30...0x39).contains($0) }
        return text.isEmpty ? nil : Int(String(decoding: text, as: UTF8.self), radix: radix)
    }

    private static func ar(_ bytes: [UInt8]) -> [UInt8]? {
        guard bytes.starts(with: "!<arch>\n".utf8) else { return nil }
        var bytes = bytes
        var offset = 8
        while offset < bytes.count {
            guard bytes.count - offset >= 60, bytes[offset + 58] == 0x60, bytes[offset + 59] == 0x0A,
                let size = number(bytes[offset + 48..<offset + 58], radix: 10), size <= bytes.count - offset - 60
            else { return nil }
            for index in offset + 16..<offset + 48 { bytes[index] = 0 }
            offset += 60 + size + size % 2
        }
        return bytes
    }

    private static func tar(_ bytes: [UInt8]) -> [UInt8]? {
        guard bytes.count >= 512, bytes.count % 512 == 0, bytes[257..<262].elementsEqual("ustar".utf8) else {
            return nil
        }
        var bytes = bytes
        var offset = 0
        while offset < bytes.count {
            if bytes[offset..<offset + 512].allSatisfy({ $0 == 0 }) {
                offset += 512
                continue
            }
            guard let size = number(bytes[offset + 124..<offset + 136], radix: 8), size <= bytes.count - offset - 512
            else { return nil }
            // Owner, group, time, checksum, and the names of owner and group.
            for range in [108..<124, 136..<156, 265..<329] {
                for index in range { bytes[offset + index] = 0 }
            }
            offset += 512 + (size + 511) / 512 * 512
        }
        return bytes
    }

    private static func elf(_ bytes: [UInt8]) -> [UInt8]? {
        guard bytes.starts(with: [0x7F, 0x45, 0x4C, 0x46]) else { return nil }
        // Name size 4, the size of the ID, type 3, "GNU": in either order of bytes.
        var bytes = bytes
        var found = false
        var offset = 0
        while offset + 16 < bytes.count {
            defer { offset += 4 }
            guard bytes[offset + 12..<offset + 16].elementsEqual([0x47, 0x4E, 0x55, 0]) else { continue }
            let words = (0..<3).map { Array(bytes[offset + $0 * 4..<offset + $0 * 4 + 4]) }
            let isLittle = words[0] == [4, 0, 0, 0] && words[2] == [3, 0, 0, 0]
            guard isLittle || words[0] == [0, 0, 0, 4] && words[2] == [0, 0, 0, 3] else { continue }
            let count = Int(isLittle ? words[1][0] : words[1][3])
            guard (8...64).contains(count), offset + 16 + count <= bytes.count else { continue }
            for index in offset + 16..<offset + 16 + count { bytes[index] = 0 }
            found = true
        }
        return found ? bytes : nil
    }

    private static func isShadow(_ left: [UInt8], _ right: [UInt8]) -> Bool {
        func lines(_ bytes: [UInt8]) -> [[ArraySlice<UInt8>]] {
            bytes.split(separator: 0x0A).map { line in
                var fields = line.split(separator: UInt8(ascii: ":"), omittingEmptySubsequences: false)
                if fields.count > 2 { fields[2] = [] }
                return fields
            }
        }
        return lines(left) == lines(right)
    }
}

/// The members of a zip, as its directory tells them.
private struct ZipMembers {
    private var members: [[UInt8]: [UInt8]] = [:]

    var count: Int { members.count }

    init?(_ bytes: [UInt8]) {
        guard bytes.starts(with: [0x50, 0x4B, 3, 4]) else { return nil }
        func little(_ offset: Int, _ width: Int) -> Int? {
            guard offset >= 0, offset <= bytes.count - width else { return nil }
            return bytes[offset..<offset + width].reversed().reduce(0) { $0 << 8 | Int($1) }
        }
        let tail = max(0, bytes.count - 22 - 65_535)
        let end = stride(from: bytes.count - 22, through: tail, by: -1).first { offset in
            bytes[offset] == 0x50 && bytes[offset..<offset + 4].elementsEqual([0x50, 0x4B, 5, 6])
        }
        guard let end, let total = little(end + 10, 2), var offset = little(end + 16, 4) else { return nil }
        for _ in 0..<total {
            guard offset <= bytes.count - 46, bytes[offset..<offset + 4].elementsEqual([0x50, 0x4B, 1, 2]),
                let name = little(offset + 28, 2), let extra = little(offset + 30, 2),
                let comment = little(offset + 32, 2), offset + 46 + name <= bytes.count
            else { return nil }
            // The method, the checksum and the size; neither times nor where it lies.
            let facts =
                bytes[offset + 10..<offset + 12] + bytes[offset + 16..<offset + 20]
                + bytes[offset + 24..<offset + 28]
            guard members.updateValue(Array(facts), forKey: Array(bytes[offset + 46..<offset + 46 + name])) == nil
            else { return nil }
            offset += 46 + name + extra + comment
        }
    }

    func isSame(as other: ZipMembers) -> Bool { !members.isEmpty && members == other.members }
}
