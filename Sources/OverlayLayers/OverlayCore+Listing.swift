// SPDX-License-Identifier: Apache-2.0

import FileSystems
import FileTree
import LinuxIO
package import SystemPackage

extension OverlayCore {
    /// What a merged directory lists, each name once: first the highest layer's names, in its file system's order,
    /// then what the layers below add.
    ///
    /// A layer's directory that is gone by now has no names.
    /// - Parameter isNoted: whether a program reads the directory: in the upper that changes the time of access, as the
    ///   options say.
    package func list(_ stack: [LayerDirectory], isNoted: Bool = false) throws(Errno) -> [OverlayName] {
        var found: [OverlayName] = []
        // Names of higher layers, whiteouts included; needed only if a layer follows.
        var seen: Set<[UInt8]> = []
        for (position, directory) in stack.enumerated() {
            let isLast = position == stack.count - 1
            var names: [OverlayName] = []
            var hidden: [[UInt8]] = []
            switch directory.kind {
            case .tree(let number): names = try treeNames(number, directory.layer, position)
            case .disk(let disk):
                do throws(Errno) {
                    try diskNames(disk, directory, position, isNoted, &names, &hidden)
                } catch {
                    guard position > 0, error == .noSuchFileOrDirectory || error == .staleNFSFileHandle else {
                        throw error
                    }
                }
            }
            for name in names where position == 0 || !seen.contains(name.name) { found.append(name) }
            if !isLast { seen.formUnion(names.map(\.name) + hidden) }
        }
        return found
    }

    private func treeNames(_ number: FileNumber, _ layer: Int, _ position: Int) throws(Errno) -> [OverlayName] {
        guard let tree = tree(layer) else { throw .ioError }
        var names: [OverlayName] = []
        try tree.readDirectory(number, FileHandle(0), from: 0, wantsAttributes: false) { entry in
            if !entry.isDot {
                names.append(
                    OverlayName(
                        name: Array(entry.name), type: entry.type, position: position,
                        identity: FileIdentity(device: 0, inode: entry.number.rawValue)))
            }
            return true
        }
        return names
    }

    private func diskNames(
        _ disk: DiskDirectory, _ directory: LayerDirectory, _ position: Int, _ isNoted: Bool,
        _ names: inout [OverlayName], _ hidden: inout [[UInt8]]
    ) throws(Errno) {
        let descriptor = try directories.descriptor(of: disk)
        let times = options.accessTimes
        var leavesTimes = !isNoted || !isUpper(directory.layer) || times.areLeft || times.areLeftOfDirectories
        if !leavesTimes, !isUpperRelative { leavesTimes = !Self.isAccessDue(try descriptor.status()) }
        let entries = try descriptor.entries(leavingTimes: leavesTimes)
        names.reserveCapacity(entries.count)
        for entry in entries {
            if usesDotNames, entry.name.starts(with: DotNames.prefix) {
                hidden.append(Array(entry.name.dropFirst(DotNames.prefix.count)))
                continue
            }
            var type = FileTree.FileType(mode: UInt32(entry.typeNumber) << 12)
            var identity = FileIdentity(device: disk.identity.device, inode: entry.inode)
            // Only what may be a whiteout, or may seem to be of another type, needs a closer look.
            let isInDoubt =
                type == nil || type == .characterDevice
                || type == .regular && (directory.mayMarkWhiteouts || options.marks.contains(.overrideStat))
            if isInDoubt {
                let place = LayerPlace(layer: directory.layer, kind: .disk(disk, entry.name))
                guard let (status, marks) = try inspect(place) else { continue }
                if isWhiteout(status, marks, in: directory) {
                    hidden.append(entry.name)
                    continue
                }
                type = status.type
                identity = status.identity
            }
            guard let type else { continue }
            names.append(OverlayName(name: entry.name, type: type, position: position, identity: identity))
        }
    }
}
