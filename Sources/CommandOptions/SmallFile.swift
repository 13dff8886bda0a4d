// SPDX-License-Identifier: Apache-2.0

import Glibc
import LinuxIO
package import SystemPackage

/// Files that are read whole: rules, settings, scripts of users.
package enum SmallFile {
    /// Reads a regular file.
    ///
    /// - Throws: `Errno`: `.fileTooLarge` for one of more than `limit` bytes, `.invalidArgument` for what is none.
    package static func read(_ path: FilePath, limit: Int) throws(Errno) -> [UInt8] {
        let file = try Descriptor.open(path, O_RDONLY | O_NONBLOCK | O_NOCTTY)
        guard try file.status().st_mode & S_IFMT == S_IFREG else { throw .invalidArgument }
        guard try file.size() <= UInt64(limit) else { throw .fileTooLarge }
        var bytes = [UInt8](repeating: 0, count: Int(try file.size()))
        var failure: Errno?
        let count = bytes.withUnsafeMutableBytes { buffer in
            do throws(Errno) {
                return try file.read(at: 0, into: buffer)
            } catch {
                failure = error
                return 0
            }
        }
        if let failure { throw failure }
        return Array(bytes.prefix(count))
    }
}
