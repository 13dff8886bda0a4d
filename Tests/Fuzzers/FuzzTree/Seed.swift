// SPDX-License-Identifier: Apache-2.0

import EROFS
import FileTree
import OCI

/// A small tree with one of everything, as the writer writes it: where mutation starts.
func seedImage() throws -> [UInt8] {
    let layers = [DiffID(Digest(of: [1])), DiffID(Digest(of: [2]))]
    let long = ExtendedAttribute(name: Array("user.long".utf8), value: [UInt8](repeating: 7, count: 700))
    let shared = ExtendedAttribute(name: Array("security.capability".utf8), value: [1, 0, 0, 2, 0, 32, 0, 0])

    func inode(_ type: FileType, xattrs: [ExtendedAttribute] = [], target: String = "") -> Inode {
        var attributes = Attributes(
            type: type, permissions: 0o755, uid: 1, gid: 2, target: Array(target.utf8), xattrs: xattrs)
        attributes.size = UInt64(target.utf8.count)
        return Inode(attributes: attributes, layer: 0)
    }
    func file(size: UInt64, extents: [Extent], xattrs: [ExtendedAttribute] = []) -> Inode {
        var file = inode(.regular, xattrs: xattrs)
        file.attributes.size = size
        file.extents = extents
        return file
    }

    var tree = TreeAssembly(layers: layers, root: inode(.directory))
    let directory = try tree.add(inode(.directory, xattrs: [long]), named: Array("directory".utf8)[...], in: tree.root)
    for number in 0..<40 {
        let many = file(size: 700, extents: [Extent(fileOffset: 0, layerOffset: 512, length: 700)], xattrs: [shared])
        _ = try tree.add(many, named: Array("file-\(number)".utf8)[...], in: directory)
    }
    let sparse = [
        Extent(fileOffset: 1024, layerOffset: 4096, length: 512),
        Extent(fileOffset: 1_048_676, layerOffset: 4608, length: 100),
    ]
    let twice = try tree.add(file(size: 2 << 20, extents: sparse), named: Array("sparse".utf8)[...], in: tree.root)
    try tree.link(twice, named: Array("again".utf8)[...], in: directory)
    _ = try tree.add(file(size: 0, extents: []), named: Array("empty".utf8)[...], in: tree.root)
    _ = try tree.add(inode(.symbolicLink, target: "directory/file-1"), named: Array("link".utf8)[...], in: tree.root)
    _ = try tree.add(
        inode(.symbolicLink, target: String(repeating: "x/", count: 400)), named: Array("far".utf8)[...], in: tree.root)
    var device = inode(.characterDevice)
    device.attributes.device = DeviceNumber(major: 1, minor: 3)
    _ = try tree.add(device, named: Array("null".utf8)[...], in: tree.root)
    _ = try tree.add(inode(.fifo), named: Array("fifo".utf8)[...], in: tree.root)

    var image: [UInt8] = []
    _ = try EROFSWriter.write(
        tree.freeze(), layerSizes: [8192, 1024],
        readLayer: { _, _, buffer in buffer.initializeMemory(as: UInt8.self, repeating: 1) },
        output: { image.append(contentsOf: $0) })
    return image
}
