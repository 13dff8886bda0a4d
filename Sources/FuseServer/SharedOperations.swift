// SPDX-License-Identifier: Apache-2.0

import CFuse
import FileSystems
import Glibc
import SystemPackage

/// Replaces the operations that differ where others change the files at the same time; see `SharedFileSystem`.
///
/// Added last: only to the session of such a file system.
func addSharedOperations(to operations: inout fuse_lowlevel_ops) {
    operations.open = { request, file, information in
        open(request, FileNumber(file), information)
    }
    operations.create = { request, parent, name, mode, information in
        create(request, FileNumber(parent), bytes(name), mode, information)
    }
    operations.write = { request, file, content, count, offset, information in
        answerShared(request) { shared throws(Errno) in
            guard offset >= 0, let content else { throw .invalidArgument }
            // What the kernel writes back from a mapping has a place, also through a file that is open to append.
            let isAppending = information.map { $0.pointee.writepage == 0 && $0.pointee.flags & O_APPEND != 0 } ?? false
            return try shared.write(
                FileNumber(file), FileHandle(information), at: UInt64(offset), isAppending: isAppending,
                UnsafeRawBufferPointer(start: content, count: count))
        } _: { request, written in
            fuse_reply_write(request, written)
        }
    }
}

/// Asks the kernel to keep nothing that could be old.
func negotiateSharing(_ connection: inout fuse_conn_info) {
    // Of what it must keep, mapped pages, it looks at the time of the last change each time it hears of it.
    connection.want |= connection.capable & UInt32(FUSE_CAP_AUTO_INVAL_DATA)
    connection.want &= ~UInt32(
        FUSE_CAP_EXPLICIT_INVAL_DATA | FUSE_CAP_CACHE_SYMLINKS | FUSE_CAP_READDIRPLUS | FUSE_CAP_WRITEBACK_CACHE)
}

/// Answers a request of a session that serves a `SharedFileSystem`.
func answerShared<Value>(
    _ request: fuse_req_t?, _ work: (any SharedFileSystem) throws(Errno) -> Value, _ reply: (fuse_req_t, Value) -> Void
) {
    answer(request) { served throws(Errno) in
        guard let shared = served.fileSystem as? any SharedFileSystem else { throw .noFunction }
        return try work(shared)
    } _: { request, _, value in
        reply(request, value)
    }
}

private func open(
    _ request: fuse_req_t?, _ file: FileNumber, _ information: UnsafeMutablePointer<fuse_file_info>?
) {
    answerShared(request) { shared throws(Errno) in
        guard let information else { throw .invalidArgument }
        let handle = try shared.open(file, flags: information.pointee.flags)
        return (shared, handle)
    } _: { request, opened in
        let (shared, handle) = opened
        guard let information else { return }
        setCaching(information, of: handle, in: shared)
        if fuse_reply_open(request, information) != 0 { shared.close(handle, of: file) }
    }
}

private func create(
    _ request: fuse_req_t?, _ parent: FileNumber, _ name: UnsafeRawBufferPointer, _ mode: mode_t,
    _ information: UnsafeMutablePointer<fuse_file_info>?
) {
    answer(request) { (served) throws(Errno) -> (FileAttributes, FileHandle) in
        guard let information else { throw .invalidArgument }
        return try served.fileSystem.create(
            Array(name), in: parent, mode: mode, flags: information.pointee.flags, for: Caller(of: request))
    } _: { request, served, made in
        guard let information, let shared = served.fileSystem as? any SharedFileSystem else { return }
        setCaching(information, of: made.1, in: shared)
        var entry = fuse_entry_param(made.0, served.caching)
        if fuse_reply_create(request, &entry, information) != 0 {
            shared.close(made.1, of: made.0.number)
            shared.forget(made.0.number, count: 1)
        }
    }
}

/// Lets an open file's reads and writes pass the kernel's cache by, where it could be mapped all the same.
private func setCaching(
    _ information: UnsafeMutablePointer<fuse_file_info>, of handle: FileHandle, in shared: any SharedFileSystem
) {
    information.pointee.fh = handle.rawValue
    information.pointee.keep_cache = 0
    information.pointee.direct_io =
        cfuse_features() & Int32(CFUSE_DIRECT_MAPPING.rawValue) != 0 || shared.isMadeUp(handle) ? 1 : 0
}
