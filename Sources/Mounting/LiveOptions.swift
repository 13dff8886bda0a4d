// SPDX-License-Identifier: Apache-2.0

import FuseServer
import LinuxIO

/// How a running process's files are mounted: what the user may choose; always `nosuid` and `nodev`.
package struct LiveOptions: Hashable, Sendable {
    /// Whether nothing can be changed through the mount.
    var isReadOnly = false
    /// Whether no program can be started from the mount.
    var forbidsExecution = false

    /// What holds where the user asks for nothing.
    init() {}

    /// The defaults with the user's lists of options (`-o a,b`) on top; the last of several that contradict wins.
    ///
    /// - Throws: `MountError` that names an option that is unknown or against what a live mount guarantees.
    package init(parsing lists: [String]) throws {
        for option in lists.flatMap({ $0.split(separator: ",") }) {
            switch option {
            case "nosuid", "nodev", "defaults": continue
            case "ro": isReadOnly = true
            case "rw": isReadOnly = false
            case "exec": forbidsExecution = false
            case "noexec": forbidsExecution = true
            case "suid", "dev":
                throw MountError("mount option \"\(option)\": a live mount is always nosuid and nodev")
            default:
                throw MountError(
                    "mount option \"\(option)\": not supported with --live "
                        + "(supported: ro, rw, nosuid, nodev, exec, noexec)")
            }
        }
    }

    /// The options in the form that `init(parsing:)` reads back.
    var arguments: [String] { (isReadOnly ? ["ro"] : []) + (forbidsExecution ? ["noexec"] : []) }

    /// The same for a mount that this program serves: nobody else may use it, since the program acts for whoever asks
    /// with the rights that its user has in the process's user namespace.
    var served: MountOptions {
        var options = MountOptions(isRoot: false)
        options.isWritable = !isReadOnly
        if forbidsExecution { options.others.append("noexec") }
        return options
    }

    /// The same for a mount of mounts that the kernel makes itself.
    var attributes: MountAttributes {
        var attributes: MountAttributes = [.noSetID, .noDevices]
        if isReadOnly { attributes.insert(.readOnly) }
        if forbidsExecution { attributes.insert(.noExecution) }
        return attributes
    }
}
