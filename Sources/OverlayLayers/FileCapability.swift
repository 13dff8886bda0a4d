// SPDX-License-Identifier: Apache-2.0

/// The attribute `security.capability`: what programs may do when they run a file; see capabilities(7).
///
/// Its third version names the root user of the namespace in which it was set, by the number on disk.
package enum FileCapability {
    /// The attribute's name.
    package static let name = Array("security.capability".utf8)

    private static let second: UInt32 = 0x0200_0000
    private static let third: UInt32 = 0x0300_0000
    private static let revisionMask: UInt32 = 0xFF00_0000

    /// The value as the user namespace of a mapping sees it: of the second version where its own root is meant.
    ///
    /// The corresponding kernel function is cap_inode_getsecurity().
    package static func shown(_ value: [UInt8], by identifiers: IdentifierMapping) -> [UInt8] {
        guard !identifiers.users.isEmpty, value.count == 24 else { return value }
        let magic = word(value[0..<4])
        guard magic & revisionMask == third else { return value }
        let root = word(value[20..<24])
        guard identifiers.users.contains(where: { root >= $0.host && root - $0.host < $0.count }) else { return value }
        let shown = identifiers.shownUser(root)
        guard shown == 0 else { return Array(value[..<20]) + bytes(shown) }
        return bytes(magic & ~revisionMask | second) + value[4..<20]
    }

    private static func word(_ bytes: ArraySlice<UInt8>) -> UInt32 {
        bytes.reversed().reduce(0) { $0 << 8 | UInt32($1) }
    }

    private static func bytes(_ word: UInt32) -> [UInt8] {
        (0..<4).map { UInt8(truncatingIfNeeded: word >> (8 * UInt32($0))) }
    }
}
