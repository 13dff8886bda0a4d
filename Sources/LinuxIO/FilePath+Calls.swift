// SPDX-License-Identifier: Apache-2.0

import Glibc
package import SystemPackage
import Threads

extension FilePath {
    /// Makes a directory where there is nothing: mkdir(2).
    ///
    /// - Throws: the `Errno` of the call, but for `.fileExists`.
    package func makeDirectoryIfMissing(mode: UInt32) throws(Errno) {
        do throws(Errno) {
            _ = try retrying { withPlatformString { mkdir($0, mode) } }
        } catch .fileExists {}
    }

    /// Whether the last name is that of a symbolic link: lstat(2).
    package func isSymbolicLink() throws(Errno) -> Bool {
        var status = Glibc.stat()
        _ = try retrying { withPlatformString { lstat($0, &status) } }
        return status.st_mode & S_IFMT == S_IFLNK
    }

    /// The path without links, `.` and `..`: realpath(3).
    package func explicit() throws(Errno) -> FilePath {
        var bytes: UnsafeMutablePointer<CChar>?
        _ = try retrying {
            bytes = withPlatformString { realpath($0, nil) }
            return bytes == nil ? -1 : 0
        }
        guard let bytes else { throw .noMemory }
        defer { free(bytes) }
        return FilePath(platformString: bytes)
    }
}
