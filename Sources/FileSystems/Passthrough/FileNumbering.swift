// SPDX-License-Identifier: Apache-2.0

import Glibc

/// What tells a file from all others while it exists.
struct FileIdentity: Hashable, Sendable {
    /// The device number of its file system.
    var device: UInt64
    /// Its number there.
    var inode: UInt64

    /// Names a file.
    init(device: UInt64, inode: UInt64) {
        self.device = device
        self.inode = inode
    }

    /// The identity that metadata tell.
    init(_ status: stat) { self.init(device: UInt64(status.st_dev), inode: UInt64(status.st_ino)) }
}

/// Numbers for the files of several file systems that are seen as one.
///
/// Files of the first one keep their own numbers, as long as these have at most 48 bits; those of others have the file
/// system's place in the order of appearance above that. Whatever does not fit gets a number of its hash.
struct FileNumbering: Sendable {
    private let root: FileIdentity
    private var places: [UInt64: UInt64]

    /// Makes numbers for what lies below a directory.
    init(root: FileIdentity) {
        self.root = root
        places = [root.device: 0]
    }

    /// The number of a file: the same for the same file, as long as `isFree` says so of it.
    ///
    /// - Parameter isFree: whether a number has not been given to another file.
    mutating func number(of file: FileIdentity, isFree: (FileNumber) -> Bool) -> FileNumber {
        if file == root { return .root }
        let place = places[file.device] ?? UInt64(places.count)
        if places[file.device] == nil, place < 0x7FFF { places[file.device] = place }
        // 1 is the root directory's, whatever its own number.
        if place < 0x7FFF, file.inode >> 48 == 0, place != 0 || file.inode > 1 {
            let number = FileNumber(place << 48 | file.inode)
            if isFree(number) { return number }
        }
        var number = FileNumber(Self.mixed(file) | 1 << 63)
        while !isFree(number) { number = FileNumber((number.rawValue &+ 1) | 1 << 63) }
        return number
    }

    private static func mixed(_ file: FileIdentity) -> UInt64 {
        var value = file.inode &+ file.device &* 0x9E37_79B9_7F4A_7C15
        value = (value ^ value >> 30) &* 0xBF58_476D_1CE4_E5B9
        value = (value ^ value >> 27) &* 0x94D0_49BB_1331_11EB
        return value ^ value >> 31
    }
}
