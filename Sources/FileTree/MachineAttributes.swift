// SPDX-License-Identifier: Apache-2.0

/// Extended attributes that belong to this machine's storage rather than to a file of it.
package enum MachineAttributes {
    /// Whether an attribute says something of the file and not of how it is kept.
    ///
    /// These do not:
    ///
    /// - `security.selinux` and `security.evm`: labels and seals made on this machine, for this machine's policy and
    ///   keys;
    /// - `trusted.overlay.*`, `user.overlay.*`, `user.fuseoverlayfs.*` and `user.containers.override_stat`: bookkeeping
    ///   of overlay file systems and container engines;
    /// - `user.cimg.layer`: what a tree that the kernel has mounted says of itself;
    /// - `system.*` but for `system.posix_acl_access` and `system.posix_acl_default`: views that file systems compute.
    package static func isOfFile(_ name: [UInt8]) -> Bool {
        if name.starts(with: "system.".utf8) {
            return name.elementsEqual("system.posix_acl_access".utf8)
                || name.elementsEqual("system.posix_acl_default".utf8)
        }
        let machine = ["security.selinux", "security.evm", "user.containers.override_stat", "user.cimg.layer"]
        let overlay = ["trusted.overlay.", "user.overlay.", "user.fuseoverlayfs."]
        return !machine.contains { name.elementsEqual($0.utf8) } && !overlay.contains { name.starts(with: $0.utf8) }
    }
}
