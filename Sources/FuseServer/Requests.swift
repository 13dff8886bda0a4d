// SPDX-License-Identifier: Apache-2.0

import CFuse
import FileSystems
import Glibc
import LinuxIO
import SystemPackage

/// What libfuse's callbacks get back as their user data.
final class Served: Sendable {
    let fileSystem: any FileSystem
    let caching: CachePolicy
    let options: MountOptions
    /// Requests for locks that are answered later.
    let lockWaiters = LockWaiters()
    /// Whether others change the files at the same time: see `SharedFileSystem`.
    var isShared: Bool { fileSystem is any SharedFileSystem }

    init(_ fileSystem: any FileSystem, _ options: MountOptions) {
        self.fileSystem = fileSystem
        self.options = options
        caching = fileSystem.caching
    }

    /// The user data of a callback.
    static func at(_ pointer: UnsafeMutableRawPointer?) -> Served? {
        // SAFETY: the session holds the object for as long as it calls back.
        pointer.map { Unmanaged<Served>.fromOpaque($0).takeUnretainedValue() }
    }
}

/// Answers a request exactly once: with `reply`, which must send one answer, or with the error that `work` throws.
func answer<Value>(
    _ request: fuse_req_t?, _ work: (Served) throws(Errno) -> Value, _ reply: (fuse_req_t, Served, Value) -> Void
) {
    guard let request else { return }
    guard let served = Served.at(fuse_req_userdata(request)) else {
        fuse_reply_err(request, EIO)
        return
    }
    do {
        reply(request, served, try work(served))
    } catch {
        fuse_reply_err(request, error.rawValue > 0 ? error.rawValue : EIO)
    }
}

/// Answers a request that has no result but success.
func answer(_ request: fuse_req_t?, _ work: (Served) throws(Errno) -> Void) {
    answer(request, work) { request, _, _ in fuse_reply_err(request, 0) }
}

/// Answers a request that made or found a file, and gives the reference back if the kernel did not take it.
func answerWithEntry(_ request: fuse_req_t?, _ work: (Served) throws(Errno) -> FileAttributes) {
    answer(request, work) { request, served, attributes in
        var entry = fuse_entry_param(attributes, served.caching)
        if fuse_reply_entry(request, &entry) != 0 { served.fileSystem.forget(attributes.number, count: 1) }
    }
}

/// The bytes of a name or target that the kernel sent.
func bytes(_ string: UnsafePointer<CChar>?) -> UnsafeRawBufferPointer {
    guard let string else { return UnsafeRawBufferPointer(start: nil, count: 0) }
    return UnsafeRawBufferPointer(start: string, count: strlen(string))
}

extension FileHandle {
    /// The handle that `open` gave; any where nothing is opened.
    init(_ information: UnsafeMutablePointer<fuse_file_info>?) { self.init(information?.pointee.fh ?? 0) }
}

extension Caller {
    /// Who sent a request.
    init(of request: fuse_req_t?) {
        guard let request, let context = fuse_req_ctx(request) else {
            self.init(uid: .max, gid: .max, umask: 0o777)
            return
        }
        self.init(
            uid: context.pointee.uid, gid: context.pointee.gid, umask: context.pointee.umask,
            process: context.pointee.pid)
    }
}

/// Whether the kernel caches an open file; it always does where a file that it does not cache could not be mapped.
///
/// Also whether it asks when the file is closed: of one that may be written to through a mapping it must, as it writes
/// back and tells of errors only then.
func setCaching(_ information: UnsafeMutablePointer<fuse_file_info>, of handle: FileHandle, _ served: Served) {
    information.pointee.keep_cache = served.caching.keepsPages && !served.fileSystem.isAccessDue(handle) ? 1 : 0
    let mayBeMapped = information.pointee.flags & O_ACCMODE == O_RDWR
    information.pointee.noflush = mayBeMapped || served.fileSystem.mayFailToClose(handle) ? 0 : 1
    let mayPass = served.caching.isWritable && cfuse_features() & Int32(CFUSE_DIRECT_MAPPING.rawValue) != 0
    information.pointee.direct_io = mayPass && served.fileSystem.isDirect(handle) ? 1 : 0
}
