// SPDX-License-Identifier: Apache-2.0

import Glibc
package import SystemPackage

/// Sets an extended attribute of a path, not following a symbolic link: lsetxattr(2).
///
/// - Throws: the call's `Errno`.
package func setXattr(_ path: FilePath, _ name: String, _ value: some RawBytes) throws(Errno) {
    typealias Call =
        @convention(c) (
            UnsafePointer<CChar>, UnsafePointer<CChar>, UnsafeRawPointer?, Int, Int32
        ) -> Int32
    // Glibc's module does not show the function.
    guard let symbol = dlsym(nil, "lsetxattr") else { throw .noSuchAddressOrDevice }
    let call = unsafeBitCast(symbol, to: Call.self)
    let bytes = value.rawBytes
    let result = path.withPlatformString { path in
        name.withCString { name in bytes.withUnsafeBytes { call(path, name, $0.baseAddress, $0.count, 0) } }
    }
    guard result == 0 else { throw Errno(rawValue: errno) }
}
