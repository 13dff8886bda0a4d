// SPDX-License-Identifier: Apache-2.0

import CLinux
import Glibc
package import SystemPackage
import Threads

/// A lock of a range of a file, as fcntl(2) has them.
package struct RangeLock: Hashable, Sendable {
    /// What is locked against what.
    package enum Kind: Sendable {
        /// Others may read: `F_RDLCK`.
        case shared
        /// Nobody else: `F_WRLCK`.
        case exclusive
        /// No lock: `F_UNLCK`.
        case none
    }

    /// The kind of lock.
    package var kind: Kind
    /// The first byte.
    package var start: Int64
    /// How many bytes; 0 for all to the end of the file, wherever that will be.
    package var count: Int64
    /// Who holds it, where that is known: -1 for a lock of an open file, 0 where it is a process out of sight.
    package var process: Int32 = 0

    /// Makes a lock.
    package init(kind: Kind, start: Int64, count: Int64) {
        self.kind = kind
        self.start = start
        self.count = count
    }

    fileprivate init(type: Int16, start: Int64, count: Int64, process: Int32) {
        let kind: Kind = type == Int16(F_RDLCK) ? .shared : type == Int16(F_WRLCK) ? .exclusive : .none
        self.init(kind: kind, start: start, count: count)
        self.process = process
    }

    fileprivate var type: Int16 {
        switch kind {
        case .shared: Int16(F_RDLCK)
        case .exclusive: Int16(F_WRLCK)
        case .none: Int16(F_UNLCK)
        }
    }
}

/// Locks that belong to the open file, not to the process, so that one process can hold them for many.
extension OpenFile {
    /// A lock that keeps another from being set, or one of kind `none`: fcntl(2) with `F_OFD_GETLK`.
    package func conflict(with lock: RangeLock) throws(Errno) -> RangeLock {
        var (type, start, count, process) = (lock.type, lock.start, lock.count, Int32(0))
        _ = try retrying { clinux_test_lock(number, &type, &start, &count, &process) }
        return RangeLock(type: type, start: start, count: count, process: process)
    }

    /// Sets or ends a lock, without waiting: fcntl(2) with `F_OFD_SETLK`.
    ///
    /// - Throws: `.resourceTemporarilyUnavailable` where another lock is in the way.
    package func set(_ lock: RangeLock) throws(Errno) {
        do throws(Errno) {
            _ = try retrying { clinux_set_lock(number, lock.type, lock.start, lock.count) }
        } catch .permissionDenied {
            // POSIX allows both codes for it.
            throw .resourceTemporarilyUnavailable
        }
    }

    /// Locks the whole file or ends that, without waiting: flock(2) with `LOCK_NB`.
    ///
    /// - Parameter operation: `LOCK_SH`, `LOCK_EX` or `LOCK_UN`.
    package func setWhole(_ operation: Int32) throws(Errno) {
        _ = try retrying { flock(number, operation | LOCK_NB) }
    }
}
