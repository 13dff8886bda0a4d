// SPDX-License-Identifier: Apache-2.0

package import FileSystems
import FileTree
import Glibc
import LinuxIO
package import SystemPackage

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
        try copyUp(file, size: changes.size, needsBytes: changes.size != nil)
        return try withNode(file) { node throws(Errno) in
            let (directory, name) = try core.reach(node.place)
            if let size = changes.size { try truncate(node, handle, to: size) }
            if changes.uid != nil || changes.gid != nil || changes.permissions != nil {
                try setOwner(node, name, in: directory, changes, upper)
                forgetInheritance(of: node)
            }
            if changes.accessTime != nil || changes.modificationTime != nil {
                try directory.setEntryTimes(
                    name, access: timespec(changes.accessTime), modification: timespec(changes.modificationTime))
            }
            var status = try status(of: node.place)
            if let data = node.data { status.blockCount = try core.status(of: data).blockCount }
            return attributes(status, node)
        }
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

    /// Opens a regular file that may be written to.
    func openForWriting(
        _ file: FileNumber, _ flags: Int32, _ caching: HandleCaching
    ) throws(Errno) -> FileHandle {
        _ = try writableUpper()
        if flags & O_TRUNC == 0, let copy = try deferCopy(of: file) {
            return handles.add(.file(FileUse(copy, caching)))
        }
        if let made = try copyUp(file, size: flags & O_TRUNC != 0 ? 0 : nil) {
            return handles.add(.file(FileUse(.disk(made), isLower: false, caching)))
        }
        return try withNode(file) { node throws(Errno) in
            // Always readable too: the kernel reads a page before it writes to a part of it.
            let open = try core.open(node.place, O_RDWR | flags & O_TRUNC, isNoted: true)
            let isDue = flags & O_ACCMODE == O_RDWR && core.isAccessDue(open)
            return handles.add(.file(FileUse(open, isLower: false, caching, isAccessDue: isDue)))
        }
    }

    /// The upper file of a handle that was opened for writing.
    private func writable(_ handle: FileHandle) throws(Errno) -> Descriptor {
        let use = try handles.file(handle)
        guard !use.isLower, case .disk(let file) = use.current else { throw .badFileDescriptor }
        return file
    }

    package func write(
        _ file: FileNumber, _ handle: FileHandle, at offset: UInt64, _ bytes: UnsafeRawBufferPointer
    ) throws(Errno) -> Int {
        guard upper != nil else { throw .readOnlyFileSystem }
        if let copy = try handles.file(handle).pending, !copy.isWhole { return try copy.write(bytes, at: offset) }
        return try writable(handle).writeSome(bytes, at: offset)
    }

    package func allocate(
        _ file: FileNumber, _ handle: FileHandle, mode: Int32, at offset: UInt64, count: UInt64
    ) throws(Errno) {
        guard upper != nil else { throw .readOnlyFileSystem }
        try finishCopy(of: file)
        try writable(handle).allocate(mode: mode, at: offset, count: count)
    }

    package func copyRange(
        of file: FileNumber, _ handle: FileHandle, at offset: UInt64, to target: FileNumber,
        _ targetHandle: FileHandle, at targetOffset: UInt64, count: Int
    ) throws(Errno) -> Int {
        guard upper != nil else { throw .readOnlyFileSystem }
        try finishCopy(of: file)
        try finishCopy(of: target)
        // The kernel copies through its cache where the file is no file.
        guard case .disk(let source) = try openFile(file, handle) else { throw .improperLink }
        return try writable(targetHandle).copyRange(from: source, at: offset, to: targetOffset, count: count)
    }

    package func synchronize(_ file: FileNumber, _ handle: FileHandle, dataOnly: Bool) throws(Errno) {
        guard upper != nil else { return }
        try handles.use(handle)?.pending?.finish()
        try finishCopy(of: file)
        let node = try nodes.node(file)
        if node.type == .directory {
            guard let top = node.stack.first, top.layer == 0, case .disk(let disk) = top.kind else { return }
            let open = try core.directories.descriptor(of: disk).openBeneath(".", O_RDONLY | O_DIRECTORY)
            return try open.synchronizeAll()
        }
        guard node.isUpper else { return }
        // Of a file whose bytes are below, the upper has the attributes.
        guard case .disk(let open) = node.data == nil ? try openFile(file, handle) : try core.open(node.place) else {
            return
        }
        if dataOnly { try open.synchronize() } else { try open.synchronizeAll() }
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
                try setMode(entry, in: directory, owned, upper)
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

extension timespec {
    fileprivate init(_ time: AttributeChanges.Time?) {
        switch time {
        case nil: self = .omitted
        case .now: self = .now
        case .at(let time): self = timespec(time)
        }
    }
}
