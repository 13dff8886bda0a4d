// SPDX-License-Identifier: Apache-2.0

package import FileSystems
package import FileTree
package import LinuxIO

/// A directory as one layer has it.
package struct LayerDirectory: Sendable {
    /// Where it is.
    package enum Kind: Sendable {
        /// On disk.
        case disk(DiskDirectory)
        /// In the frozen tree.
        case tree(FileNumber)
    }

    /// The layer, 0 for the highest.
    package let layer: Int
    /// Where that layer has it.
    package let kind: Kind
    /// Whether regular files in it may be whiteouts by attribute.
    package var mayMarkWhiteouts = false

    /// A directory of a layer.
    package init(layer: Int, kind: Kind, mayMarkWhiteouts: Bool = false) {
        self.layer = layer
        self.kind = kind
        self.mayMarkWhiteouts = mayMarkWhiteouts
    }

    /// Which file it is.
    package var identity: FileIdentity {
        switch kind {
        case .disk(let directory): directory.identity
        case .tree(let number): FileIdentity(device: 0, inode: number.rawValue)
        }
    }

    /// The directory's own place.
    package var place: LayerPlace {
        switch kind {
        case .disk(let directory): LayerPlace(layer: layer, kind: .disk(directory, [UInt8(ascii: ".")]))
        case .tree(let number): LayerPlace(layer: layer, kind: .tree(number))
        }
    }
}

/// Where a layer has a file.
package struct LayerPlace: Sendable {
    /// How it is reached.
    package enum Kind: Sendable {
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
    package final class LastStatus: Sendable {
        /// What the layer told of it last.
        package let status: LayerStatus

        /// Keeps what was known.
        package init(_ status: LayerStatus) { self.status = status }
    }

    /// The layer, 0 for the highest.
    package let layer: Int
    /// How that layer reaches it.
    package var kind: Kind

    /// A place in a layer.
    package init(layer: Int, kind: Kind) {
        self.layer = layer
        self.kind = kind
    }
}

/// What a name of the merged tree means.
package struct OverlayFile {
    /// What the highest layer that has it tells, numbers mapped and overrides applied.
    package var status: LayerStatus
    /// Where the highest layer that has it has it.
    package var place: LayerPlace
    /// The directories merged in a directory, the highest first, at least one; empty for anything else.
    package var stack: [LayerDirectory] = []
    /// Where a regular file's bytes are, if not at `place`.
    package var data: LayerPlace?
    /// What a file with several names is called among the links of the upper, if a lower layer has it.
    package var copyName: [UInt8]?

    /// Makes a file of what is known of it.
    package init(
        status: LayerStatus, place: LayerPlace, stack: [LayerDirectory] = [], data: LayerPlace? = nil,
        copyName: [UInt8]? = nil
    ) {
        self.status = status
        self.place = place
        self.stack = stack
        self.data = data
        self.copyName = copyName
    }
}

/// A name that a merged directory lists.
package struct OverlayName {
    /// The name.
    package let name: [UInt8]
    /// What it is the name of.
    package let type: FileTree.FileType
    /// Position in the directory's stack of the highest directory that has the name.
    package let position: Int
    /// The file there as the listing tells.
    package let identity: FileIdentity
}
