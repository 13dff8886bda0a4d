// SPDX-License-Identifier: Apache-2.0

import FileTree
import LinuxIO
import SystemPackage

/// What an upper remembers of lower files with several names, for who only reads: their copies and their link counts.
struct UpperCopies: Sendable {
    private let directory: DiskDirectory
    private let known: KnownLinks
    private let prefix: [UInt8]

    /// Reads a directory of links, as a writable overlay keeps it.
    ///
    /// - Parameter marks: what is understood in the upper.
    init(_ links: Descriptor, _ marks: OverlayMarkFormats) throws(Errno) {
        known = try KnownLinks(links)
        directory = try DiskDirectory(root: links)
        prefix = UpperLayer.markPrefix(marks)
    }

    /// Whether there are none, and no such file lost a name.
    var isEmpty: Bool { known.copies.isEmpty && known.removed.isEmpty }

    /// Leads a name of a lower file to the file's copy, if there is one, and sets the link count that is shown.
    func follow(_ file: inout OverlayFile, _ core: OverlayCore) throws(Errno) {
        guard file.stack.isEmpty else { return }
        if file.place.layer > 0, file.status.linkCount > 1 {
            let name = UpperLayer.copyName(
                file.status.identity, depth: core.layers.count - file.place.layer,
                device: core.device(of: file.place.layer))
            guard known.copies[name] != nil else {
                file.status.linkCount -= min(file.status.linkCount - 1, known.removed[name] ?? 0)
                return
            }
            file.place = LayerPlace(layer: 0, kind: .disk(directory, name))
            file.data = nil
            file.status = try core.status(of: file.place)
        }
        // What the upper's file system counts is one name more, and none of those that only lower layers have.
        guard file.place.layer == 0, known.names[file.status.identity.inode] != nil else { return }
        let (parent, name) = try core.reach(file.place)
        file.status.linkCount = try UpperLayer.shownLinkCount(
            file.status.linkCount, of: name, in: parent, marks: prefix)
    }
}
