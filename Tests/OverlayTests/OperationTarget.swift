// SPDX-License-Identifier: Apache-2.0

import FileSystems
import FileTree
import Glibc
import LinuxIO
import OverlayLayers
import SystemPackage

/// A change of a tree by path; paths have no symbolic link on the way.
enum Operation: CustomStringConvertible {
    case write(String, String)
    case append(String, String)
    case truncate(String, Int)
    case makeDirectory(String)
    case symbolicLink(String, String)
    case link(String, String)
    case unlink(String)
    case removeDirectory(String)
    case rename(String, String)
    case exchange(String, String)
    case renameWithoutReplacing(String, String)
    case mode(String, UInt16)
    case owner(String, UInt32)
    case attribute(String, String)
    case removeAttribute(String)

    var description: String {
        switch self {
        case .write(let path, let text): "write \(path) \(text)"
        case .append(let path, let text): "append \(path) \(text)"
        case .truncate(let path, let size): "truncate \(path) \(size)"
        case .makeDirectory(let path): "mkdir \(path)"
        case .symbolicLink(let path, let target): "symlink \(path) \(target)"
        case .link(let path, let new): "link \(path) \(new)"
        case .unlink(let path): "unlink \(path)"
        case .removeDirectory(let path): "rmdir \(path)"
        case .rename(let path, let new): "rename \(path) \(new)"
        case .exchange(let path, let new): "exchange \(path) \(new)"
        case .renameWithoutReplacing(let path, let new): "rename without replacing \(path) \(new)"
        case .mode(let path, let mode): "chmod \(path) \(String(mode, radix: 8))"
        case .owner(let path, let owner): "chown \(path) \(owner)"
        case .attribute(let path, let value): "setfattr \(path) \(value)"
        case .removeAttribute(let path): "setfattr -x \(path)"
        }
    }
}

/// A directory whose tree is changed by plain system calls.
struct DirectoryTarget {
    let root: Descriptor

    init(_ path: FilePath) throws { root = try Descriptor.open(path, O_RDONLY | O_DIRECTORY) }

    /// Does it, and tells `ok` or the error.
    func run(_ operation: Operation) -> String {
        do {
            try attempt(operation)
            return "ok"
        } catch {
            return "\(error)"
        }
    }

    private func attempt(_ operation: Operation) throws {
        switch operation {
        case .write(let path, let text):
            let (directory, name) = try place(path)
            if let status = try? directory.entryStatus(name), status.st_mode & S_IFMT != S_IFREG {
                throw Errno.invalidArgument
            }
            try directory.openEntry(name, O_WRONLY | O_CREAT | O_TRUNC, mode: 0o644).write(Array(text.utf8))
        case .append(let path, let text):
            let (directory, name) = try regular(path)
            try directory.openEntry(name, O_WRONLY | O_APPEND).write(Array(text.utf8))
        case .truncate(let path, let size):
            let (directory, name) = try regular(path)
            try directory.openEntry(name, O_WRONLY).truncate(to: UInt64(size))
        case .makeDirectory(let path):
            let (directory, name) = try place(path)
            try directory.makeEntryDirectory(name, mode: 0o755)
        case .symbolicLink(let path, let target):
            let (directory, name) = try place(path)
            try directory.makeEntryLink(name, to: Array(target.utf8))
        case .link(let path, let new):
            let (directory, name) = try place(path)
            let (newDirectory, newName) = try place(new)
            try directory.linkEntry(name, to: newDirectory, as: newName)
        case .unlink(let path):
            let (directory, name) = try place(path)
            try directory.removeEntry(name)
        case .removeDirectory(let path):
            let (directory, name) = try place(path)
            try directory.removeEntry(name, isDirectory: true)
        case .rename(let path, let new): try rename(path, new, [])
        case .exchange(let path, let new): try rename(path, new, .exchange)
        case .renameWithoutReplacing(let path, let new): try rename(path, new, .noReplace)
        case .mode(let path, let mode):
            let (directory, name) = try place(path)
            if try directory.entryStatus(name).st_mode & S_IFMT == S_IFLNK { throw Errno.notSupported }
            try directory.setEntryMode(name, mode_t(mode))
        case .owner(let path, let owner):
            let (directory, name) = try place(path)
            try directory.setEntryOwner(name, user: owner, group: owner)
        case .attribute(let path, let value):
            let (directory, name) = try place(path)
            try directory.setEntryXattr(Array("trusted.t".utf8), of: name, to: Array(value.utf8))
        case .removeAttribute(let path):
            let (directory, name) = try place(path)
            try directory.removeEntryXattr(Array("trusted.t".utf8), of: name)
        }
    }

    private func rename(_ path: String, _ new: String, _ flags: RenameFlags) throws {
        let (directory, name) = try place(path)
        let (newDirectory, newName) = try place(new)
        try directory.renameEntry(name, to: newDirectory, as: newName, flags: flags)
    }

    private func regular(_ path: String) throws -> (Descriptor, [UInt8]) {
        let (directory, name) = try place(path)
        guard try directory.entryStatus(name).st_mode & S_IFMT == S_IFREG else { throw Errno.invalidArgument }
        return (directory, name)
    }

    private func place(_ path: String) throws -> (Descriptor, [UInt8]) {
        guard let slash = path.lastIndex(of: "/") else { return (root, Array(path.utf8)) }
        do {
            return (
                try root.openBeneath(String(path[..<slash]), O_RDONLY | O_DIRECTORY),
                Array(path[path.index(after: slash)...].utf8)
            )
        } catch Errno.tooManySymbolicLinkLevels { throw Errno.notDirectory }
    }
}

/// A file system whose tree is changed by its own calls.
struct FileSystemTarget {
    let fileSystem: any FileSystem
    private let caller = Caller(uid: 0, gid: 0, umask: 0o022)

    init(_ fileSystem: any FileSystem) { self.fileSystem = fileSystem }

    /// Does it, and tells `ok` or the error.
    func run(_ operation: Operation) -> String {
        do {
            try attempt(operation)
            return "ok"
        } catch {
            return "\(error)"
        }
    }

    /// Does it.
    func attempt(_ operation: Operation) throws {
        switch operation {
        case .write(let path, let text):
            let (directory, name) = try place(path)
            do {
                let found = try file(path, of: fileSystem)
                guard found.type == .regular else { throw Errno.invalidArgument }
                try write(found.number, O_WRONLY | O_TRUNC, at: 0, text)
            } catch Errno.noSuchFileOrDirectory {
                let (made, handle) = try fileSystem.create(
                    name, in: directory, mode: 0o644, flags: O_WRONLY, for: caller)
                try write(made.number, handle, at: 0, text)
            }
        case .append(let path, let text):
            let found = try regular(path)
            try write(found.number, O_WRONLY, at: found.size, text)
        case .truncate(let path, let size):
            var changes = AttributeChanges()
            changes.size = UInt64(size)
            _ = try fileSystem.setAttributes(of: regular(path).number, nil, to: changes)
        case .makeDirectory(let path):
            let (directory, name) = try place(path)
            _ = try fileSystem.makeDirectory(name, in: directory, mode: 0o777, for: caller)
        case .symbolicLink(let path, let target):
            let (directory, name) = try place(path)
            _ = try fileSystem.makeSymbolicLink(name, in: directory, to: Array(target.utf8), for: caller)
        case .link(let path, let new):
            _ = try place(path)
            let (directory, name) = try place(new)
            let found = try file(path, of: fileSystem)
            _ = try fileSystem.link(found.number, as: name, in: directory)
        case .unlink(let path):
            let (directory, name) = try place(path)
            try fileSystem.unlink(name, in: directory)
        case .removeDirectory(let path):
            let (directory, name) = try place(path)
            try fileSystem.removeDirectory(name, in: directory)
        case .rename(let path, let new): try rename(path, new, 0)
        case .exchange(let path, let new): try rename(path, new, 2)
        case .renameWithoutReplacing(let path, let new): try rename(path, new, 1)
        case .mode(let path, let mode):
            let found = try file(path, of: fileSystem)
            if found.type == .symbolicLink { throw Errno.notSupported }
            var changes = AttributeChanges()
            changes.permissions = mode
            _ = try fileSystem.setAttributes(of: found.number, nil, to: changes)
        case .owner(let path, let owner):
            var changes = AttributeChanges()
            (changes.uid, changes.gid) = (owner, owner)
            _ = try fileSystem.setAttributes(of: file(path, of: fileSystem).number, nil, to: changes)
        case .attribute(let path, let value):
            try fileSystem.setXattr(
                Array("trusted.t".utf8), of: file(path, of: fileSystem).number, to: Array(value.utf8), flags: 0)
        case .removeAttribute(let path):
            try fileSystem.removeXattr(Array("trusted.t".utf8), of: file(path, of: fileSystem).number)
        }
    }

    private func rename(_ path: String, _ new: String, _ flags: UInt32) throws {
        let (directory, name) = try place(path)
        let (newDirectory, newName) = try place(new)
        try fileSystem.rename(name, in: directory, to: newName, in: newDirectory, flags: flags)
    }

    private func write(_ number: FileNumber, _ flags: Int32, at offset: UInt64, _ text: String) throws {
        try write(number, fileSystem.open(number, flags: flags), at: offset, text)
    }

    private func write(_ number: FileNumber, _ handle: FileHandle, at offset: UInt64, _ text: String) throws {
        defer { fileSystem.close(handle, of: number) }
        let bytes = Array(text.utf8)
        var done = 0
        while done < bytes.count {
            done += try bytes[done...].withUnsafeBytes {
                try fileSystem.write(number, handle, at: offset + UInt64(done), $0)
            }
        }
        try fileSystem.flush(number, handle)
    }

    private func regular(_ path: String) throws -> FileAttributes {
        let found = try file(path, of: fileSystem)
        guard found.type == .regular else { throw Errno.invalidArgument }
        return found
    }

    private func place(_ path: String) throws -> (FileNumber, [UInt8]) {
        guard let slash = path.lastIndex(of: "/") else { return (.root, Array(path.utf8)) }
        let parent = try file(String(path[..<slash]), of: fileSystem)
        guard parent.type == .directory else { throw Errno.notDirectory }
        return (parent.number, Array(path[path.index(after: slash)...].utf8))
    }
}
