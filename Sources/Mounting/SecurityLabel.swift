// SPDX-License-Identifier: Apache-2.0

import Glibc
import LinuxIO
import OCI
package import SystemPackage

/// SELinux labels of mounts: which one makes a mount readable to containers.
package enum SecurityLabel {
    /// Whether SELinux is on: only then does the kernel take a label for a mount.
    ///
    /// - Parameter root: the directory that stands for `/`.
    package static func isEnabled(root: FilePath = "/") -> Bool {
        fileExists(root.appending("sys/fs/selinux/enforce"))
    }

    /// The label of files that every container may read: the policy's own, without categories.
    ///
    /// The policy names it in `contexts/lxc_contexts` (selinux_lxc_contexts_path(3)): `ro_file`, else `file`. A policy
    /// without that file is older than the name, and calls it `svirt_sandbox_file_t`.
    package static func shared(root: FilePath = "/") -> String {
        let contexts = lines("etc/selinux/\(policy(root))/contexts/lxc_contexts", root)
        let found = value("ro_file", in: contexts) ?? value("file", in: contexts)
        return found.map(withoutCategories) ?? "system_u:object_r:svirt_sandbox_file_t:s0"
    }

    /// Checks that a text can be a label.
    ///
    /// - Throws: `MountError` for what cannot.
    package static func check(_ label: String) throws {
        let isLabel = label.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7f && $0 != UInt8(ascii: "\"") }
        guard isLabel, !label.contains("\\"), label.split(separator: ":").count >= 3, label.utf8.count < 1024 else {
            throw MountError("SELinux context \"\(label.printable)\": not of the form user:role:type:level")
        }
    }

    private static func policy(_ root: FilePath) -> String {
        let name = value("SELINUXTYPE", in: lines("etc/selinux/config", root)) ?? "targeted"
        return name.contains("/") || name.hasPrefix(".") ? "targeted" : name
    }

    /// `user:role:type:level` without what follows the level's sensitivity.
    private static func withoutCategories(_ label: String) -> String {
        label.split(separator: ":", omittingEmptySubsequences: false).prefix(4).joined(separator: ":")
    }

    private static func value(_ key: String, in lines: [String]) -> String? {
        for line in lines where !line.hasPrefix("#") {
            let parts = line.split(separator: "=", maxSplits: 1).map { $0.filter { !" \t\"".contains($0) } }
            if parts.count == 2, parts[0] == key, !parts[1].isEmpty { return parts[1] }
        }
        return nil
    }

    private static func lines(_ path: String, _ root: FilePath) -> [String] {
        // A machine without SELinux has none.
        guard let bytes = try? Descriptor.open(root.appending(path)).readToEnd() else { return [] }
        return String(decoding: bytes, as: UTF8.self).split(separator: "\n").map(String.init)
    }
}
