// SPDX-License-Identifier: Apache-2.0

import FileTree

/// Why a mount could not be made, listed or ended.
package struct MountError: Error, Equatable, CustomStringConvertible {
    /// What was being done, on what, and why it failed.
    package let description: String

    /// An error without a place.
    package init(_ reason: String) { description = reason }

    /// An error at a mountpoint.
    package init(at mountpoint: [UInt8], _ reason: String) {
        description = "mountpoint \"\(Bytes.escaped(mountpoint))\": \(reason)"
    }
}
