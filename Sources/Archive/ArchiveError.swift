// SPDX-License-Identifier: Apache-2.0

import FileTree

/// Why a compressed stream or a tar cannot be read.
package struct ArchiveError: Error, Equatable, CustomStringConvertible {
    /// The tar entry at fault, cut to 4,096 bytes; nil where the fault is in no entry.
    package let entry: [UInt8]?
    /// Where in the (uncompressed) stream, in bytes; nil where it is not known.
    package let offset: UInt64?
    /// What is wrong.
    package let reason: String

    /// Makes an error.
    package init(entry: [UInt8]? = nil, offset: UInt64? = nil, reason: String) {
        self.entry = entry.map { Array($0.prefix(4096)) }
        self.offset = offset
        self.reason = reason
    }

    package var description: String {
        if let entry { return "entry \"\(Bytes.escaped(entry))\": \(reason)" }
        if let offset { return "byte \(offset): \(reason)" }
        return reason
    }
}
