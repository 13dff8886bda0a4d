// SPDX-License-Identifier: Apache-2.0

import CLinux
import Glibc
package import SystemPackage
import Threads

/// A file system being configured for its mount, then a mount that no path leads to yet.
///
/// The kernel's own words about a failure are kept in the error. The calls need the superuser, or one of a user
/// namespace where the file system allows it.
package final class FileSystemContext: Sendable {
    private let descriptor: Descriptor
    private let type: String

    /// Starts to configure a file system of a type such as `erofs`.
    ///
    /// The corresponding C function is fsopen(2).
    package init(type: String) throws(KernelMountError) {
        self.type = type
        do throws(Errno) {
            descriptor = Descriptor(owning: try retrying { clinux_fsopen(type) })
        } catch {
            throw KernelMountError(step: "\(type): open", errno: error, messages: [])
        }
    }

    /// Sets a parameter; values have at most 255 bytes.
    ///
    /// The corresponding C function is fsconfig(2) with `FSCONFIG_SET_STRING`.
    package func set(_ key: String, _ value: String) throws(KernelMountError) {
        try checked("\(key)=\(value)") { clinux_fsconfig_string(descriptor.rawValue, key, value) }
    }

    /// Sets a parameter that has no value.
    ///
    /// The corresponding C function is fsconfig(2) with `FSCONFIG_SET_FLAG`.
    package func set(_ key: String) throws(KernelMountError) {
        try checked(key) { clinux_fsconfig_flag(descriptor.rawValue, key) }
    }

    /// Sets a parameter that is a directory, whatever it is called.
    ///
    /// The corresponding C function is fsconfig(2) with `FSCONFIG_SET_FD`; where the file system takes no descriptors
    /// (overlayfs before Linux 6.13) it gets a path that leads to the same directory.
    package func set(_ key: String, _ directory: Descriptor) throws(KernelMountError) {
        do throws(KernelMountError) {
            try checked(key) { clinux_fsconfig_descriptor(descriptor.rawValue, key, directory.rawValue) }
        } catch {
            guard error.errno == .invalidArgument else { throw error }
            try set(key, "/proc/self/fd/\(directory.rawValue)")
        }
    }

    /// Makes the file system and a mount of it that is in no directory tree yet; its descriptor is the root directory.
    ///
    /// The mount goes away with the descriptor unless it is moved to a path before. The corresponding C functions are
    /// fsconfig(2) with `FSCONFIG_CMD_CREATE` and fsmount(2).
    package func mount(_ attributes: MountAttributes) throws(KernelMountError) -> Descriptor {
        try checked("create") { clinux_fsconfig_create(descriptor.rawValue) }
        return Descriptor(
            owning: try checked("mount") { clinux_fsmount(descriptor.rawValue, attributes.rawValue) })
    }

    @discardableResult
    private func checked(_ step: String, _ call: () -> Int32) throws(KernelMountError) -> Int32 {
        do throws(Errno) {
            return try retrying(call)
        } catch {
            throw KernelMountError(step: "\(type): \(step)", errno: error, messages: messages())
        }
    }

    /// What the kernel has said about this context since the last time.
    private func messages() -> [String] {
        var messages: [String] = []
        var buffer = [UInt8](repeating: 0, count: 1024)
        // The error ends the messages.
        while messages.count < 16, let count = try? buffer.withUnsafeMutableBytes({ try descriptor.read(into: $0) }),
            count > 0
        {
            messages.append(String(decoding: buffer[..<count].filter { $0 >= 0x20 }, as: UTF8.self))
        }
        return messages
    }
}

/// How a mount restricts what is in it.
package struct MountAttributes: OptionSet, Sendable {
    /// `MOUNT_ATTR_` flags of fsmount(2).
    package let rawValue: UInt64

    /// Makes a set of the kernel's flags.
    package init(rawValue: UInt64) { self.rawValue = rawValue }

    /// Nothing can be changed.
    package static let readOnly = MountAttributes(rawValue: clinux_MOUNT_ATTR_RDONLY)
    /// Set-id bits and file capabilities have no effect.
    package static let noSetID = MountAttributes(rawValue: clinux_MOUNT_ATTR_NOSUID)
    /// Device files cannot be opened.
    package static let noDevices = MountAttributes(rawValue: clinux_MOUNT_ATTR_NODEV)
    /// Files cannot be executed.
    package static let noExecution = MountAttributes(rawValue: clinux_MOUNT_ATTR_NOEXEC)
    /// Reading leaves no time of access.
    package static let noAccessTime = MountAttributes(rawValue: clinux_MOUNT_ATTR_NOATIME)
    /// Reading a directory leaves no time of access.
    package static let noDirectoryAccessTime = MountAttributes(rawValue: clinux_MOUNT_ATTR_NODIRATIME)
}

/// What is done with mounts that a descriptor holds.
package enum Mounts {
    /// Puts a mount that is in no directory tree at a path.
    ///
    /// The corresponding C function is move_mount(2).
    package static func attach(_ mount: Descriptor, to path: FilePath) throws(Errno) {
        _ = try retrying { path.withPlatformString { clinux_move_mount(mount.rawValue, AT_FDCWD, $0) } }
    }

    /// Puts a mount that is in no directory tree on an open directory.
    ///
    /// The corresponding C function is move_mount(2) with `MOVE_MOUNT_T_EMPTY_PATH`.
    package static func attach(_ mount: Descriptor, onto directory: Descriptor) throws(Errno) {
        _ = try retrying { clinux_move_mount(mount.rawValue, directory.rawValue, "") }
    }

    /// One more mount of the same file system, in no directory tree yet: what a bind mount begins with.
    ///
    /// The corresponding C function is open_tree(2) with `OPEN_TREE_CLONE`.
    package static func clone(_ path: FilePath) throws(Errno) -> Descriptor {
        Descriptor(owning: try retrying { path.withPlatformString { clinux_open_tree_clone(AT_FDCWD, $0, 0) } })
    }

    /// One more mount of an open directory, in no directory tree yet.
    ///
    /// The directory must be in the mount namespace of the calling thread. The corresponding C function is
    /// open_tree(2) with `OPEN_TREE_CLONE`.
    /// `recursively` takes what is mounted below it too (`AT_RECURSIVE`).
    package static func clone(_ directory: Descriptor, recursively: Bool) throws(Errno) -> Descriptor {
        Descriptor(owning: try retrying { clinux_open_tree_clone(directory.rawValue, "", recursively ? 1 : 0) })
    }

    /// Restricts a mount and everything below it, and ends that mounts and unmounts reach it from elsewhere.
    ///
    /// The corresponding C function is mount_setattr(2) with `MS_PRIVATE`.
    package static func restrict(_ mount: Descriptor, to attributes: MountAttributes) throws(Errno) {
        _ = try retrying { clinux_mount_set_private(mount.rawValue, attributes.rawValue) }
    }

    /// Changes how a mount restricts what is in it; what is in neither set stays.
    ///
    /// The corresponding C function is mount_setattr(2), Linux 5.12.
    package static func change(
        _ mount: Descriptor, set: MountAttributes, clear: MountAttributes
    ) throws(Errno) {
        _ = try retrying { clinux_mount_change(mount.rawValue, set.rawValue, clear.rawValue) }
    }
}

/// Why a file system could not be mounted.
package struct KernelMountError: Error, Equatable, CustomStringConvertible {
    /// File system type and step, or the parameter refused.
    package let step: String
    /// The failed call's code.
    package let errno: Errno
    /// What the kernel said; often nothing.
    package let messages: [String]

    package var description: String {
        (["\(step): \(errno)"] + messages).joined(separator: "; ")
    }
}
