// SPDX-License-Identifier: Apache-2.0

package import OCI

/// One entry of a layer's tar, as it was read: names not yet normalised, whiteouts not yet applied.
package struct LayerEntry: Hashable, Sendable {
    /// What an entry describes.
    package enum Kind: Hashable, Sendable {
        /// A file of its own.
        case file(Attributes, extents: [Extent], contentDigest: Digest?)
        /// One more name for the file that has this name.
        case hardLink(target: [UInt8])

        /// A file's extended attributes.
        package var xattrs: [ExtendedAttribute] {
            if case .file(let attributes, _, _) = self { return attributes.xattrs }
            return []
        }
    }

    /// The name in the tar: any bytes but NUL.
    package var path: [UInt8]
    /// What it describes.
    package var kind: Kind

    /// Makes an entry.
    package init(path: [UInt8], kind: Kind) {
        self.path = path
        self.kind = kind
    }
}

/// The entries of a layer, readable several times and by several threads.
package protocol LayerEntries: Sendable {
    /// The digest of the layer's uncompressed tar.
    var diffID: DiffID { get }

    /// Calls `body` with each entry in the order of the tar, and with its position: below 2^47, the entry's own.
    func forEach(_ body: (_ entry: LayerEntry, _ position: UInt64) throws -> Void) throws

    /// What the entry at a position describes.
    ///
    /// - Throws: an error where no entry begins.
    func kind(at position: UInt64) throws -> LayerEntry.Kind

    /// The name of the entry at a position.
    ///
    /// - Throws: an error where no entry begins.
    func path(at position: UInt64) throws -> [UInt8]

    /// Gives back memory that reading took and that reading again brings back.
    func release()

    /// Calls `body` with the name of each entry that may be a whiteout or an opaque marker, in the order of the tar.
    ///
    /// Names that turn out to be neither are ignored.
    func forEachMarker(_ body: (_ path: [UInt8]) throws -> Void) throws
}

extension LayerEntries {
    package func release() {}
}

/// Why a layer cannot be laid onto the layers below it.
package struct LayerError: Error, Equatable, CustomStringConvertible {
    /// The layer.
    package let layer: DiffID
    /// The entry's name, cut to 4,096 bytes.
    package let path: [UInt8]
    /// What is wrong with it.
    package let reason: String

    /// Makes an error.
    package init(layer: DiffID, path: some Collection<UInt8>, reason: String) {
        self.layer = layer
        self.path = Array(path.prefix(4096))
        self.reason = reason
    }

    package var description: String { "layer \(layer): entry \"\(Bytes.escaped(path))\": \(reason)" }
}
