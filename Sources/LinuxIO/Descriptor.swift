// SPDX-License-Identifier: Apache-2.0

import CLinux
package import Glibc
package import SystemPackage
import Threads

/// An open file descriptor that is closed when its last owner goes away.
///
/// All descriptors are opened close-on-exec. The raw number may be lent for the time of one call, never stored.
package final class Descriptor: Sendable {
    /// The descriptor's number, valid while this object lives.
    package let rawValue: Int32

    /// Takes ownership of an open descriptor.
    package init(owning rawValue: Int32) {
        self.rawValue = rawValue
        #if DEBUG
            plan = FailurePlan.current
            plan?.opened()
        #endif
    }

    #if DEBUG
        /// What counts it as open.
        private let plan: FailurePlan?
    #endif

    deinit {
        close(rawValue)
        #if DEBUG
            plan?.closed()
        #endif
    }

    /// Opens a path as the user gave it, following symbolic links.
    ///
    /// The corresponding C function is open(2).
    ///
    /// - Throws: the call's `Errno`; `.noSuchAddressOrDevice` for what may not be opened: see `opened(_:)`.
    package static func open(
        _ path: FilePath, _ flags: Int32 = O_RDONLY, mode: mode_t = 0o644
    ) throws(Errno) -> Descriptor {
        try openChecked(path, flags, mode)
    }

    /// Opens a path below this directory; neither `..`, an absolute path nor any symbolic link leaves or is followed.
    ///
    /// The corresponding C function is openat2(2) with `RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS`.
    /// - Throws: the call's `Errno`: `.tooManySymbolicLinkLevels` for a symbolic link, `.noSuchAddressOrDevice` for what
    ///   may not be opened: see `opened(_:)`.
    package func openBeneath(_ path: [UInt8], _ flags: Int32 = O_RDONLY, mode: mode_t = 0) throws(Errno) -> Descriptor {
        try openCheckedBeneath(path, flags, mode)
    }

    /// Opens a path below this directory as a mere place (`O_PATH`): no right to read it is needed, nothing blocks.
    ///
    /// See `openBeneath(_:_:mode:)`.
    package func openPathBeneath(_ path: [UInt8], _ flags: Int32 = 0) throws(Errno) -> Descriptor {
        try openBeneath(path, clinux_O_PATH | flags)
    }

    /// Opens a path as a mere place (`O_PATH`) as a process would whose root directory this is: symbolic links are
    /// followed and stay inside.
    ///
    /// The corresponding C function is openat2(2) with `RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS`.
    package func openPathInRoot(_ path: [UInt8]) throws(Errno) -> Descriptor {
        try openPlaceInRoot(path)
    }

    /// Opens a path below this directory where the path is the program's own.
    ///
    /// See `openBeneath(_:_:mode:)`.
    package func openBeneath(_ path: String, _ flags: Int32 = O_RDONLY, mode: mode_t = 0) throws(Errno) -> Descriptor {
        try openBeneath(Array(path.utf8), flags, mode: mode)
    }

    /// Another descriptor of the same open file.
    ///
    /// The corresponding C function is fcntl(2) with `F_DUPFD_CLOEXEC`.
    package func duplicate() throws(Errno) -> Descriptor {
        Descriptor(owning: try retrying { fcntl(rawValue, F_DUPFD_CLOEXEC, 0) })
    }

    /// What the program was started with as its standard input (0), output (1) or error output (2), to be let go of.
    ///
    /// The corresponding C function is fcntl(2) with `F_DUPFD_CLOEXEC`.
    package static func standard(_ number: Int32) throws(Errno) -> Descriptor {
        Descriptor(owning: try retrying { fcntl(number, F_DUPFD_CLOEXEC, 3) })
    }

    /// Metadata of the open file.
    ///
    /// The corresponding C function is fstat(2).
    package func status() throws(Errno) -> stat {
        var result = stat()
        _ = try retrying { fstat(rawValue, &result) }
        return result
    }

    /// What the file system that the file lies on tells of itself: fstatvfs(3).
    package func fileSystemStatus() throws(Errno) -> statvfs {
        var result = statvfs()
        _ = try retrying { fstatvfs(rawValue, &result) }
        return result
    }

    /// Whether the file comes from a FUSE server, which may say of it what it likes: fstatfs(2).
    package func isServed() throws(Errno) -> Bool {
        var type: Int64 = 0
        _ = try retrying { clinux_file_system_type(rawValue, &type) }
        return type == 0x6573_5546
    }

    /// Size of the open file in bytes; 0 for what has none.
    package func size() throws(Errno) -> UInt64 { UInt64(max(0, try status().st_size)) }

    /// Reads at the file position.
    ///
    /// Returns the bytes read, 0 at the end. The corresponding C function is read(2).
    package func read(into buffer: UnsafeMutableRawBufferPointer) throws(Errno) -> Int {
        try transferring(buffer.count) { Glibc.read(rawValue, buffer.baseAddress, $0) }
    }

    /// Reads what one call of pread(2) gives, which may be less than is there.
    package func readOnce(at offset: UInt64, into buffer: UnsafeMutableRawBufferPointer) throws(Errno) -> Int {
        guard let start = off_t(exactly: offset) else { return 0 }
        return try retrying { pread(rawValue, buffer.baseAddress, buffer.count, start) }
    }

    /// Reads at an offset until the buffer is full or the file ends.
    ///
    /// Returns the bytes read. Built on pread(2).
    ///
    /// An offset beyond the range of `off_t` reads nothing.
    package func read(at offset: UInt64, into buffer: UnsafeMutableRawBufferPointer) throws(Errno) -> Int {
        var done = 0
        while done < buffer.count {
            let position = offset.addingReportingOverflow(UInt64(done))
            guard !position.overflow, position.partialValue < UInt64(Int64.max) else { break }
            // The kernel refuses a range that ends beyond the greatest offset.
            let start = off_t(position.partialValue)
            let wanted = min(buffer.count - done, Int(off_t.max - start))
            let place = buffer.baseAddress.map { $0 + done }
            let count = try transferring(wanted) { pread(rawValue, place, $0, start) }
            if count == 0 { break }
            done += count
        }
        return done
    }

    /// Writes all bytes at the file position.
    ///
    /// Built on write(2).
    package func write(_ bytes: UnsafeRawBufferPointer) throws(Errno) {
        var done = 0
        while done < bytes.count {
            let rest = bytes.baseAddress.map { $0 + done }
            let count = try transferring(bytes.count - done) { Glibc.write(rawValue, rest, $0) }
            // Not known to happen; without an end to it, it must not be waited out.
            guard count > 0 else { throw .ioError }
            done += count
        }
    }

    /// Writes all bytes at the file position.
    package func write(_ bytes: [UInt8]) throws(Errno) {
        do {
            try bytes.withUnsafeBytes { try write($0) }
        } catch let error as Errno { throw error } catch { throw .ioError }
    }

    /// Writes all bytes at an offset.
    ///
    /// Built on pwrite(2).
    package func write(_ bytes: UnsafeRawBufferPointer, at offset: UInt64) throws(Errno) {
        var done = 0
        while done < bytes.count {
            let (sum, overflow) = offset.addingReportingOverflow(UInt64(done))
            guard !overflow, let position = off_t(exactly: sum) else { throw .fileTooLarge }
            let rest = bytes.baseAddress.map { $0 + done }
            let count = try transferring(bytes.count - done) { pwrite(rawValue, rest, $0, position) }
            guard count > 0 else { throw .ioError }
            done += count
        }
    }

    /// Writes bytes at an offset: pwrite(2).
    ///
    /// - Returns: how many; fewer than there are only where the file system has no room for the rest.
    package func writeSome(_ bytes: UnsafeRawBufferPointer, at offset: UInt64) throws(Errno) -> Int {
        var done = 0
        while done < bytes.count {
            let (sum, overflow) = offset.addingReportingOverflow(UInt64(done))
            guard !overflow, let position = off_t(exactly: sum) else { throw .fileTooLarge }
            do throws(Errno) {
                let rest = bytes.baseAddress.map { $0 + done }
                let count = try transferring(bytes.count - done) { pwrite(rawValue, rest, $0, position) }
                guard count > 0 else { return done }
                done += count
            } catch {
                guard done > 0 else { throw error }
                return done
            }
        }
        return done
    }

    /// The first offset not before `offset` where data or a hole begins.
    ///
    /// The file position is moved. The corresponding C function is lseek(2) with `SEEK_DATA` or `SEEK_HOLE`.
    /// - Throws: `.noSuchAddressOrDevice` (ENXIO) beyond the end and where no data follows.
    package func seek(from offset: UInt64, toHole: Bool) throws(Errno) -> UInt64 {
        guard let start = off_t(exactly: offset) else { throw .noSuchAddressOrDevice }
        let whence = toHole ? clinux_SEEK_HOLE : clinux_SEEK_DATA
        return UInt64(clamping: try retrying { lseek(rawValue, start, whence) })
    }

    /// The first run of data at or after an offset, as the file system tells it; nil where only holes follow.
    ///
    /// - Throws: `.invalidArgument` where it cannot be told; what lseek(2) does.
    package func nextData(from offset: UInt64) throws(Errno) -> Range<UInt64>? {
        do throws(Errno) {
            let start = try seek(from: offset, toHole: false)
            let end = try seek(from: start, toHole: true)
            // The file may have changed between the two.
            return end > start ? start..<end : nil
        } catch .noSuchAddressOrDevice { return nil }
    }

    /// Sets the file's length.
    ///
    /// The corresponding C function is ftruncate(2).
    package func truncate(to size: UInt64) throws(Errno) {
        guard let length = off_t(exactly: size) else { throw .fileTooLarge }
        _ = try retrying { ftruncate(rawValue, length) }
    }

    /// Waits until the file's bytes and the metadata needed to read them are on the disk: fdatasync(2).
    package func synchronize() throws(Errno) {
        _ = try retrying { fdatasync(rawValue) }
    }

    /// Starts writing a range back to the disk without waiting for it: sync_file_range(2).
    ///
    /// Advice only.
    package func startWriteback(at offset: UInt64, count: UInt64) {
        guard let start = Int64(exactly: offset), let length = Int64(exactly: count) else { return }
        _ = attempting { clinux_start_writeback(rawValue, start, length) }
    }

    /// Starts reading the first so many bytes of the file into memory without waiting for them: posix_fadvise(3).
    ///
    /// Advice only.
    package func startReading(count: UInt64) {
        _ = posix_fadvise(rawValue, 0, off_t(clamping: count), POSIX_FADV_WILLNEED)
    }
}

/// Lends bytes as a NUL-terminated string for the time of one call.
///
/// Bytes after a NUL are not seen by the callee.
package func withCString<Result>(_ bytes: [UInt8], _ body: (UnsafePointer<CChar>) -> Result) -> Result {
    withUnsafeTemporaryAllocation(of: CChar.self, capacity: bytes.count + 1) { terminated in
        UnsafeMutableRawBufferPointer(terminated).copyBytes(from: bytes)
        terminated[bytes.count] = 0
        // SAFETY: at least one character was allocated.
        return body(UnsafePointer(terminated.baseAddress.unsafelyUnwrapped))
    }
}
