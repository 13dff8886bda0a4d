// SPDX-License-Identifier: Apache-2.0

import FileSystems
import FileTree
import LinuxIO

/// A directory as one layer has it.
struct LayerDirectory: Sendable {
    /// Where it is.
    enum Kind: Sendable {
        /// On disk.
        case disk(DiskDirectory)
        /// In the frozen tree.
        case tree(FileNumber)
    }

    /// The layer, 0 for the highest.
    let layer: Int
    let kind: Kind
    /// Whether regular files in it may be whiteouts by attribute.
    var mayMarkWhiteouts = false

    /// Which file it is.
    var identity: FileIdentity {
        switch kind {
        case .disk(let directory): directory.identity
        case .tree(let number): FileIdentity(device: 0, inode: number.rawValue)
        }
    }

    /// The directory's own place.
    var place: LayerPlace {
        switch kind {
        case .disk(let directory): LayerPlace(layer: layer, kind: .disk(directory, [UInt8(ascii: ".")]))
        case .tree(let number): LayerPlace(layer: layer, kind: .tree(number))
        }
    }
}

/// Where a layer has a file.
struct LayerPlace: Sendable {
    /// How it is reached.
    enum Kind: Sendable {
        /// By a name in a directory on disk; `.` for the directory itself.
        case disk(DiskDirectory, [UInt8])
        /// By its number in the frozen tree.
        case tree(FileNumber)
        /// By nothing but a descriptor (`O_PATH` or more): its last name is gone.
        case open(Descriptor)
        /// Not at all: it was removed when nobody used it.
        case gone(LastStatus)
    }

    /// What was known of a file when it was removed.
    final class LastStatus: Sendable {
        let status: LayerStatus

        init(_ status: LayerStatus) { self.status = status }
    }

    /// The layer, 0 for the highest.
    let layer: Int
    var kind: Kind
}

/// What a name of the merged tree means.
struct OverlayFile {
    /// What the highest layer that has it tells, numbers mapped and overrides applied.
    var status: LayerStatus
    /// Where the highest layer that has it has it.
    var place: LayerPlace
    /// The directories merged in a directory, the highest first, at least one; empty for anything else.
    var stack: [LayerDirectory] = []
    /// Where a regular file's bytes are, if not at `place`.
    var data: LayerPlace?
    /// What a file with several names is called among the links of the upper, if a lower layer has it.
    var copyName: [UInt8]?
}

/// A name that a merged directory lists.
struct OverlayName {
    let name: [UInt8]
    let type: FileTree.FileType
    /// Position in the directory's stack of the highest directory that has the name.
    let position: Int
    /// The file there as the listing tells.
    let identity: FileIdentity
}
