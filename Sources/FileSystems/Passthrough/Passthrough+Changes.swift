// SPDX-License-Identifier: Apache-2.0

import FileTree
import Glibc
import LinuxIO
package import SystemPackage

extension Passthrough {
    package func setAttributes(
        of file: FileNumber, _ handle: FileHandle?, to changes: AttributeChanges
    ) throws(Errno) -> FileAttributes {
        let path = try path(of: file)
        if let size = changes.size {
            // An open file may be cut although its modes forbid to open it by now.
            if let handle, let opened = try? handles[handle] {
                try opened.file.descriptor.truncate(to: size)
            } else {
                try path.truncate(to: size)
            }
        }
        if changes.uid != nil || changes.gid != nil { try path.setOwner(changes.uid, changes.gid) }
        // Behind the owner, whose change takes set-user-ID bits away.
        if let permissions = changes.permissions { try path.setPermissions(permissions) }
        if changes.accessTime != nil || changes.modificationTime != nil {
            try path.setTimes(
                access: timespec(changes.accessTime), modification: timespec(changes.modificationTime))
        }
        return try FileAttributes(path.status(), number: file)
    }

    package func makeNode(
        _ name: [UInt8], in directory: FileNumber, mode: UInt32, device: UInt64, for caller: Caller
    ) throws(Errno) -> FileAttributes {
        try path(of: directory).makeNode(name, mode: mode, device: device)
        return try enter(name, in: directory)
    }

    package func create(
        _ name: [UInt8], in directory: FileNumber, mode: UInt32, flags: Int32, for caller: Caller
    ) throws(Errno) -> (FileAttributes, FileHandle) {
        let parent = try path(of: directory)
        let opened: Descriptor
        do throws(Errno) {
            opened = try withFreeDescriptors { () throws(Errno) in
                try parent.create(name, Self.flags(flags), mode: mode & 0o7777)
            }
        } catch .fileExists where flags & O_EXCL == 0 {
            // Somebody else was faster; the file may by now be anything.
            let found = try enter(name, in: directory)
            do throws(Errno) {
                return (found, try open(found.number, flags: flags))
            } catch {
                forget(found.number, count: 1)
                throw error
            }
        }
        // Not looked up by its name, which could lead to another file by now.
        let made = try enter(PathDescriptor(of: opened), as: name, in: directory, parentOn: parent.device())
        return (made, add(opened, of: made.number, isMadeUp: false))
    }

    package func makeDirectory(
        _ name: [UInt8], in directory: FileNumber, mode: UInt32, for caller: Caller
    ) throws(Errno) -> FileAttributes {
        try path(of: directory).makeDirectory(name, mode: mode & 0o7777)
        return try enter(name, in: directory)
    }

    package func makeSymbolicLink(
        _ name: [UInt8], in directory: FileNumber, to target: [UInt8], for caller: Caller
    ) throws(Errno) -> FileAttributes {
        try path(of: directory).makeSymbolicLink(name, to: target)
        return try enter(name, in: directory)
    }

    package func link(
        _ file: FileNumber, as name: [UInt8], in directory: FileNumber
    ) throws(Errno) -> FileAttributes {
        let linked = try path(of: file)
        try path(of: directory).link(linked, as: name)
        return try enter(name, in: directory)
    }

    package func unlink(_ name: [UInt8], in directory: FileNumber) throws(Errno) {
        try path(of: directory).remove(name, isDirectory: false)
    }

    package func removeDirectory(_ name: [UInt8], in directory: FileNumber) throws(Errno) {
        try path(of: directory).remove(name, isDirectory: true)
    }

    package func rename(
        _ name: [UInt8], in directory: FileNumber, to newName: [UInt8], in newDirectory: FileNumber, flags: UInt32
    ) throws(Errno) {
        let from = try path(of: directory)
        let to = try path(of: newDirectory)
        try from.rename(name, to: to, as: newName, flags: flags)
        for (place, name, number) in [(to, newName, newDirectory), (from, name, directory)] {
            // What is not there is not known by that name; with an exchange there are two.
            guard let status = try? place.child(name).status() else { continue }
            nodes.moved(FileIdentity(status), to: name, in: number)
        }
    }

    package func write(
        _ file: FileNumber, _ handle: FileHandle, at offset: UInt64, _ bytes: UnsafeRawBufferPointer
    ) throws(Errno) -> Int {
        try write(file, handle, at: offset, isAppending: false, bytes)
    }

    package func write(
        _ file: FileNumber, _ handle: FileHandle, at offset: UInt64, isAppending: Bool, _ bytes: UnsafeRawBufferPointer
    ) throws(Errno) -> Int {
        let opened = try handles[handle].file
        return try isAppending ? opened.append(bytes) : opened.write(bytes, at: offset)
    }

    package func allocate(
        _ file: FileNumber, _ handle: FileHandle, mode: Int32, at offset: UInt64, count: UInt64
    ) throws(Errno) {
        try handles[handle].file.allocate(mode: mode, at: offset, count: count)
    }

    package func synchronize(_ file: FileNumber, _ handle: FileHandle, dataOnly: Bool) throws(Errno) {
        try handles[handle].file.synchronize(dataOnly: dataOnly)
    }

    package func setXattr(
        _ name: [UInt8], of file: FileNumber, to value: [UInt8], flags: Int32, dropsSetGroupID: Bool
    ) throws(Errno) {
        try path(of: file).setXattr(name, to: value, flags: flags)
    }

    package func removeXattr(_ name: [UInt8], of file: FileNumber) throws(Errno) {
        try path(of: file).removeXattr(name)
    }
}

extension timespec {
    /// A time for utimensat(2).
    fileprivate init(_ time: AttributeChanges.Time?) {
        // `UTIME_NOW` and `UTIME_OMIT`.
        switch time {
        case .now: self.init(tv_sec: 0, tv_nsec: (1 << 30) - 1)
        case .at(let time): self.init(tv_sec: Int(time.seconds), tv_nsec: Int(time.nanoseconds))
        case nil: self.init(tv_sec: 0, tv_nsec: (1 << 30) - 2)
        }
    }
}
