// SPDX-License-Identifier: Apache-2.0

import CFuse
import FileSystems
import FileTree
import Glibc
import LinuxIO
import SystemPackage
import Threads

/// A connection of libfuse, from mount to unmount.
///
/// Used by one thread; those of `RequestLoop` serve it.
struct FuseSession: ~Copyable {
    private let session: OpaquePointer
    /// Holds the callbacks' user data for as long as the session may call back.
    private let served: Served

    /// Makes a session that is not mounted yet; from now on SIGTERM, SIGINT and SIGHUP do nothing but end its loop.
    ///
    /// - Parameter options: libfuse's list of mount options.
    init(_ served: Served, options: String) throws(FuseError) {
        RequestLoop.blockSignals()
        guard let made = newSession(served, options: options) else {
            throw FuseError("cannot make a FUSE session: \(FuseLog.text)")
        }
        session = made
        self.served = served
    }

    deinit {
        fuse_session_destroy(session)
    }

    /// Mounts it: by mount(2) where that is allowed, else through fusermount3.
    ///
    /// The directory becomes the working directory for so long, and is named `.`: to mount(2) that is this directory whatever
    /// its path leads to by now. fusermount3 makes a path of it and looks at that; so where the mount has landed is looked
    /// at afterwards, and a mount that landed elsewhere, on a directory that its user may write to, is taken away.
    func mount(on directory: Descriptor) throws(FuseError) -> LocatedMount {
        // Messages do without it.
        let name = (try? MountPoint.path(of: directory)).map { Bytes.escaped($0) } ?? "the mountpoint"
        let before: Set<MountEntry>
        let covered: LocatedMount?
        let located: LocatedMount?
        do throws(Errno) {
            before = Set(try MountTable.read())
            covered = try LocatedMount(on: directory)
            _ = try retrying { fchdir(directory.rawValue) }
        } catch { throw FuseError("\(name): cannot mount: \(error)") }
        let isMounted = fuse_session_mount(session, ".") == 0
        chdir("/")
        guard isMounted else {
            throw FuseError("\(name): cannot mount\(FuseLog.text.isEmpty ? "" : ": " + FuseLog.text)")
        }
        do throws(Errno) {
            located = try LocatedMount(on: directory)
        } catch { located = nil }
        guard let located, located.entry.type == MountedServer.type, located.entry != covered?.entry else {
            removeStray(before)
            throw FuseError("\(name): was moved while it was mounted on")
        }
        // Where libfuse cannot ask, files of a shared mount are mapped through the cache, which shows changes later, and
        // the kernel drops privileges itself.
        if served.isShared {
            _ = cfuse_ask_for(session, Int32(CFUSE_DIRECT_MAPPING.rawValue))
        } else if served.caching.isWritable {
            let wanted = [CFUSE_DROPPED_PRIVILEGES, CFUSE_LISTS_DROP_PRIVILEGES, CFUSE_DIRECT_MAPPING]
            _ = cfuse_ask_for(session, wanted.reduce(0) { $0 | Int32($1.rawValue) })
        }
        return located
    }

    /// Takes away what was mounted just now and is not where it should be.
    private func removeStray(_ before: Set<MountEntry>) {
        let table = (try? MountTable.read()) ?? []  // What stays is told by who calls.
        for entry in table.reversed() where entry.type == MountedServer.type && !before.contains(entry) {
            // Another one that began to serve at the same time has a name by now, or cannot be told apart: it stays.
            guard entry.superOption("user_id") == "\(geteuid())",
                // As said; and what is not there any more needs no removal.
                let server = try? MountedServer.of(entry), server.identifier == nil,
                let mount = try? LocatedMount(entry)  // As above.
            else { continue }
            // The failure is told by who calls.
            try? mount.detach(lazily: true)
            return
        }
    }

    /// Serves until the mount ends.
    ///
    /// - Parameters:
    ///   - isNear: see `RequestLoop`.
    ///   - whenIdle: see `RequestLoop`.
    /// - Returns: 0, the number of the signal that ended it, or a negative error number.
    func loop(isNear: Bool, whenIdle: @escaping @Sendable () -> Void) -> Int32 {
        RequestLoop(session, threadLimit: 10, isNear: isNear, whenIdle: whenIdle).run()
    }

    /// Unmounts it unless that has happened already.
    func unmount(_ mount: LocatedMount) {
        var connection = pollfd(fd: fuse_session_fd(session), events: 0, revents: 0)
        // The kernel tells the end of the mount by an error.
        let hasEnded = poll(&connection, 1, 0) == 1 && connection.revents & Int16(POLLERR) != 0
        // Who still waits for an answer gets an error. libfuse closes the number later.
        if let null = try? Descriptor.open("/dev/null") { dup2(null.rawValue, connection.fd) }
        if hasEnded { return }
        // What stays is dead with this process, and "cimg umount" removes it.
        try? mount.detach(lazily: true)
    }
}

private func newSession(_ served: Served, options: String) -> OpaquePointer? {
    let strings: [UnsafeMutablePointer<CChar>?] = ["cimg", "-o", options].map { (text: String) in strdup(text) }
    defer { strings.forEach { free($0) } }
    var operations = makeOperations(isShared: served.isShared, isWritable: served.caching.isWritable)
    let userData = Unmanaged.passUnretained(served).toOpaque()
    var list = strings + [nil]
    let session = list.withUnsafeMutableBufferPointer { buffer in
        var arguments = fuse_args(argc: Int32(buffer.count - 1), argv: buffer.baseAddress, allocated: 0)
        defer { fuse_opt_free_args(&arguments) }
        return fuse_session_new(&arguments, &operations, MemoryLayout<fuse_lowlevel_ops>.size, userData)
    }
    return session
}

/// All operations of the server.
///
/// A free function: closures made in `main` would belong to the main actor.
private func makeOperations(isShared: Bool, isWritable: Bool) -> fuse_lowlevel_ops {
    var operations = fuse_lowlevel_ops()
    operations.`init` = { userData, connection in
        guard let connection else { return }
        guard let served = Served.at(userData) else { return }
        negotiate(&connection.pointee, served)
        if served.isShared { negotiateSharing(&connection.pointee) }
        // libfuse refuses to start where this differs from the mount option.
        connection.pointee.max_read = served.options.maximumRead
    }
    addReadOperations(to: &operations)
    addOpenOperations(to: &operations)
    addDirectoryOperations(to: &operations)
    addXattrOperations(to: &operations)
    addNameOperations(to: &operations)
    addWriteOperations(to: &operations)
    // Without the operation the kernel stops to ask.
    if !isWritable { operations.flush = nil }
    if isShared {
        addSharedOperations(to: &operations)
        addLockOperations(to: &operations)
    }
    return operations
}

private func mayHaveAccessLists(_ fileSystem: any FileSystem) -> Bool {
    ["system.posix_acl_access", "system.posix_acl_default"].contains { fileSystem.mayHaveXattr(Array($0.utf8)) }
}

/// Asks the kernel for what makes reading fast, and for what changing needs.
private func negotiate(_ connection: inout fuse_conn_info, _ served: Served) {
    var wanted =
        FUSE_CAP_ASYNC_READ | FUSE_CAP_PARALLEL_DIROPS | FUSE_CAP_READDIRPLUS | FUSE_CAP_CACHE_SYMLINKS
    // READDIRPLUS always, not when the kernel guesses that it pays; replies from plain memory beat splice.
    var unwanted =
        FUSE_CAP_READDIRPLUS_AUTO | FUSE_CAP_SPLICE_READ | FUSE_CAP_SPLICE_WRITE | FUSE_CAP_SPLICE_MOVE
    if !served.caching.needsOpen { wanted |= FUSE_CAP_NO_OPEN_SUPPORT | FUSE_CAP_NO_OPENDIR_SUPPORT }
    // Pages of files that others may change are dropped when size or time say so.
    if served.caching.keepsPages {
        wanted |= FUSE_CAP_EXPLICIT_INVAL_DATA
        unwanted |= FUSE_CAP_AUTO_INVAL_DATA
    } else {
        wanted |= FUSE_CAP_AUTO_INVAL_DATA
        unwanted |= FUSE_CAP_CACHE_SYMLINKS
    }
    if served.caching.isWritable {
        // A look at each file costs more here, and who removes a tree needs none.
        wanted |= FUSE_CAP_READDIRPLUS_AUTO
        unwanted &= ~FUSE_CAP_READDIRPLUS_AUTO
        wanted |= FUSE_CAP_ATOMIC_O_TRUNC | FUSE_CAP_DONT_MASK
        // After a direct write that it does not wait for, the kernel keeps pages that were read meanwhile.
        unwanted |= FUSE_CAP_ASYNC_DIO
    }
    // The kernel then checks permissions by access control lists too, and asks once for those of each file.
    if served.caching.keepsPages, served.options.checksPermissions, mayHaveAccessLists(served.fileSystem) {
        wanted |= FUSE_CAP_POSIX_ACL
    }
    connection.want |= connection.capable & UInt32(wanted)
    connection.want &= ~UInt32(unwanted)
    connection.max_background = 64
    connection.congestion_threshold = 48
}
