// SPDX-License-Identifier: Apache-2.0

import FuseServer
import Glibc
import LayerStore
import LinuxIO
import OCI
import SystemPackage

/// The tree of an image as a mount of the kernel's own EROFS, with the layers as its devices: no process serves it.
///
/// The mount's source is what tells it from any other mount of that type: no file remembers it.
package enum KernelTree {
    /// The file system type of such mounts.
    package static let type = "erofs"
    /// What the sources of such mounts begin with.
    static let prefix = "cimg:"

    /// Whether a mount of the table is one.
    static func isTree(_ mount: MountEntry) -> Bool {
        mount.type == type && mount.source.starts(with: prefix.utf8)
    }

    /// How the kernel gets at the image and the layers.
    enum Way: String, Sendable {
        /// As files: Linux 6.12, and a file system that the kernel can read metadata from.
        case files
        /// As block devices.
        case loopDevices = "loop devices"
    }

    /// Checks that the kernel has the file system; where only its module is missing, the kernel loads it.
    ///
    /// - Parameter type: the file system type that must be there.
    /// - Throws: an error that says what to do.
    package static func checkSupport(of type: String = type) throws {
        do {
            _ = try FileSystemContext(type: type)
        } catch {
            guard error.errno == Errno(rawValue: ENODEV) else { throw error }
            throw MountError(
                "this kernel has no \(type); load its module (modprobe \(type)), or use --backend fuse")
        }
    }

    /// Mounts a tree, in no directory tree yet.
    ///
    /// - Throws: `MountError` that says why the kernel cannot, and what to do.
    /// - Returns: the mount, and how the kernel reads what lies below it.
    static func mount(_ source: MountSource, options: MountOptions) throws -> (mount: Descriptor, way: Way) {
        let files = try files(of: source)
        if options.maximumRead != 0 { throw MountError("max_read is for mounts that cimg serves") }
        try checkSupport()
        let name = SourceText.fitting(
            prefix: prefix, name: source.name, identity: source.digest.map { "@\($0)" } ?? "")
        // Walks go all over the image: it is small, and what is read of it now is not waited for then.
        files.image.startReading(count: readAhead)
        do {
            return (try mount(files, as: name, options: options), .files)
        } catch let error as KernelMountError {
            // Before Linux 6.12, or the image lies where the kernel cannot read metadata from: tmpfs, overlayfs.
            guard error.errno == Errno(rawValue: ENOTBLK) else { throw MountError("\(error); use --backend fuse") }
        }
        do {
            return (try mount(loopDevices(of: files), as: name, options: options), .loopDevices)
        } catch {
            throw MountError("the kernel cannot mount these files, nor as loop devices: \(error); use --backend fuse")
        }
    }

    /// The files of a source that the kernel can and may read.
    private static func files(of source: MountSource) throws -> MountSource.TreeFiles {
        guard Privilege.hasTrustedAttributes else { throw MountError(onlyRoot) }
        guard case .tree(let files) = source.content, let stored = source.stored else {
            throw MountError("only cimg can stack the directories of an engine; use --backend fuse")
        }
        if let place = try stored.store.changeableByOthers(stored.tree) {
            throw MountError(
                "somebody else than root can change \"\("\(place)".printable)\", and the kernel trusts it; "
                    + "use --backend fuse, or a store of root's")
        }
        return files
    }

    /// Why a plain user cannot.
    package static let onlyRoot = "only root may let the kernel mount; use --backend fuse"

    private static func mount(
        _ files: MountSource.TreeFiles, as name: String, options: MountOptions
    ) throws -> Descriptor {
        try NamedSource.naming(files.image, as: name) {
            let context = try FileSystemContext(type: type)
            try context.set("source", name)
            // Else the kernel asks for a device that can be written to.
            try context.set("ro")
            for layer in files.layers { try context.set("device", "/proc/self/fd/\(layer.rawValue)") }
            if let label = options.context { try context.set("context", label) }
            // The kernel opens them by their numbers at the mount.
            return try withExtendedLifetime(files) { try context.mount(options.attributesOfTree) }
        }
    }

    /// The files as block devices.
    private static func loopDevices(of files: MountSource.TreeFiles) throws -> MountSource.TreeFiles {
        func device(_ file: Descriptor) throws -> Descriptor {
            guard try file.size() % UInt64(blockSize) == 0 else { throw MountError("a layer ends within a block") }
            do throws(Errno) {
                return try LoopDevice(file, blockSize: blockSize).descriptor
            } catch {
                guard error == .noSuchFileOrDirectory else { throw MountError("loop device: \(error)") }
                throw MountError("there are none; load their module (modprobe loop)")
            }
        }
        var devices = MountSource.TreeFiles(image: try device(files.image), notes: nil, layers: [])
        for layer in files.layers { devices.layers.append(try device(layer)) }
        return devices
    }

    private static let blockSize: UInt32 = 512
    private static let readAhead: UInt64 = 64 << 20
}

extension MountOptions {
    /// The same for a mount that the kernel makes itself of what cannot be changed.
    fileprivate var attributesOfTree: MountAttributes {
        var attributes: MountAttributes = [.readOnly, .noSetID, .noDevices]
        if others.contains("noexec") { attributes.insert(.noExecution) }
        if others.contains("noatime") { attributes.insert(.noAccessTime) }
        return attributes
    }
}
