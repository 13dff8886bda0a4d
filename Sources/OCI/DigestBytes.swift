// SPDX-License-Identifier: Apache-2.0

extension Digest {
    /// Appends the 32 bytes, most significant first, to `bytes`.
    ///
    /// Allocates only where `bytes` must grow.
    package func append(to bytes: inout [UInt8]) {
        withUnsafeBytes(of: words.0.bigEndian) { bytes.append(contentsOf: $0) }
        withUnsafeBytes(of: words.1.bigEndian) { bytes.append(contentsOf: $0) }
        withUnsafeBytes(of: words.2.bigEndian) { bytes.append(contentsOf: $0) }
        withUnsafeBytes(of: words.3.bigEndian) { bytes.append(contentsOf: $0) }
    }
}
