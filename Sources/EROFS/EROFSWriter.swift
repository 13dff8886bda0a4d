// SPDX-License-Identifier: Apache-2.0

package import FileTree

/// Writes the metadata image of a flattened tree: names and attributes, and where in the layers the data lies.
///
/// The image is a function of the tree and the layers' sizes alone: the same input gives the same bytes. Memory is
/// linear in the number of inodes, about 20 bytes for each beside the tree, whatever the sizes of files; the image itself
/// is never held.
package enum EROFSWriter {
    /// Writes the image of a tree.
    ///
    /// - Parameters:
    ///   - tree: what to write; each inode's `i_ino` becomes its number in the tree plus one.
    ///   - budget: what the tree may still cost; `ImportCost.chunkBytes` is spent here.
    ///   - layerSizes: the byte counts of the uncompressed layers, in the order of `tree.layers`.
    ///   - readLayer: fills the buffer from the uncompressed layer of that index, at that offset; called only for
    ///     pieces of sparse files that the format cannot point at.
    ///   - output: gets the image's bytes in order, in pieces of bounded size, valid during the call.
    /// - Returns: what could not be kept as it was.
    /// - Throws: `EROFSError` if the tree is beyond what the format can say or contradicts itself; what the closures
    ///   and looking up the tree's files throw.
    @discardableResult
    package static func write(
        _ tree: Tree, budget: ImportBudget = ImportBudget(), layerSizes: [UInt64],
        readLayer: (_ layer: Int, _ offset: UInt64, _ buffer: UnsafeMutableRawBufferPointer) throws -> Void,
        output: (UnsafeRawBufferPointer) throws -> Void
    ) throws -> WriterRemarks {
        let layout = try ImageLayout(tree, layerSizes: layerSizes, budget: budget)
        try withoutActuallyEscaping(output) { output in
            try withoutActuallyEscaping(readLayer) { readLayer in
                var sink = ImageSink(output)
                try ImageEncoder(layout: layout, readLayer: readLayer).encode(to: &sink)
                try sink.flush()
            }
        }
        return layout.remarks
    }
}

/// What a written image does not tell as the tree did.
package struct WriterRemarks: Sendable, Equatable {
    /// What happened to something.
    package enum Kind: Sendable, Equatable {
        /// An extended attribute outside the namespaces of the format is kept, but the kernel does not show it.
        case attributeHiddenFromKernel
        /// An extended attribute is missing: there was no room, or its name or value is beyond the format.
        case attributeMissing
        /// A device number beyond 12 bits of major or 20 of minor was replaced by the greatest.
        case deviceNumberReduced
    }

    /// One thing that was not kept as it was.
    package struct Remark: Sendable, Equatable {
        /// What happened.
        package let kind: Kind
        /// The file's number in the tree.
        package let inode: UInt32
        /// The attribute's full name; empty for a device number.
        package let attribute: [UInt8]
    }

    /// At most so many remarks are listed; all are counted.
    package static let maximumListed = 1000

    /// How many there were.
    package private(set) var count = 0
    /// The first ones in the order of inodes, at most `maximumListed`.
    package private(set) var listed: [Remark] = []

    mutating func add(_ kind: Kind, inode: Int, attribute: [UInt8] = []) {
        count += 1
        guard listed.count < Self.maximumListed else { return }
        listed.append(Remark(kind: kind, inode: UInt32(inode), attribute: attribute))
    }
}
