// SPDX-License-Identifier: Apache-2.0

/// Access control lists in the text form of `SCHILY.acl` records and in the form of the kernel's attributes.
enum PosixACL {
    /// The value of `system.posix_acl_access` or `…_default` (linux/posix_acl_xattr.h, version 2) for a text such as
    /// `user::rwx,user:lisa:rwx:502,group::r-x,mask::r-x,other::r--`; nil where the text is malformed or names a user
    /// or group without its number.
    static func attributeValue(_ text: [UInt8]) -> [UInt8]? {
        var entries: [(tag: UInt16, permissions: UInt16, id: UInt32)] = []
        let separators: Set<UInt8> = [UInt8(ascii: ","), UInt8(ascii: "\n")]
        for entry in text.split(whereSeparator: { separators.contains($0) }) {
            // What follows a `#` is a comment.
            let fields = entry.prefix { $0 != UInt8(ascii: "#") }.filter { $0 != UInt8(ascii: " ") }
                .split(separator: UInt8(ascii: ":"), omittingEmptySubsequences: false).map(Array.init)
            guard (3...4).contains(fields.count), let permissions = permissions(fields[2]) else { return nil }
            let isNamed = !fields[1].isEmpty
            let tag: UInt16
            switch String(decoding: fields[0], as: UTF8.self) {
            case "user", "u": tag = isNamed ? 0x02 : 0x01
            case "group", "g": tag = isNamed ? 0x08 : 0x04
            case "mask", "m": tag = 0x10
            case "other", "o": tag = 0x20
            default: return nil
            }
            var id = UInt32.max
            if tag == 0x02 || tag == 0x08 {
                let digits = fields.count == 4 && !fields[3].isEmpty ? fields[3] : fields[1]
                guard let number = PaxRecords.decimal(digits), let narrow = UInt32(exactly: number), narrow != .max
                else { return nil }
                id = narrow
            }
            entries.append((tag, permissions, id))
        }
        guard !entries.isEmpty, entries.count <= 8000 else { return nil }
        entries.sort { ($0.tag, $0.id) < ($1.tag, $1.id) }
        var value: [UInt8] = [2, 0, 0, 0]
        for entry in entries {
            value += [UInt8(entry.tag & 0xFF), UInt8(entry.tag >> 8)]
            value += [UInt8(entry.permissions & 0xFF), UInt8(entry.permissions >> 8)]
            value += (0..<4).map { UInt8(truncatingIfNeeded: entry.id >> UInt32(8 * $0)) }
        }
        return value
    }

    private static func permissions(_ text: [UInt8]) -> UInt16? {
        var bits: UInt16 = 0
        for character in text {
            switch character {
            case UInt8(ascii: "r"): bits |= 4
            case UInt8(ascii: "w"): bits |= 2
            case UInt8(ascii: "x"): bits |= 1
            case UInt8(ascii: "-"): break
            default: return nil
            }
        }
        return bits
    }
}
