// SPDX-License-Identifier: Apache-2.0

import Glibc
package import SystemPackage
import Threads

extension FilePath {
    /// A path of any bytes; what is behind a NUL is not part of it.
    package init(_ bytes: [UInt8]) { self.init(platformString: bytes.map { CChar(bitPattern: $0) } + [0]) }

    /// The path's bytes.
    package var bytes: [UInt8] {
        withPlatformString { UnsafeBufferPointer(start: $0, count: length).map { UInt8(bitPattern: $0) } }
    }

    /// The process's current directory (getcwd(3)).
    ///
    /// - Throws: the `Errno` of the call.
    package static func currentDirectory() throws(Errno) -> FilePath {
        var bytes: UnsafeMutablePointer<CChar>?
        _ = try retrying {
            bytes = getcwd(nil, 0)
            return bytes == nil ? -1 : 0
        }
        guard let bytes else { throw .noMemory }
        defer { free(bytes) }
        return FilePath(platformString: bytes)
    }
}
