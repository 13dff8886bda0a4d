// SPDX-License-Identifier: Apache-2.0

import FileSystems
import FileTree
import FuseServer
import Glibc
import LinuxIO
import Overlay
import OverlayLayers
import SystemPackage

/// The kernel's overlayfs as the writable part of a mount.
///
/// It lies on top of the mount of a server that shows what is below the upper. The server also holds the upper's lock,
/// knows where it is and removes it when both are gone. What overlayfs reads itself is the kernel's own mount of the same
/// tree, where there can be one.
enum KernelOverlay {
    private static let type = "overlay"

    /// Mounts overlayfs over the mount of a server.
    ///
    /// - Parameters:
    ///   - source: what the server serves, and the upper.
    ///   - mountpoint: the directory that the server has mounted on.
    /// - Throws: `MountError` with the kernel's words.
    static func attach(_ source: MountSource, on mountpoint: Mountpoint, options: MountOptions) throws {
        let path = mountpoint.path
        guard case .writable(let lower, let upper) = source.content else { throw MountError(at: path, "not writable") }
        do {
            guard let served = try mountpoint.mounted(), served.entry.type == MountedServer.type,
                served.entry.superOption("user_id") == "\(geteuid())"
            else { throw MountError("the mount of its server is not there any more") }
            let root = try served.place.openRoot(of: served.entry)
            let below = try directory(below: lower, of: source, root: root, options: options)
            if upper.settings.isNew { try UpperCopy.copyAttributes(of: below, to: upper.directory) }
            let context = try FileSystemContext(type: type)
            try context.set("source", String(source.title.prefix(200)))
            try context.set("lowerdir+", below)
            try context.set("upperdir", upper.directory)
            // The upper may lie in the directory around it, which the kernel does not allow for its own.
            try context.set("workdir", upper.work.makeDirectory("work"))
            try context.set("redirect_dir", "on")
            try context.set("metacopy", "on")
            if let label = options.context { try context.set("context", label) }
            var attributes: MountAttributes = []
            if !options.allowsSetID { attributes.insert(.noSetID) }
            if !options.allowsDevices { attributes.insert(.noDevices) }
            if options.others.contains("noexec") { attributes.insert(.noExecution) }
            if options.accessTimes.areLeft { attributes.insert(.noAccessTime) }
            if options.accessTimes.areLeftOfDirectories { attributes.insert(.noDirectoryAccessTime) }
            try Mounts.attach(context.mount(attributes), onto: root)
        } catch {
            throw MountError(at: path, "--backend kernel: \(error)")
        }
    }

    /// What the kernel reads: a directory that is mounted as it lies, a tree that it mounts itself, else what the server
    /// shows.
    private static func directory(
        below lower: MountSource.Content, of source: MountSource, root: Descriptor, options: MountOptions
    ) throws -> Descriptor {
        if case .tree = lower {
            var tree = source
            tree.content = lower
            // Which of the two it is makes no difference but speed.
            if let mounted = try? KernelTree.mount(tree, options: options).mount { return mounted }
        }
        if case .directories(let directories, let options) = lower, directories.count == 1, options.marks.isEmpty,
            options.identifiers.isEmpty
        {
            return directories[0]
        }
        return try root.opened(O_RDONLY | O_DIRECTORY)
    }

    /// The overlayfs on top of a mount of ours; nil where there is none.
    static func cover(of mount: MountEntry, in table: [MountEntry]) -> MountEntry? {
        table.last { $0.parent == mount.identifier && $0.path == mount.path && $0.type == type }
    }

    /// The mount of ours that an overlayfs covers; nil for one that has nothing to do with us.
    static func covered(by mount: MountEntry, in table: [MountEntry]) -> MountEntry? {
        guard mount.type == type else { return nil }
        return table.last {
            $0.identifier == mount.parent && $0.path == mount.path && $0.type == MountedServer.type
        }
    }

    /// Whether an overlayfs writes to a directory.
    static func isInUse(_ upper: Descriptor) throws(Errno) -> Bool {
        let path = try MountPoint.path(of: upper)
        let option = Array("upperdir=".utf8) + path
        return try MountTable.read().contains { $0.type == type && $0.superOptionBytes.contains(option) }
    }
}
