// SPDX-License-Identifier: Apache-2.0

package import EROFS
package import LinuxIO
import OCI

/// Maps the files of a tree for reading.
///
/// - Throws: `FormatError` where the tree has not as many layers as are given; what reading the files throws.
package func mappedTree(image: Descriptor, notes: Descriptor?, layers: [Descriptor]) throws -> MappedTree {
    let file = try MappedFile(image)
    let image = try EROFSImage(bytes: file.bytes, owner: file)
    guard image.devices.count == layers.count else {
        throw FormatError("the tree", "has \(image.devices.count) layers, not \(layers.count)")
    }
    let notesFile = try notes.map { descriptor in try MappedFile(descriptor) }
    return MappedTree(
        image: image, notes: try notesFile.map { file in try TreeNotes(bytes: file.bytes, owner: file) },
        layers: LayerFiles(layers),
        giveBack: {
            file.release()
            notesFile?.release()
        })
}
