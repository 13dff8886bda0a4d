// SPDX-License-Identifier: Apache-2.0

import CLinux
import Glibc
package import SystemPackage
import Threads

extension Descriptor {
    /// Makes a file in memory that nobody can change any more, not even its maker.
    ///
    /// The corresponding C functions are memfd_create(2) and fcntl(2) with `F_ADD_SEALS`.
    /// `name` is what `/proc/PID/fd` shows of it.
    package static func sealed(_ bytes: [UInt8], name: String) throws(Errno) -> Descriptor {
        let file = Descriptor(owning: try retrying { clinux_memory_file(name) })
        try file.write(bytes)
        _ = try retrying { clinux_seal(file.rawValue) }
        return file
    }

    /// All bytes of a file that was made by `sealed(_:name:)`.
    ///
    /// - Parameter limit: the most bytes that it may have.
    /// - Throws: `.invalidArgument` for a file that is not sealed, `.fileTooLarge`, or the `Errno` of pread(2).
    package func sealedBytes(limit: Int) throws(Errno) -> [UInt8] {
        guard clinux_is_sealed(rawValue) == 1 else { throw .invalidArgument }
        let size = try size()
        guard size <= UInt64(limit) else { throw .fileTooLarge }
        var bytes = [UInt8](repeating: 0, count: Int(size))
        var count = 0
        do {
            count = try bytes.withUnsafeMutableBytes { try read(at: 0, into: $0) }
        } catch let error as Errno { throw error } catch { throw .ioError }
        guard count == bytes.count else { throw .ioError }
        return bytes
    }
}
