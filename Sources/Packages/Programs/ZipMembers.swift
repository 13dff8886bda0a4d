// SPDX-License-Identifier: Apache-2.0

/// The members of a zip archive one after the other.
package enum ZipMembers {
    /// Hands out those whose names end with a text, in the order of the archive's directory.
    ///
    /// - Parameters:
    ///   - file: the archive.
    ///   - suffix: the text.
    ///   - limit: bytes of a member.
    ///   - body: takes a member's name and all of its bytes.
    /// - Throws: `RecordError` for an archive or a member that is damaged or larger; what `body` throws.
    package static func forEach(
        in file: RecordFile, endingWith suffix: String, limit: Int,
        _ body: (_ name: [UInt8], _ bytes: [UInt8]) throws -> Void
    ) throws {
        let archive = try ZipArchive(file)
        for member in archive.members where member.name.suffix(suffix.utf8.count).elementsEqual(suffix.utf8) {
            try body(member.name, try archive.bytes(of: member, limit: limit))
        }
    }
}
