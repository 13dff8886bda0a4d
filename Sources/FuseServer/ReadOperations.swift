// SPDX-License-Identifier: Apache-2.0

import CFuse
import FileSystems
import Glibc
import LinuxIO
import SystemPackage

/// Fills in the operations that look and read.
///
/// The closures are C functions made outside of any actor: libfuse calls them on the threads of `RequestLoop`.
func addReadOperations(to operations: inout fuse_lowlevel_ops) {
    operations.lookup = { request, parent, name in
        lookup(request, FileNumber(parent), bytes(name))
    }
    operations.forget = { request, file, count in
        guard let request else { return }
        Served.at(fuse_req_userdata(request))?.fileSystem.forget(FileNumber(file), count: count)
        fuse_reply_none(request)
    }
    operations.forget_multi = { request, count, list in
        guard let request else { return }
        let served = Served.at(fuse_req_userdata(request))
        for item in UnsafeBufferPointer(start: list, count: list == nil ? 0 : count) {
            served?.fileSystem.forget(FileNumber(item.ino), count: item.nlookup)
        }
        fuse_reply_none(request)
    }
    operations.getattr = { request, file, _ in
        answer(request) { served throws(Errno) in
            try served.fileSystem.attributes(of: FileNumber(file))
        } _: { request, served, attributes in
            var status = stat(attributes)
            fuse_reply_attr(request, &status, served.caching.seconds(of: attributes))
        }
    }
    operations.readlink = { request, file in
        answer(request) { served throws(Errno) in
            try served.fileSystem.target(of: FileNumber(file))
        } _: { request, _, target in
            _ = withCString(target) { fuse_reply_readlink(request, $0) }
        }
    }
    operations.read = { request, file, count, offset, information in
        read(request, FileNumber(file), count, offset, information)
    }
    operations.lseek = { request, file, offset, whence, information in
        answer(request) { served throws(Errno) in
            guard whence == seekData || whence == seekHole else { throw .invalidArgument }
            guard offset >= 0 else { throw .noSuchAddressOrDevice }
            return try served.fileSystem.seek(
                FileNumber(file), FileHandle(information), from: UInt64(offset),
                to: whence == seekHole ? .hole : .data)
        } _: { request, _, position in
            fuse_reply_lseek(request, off_t(clamping: position))
        }
    }
    operations.statfs = { request, _ in
        answer(request) { served throws(Errno) in
            try served.fileSystem.statistics()
        } _: { request, _, statistics in
            var answer = statvfs(statistics)
            fuse_reply_statfs(request, &answer)
        }
    }
}

/// Fills in the operations that open and close.
func addOpenOperations(to operations: inout fuse_lowlevel_ops) {
    // ENOSYS tells the kernel, once for the whole mount, that nothing needs to be opened.
    operations.open = { request, file, information in
        open(request, FileNumber(file), information)
    }
    operations.opendir = { request, file, information in
        open(request, FileNumber(file), information)
    }
    operations.release = { request, file, information in
        answer(request) { served in
            served.fileSystem.close(FileHandle(information), of: FileNumber(file))
        }
    }
    operations.releasedir = { request, file, information in
        answer(request) { served in
            served.fileSystem.close(FileHandle(information), of: FileNumber(file))
        }
    }
}

/// `SEEK_DATA` and `SEEK_HOLE` of lseek(2), which Glibc's module shows only with `_GNU_SOURCE`.
private let seekData: Int32 = 3
private let seekHole: Int32 = 4

private func lookup(_ request: fuse_req_t?, _ parent: FileNumber, _ name: UnsafeRawBufferPointer) {
    answer(request) { (served) throws(Errno) -> FileAttributes? in
        do throws(Errno) {
            return try served.fileSystem.lookup(name, in: parent)
        } catch {
            if error == .noSuchFileOrDirectory { return nil }
            throw error
        }
    } _: { request, served, found in
        guard let found else {
            var entry = fuse_entry_param(absentFor: served.caching)
            fuse_reply_entry(request, &entry)
            return
        }
        var entry = fuse_entry_param(found, served.caching)
        if fuse_reply_entry(request, &entry) != 0 { served.fileSystem.forget(found.number, count: 1) }
    }
}

private func read(
    _ request: fuse_req_t?, _ file: FileNumber, _ count: Int, _ offset: off_t,
    _ information: UnsafeMutablePointer<fuse_file_info>?
) {
    let done: Void? = ReplyBuffer.with(byteCount: count) { buffer in
        answer(request) { served throws(Errno) in
            guard offset >= 0 else { throw .invalidArgument }
            return try served.fileSystem.read(file, FileHandle(information), at: UInt64(offset), into: buffer)
        } _: { request, _, read in
            fuse_reply_buf(request, buffer.baseAddress?.assumingMemoryBound(to: CChar.self), min(read, buffer.count))
        }
    }
    if done == nil, let request { fuse_reply_err(request, ENOMEM) }
}

private func open(
    _ request: fuse_req_t?, _ file: FileNumber, _ information: UnsafeMutablePointer<fuse_file_info>?
) {
    answer(request) { served throws(Errno) in
        guard served.caching.needsOpen, let information else { throw .noFunction }
        if cfuse_drops_privileges() != 0 {
            try served.fileSystem.dropPrivileges(of: file, for: Caller(of: request))
        }
        return try served.fileSystem.open(file, flags: information.pointee.flags)
    } _: { request, served, handle in
        guard let information else { return }
        information.pointee.fh = handle.rawValue
        setCaching(information, of: handle, served)
        information.pointee.cache_readdir = served.caching.keepsPages ? 1 : 0
        if fuse_reply_open(request, information) != 0 { served.fileSystem.close(handle, of: file) }
    }
}
