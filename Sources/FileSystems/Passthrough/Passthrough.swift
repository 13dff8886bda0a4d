// SPDX-License-Identifier: Apache-2.0

import FileTree
import Glibc
package import LinuxIO
import Synchronization
package import SystemPackage

/// A directory tree of this machine as a file system: what others change in it shows at once, and the reverse.
///
/// Every file is reached by its name in a directory that is held, and never through a symbolic link. File systems
/// mounted below the directory belong to it. Nothing is cached but descriptors. New files belong to the user of the
/// process that serves, whoever asks for them.
package final class Passthrough: FileSystem, SharedFileSystem {
    let nodes: PassthroughNodes
    let handles = PassthroughHandles()
    let locks = PassthroughLocks()
    private let root: PathDescriptor
    private let rootDevice: UInt64
    private let isForbidden: @Sendable (UInt64) -> Bool

    /// Shows a directory.
    ///
    /// - Parameters:
    ///   - root: the directory, as a path descriptor.
    ///   - descriptorLimit: how many descriptors may be kept for files that nobody has open.
    ///   - isForbidden: whether a file system, by its device number, must not be entered: one that is served by this
    ///     process would wait for itself. Asked at every mount that is crossed, from several threads.
    /// - Throws: the `Errno` of looking at the directory.
    package init(
        _ root: Descriptor, descriptorLimit: Int, isForbidden: @escaping @Sendable (UInt64) -> Bool
    ) throws(Errno) {
        self.root = PathDescriptor(root)
        let identity = FileIdentity(try self.root.status())
        rootDevice = identity.device
        nodes = PassthroughNodes(root: self.root, identity: identity, limit: descriptorLimit)
        self.isForbidden = isForbidden
    }

    package var caching: CachePolicy { CachePolicy(seconds: 0, keepsPages: false, needsOpen: true) }

    package func lookup(_ name: UnsafeRawBufferPointer, in directory: FileNumber) throws(Errno) -> FileAttributes {
        try enter(Array(name), in: directory)
    }

    package func forget(_ file: FileNumber, count: UInt64) { nodes.forget(file, count) }

    package func attributes(of file: FileNumber) throws(Errno) -> FileAttributes {
        try FileAttributes(path(of: file).status(), number: file)
    }

    package func target(of link: FileNumber) throws(Errno) -> [UInt8] { try path(of: link).target() }

    package func open(_ file: FileNumber, flags: Int32) throws(Errno) -> FileHandle {
        let path = try path(of: file)
        // Nothing else may be opened here: a fifo would wait, a device act. The kernel does not ask for it either.
        let type = try path.status().st_mode & S_IFMT
        guard type == S_IFREG || type == S_IFDIR else { throw .invalidArgument }
        let opened = try withFreeDescriptors { () throws(Errno) in try path.open(Self.flags(flags)) }
        let isMadeUp = try path.isMadeUp()
        return add(opened, of: file, isMadeUp: type == S_IFREG && isMadeUp)
    }

    package func close(_ handle: FileHandle, of file: FileNumber) {
        if handles.remove(handle) { nodes.endUse(file) }
    }

    // Who uses a closed one is told so when reading.
    package func isMadeUp(_ handle: FileHandle) -> Bool { (try? handles[handle].isMadeUp) ?? false }

    package func read(
        _ file: FileNumber, _ handle: FileHandle, at offset: UInt64, into buffer: UnsafeMutableRawBufferPointer
    ) throws(Errno) -> Int {
        let handle = try handles[handle]
        // What is made up may have nothing to say for a while, and then is not to be asked again at once.
        guard handle.isMadeUp else { return try handle.file.descriptor.read(at: offset, into: buffer) }
        return try handle.file.descriptor.readOnce(at: offset, into: buffer)
    }

    package func readDirectory(
        _ directory: FileNumber, _ handle: FileHandle, from cookie: UInt64, wantsAttributes: Bool,
        _ take: (DirectoryEntry) -> Bool
    ) throws(Errno) {
        let handle = try handles[handle]
        let device = UInt64(try handle.file.descriptor.status().st_dev)
        try handle.position.withLock { (_) throws(Errno) in
            try handle.file.entries(from: cookie) { entry in
                // Attributes would be old at once: who wants them looks each file up.
                take(
                    DirectoryEntry(
                        name: entry.name,
                        number: nodes.shownNumber(of: FileIdentity(device: device, inode: entry.inode)),
                        type: FileTree.FileType(mode: UInt32(entry.type) << 12) ?? .regular, nextCookie: entry.next,
                        attributes: nil))
            }
        }
    }

    package func xattr(_ name: [UInt8], of file: FileNumber) throws(Errno) -> [UInt8] {
        try path(of: file).xattr(name)
    }

    package func xattrNames(of file: FileNumber) throws(Errno) -> [[UInt8]] { try path(of: file).xattrNames() }

    package func seek(
        _ file: FileNumber, _ handle: FileHandle, from offset: UInt64, to goal: SeekGoal
    ) throws(Errno) -> UInt64 {
        try handles[handle].file.seek(from: offset, toHole: goal == .hole)
    }

    package func statistics() throws(Errno) -> FileSystemStatistics {
        let answer = try root.fileSystem()
        return FileSystemStatistics(
            fragmentSize: UInt32(clamping: answer.f_frsize), fragmentCount: UInt64(answer.f_blocks),
            freeFragmentCount: UInt64(answer.f_bavail), fileCount: UInt64(answer.f_files),
            freeFileCount: UInt64(answer.f_favail))
    }
}

extension Passthrough {
    /// The file of a number.
    func path(of file: FileNumber) throws(Errno) -> PathDescriptor {
        try withFreeDescriptors { () throws(Errno) in try nodes.path(of: file) }
    }

    /// Finds a name and gives a reference of its file.
    func enter(_ name: [UInt8], in directory: FileNumber) throws(Errno) -> FileAttributes {
        let parent = try path(of: directory)
        let child = try withFreeDescriptors { () throws(Errno) in try parent.child(name) }
        return try enter(child, as: name, in: directory, parentOn: parent.device())
    }

    /// Gives a reference of a file that was found.
    func enter(
        _ child: PathDescriptor, as name: [UInt8], in directory: FileNumber, parentOn device: UInt64
    ) throws(Errno) -> FileAttributes {
        // Before its metadata are asked for: that would already be a question to whoever serves it.
        let own = try child.device()
        guard own == device || !isForbidden(own) else { throw .tooManySymbolicLinkLevels }
        let status = try child.status()
        return FileAttributes(status, number: nodes.enter(child, FileIdentity(status), as: name, in: directory))
    }

    /// Takes an open file in.
    func add(_ opened: Descriptor, of file: FileNumber, isMadeUp: Bool) -> FileHandle {
        nodes.beginUse(file)
        return handles.add(PassthroughHandle(OpenFile(opened), isMadeUp: isMadeUp))
    }

    /// Runs what needs descriptors; if the process has no more of them, once again after those of files not in use
    /// were given up.
    func withFreeDescriptors<Result>(_ body: () throws(Errno) -> Result) throws(Errno) -> Result {
        do throws(Errno) {
            return try body()
        } catch .tooManyOpenFiles {
            nodes.releaseDescriptors()
            return try body()
        }
    }

    /// The flags of open(2) that are handed on.
    ///
    /// `O_APPEND` is not: see `write`.
    static func flags(_ flags: Int32) -> Int32 {
        flags & (O_ACCMODE | O_TRUNC | O_SYNC | O_DSYNC | O_DIRECTORY) | O_NONBLOCK | O_NOCTTY
    }
}

extension FileAttributes {
    /// What stat(2) tells of a file that is shown under another number.
    init(_ status: stat, number: FileNumber) {
        let device = deviceParts(status.st_rdev)
        self.init(
            number: number, type: FileTree.FileType(mode: status.st_mode) ?? .regular,
            permissions: UInt16(status.st_mode & 0o7777), uid: status.st_uid, gid: status.st_gid,
            linkCount: UInt32(clamping: status.st_nlink), size: UInt64(max(0, status.st_size)),
            blockCount: UInt64(max(0, status.st_blocks)), time: Timestamp(status.st_mtim),
            device: DeviceNumber(major: device.major, minor: device.minor))
        accessTime = Timestamp(status.st_atim)
        changeTime = Timestamp(status.st_ctim)
    }
}

extension Timestamp {
    init(_ time: timespec) {
        self.init(seconds: Int64(time.tv_sec), nanoseconds: UInt32(clamping: time.tv_nsec))
    }
}
