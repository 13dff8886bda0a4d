// SPDX-License-Identifier: Apache-2.0

package import FileSystems
import FileTree
import Glibc
import LinuxIO
import OverlayLayers
package import SystemPackage

extension OverlayFileSystem {
    package func makeNode(
        _ name: [UInt8], in directory: FileNumber, mode: UInt32, device: UInt64, for caller: Caller
    ) throws(Errno) -> FileAttributes {
        let type = FileTree.FileType(mode: mode) ?? .regular
        let parts = deviceParts(dev_t(device))
        let number = DeviceNumber(major: parts.major, minor: parts.minor)
        // What a whiteout looks like can be nothing else.
        if type == .characterDevice, number == DeviceNumber() { throw .notPermitted }
        return try made(name, in: directory, NewFile(type, mode, caller, device: number)).attributes
    }

    package func makeDirectory(
        _ name: [UInt8], in directory: FileNumber, mode: UInt32, for caller: Caller
    ) throws(Errno) -> FileAttributes {
        try made(name, in: directory, NewFile(.directory, mode, caller)).attributes
    }

    package func makeSymbolicLink(
        _ name: [UInt8], in directory: FileNumber, to target: [UInt8], for caller: Caller
    ) throws(Errno) -> FileAttributes {
        try made(name, in: directory, NewFile(.symbolicLink, 0o777, caller, target: target)).attributes
    }

    package func create(
        _ name: [UInt8], in directory: FileNumber, mode: UInt32, flags: Int32, for caller: Caller
    ) throws(Errno) -> (FileAttributes, FileHandle) {
        let (attributes, file) = try made(name, in: directory, NewFile(.regular, mode, caller, isOpened: true))
        guard let file else { throw .ioError }
        return try nodes.opening(attributes.number, flags) { caching throws(Errno) in
            (attributes, handles.add(.file(FileUse(.disk(file), isLower: false, caching))))
        }
    }

    package func link(_ file: FileNumber, as name: [UInt8], in directory: FileNumber) throws(Errno) -> FileAttributes {
        let upper = try writableUpper()
        if try nodes.node(file).type == .directory {
            guard try find(name, in: directoryNode(directory)) == nil else { throw .fileExists }
            throw .notPermitted
        }
        try copyUp(file)
        return try upper.changing { () throws(Errno) in
            let (target, parent, isCovered) = try vacancy(name, in: directory, upper)
            let node = try nodes.node(file)
            let (source, sourceName) = try core.reach(node.place)
            try upper.relateLinkCount(of: node.place, core)
            var shown = try status(of: node.place)
            if isCovered {
                let spare = upper.temporaryName()
                do throws(Errno) {
                    try source.linkEntry(sourceName, to: upper.temporary, as: spare)
                    try upper.temporary.renameEntry(spare, to: target, as: name)
                } catch {
                    upper.removeRemains(spare)
                    throw error
                }
            } else {
                try source.linkEntry(sourceName, to: target, as: name)
            }
            // The link is there: from here on nothing may fail.
            shown.linkCount += 1
            nodes.update(file) { node in
                node.references &+= 1
                node.add(OverlayNode.Name(parent: directory, name: name))
                if case .open = node.place.kind {
                    node.place = LayerPlace(layer: 0, kind: .disk(parent, name))
                    node.isRemoved = false
                }
            }
            let linked = try nodes.node(file)
            do throws(Errno) {
                shown = try status(of: linked.place)
            } catch {
                core.log("a new link is shown with its old time of change: \(error)")
            }
            return attributes(shown, linked)
        }
    }

    /// A place for a new name.
    ///
    /// - Returns: the upper's directory, and whether a whiteout has the name there.
    /// - Throws: `.fileExists`, `.fileNameTooLong`.
    func vacancy(
        _ name: [UInt8], in directory: FileNumber, _ upper: UpperLayer
    ) throws(Errno) -> (Descriptor, DiskDirectory, isCovered: Bool) {
        guard !name.isEmpty, name.count <= 255 else { throw .fileNameTooLong }
        let node = try directoryNode(directory)
        guard try find(name, in: node) == nil else { throw .fileExists }
        let disk = try upperDirectory(of: directory, upper)
        let target = try core.directories.descriptor(of: disk)
        try replaceDotName(name, in: target, disk, upper)
        return (target, disk, try has(name, in: target))
    }

    /// Puts a device in the place of a whiteout that is a name, as engines and fuse-overlayfs leave in an upper.
    ///
    /// - Throws: `.invalidArgument` for a name that would be such a whiteout itself.
    func replaceDotName(
        _ name: [UInt8], in directory: Descriptor, _ disk: DiskDirectory, _ upper: UpperLayer
    ) throws(Errno) {
        guard core.usesDotNames else { return }
        if name.starts(with: DotNames.prefix) { throw .invalidArgument }
        guard try core.mayHaveDotNames(disk) else { return }
        let whiteout = DotNames.prefix + name
        guard whiteout.count <= 255, try has(whiteout, in: directory) else { return }
        if try !has(name, in: directory) { try upper.makeWhiteout(name, in: directory) }
        try directory.removeEntry(whiteout)
    }

    /// Whether an upper directory has a name, be it a whiteout's.
    func has(_ name: [UInt8], in directory: Descriptor) throws(Errno) -> Bool {
        do throws(Errno) {
            _ = try directory.entryStatus(name)
            return true
        } catch .noSuchFileOrDirectory { return false }
    }
}
