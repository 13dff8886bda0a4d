// SPDX-License-Identifier: Apache-2.0

package import FileSystems
import FileTree
import Glibc
import LinuxIO
import OverlayLayers
package import SystemPackage

/// Changes of what stat(2) tells of a file, and of its extended attributes: all that one call asks for, or nothing.
extension OverlayFileSystem {
    package func setAttributes(
        of file: FileNumber, _ handle: FileHandle?, to changes: AttributeChanges
    ) throws(Errno) -> FileAttributes {
        let upper = try writableUpper()
        var changes = changes
        if let caller = changes.privilegesDroppedBy, changes.permissions == nil {
            let status = try withNode(file) { node throws(Errno) in try core.status(of: node.place) }
            if status.type == .regular { changes.permissions = status.permissionsWithoutPrivileges(for: caller) }
            changes.privilegesDroppedBy = nil
            // The kernel asks whether there is anything to take away.
            if changes == AttributeChanges() { return try attributes(of: file) }
        }
        let (changesOwner, changesTimes) = (changes.changesOwner, changes.changesTimes)
        // A file that is to be cut besides has its old length until all the rest has happened.
        try copyUp(file, size: changesOwner || changesTimes ? nil : changes.size, needsBytes: changes.size != nil)
        return try withNode(file) { node throws(Errno) in
            let (directory, name) = try core.reach(node.place)
            // One call changes all or nothing.
            let isOneCall = !upper.settings.recordsOverrides && changes.callCount == 1
            let before = isOneCall ? nil : try AttributeSnapshot(name, in: directory)
            do throws(Errno) {
                if changesOwner { try setOwner(node, name, in: directory, changes, upper) }
                if changesTimes { try setTimes(name, in: directory, changes) }
                if let size = changes.size { try truncate(node, handle, to: size) }
            } catch {
                if let before { upper.settle { () throws(Errno) in try before.restore() } }
                forgetInheritance(of: node)
                throw error
            }
            forgetInheritance(of: node)
            if changesTimes, changes.size != nil {
                // It was cut, which changes them.
                do throws(Errno) {
                    try setTimes(name, in: directory, changes)
                } catch {
                    try setTimes(name, in: directory, changes)
                }
            }
            var status = try status(of: node.place)
            if let data = node.data { status.blockCount = try core.status(of: data).blockCount }
            return attributes(status, node)
        }
    }

    private func setTimes(_ name: [UInt8], in directory: Descriptor, _ changes: AttributeChanges) throws(Errno) {
        try directory.setEntryTimes(
            name, access: timespec(changes.accessTime), modification: timespec(changes.modificationTime))
    }

    private func setOwner(
        _ node: OverlayNode, _ name: [UInt8], in directory: Descriptor, _ changes: AttributeChanges,
        _ upper: UpperLayer
    ) throws(Errno) {
        if upper.settings.recordsOverrides {
            var owned = OwnedAs(try core.status(of: node.place))
            owned.uid = changes.uid ?? owned.uid
            owned.gid = changes.gid ?? owned.gid
            owned.permissions = changes.permissions ?? owned.permissions
            try own(name, in: directory, owned, upper)
            if node.type != .symbolicLink { try setMode(name, in: directory, owned, upper) }
            return
        }
        if changes.uid != nil || changes.gid != nil {
            let mapping = core.options.identifiers(of: 0)
            let user = changes.uid.map { mapping.storedUser($0) }
            let group = changes.gid.map { mapping.storedGroup($0) }
            // No number on disk stands for it.
            if case .some(.none) = user { throw .invalidArgument }
            if case .some(.none) = group { throw .invalidArgument }
            try directory.setEntryOwner(name, user: user ?? nil, group: group ?? nil)
        }
        if let permissions = changes.permissions {
            if node.type == .symbolicLink { throw .notSupported }
            try directory.setEntryMode(name, mode_t(permissions))
        }
    }

    package func dropPrivileges(of file: FileNumber, for caller: Caller) throws(Errno) {
        let status = try withNode(file) { node throws(Errno) in try core.status(of: node.place) }
        guard status.type == .regular, let permissions = status.permissionsWithoutPrivileges(for: caller) else {
            return
        }
        var changes = AttributeChanges()
        changes.permissions = permissions
        _ = try setAttributes(of: file, nil, to: changes)
    }

    private func truncate(_ node: OverlayNode, _ handle: FileHandle?, to size: UInt64) throws(Errno) {
        guard node.type == .regular else { throw node.type == .directory ? .isDirectory : .invalidArgument }
        if let handle, let use = handles.use(handle), !use.isLower, case .disk(let file) = use.current {
            do throws(Errno) {
                return try file.truncate(to: size)
            } catch {
                // A file that was opened for reading only.
                guard error == .invalidArgument || error == .badFileDescriptor, size <= UInt64(Int64.max) else {
                    throw error
                }
            }
        }
        let (directory, name) = try core.reach(node.place)
        try directory.openEntry(name, O_WRONLY | O_NONBLOCK).truncate(to: size)
    }

    package func setXattr(
        _ name: [UInt8], of file: FileNumber, to value: [UInt8], flags: Int32, dropsSetGroupID: Bool
    ) throws(Errno) {
        let upper = try writableUpper()
        guard let stored = OverlayMarkName.stored(name, core.options.marks) else { throw .notPermitted }
        try copyUp(file, needsBytes: false)
        try withNode(file) { node throws(Errno) in
            defer { core.plainFiles?.remove(node.identity) }
            let (directory, entry) = try core.reach(node.place)
            var owned = OwnedAs(try core.status(of: node.place))
            let permissions = owned.permissions
            guard dropsSetGroupID, permissions & 0o2000 != 0 else {
                try directory.setEntryXattr(stored, of: entry, to: value, flags: flags)
                return forgetInheritance(of: node)
            }
            // First, so that nobody finds it with the list.
            owned.permissions &= ~0o2000
            try setMode(entry, in: directory, owned, upper)
            do throws(Errno) {
                try directory.setEntryXattr(stored, of: entry, to: value, flags: flags)
            } catch {
                owned.permissions = permissions
                let before = owned
                upper.settle { [self] () throws(Errno) in try setMode(entry, in: directory, before, upper) }
                throw error
            }
            forgetInheritance(of: node)
        }
    }

    package func removeXattr(_ name: [UInt8], of file: FileNumber) throws(Errno) {
        _ = try writableUpper()
        guard let stored = OverlayMarkName.stored(name, core.options.marks) else { throw .notPermitted }
        // Nothing is copied for what is not there.
        _ = try xattr(name, of: file)
        try copyUp(file, needsBytes: false)
        try withNode(file) { node throws(Errno) in
            let (directory, entry) = try core.reach(node.place)
            try directory.removeEntryXattr(stored, of: entry)
            forgetInheritance(of: node)
        }
    }
}

extension AttributeChanges {
    fileprivate var changesOwner: Bool { uid != nil || gid != nil || permissions != nil }
    fileprivate var changesTimes: Bool { accessTime != nil || modificationTime != nil }

    /// How many system calls change what is to be changed.
    fileprivate var callCount: Int {
        [uid != nil || gid != nil, permissions != nil, changesTimes, size != nil].count { $0 }
    }
}

extension timespec {
    fileprivate init(_ time: AttributeChanges.Time?) {
        switch time {
        case nil: self = .omitted
        case .now: self = .now
        case .at(let time): self = timespec(time)
        }
    }
}
