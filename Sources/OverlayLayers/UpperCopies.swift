// SPDX-License-Identifier: Apache-2.0

import FileTree
import LinuxIO
import SystemPackage

/// The copies that an upper has of lower files with several names, for who only reads.
struct UpperCopies: Sendable {
    private let directory: DiskDirectory
    private let names: Set<[UInt8]>

    /// Reads a directory of links, as a writable overlay keeps it.
    init(_ links: Descriptor) throws(Errno) {
        names = Set(try KnownLinks(links).copies.keys)
        directory = try DiskDirectory(root: links)
    }

    /// Whether there are none.
    var isEmpty: Bool { names.isEmpty }

    /// Leads a name of a lower file to the file's copy, if there is one.
    func follow(_ file: inout OverlayFile, _ core: OverlayCore) throws(Errno) {
        guard file.stack.isEmpty, file.place.layer > 0, file.status.linkCount > 1 else { return }
        let name = UpperLayer.copyName(
            file.status.identity, depth: core.layers.count - file.place.layer, device: core.device(of: file.place.layer)
        )
        guard names.contains(name) else { return }
        file.place = LayerPlace(layer: 0, kind: .disk(directory, name))
        file.data = nil
        file.status = try core.status(of: file.place)
    }
}
