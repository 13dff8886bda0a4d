// SPDX-License-Identifier: Apache-2.0

import FileTree

/// The members of a zip archive by its central directory, which is what programs that run from one believe.
package struct ZipArchive {
    /// A member.
    package struct Member {
        /// Its name; empty for one that is encrypted, or packed in a way that is not known.
        package let name: [UInt8]
        let isStored: Bool
        /// Its bytes in the archive, as the directory tells them.
        package let packedSize: UInt64
        /// Its bytes, as the directory tells them.
        package let size: UInt64
        let headerOffset: UInt64
    }

    private static let object = "zip archive"
    /// Bytes of a central directory.
    private static let directoryLimit: UInt64 = 64 << 20

    let file: RecordFile
    /// The members, in the directory's order.
    package let members: [Member]
    /// Bytes in front of the archive, which its offsets do not count.
    private let prefix: UInt64

    /// Reads the central directory.
    package init(_ file: RecordFile) throws(RecordError) {
        self.file = file
        let tailCount = Int(min(file.size, 65_557 + 20))
        let tailStart = file.size - UInt64(tailCount)
        let tail = try file.bytes(at: tailStart, tailCount, of: Self.object)
        guard let end = Self.lastEnd(tail) else { throw RecordError(Self.object, "has no end record") }
        guard var count = tail.half(at: end + 10, .little).map({ UInt64($0) }),
            var size = tail.word(at: end + 12, .little).map({ UInt64($0) }),
            var offset = tail.word(at: end + 16, .little).map({ UInt64($0) })
        else { throw RecordError(Self.object, "has no end record") }
        var directoryEnd = tailStart + UInt64(end)
        if count == 0xFFFF || size == 0xFFFF_FFFF || offset == 0xFFFF_FFFF, end >= 20,
            tail.word(at: end - 20, .little) == 0x0706_4B50, let place = tail.number(at: end - 12, 8, .little)
        {
            let record = try file.bytes(at: place, 56, of: Self.object)
            guard record.word(at: 0, .little) == 0x0606_4B50, let many = record.number(at: 32, 8, .little),
                let large = record.number(at: 40, 8, .little), let far = record.number(at: 48, 8, .little)
            else { throw RecordError(Self.object, "has no end record of 64 bits") }
            (count, size, offset) = (many, large, far)
            directoryEnd = place
        }
        guard count <= UInt64(PackageLimit.members) else {
            throw RecordError(Self.object, "has more than \(PackageLimit.members) members")
        }
        guard size <= Self.directoryLimit, size <= directoryEnd, offset <= directoryEnd - size else {
            throw RecordError(Self.object, "has a directory that is too large or not in it")
        }
        prefix = directoryEnd - size - offset
        let directory = try file.bytes(at: directoryEnd - size, Int(size), of: Self.object)
        members = try Self.members(directory, Int(count))
    }

    private static func lastEnd(_ tail: [UInt8]) -> Int? {
        guard tail.count >= 22 else { return nil }
        return (0...(tail.count - 22)).last { place in
            tail[place] == 0x50 && tail.word(at: place, .little) == 0x0605_4B50
                && place + 22 + (tail.half(at: place + 20, .little) ?? .max) <= tail.count
        }
    }

    private static func members(_ directory: [UInt8], _ count: Int) throws(RecordError) -> [Member] {
        var members: [Member] = []
        var place = 0
        while members.count < count {
            let broken = RecordError(object, at: "member \(members.count + 1)", "its entry is damaged")
            guard directory.word(at: place, .little) == 0x0201_4B50, let flags = directory.half(at: place + 8, .little),
                let method = directory.half(at: place + 10, .little),
                var packed = directory.number(at: place + 20, 4, .little),
                var size = directory.number(at: place + 24, 4, .little),
                let nameCount = directory.half(at: place + 28, .little),
                let extraCount = directory.half(at: place + 30, .little),
                let commentCount = directory.half(at: place + 32, .little),
                var offset = directory.number(at: place + 42, 4, .little)
            else { throw broken }
            let end = place + 46 + nameCount + extraCount + commentCount
            guard end <= directory.count else { throw broken }
            let name = Array(directory[(place + 46)..<(place + 46 + nameCount)])
            // Numbers that do not fit stand in a field of 64 bits each, in this order.
            var field = place + 46 + nameCount
            while field + 4 <= place + 46 + nameCount + extraCount, let kind = directory.half(at: field, .little),
                let length = directory.half(at: field + 2, .little)
            {
                if kind == 1 {
                    var at = field + 4
                    for number in [\Numbers.size, \Numbers.packed, \Numbers.offset] {
                        var numbers = Numbers(size: size, packed: packed, offset: offset)
                        guard numbers[keyPath: number] == 0xFFFF_FFFF else { continue }
                        guard let large = directory.number(at: at, 8, .little) else { throw broken }
                        numbers[keyPath: number] = large
                        at += 8
                        (size, packed, offset) = (numbers.size, numbers.packed, numbers.offset)
                    }
                }
                field += 4 + length
            }
            if flags & 1 == 0, method == 0 || method == 8 {
                members.append(
                    Member(name: name, isStored: method == 0, packedSize: packed, size: size, headerOffset: offset))
            } else {
                // Encrypted, or packed in a way that no program that runs from archives reads.
                members.append(Member(name: [], isStored: true, packedSize: 0, size: 0, headerOffset: 0))
            }
            place = end
        }
        return members
    }

    private struct Numbers {
        var size: UInt64
        var packed: UInt64
        var offset: UInt64
    }

    /// Where a member's packed bytes lie.
    private func start(_ member: Member) throws(RecordError) -> UInt64 {
        let (offset, overflows) = prefix.addingReportingOverflow(member.headerOffset)
        let broken = RecordError(Self.object, at: "\"\(Self.printable(member.name))\"", "its header is damaged")
        guard !overflows else { throw broken }
        let header = try file.bytes(at: offset, 30, of: Self.object)
        guard header.word(at: 0, .little) == 0x0403_4B50, let name = header.half(at: 26, .little),
            let extra = header.half(at: 28, .little)
        else { throw broken }
        return offset + 30 + UInt64(name + extra)
    }

    /// A member's bytes.
    package func bytes(of member: Member, limit: Int) throws(RecordError) -> [UInt8] {
        let object = "zip member \"\(Self.printable(member.name))\""
        guard member.size <= UInt64(limit), member.packedSize <= UInt64(limit) else {
            throw RecordError(object, "is larger than \(limit) bytes")
        }
        let packed = try file.bytes(at: try start(member), Int(member.packedSize), of: object)
        if member.isStored { return packed }
        return try Inflation.inflate(packed, format: .raw, limit: limit, object: object)
    }

    /// A member that is stored as it is, as a file of its own; nil for one that is not.
    func slice(of member: Member) throws(RecordError) -> RecordFile? {
        guard member.isStored else { return nil }
        let start = try start(member)
        guard start <= file.size, member.size <= file.size - start else { return nil }
        let whole = file
        return RecordFile(size: member.size) { offset, count in
            try whole.bytes(
                at: start + offset, Int(min(UInt64(count), member.size - min(offset, member.size))), of: Self.object)
        }
    }

    private static func printable(_ name: [UInt8]) -> String { Bytes.escaped(name.prefix(200)) }
}
