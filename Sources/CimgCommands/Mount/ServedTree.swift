// SPDX-License-Identifier: Apache-2.0

import EROFS
import FileSystems
import FileTree
import LinuxIO
import SystemPackage

/// The file system of what a mount serves.
///
/// - Parameters:
///   - tree: the EROFS image.
///   - notes: the image's `TreeNotes`, where there are any.
///   - layers: the uncompressed layers, in the order of the image's devices.
func openServedTree(tree: Descriptor, notes: Descriptor?, layers: [Descriptor]) throws -> ReadOnlyTree {
    let file = try MappedFile(tree)
    let image = try EROFSImage(bytes: file.bytes, owner: file)
    guard image.devices.count == layers.count else {
        throw MountError("the tree has \(image.devices.count) layers, not \(layers.count)")
    }
    let notes = try notes.map { descriptor in
        let file = try MappedFile(descriptor)
        return try TreeNotes(bytes: file.bytes, owner: file)
    }
    return ReadOnlyTree(MappedTree(image: image, notes: notes, layers: LayerFiles(layers))) { line in
        // The request has its error; the log is for whoever serves in the foreground.
        _ = try? FileDescriptor.standardError.writeAll("cimg: \(line)\n".utf8)
    }
}
