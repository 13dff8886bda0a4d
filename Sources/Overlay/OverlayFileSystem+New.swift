// SPDX-License-Identifier: Apache-2.0

import FileSystems
import FileTree
import Glibc
import LinuxIO
import OverlayLayers
import Synchronization
import SystemPackage

/// How something new comes to be: by one call where that gives it all it shall have, else aside, and then by one rename.
extension OverlayFileSystem {
    func made(
        _ name: [UInt8], in directory: FileNumber, _ new: NewFile
    ) throws(Errno) -> (attributes: FileAttributes, file: Descriptor?) {
        let upper = try writableUpper()
        return try upper.changing { () throws(Errno) in
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
                made = try make(name, in: target, new, inherited, isCovered: isCovered, upper)
            }
            // It is there: from here on nothing may fail.
            guard let made else { throw .ioError }
            let place = LayerPlace(layer: 0, kind: .disk(parent, name))
            var found = OverlayFile(status: made.status, place: place)
            if new.type == .regular, inherited.list == nil, !upper.settings.recordsOverrides {
                core.plainFiles?.insertNew(found.status.identity, since: plainCount) {
                    (try? target.entryXattrNames(name))?.isEmpty == true  // Then it is looked at each time.
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
            return try make(name, in: target, new, inherited, isCovered: false, upper)
        } catch .fileExists { return nil }
    }

    /// Makes a file.
    ///
    /// - Parameter isCovered: whether a whiteout has the name, whose place it takes; nothing else may have it.
    private func make(
        _ name: [UInt8], in directory: Descriptor, _ new: NewFile, _ inherited: DirectoryFacts.Inheritance,
        isCovered: Bool, _ upper: UpperLayer
    ) throws(Errno) -> MadeFile {
        if !isCovered, belongsAtOnce(new, inherited, upper) {
            return try makeAtOnce(name, in: directory, new, inherited, upper)
        }
        guard let acl = inherited.list else {
            return try makeAside(name, in: directory, new, inherited, isCovered: isCovered, upper.temporary, upper)
        }
        // What is made in a directory with that list inherits from it.
        let workshop = upper.temporaryName()
        defer { upper.removeRemains(workshop) }
        try upper.temporary.makeEntryDirectory(workshop, mode: 0o700)
        let open = try upper.temporary.openBeneath(workshop, O_RDONLY | O_DIRECTORY)
        try open.setEntryXattr(Self.defaultACL, of: [], to: acl)
        return try makeAside(name, in: directory, new, inherited, isCovered: isCovered, open, upper)
    }

    /// Whether the file system gives a new file the owner and the mode that it shall have.
    private func belongsAtOnce(
        _ new: NewFile, _ inherited: DirectoryFacts.Inheritance, _ upper: UpperLayer
    ) -> Bool {
        guard !upper.settings.recordsOverrides else { return false }
        let mapping = core.options.identifiers(of: 0)
        return mapping.storedUser(new.caller.uid) == geteuid()
            && (inherited.group != nil || mapping.storedGroup(new.caller.gid) == getegid())
    }

    /// Makes a file whose owner is right from the beginning, unless its file system has its own mind.
    private func makeAtOnce(
        _ name: [UInt8], in directory: Descriptor, _ new: NewFile, _ inherited: DirectoryFacts.Inheritance,
        _ upper: UpperLayer
    ) throws(Errno) -> MadeFile {
        let file = try makeEmpty(name, in: directory, new, upper)
        do throws(Errno) {
            var status = if let file { try file.status() } else { try directory.entryStatus(name) }
            if try settle(name, in: directory, new, inherited, status, upper) {
                status = try directory.entryStatus(name)
            }
            guard var shown = LayerStatus(status) else { throw .ioError }
            core.show(&shown, nil, 0)
            return MadeFile(status: shown, file: file)
        } catch {
            upper.settle { () throws(Errno) in
                do throws(Errno) {
                    try directory.removeEntry(name, isDirectory: new.type == .directory)
                } catch .noSuchFileOrDirectory {}
            }
            throw error
        }
    }

    /// Makes a file in a place where nobody sees it, and puts it where it shall be when it is all that it shall be.
    private func makeAside(
        _ name: [UInt8], in directory: Descriptor, _ new: NewFile, _ inherited: DirectoryFacts.Inheritance,
        isCovered: Bool, _ workshop: Descriptor, _ upper: UpperLayer
    ) throws(Errno) -> MadeFile {
        let spare = upper.temporaryName()
        var made: MadeFile
        do throws(Errno) {
            let file = try makeEmpty(spare, in: workshop, new, upper)
            let status = if let file { try file.status() } else { try workshop.entryStatus(spare) }
            _ = try settle(spare, in: workshop, new, inherited, status, upper)
            let shown = try core.status(workshop.entryStatus(spare), of: spare, in: workshop, layer: 0)
            made = MadeFile(status: shown, file: file)
            if isCovered, new.type == .directory {
                try upper.mark("opaque", [UInt8(ascii: "y")], spare, in: workshop)
                try workshop.renameEntry(spare, to: directory, as: name, flags: .exchange)
                // Now it is the whiteout.
                remove(spare, in: workshop, upper)
            } else {
                try workshop.renameEntry(spare, to: directory, as: name, flags: isCovered ? [] : .noReplace)
            }
        } catch {
            remove(spare, in: workshop, upper)
            throw error
        }
        do throws(Errno) {
            made.status.changeTime = Timestamp(try directory.entryStatus(name).st_ctim)
        } catch {
            core.log("a new file is shown with an old time of change: \(error)")
        }
        return made
    }

    /// Removes what is in the work directory, or in a directory of it that is removed with all that it has.
    private func remove(_ spare: [UInt8], in workshop: Descriptor, _ upper: UpperLayer) {
        if workshop === upper.temporary { upper.removeRemains(spare) }
    }

    /// Makes a file with nothing in it where nothing has its name.
    ///
    /// - Returns: the open file if it is to be opened.
    private func makeEmpty(
        _ name: [UInt8], in directory: Descriptor, _ new: NewFile, _ upper: UpperLayer
    ) throws(Errno) -> Descriptor? {
        let needed: UInt32 = upper.settings.recordsOverrides ? (new.type == .directory ? 0o700 : 0o600) : 0
        let mode = mode_t(new.mode & 0o7777 | needed)
        if new.isOpened {
            return try directory.openEntry(
                name, O_RDWR | O_CREAT | O_EXCL, mode: mode, leavingTimes: upper.leavesTimes)
        }
        try make(name, in: directory, new.type, mode: mode, new.device, new.target, upper)
        return nil
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

    static let defaultACL = Array("system.posix_acl_default".utf8)
}
