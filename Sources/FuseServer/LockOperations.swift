// SPDX-License-Identifier: Apache-2.0

import CFuse
import FileSystems
import Glibc
import LinuxIO
import SystemPackage

/// Fills in the operations on locks: without them the kernel keeps locks to itself, and nobody beyond the mount knows.
///
/// Only for the session of a `SharedFileSystem`. A lock that must be waited for is answered later, from another thread.
func addLockOperations(to operations: inout fuse_lowlevel_ops) {
    operations.getlk = { request, file, information, wanted in
        answerShared(request) { shared throws(Errno) in
            guard let wanted, let owner = owner(information) else { throw .invalidArgument }
            return try shared.conflict(
                with: RangeLock(wanted.pointee), of: owner, on: FileNumber(file), FileHandle(information))
        } _: { request, lock in
            var answer = Glibc.flock(lock)
            fuse_reply_lock(request, &answer)
        }
    }
    operations.setlk = { request, file, information, wanted, waits in
        let handle = FileHandle(information)
        guard let wanted, let owner = owner(information) else {
            answer(request) { _ throws(Errno) in throw .invalidArgument }
            return
        }
        let lock = RangeLock(wanted.pointee)
        answerLocking(request, waits: waits != 0) { shared throws(Errno) in
            try shared.set(lock, of: owner, on: FileNumber(file), handle)
        }
    }
    operations.flock = { request, file, information, operation in
        let handle = FileHandle(information)
        answerLocking(request, waits: operation & LOCK_NB == 0) { shared throws(Errno) in
            try shared.lockWhole(FileNumber(file), handle, operation: operation & ~LOCK_NB)
        }
    }
    operations.flush = { request, file, information in
        answerShared(request) { shared in
            if let owner = owner(information) { shared.releaseLocks(of: owner, on: FileNumber(file)) }
        } _: { request, _ in
            fuse_reply_err(request, 0)
        }
    }
}

private func owner(_ information: UnsafeMutablePointer<fuse_file_info>?) -> LockOwner? {
    information.map { LockOwner($0.pointee.lock_owner) }
}

/// Answers a request for a lock: at once, or, if it may wait and has to, when the lock is there.
private func answerLocking(
    _ request: fuse_req_t?, waits: Bool, _ attempt: @escaping @Sendable (any SharedFileSystem) throws(Errno) -> Void
) {
    guard let request else { return }
    guard let served = Served.at(fuse_req_userdata(request)), let shared = served.fileSystem as? any SharedFileSystem
    else {
        fuse_reply_err(request, ENOSYS)
        return
    }
    do throws(Errno) {
        try attempt(shared)
        fuse_reply_err(request, 0)
    } catch {
        guard waits, error == .resourceTemporarilyUnavailable else {
            fuse_reply_err(request, error.rawValue > 0 ? error.rawValue : EIO)
            return
        }
        let isTaken = served.lockWaiters.add(LockRequest(request)) { () throws(Errno) in try attempt(shared) }
        // The kernel answers a program that waits for nothing to come with the same.
        if !isTaken { fuse_reply_err(request, ENOLCK) }
    }
}

extension RangeLock {
    fileprivate init(_ lock: Glibc.flock) {
        let kind: Kind =
            switch Int32(lock.l_type) {
            case F_RDLCK: .shared
            case F_WRLCK: .exclusive
            default: .none
            }
        self.init(kind: kind, start: Int64(lock.l_start), count: Int64(lock.l_len))
    }
}

extension Glibc.flock {
    fileprivate init(_ lock: RangeLock) {
        self.init()
        switch lock.kind {
        case .shared: l_type = Int16(F_RDLCK)
        case .exclusive: l_type = Int16(F_WRLCK)
        case .none: l_type = Int16(F_UNLCK)
        }
        l_whence = Int16(SEEK_SET)
        l_start = off_t(lock.start)
        l_len = off_t(lock.count)
        // A lock without a process is shown as nobody's.
        l_pid = max(0, lock.process)
    }
}
