// SPDX-License-Identifier: Apache-2.0

import LinuxIO
import SystemPackage

/// What tells a live mount by root from any other mount of the same files.
///
/// An empty, read-only file system lies below it, whose source in the mount table names what is mounted. No file
/// remembers it.
enum LiveMarker {
    /// What the sources of live mounts begin with.
    static let prefix = "cimg-live:"

    /// The source of a live mount: at most 255 bytes, which is what fsconfig(2) takes.
    ///
    /// - Parameters:
    ///   - name: what the user called it.
    ///   - identity: what keeps it apart from others of that name.
    static func source(name: String, identity: String) -> String {
        SourceText.fitting(prefix: prefix, name: name, identity: "@" + identity.prefix(80))
    }

    /// Makes the file system, in no directory tree yet.
    static func make(source: String) throws(KernelMountError) -> Descriptor {
        let context = try FileSystemContext(type: "tmpfs")
        try context.set("source", source)
        try context.set("size", "4096")
        try context.set("mode", "0555")
        return try context.mount([.readOnly, .noSetID, .noDevices, .noExecution])
    }

    /// Whether a mount of the table is a marker.
    static func isMarker(_ mount: MountEntry) -> Bool {
        mount.type == "tmpfs" && mount.source.starts(with: prefix.utf8)
    }
}
