// SPDX-License-Identifier: Apache-2.0

package import EROFS
package import FileSystems
package import LinuxIO

/// One layer of an overlay.
package enum OverlayLayer: Sendable {
    /// A directory on disk in the format of kernel overlayfs.
    case directory(Descriptor)
    /// A frozen tree, as an image has it; only ever the lowest layer. Nothing in it is a mark of an overlay: its
    /// whiteouts were applied when it was made.
    case tree(MappedTree)
}

/// What an overlay understands: which spellings of its marks, whose user numbers.
package struct OverlayOptions: Sendable {
    /// The spellings of marks that are understood in the layers; with none, 0:0 devices are devices too.
    package var marks: OverlayMarkFormats
    /// How numbers on disk are shown, for every layer in the order of the layers.
    ///
    /// The last one stands for all layers behind it.
    package var identifiers: [IdentifierMapping]
    /// Whether the layers may change while the overlay is used: then nothing is believed for long.
    package var isChanging: Bool
    /// What reading does to times of access in the upper; the layers below keep theirs.
    package var accessTimes = AccessTimes()

    /// Makes options; without arguments the marks of root's overlays, numbers as they are, changing layers.
    package init(
        marks: OverlayMarkFormats = .trusted, identifiers: [IdentifierMapping] = [], isChanging: Bool = true
    ) {
        self.marks = marks
        self.identifiers = identifiers
        self.isChanging = isChanging
    }

    /// How a layer's numbers are shown.
    package func identifiers(of layer: Int) -> IdentifierMapping {
        (identifiers.indices.contains(layer) ? identifiers[layer] : identifiers.last) ?? IdentifierMapping()
    }
}

/// Spellings of an overlay's marks.
///
/// Understand only those that the layers' owner writes: a program in a container can make names and `user.`
/// attributes, and marks that nobody else heeds would hide files from who looks from outside.
package struct OverlayMarkFormats: OptionSet, Sendable {
    package let rawValue: UInt8

    package init(rawValue: UInt8) { self.rawValue = rawValue }

    /// `trusted.overlay.*`: what kernel overlayfs writes for root.
    package static let trusted = OverlayMarkFormats(rawValue: 1)
    /// `user.overlay.*`: what kernel overlayfs writes with `userxattr`.
    package static let user = OverlayMarkFormats(rawValue: 2)
    /// What fuse-overlayfs writes where it may not make devices, in lower layers only.
    ///
    /// These are `.wh.NAME`, `.wh..wh..opq` and `user.fuseoverlayfs.opaque`.
    package static let dotNames = OverlayMarkFormats(rawValue: 4)
    /// `user.containers.override_stat`: owner, mode and device that a plain user could not give the file itself.
    package static let overrideStat = OverlayMarkFormats(rawValue: 8)

    /// Every spelling.
    package static let all: OverlayMarkFormats = [.trusted, .user, .dotNames, .overrideStat]
}
