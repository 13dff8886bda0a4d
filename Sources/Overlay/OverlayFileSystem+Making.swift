// SPDX-License-Identifier: Apache-2.0

package import FileSystems
import FileTree
import Glibc
import LinuxIO
import Synchronization
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
        return try upper.changes.hold { () throws(Errno) in
            let (target, parent, isCovered) = try vacancy(name, in: directory, upper)
            let node = try nodes.node(file)
            let (source, sourceName) = try core.reach(node.place)
            if isCovered {
                let spare = upper.temporaryName()
                try source.linkEntry(sourceName, to: upper.temporary, as: spare)
                try upper.temporary.renameEntry(spare, to: target, as: name)
            } else {
                try source.linkEntry(sourceName, to: target, as: name)
            }
            nodes.update(file) { node in
                node.references &+= 1
                node.add(OverlayNode.Name(parent: directory, name: name))
                if case .open = node.place.kind {
                    node.place = LayerPlace(layer: 0, kind: .disk(parent, name))
                    node.isRemoved = false
                }
            }
            return attributes(try status(of: node.place), try nodes.node(file))
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

    private func made(
        _ name: [UInt8], in directory: FileNumber, _ new: NewFile
    ) throws(Errno) -> (attributes: FileAttributes, file: Descriptor?) {
        let upper = try writableUpper()
        return try upper.changes.hold { () throws(Errno) in
            guard !name.isEmpty, name.count <= 255 else { throw .fileNameTooLong }
            let parent = try upperDirectory(of: directory, upper)
            let target = try core.directories.descriptor(of: parent)
            let inherited = try inheritance(of: parent, target)
            let plainCount = core.plainFiles?.changeCount ?? 0
            var new = new
            // Where a directory has a list for what is made in it, that list takes the place of the mask.
            if inherited.list == nil { new.mode &= ~new.caller.umask }
            var made = try makeFirst(name, in: directory, parent, target, new, inherited, upper)
            if made == nil {
                let isCovered = try vacancy(name, in: directory, upper).isCovered
                made =
                    isCovered
                    ? try makeOver(name, in: target, new, inherited, upper)
                    : try makePlain(name, in: target, new, inherited, upper)
            }
            guard let made else { throw .ioError }
            let place = LayerPlace(layer: 0, kind: .disk(parent, name))
            var found = OverlayFile(status: try core.status(made.status, of: name, in: target, layer: 0), place: place)
            if new.type == .regular, inherited.list == nil, !upper.settings.recordsOverrides {
                core.plainFiles?.insertNew(found.status.identity, since: plainCount) {
                    (try? target.entryXattrNames(name))?.isEmpty == true
                }
            } else {
                core.plainFiles?.remove(found.status.identity)
            }
            if new.type == .directory {
                let disk = core.directories.shared(name, in: parent, found.status.identity)
                disk.facts.withLock { $0.hasDotNames = false }
                found.stack = [LayerDirectory(layer: 0, kind: .disk(disk))]
                found.place = found.stack[0].place
            }
            return (take(found, name, in: directory), made.file)
        }
    }

    /// Makes a file where most likely nothing has its name; nil where a closer look is needed.
    private func makeFirst(
        _ name: [UInt8], in directory: FileNumber, _ parent: DiskDirectory, _ target: Descriptor, _ new: NewFile,
        _ inherited: DirectoryFacts.Inheritance, _ upper: UpperLayer
    ) throws(Errno) -> MadeFile? {
        if core.usesDotNames {
            guard !name.starts(with: DotNames.prefix), try !core.mayHaveDotNames(parent) else { return nil }
        }
        guard try !lowerHas(name, below: directoryNode(directory)) else { return nil }
        do throws(Errno) {
            return try makePlain(name, in: target, new, inherited, upper)
        } catch .fileExists { return nil }
    }

    /// What is made in a directory of the upper inherits.
    private func inheritance(
        of directory: DiskDirectory, _ open: Descriptor
    ) throws(Errno) -> DirectoryFacts.Inheritance {
        let (known, count) = directory.facts.withLock { ($0.inheritance, $0.changeCount) }
        if let known { return known }
        let status = try open.status()
        var found = DirectoryFacts.Inheritance()
        if status.st_mode & S_ISGID != 0 { found.group = status.st_gid }
        found.list = try open.entryXattr(Self.defaultACL, of: [UInt8(ascii: ".")])
        directory.facts.withLock { facts in
            // A change meanwhile may have come after the look.
            if facts.changeCount == count { facts.inheritance = found }
        }
        return found
    }

    /// Takes note that a directory's attributes have changed.
    func forgetInheritance(of node: OverlayNode) {
        guard let top = node.stack.first, top.layer == 0, case .disk(let disk) = top.kind else { return }
        disk.facts.withLock { facts in
            facts.inheritance = nil
            facts.changeCount &+= 1
        }
    }

    /// Makes a file where nothing has its name.
    private func makePlain(
        _ name: [UInt8], in directory: Descriptor, _ new: NewFile, _ inherited: DirectoryFacts.Inheritance,
        _ upper: UpperLayer
    ) throws(Errno) -> MadeFile {
        var file: Descriptor?
        let needed: UInt32 = upper.settings.recordsOverrides ? (new.type == .directory ? 0o700 : 0o600) : 0
        let mode = mode_t(new.mode & 0o7777 | needed)
        if new.isOpened {
            file = try directory.openEntry(
                name, O_RDWR | O_CREAT | O_EXCL, mode: mode, leavingTimes: upper.leavesTimes)
        } else {
            try make(name, in: directory, new.type, mode: mode, new.device, new.target, upper)
        }
        do throws(Errno) {
            var status = if let file { try file.status() } else { try directory.entryStatus(name) }
            if try settle(name, in: directory, new, inherited, status, upper) {
                status = try directory.entryStatus(name)
            }
            return MadeFile(status: status, file: file)
        } catch {
            try? directory.removeEntry(name, isDirectory: new.type == .directory)
            throw error
        }
    }

    /// Gives a new file the owner that it shall have; false where it has it.
    private func settle(
        _ name: [UInt8], in directory: Descriptor, _ new: NewFile, _ inherited: DirectoryFacts.Inheritance,
        _ now: stat, _ upper: UpperLayer
    ) throws(Errno) -> Bool {
        let mapping = core.options.identifiers(of: 0)
        let present = UInt16(truncatingIfNeeded: now.st_mode & 0o7777)
        var permissions = present
        if upper.settings.recordsOverrides {
            permissions = permissions & 0o7000 | UInt16(truncatingIfNeeded: new.mode) & permissions & 0o777
        }
        if inherited.group != nil, new.type == .directory { permissions |= 0o2000 }
        let owned = OwnedAs(
            uid: new.caller.uid, gid: inherited.group.map { mapping.shownGroup($0) } ?? new.caller.gid,
            permissions: permissions, type: new.type, device: new.device)
        if !upper.settings.recordsOverrides, permissions == present, mapping.storedUser(owned.uid) == now.st_uid,
            mapping.storedGroup(owned.gid) == now.st_gid
        {
            return false
        }
        try own(name, in: directory, owned, upper)
        guard new.type != .symbolicLink, !upper.settings.recordsOverrides else { return true }
        // A change of owner takes these bits away.
        if permissions & 0o6000 != 0 { try directory.setEntryMode(name, mode_t(permissions)) }
        return true
    }

    /// Makes a file in the place of a whiteout, at once.
    private func makeOver(
        _ name: [UInt8], in directory: Descriptor, _ new: NewFile, _ inherited: DirectoryFacts.Inheritance,
        _ upper: UpperLayer
    ) throws(Errno) -> MadeFile {
        let spare = upper.temporaryName()
        guard let acl = inherited.list else {
            return try makeOver(name, in: directory, new, inherited, upper, spare, in: upper.temporary)
        }
        // What is made in a directory with that list inherits from it.
        let workshop = upper.temporaryName()
        try upper.temporary.makeEntryDirectory(workshop, mode: 0o700)
        defer { upper.removeRemains(workshop) }
        let open = try upper.temporary.openBeneath(workshop, O_RDONLY | O_DIRECTORY)
        try open.setEntryXattr(Self.defaultACL, of: [], to: acl)
        return try makeOver(name, in: directory, new, inherited, upper, spare, in: open)
    }

    private func makeOver(
        _ name: [UInt8], in directory: Descriptor, _ new: NewFile, _ inherited: DirectoryFacts.Inheritance,
        _ upper: UpperLayer, _ spare: [UInt8], in workshop: Descriptor
    ) throws(Errno) -> MadeFile {
        let made = try makePlain(spare, in: workshop, new, inherited, upper)
        do throws(Errno) {
            if new.type == .directory {
                try upper.mark("opaque", [UInt8(ascii: "y")], spare, in: workshop)
                try workshop.renameEntry(spare, to: directory, as: name, flags: .exchange)
                try? workshop.removeEntry(spare)
            } else {
                try workshop.renameEntry(spare, to: directory, as: name)
            }
        } catch {
            try? workshop.removeEntry(spare, isDirectory: new.type == .directory)
            throw error
        }
        return MadeFile(status: try directory.entryStatus(name), file: made.file)
    }

    static let defaultACL = Array("system.posix_acl_default".utf8)
}

/// What was made: what stat(2) tells of it, and the open file if it was to be opened.
private struct MadeFile {
    var status: stat
    var file: Descriptor?
}

/// What is to be made.
private struct NewFile {
    var type: FileTree.FileType
    var mode: UInt32
    var caller: Caller
    var device = DeviceNumber()
    var target: [UInt8]?
    var isOpened = false

    init(
        _ type: FileTree.FileType, _ mode: UInt32, _ caller: Caller, device: DeviceNumber = DeviceNumber(),
        target: [UInt8]? = nil, isOpened: Bool = false
    ) {
        self.type = type
        self.mode = mode & 0o7777
        self.caller = caller
        self.device = device
        self.target = target
        self.isOpened = isOpened
    }
}
