// SPDX-License-Identifier: Apache-2.0

package import FileSystems

/// How a file system is mounted: what the user may choose, and what never changes.
///
/// A mount is `nosuid` and `nodev` unless root asks otherwise for one that can be written to: set-user-ID files and
/// devices of an image mean nothing on this machine.
package struct MountOptions: Hashable, Sendable {
    /// Whether users other than the mount's owner may use it.
    package var allowsOthers = false
    /// Whether the kernel checks the files' modes and owners.
    package var checksPermissions = false
    /// Whether files can be changed.
    package var isWritable = false
    /// Whether devices can be opened.
    package var allowsDevices = false
    /// Whether set-user-ID files and capabilities have an effect.
    package var allowsSetID = false
    /// The greatest number of bytes that the kernel may ask for at once; 0 for its own limit.
    package var maximumRead: UInt32 = 0
    /// The SELinux label of every file of the mount, with commas between its categories.
    package var context: String?
    /// Options handed on as they are: harmless ones of `MountOptions.init(parsing:isRoot:)`.
    package var others: [String] = []
    /// `nodiratime`.
    package var leavesDirectoryTimes = false

    /// What reading does to times of access.
    package var accessTimes: AccessTimes {
        AccessTimes(areLeft: others.contains("noatime"), areLeftOfDirectories: leavesDirectoryTimes)
    }

    /// The options where the user asks for nothing: as root everybody may use the mount, as the files' modes allow; a
    /// plain user's mount is that user's alone, who may read all of it.
    package init(isRoot: Bool) {
        allowsOthers = isRoot
        checksPermissions = isRoot
    }

    /// The defaults with the user's lists of options (`-o a,b=1`) on top.
    ///
    /// - Parameters:
    ///   - lists: what stood behind each `-o`.
    ///   - isRoot: whether it is root that mounts.
    ///   - isWritable: whether the mount may be written to.
    ///   - isServer: whether it is `arguments` that are read back, which have been judged before.
    /// - Throws: `FuseError` that names an option that is unknown or against what the mount guarantees.
    package init(
        parsing lists: [String], isRoot: Bool, isWritable: Bool = false, isServer: Bool = false
    ) throws(FuseError) {
        self.init(isRoot: isRoot)
        self.isWritable = isWritable
        for option in lists.flatMap(Self.split) {
            switch option {
            case "ro", "nosuid", "nodev", "defaults": continue
            case "allow_other":
                allowsOthers = true
                // Others must not read what the files' modes keep from them.
                checksPermissions = true
            case "default_permissions": checksPermissions = true
            case "noexec", "noatime": if !others.contains(option) { others.append(option) }
            // The kernel's own way, and the server's.
            case "relatime": others.removeAll { $0 == "noatime" }
            case "nodiratime": leavesDirectoryTimes = true
            case "rw" where isWritable: continue
            case "suid" where isWritable && isRoot || isServer: allowsSetID = true
            case "dev" where isWritable && isRoot || isServer: allowsDevices = true
            case "suid" where isWritable, "dev" where isWritable:
                throw FuseError("mount option \"\(option)\": only root may ask for it")
            case "rw", "suid", "dev":
                throw FuseError("mount option \"\(option)\": a mount is always read-only, nosuid and nodev")
            case _ where option.hasPrefix("context="):
                context = option.dropFirst(8).filter { $0 != "\"" }
            default:
                guard option.hasPrefix("max_read="), let count = UInt32(option.dropFirst(9)), count >= 4096 else {
                    throw FuseError(
                        "mount option \"\(option)\": not supported "
                            + "(supported: ro, nosuid, nodev, noexec, noatime, relatime, nodiratime, allow_other, "
                            + "default_permissions, max_read=BYTES of at least 4096, context=LABEL)")
                }
                maximumRead = count
            }
        }
    }

    /// The list for libfuse, source included.
    package func list(source: String) -> String {
        var all = [
            "fsname=" + Self.escaped(source), "subtype=cimg", isWritable ? "rw" : "ro", allowsSetID ? "suid" : "nosuid",
            allowsDevices ? "dev" : "nodev",
        ]
        if allowsOthers { all.append("allow_other") }
        if checksPermissions { all.append("default_permissions") }
        // The kernel takes what is between the quotes as one; libfuse must not part it at the commas either.
        if let context { all.append(Self.escaped("context=\"\(context)\"")) }
        return (all + sizes + others).joined(separator: ",")
    }

    /// The options in the form that `init(parsing:isRoot:)` of the same user reads back.
    package var arguments: [String] {
        (allowsDevices ? ["dev"] : []) + (allowsSetID ? ["suid"] : []) + (allowsOthers ? ["allow_other"] : [])
            + (checksPermissions ? ["default_permissions"] : []) + sizes + others
            + (leavesDirectoryTimes ? ["nodiratime"] : [])
            + (context.map { ["context=\"\($0)\""] } ?? [])
    }

    /// The options of a list; commas between quotes part nothing.
    private static func split(_ list: String) -> [String] {
        var options: [String] = [""]
        var isQuoted = false
        for scalar in list.unicodeScalars {
            if scalar == "\"" { isQuoted.toggle() }
            if scalar == ",", !isQuoted {
                options.append("")
            } else {
                options[options.count - 1].unicodeScalars.append(scalar)
            }
        }
        return options.filter { !$0.isEmpty }
    }

    private var sizes: [String] { maximumRead == 0 ? [] : ["max_read=\(maximumRead)"] }

    /// A value of libfuse's option lists: a backslash keeps a comma or a backslash from ending or changing it.
    private static func escaped(_ value: String) -> String {
        // By scalars: a comma with an accent is still a comma to libfuse.
        value.unicodeScalars.reduce(into: "") { text, scalar in
            if scalar == "," || scalar == "\\" { text.append("\\") }
            text.unicodeScalars.append(scalar)
        }
    }
}

/// A failure to set up or serve a mount.
package struct FuseError: Error, Hashable, CustomStringConvertible {
    /// What failed, on what, and why.
    package let reason: String

    /// Makes an error.
    package init(_ reason: String) { self.reason = reason }

    package var description: String { reason }
}
