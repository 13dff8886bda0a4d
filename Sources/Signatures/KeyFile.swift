// SPDX-License-Identifier: Apache-2.0

import OCI
package import SystemPackage

/// Files of public keys.
package enum KeyFile {
    /// Reads a file whole.
    ///
    /// - Throws: `SignatureError`: also where there is none.
    package static func read(_ path: FilePath) throws(SignatureError) -> [UInt8] {
        guard let bytes = try TrustFile.read(path, limit: TrustFile.keyByteLimit) else {
            throw SignatureError(path.string.printable, "is not there")
        }
        return bytes
    }
}
