// SPDX-License-Identifier: Apache-2.0

package import LinuxIO

/// What is read by libarchive, in a child that can do no harm: formats that are no layers, and rare compressions.
package enum ForeignArchive {
    /// What the child makes of what it reads.
    package enum Purpose: String, Sendable {
        /// The same, decompressed.
        case decompress
        /// A tar of the files of an archive.
        case tar
        /// The tar that a Debian package has.
        case package
    }

    /// The word that starts the program as the child; behind it stands a purpose.
    package static let command = "read-foreign"

    /// Bytes of memory, and seconds of a processor, that the child may use.
    static let memoryLimit: UInt64 = 1 << 30
    static let secondsLimit: UInt64 = 3600
    /// Bytes of output up to which no ratio is looked at, and the most bytes that one of the input may stand for beyond them.
    static let freeInflation: UInt64 = 4 << 30
    static let inflationRatio: UInt64 = 100
    /// How long the child may take without reading or writing anything.
    static let stallMilliseconds: Int32 = 120_000

    /// What an archive is, by its first bytes; nil for a tar, and for what nobody knows.
    ///
    /// An image of a CD begins with 32 KiB of anything: its mark stands behind them.
    package static func purpose(of file: Descriptor) throws -> (name: String, purpose: Purpose)? {
        var head = [UInt8](repeating: 0, count: 32)
        let count = try head.withUnsafeMutableBytes { try file.read(at: 0, into: $0) }
        let bytes = head.prefix(count)
        if bytes.starts(with: Array("!<arch>\ndebian-binary".utf8)) { return ("a Debian package", .package) }
        for (mark, name) in marks where bytes.starts(with: mark) { return (name, .tar) }
        var volume = [UInt8](repeating: 0, count: 5)
        _ = try volume.withUnsafeMutableBytes { try file.read(at: 32_769, into: $0) }
        return volume == Array("CD001".utf8) ? ("an ISO 9660 image", .tar) : nil
    }

    private static let marks: [([UInt8], String)] = [
        (Array("070701".utf8), "a cpio archive"), (Array("070702".utf8), "a cpio archive"),
        (Array("070707".utf8), "a cpio archive"), ([0xC7, 0x71], "a cpio archive"), ([0x71, 0xC7], "a cpio archive"),
        ([0x50, 0x4B, 3, 4], "a zip archive"), ([0x50, 0x4B, 5, 6], "a zip archive"),
        ([0x37, 0x7A, 0xBC, 0xAF, 0x27, 0x1C], "a 7z archive"), (Array("!<arch>\n".utf8), "an ar archive"),
        ([0xED, 0xAB, 0xEE, 0xDB], "an rpm package"), (Array("#mtree".utf8), "an mtree"),
    ]
}
