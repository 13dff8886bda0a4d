// SPDX-License-Identifier: Apache-2.0

import EngineRecords
import LinuxIO
import TOML

/// The readers of foreign bytes that are not seen from outside, by name: for the fuzz target.
package enum EngineText {
    /// Reads a configuration file's text.
    package static func readConfiguration(_ text: [UInt8]) throws(EngineError) {
        let file = ConfigurationText(text: text)
        _ = file.string("root")
    }

    /// Reads a list of mounts and the overlays in it.
    package static func readMounts(_ text: [UInt8]) throws(EngineError) {
        for mount in MountTable.parse(text) { _ = OverlayMountOptions(mount) }
    }

    /// Reads a value of a database as everything that values can be.
    package static func readValue(_ bytes: [UInt8]) {
        _ = ContainerdValue.time(bytes)
        _ = ContainerdValue.unsigned(bytes)
        _ = ContainerdValue.signed(bytes)
        _ = ContainerdValue.payload(bytes)
    }
}
