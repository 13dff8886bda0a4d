// SPDX-License-Identifier: Apache-2.0

import Glibc
import LinuxIO
import OverlayLayers
import SystemPackage

/// What a file's owner, mode and times were before several calls changed them one after the other.
struct AttributeSnapshot: Sendable {
    private let name: [UInt8]
    private let directory: Descriptor
    private let status: stat
    /// The attributes that a change of owner, of mode or of bytes changes too.
    private let kept: [(name: [UInt8], value: [UInt8]?)]

    /// Looks at a name in a directory, or at the open file itself for a name of no bytes.
    init(_ name: [UInt8], in directory: Descriptor) throws(Errno) {
        self.name = name
        self.directory = directory
        status = try directory.entryStatus(name)
        var kept: [(name: [UInt8], value: [UInt8]?)] = []
        if status.st_mode & S_IFMT == S_IFREG || status.st_mode & S_IFMT == S_IFDIR {
            for attribute in [FileCapability.name, OverlayMarkName.overrideStatName] {
                kept.append((attribute, try directory.entryXattr(attribute, of: name)))
            }
        }
        self.kept = kept
    }

    /// Makes the file what it was.
    func restore() throws(Errno) {
        let now = try directory.entryStatus(name)
        if now.st_uid != status.st_uid || now.st_gid != status.st_gid {
            try directory.setEntryOwner(name, user: status.st_uid, group: status.st_gid)
        }
        if status.st_mode & S_IFMT != S_IFLNK { try directory.setEntryMode(name, status.st_mode & 0o7777) }
        for (attribute, value) in kept where try directory.entryXattr(attribute, of: name) != value {
            if let value {
                try directory.setEntryXattr(attribute, of: name, to: value)
            } else {
                try directory.removeEntryXattr(attribute, of: name)
            }
        }
        try directory.setEntryTimes(name, access: status.st_atim, modification: status.st_mtim)
    }
}
