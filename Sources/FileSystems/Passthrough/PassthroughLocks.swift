// SPDX-License-Identifier: Apache-2.0

import Glibc
package import LinuxIO
import Synchronization
package import SystemPackage

/// The open files that hold the range locks of a passthrough's users.
///
/// To the kernel, all locks of a process are the same owner's, and the process that serves would own them all. Locks of
/// an open file belong to that one: each owner gets an open file of its own for each file it locks.
final class PassthroughLocks: Sendable {
    private struct Key: Hashable {
        var file: FileNumber
        var owner: LockOwner
    }

    private let files = Mutex<[Key: OpenFile]>([:])

    /// The open file for an owner's locks of a file, made if there is none yet.
    func file(
        for owner: LockOwner, of number: FileNumber, _ open: () throws(Errno) -> Descriptor
    ) throws(Errno) -> OpenFile {
        let key = Key(file: number, owner: owner)
        if let file = files.withLock({ $0[key] }) { return file }
        let opened = OpenFile(try open())
        return files.withLock { files in
            // Two threads may open it; a lock may stand on the first one already.
            if let first = files[key] { return first }
            files[key] = opened
            return opened
        }
    }

    /// Ends an owner's locks of a file.
    func release(_ owner: LockOwner, of number: FileNumber) {
        let file = files.withLock { $0.removeValue(forKey: Key(file: number, owner: owner)) }
        guard let file else { return }
        // Closing it would do, but not before another thread has let go of it.
        try? file.set(RangeLock(kind: .none, start: 0, count: 0))
    }

    /// Whether an owner has an open file for its locks of a file.
    func has(_ owner: LockOwner, of number: FileNumber) -> Bool {
        files.withLock { $0[Key(file: number, owner: owner)] != nil }
    }
}

extension Passthrough {
    package func conflict(
        with lock: RangeLock, of owner: LockOwner, on file: FileNumber, _ handle: FileHandle
    ) throws(Errno) -> RangeLock {
        try lockFile(for: owner, of: file).conflict(with: lock)
    }

    package func set(
        _ lock: RangeLock, of owner: LockOwner, on file: FileNumber, _ handle: FileHandle
    ) throws(Errno) {
        if lock.kind == .none, !locks.has(owner, of: file) { return }
        try lockFile(for: owner, of: file).set(lock)
    }

    package func releaseLocks(of owner: LockOwner, on file: FileNumber) { locks.release(owner, of: file) }

    package func lockWhole(_ file: FileNumber, _ handle: FileHandle, operation: Int32) throws(Errno) {
        try handles[handle].file.setWhole(operation)
    }

    private func lockFile(for owner: LockOwner, of file: FileNumber) throws(Errno) -> OpenFile {
        let path = try path(of: file)
        return try locks.file(for: owner, of: file) { () throws(Errno) in
            try withFreeDescriptors { () throws(Errno) in
                do throws(Errno) {
                    return try path.open(O_RDWR)
                } catch .tooManyOpenFiles {
                    throw .tooManyOpenFiles
                } catch {
                    // Enough for a shared lock; the kernel asks for no other of what is open for reading.
                    return try path.open(O_RDONLY)
                }
            }
        }
    }
}
