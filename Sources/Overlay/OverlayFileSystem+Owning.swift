// SPDX-License-Identifier: Apache-2.0

import FileSystems
import FileTree
import Glibc
import LinuxIO
import OverlayLayers
import SystemPackage

/// Who owns a file of the upper, and what of that only an attribute can say.
extension OverlayFileSystem {
    /// Makes something that has no bytes, or the file that stands for it where this process may not make it.
    func make(
        _ name: [UInt8], in directory: Descriptor, _ type: FileTree.FileType, mode: mode_t, _ device: DeviceNumber,
        _ target: [UInt8]?, _ upper: UpperLayer
    ) throws(Errno) {
        switch type {
        case .symbolicLink: try directory.makeEntryLink(name, to: target ?? [])
        case .directory: try directory.makeEntryDirectory(name, mode: mode)
        case .characterDevice, .blockDevice:
            do throws(Errno) {
                try directory.makeEntryNode(
                    name, mode: type.modeBits | mode, device: deviceNumber(major: device.major, minor: device.minor))
            } catch {
                guard error == .notPermitted, upper.settings.recordsOverrides else { throw error }
                try directory.makeEntryNode(name, mode: S_IFREG | mode, device: 0)
            }
        case .regular, .fifo, .socket: try directory.makeEntryNode(name, mode: type.modeBits | mode, device: 0)
        }
    }

    /// Gives a copy what a file's attributes are.
    ///
    /// - Parameters:
    ///   - name: of the copy; none for the open file itself.
    ///   - modification: when the copy got other bytes than the file has, which takes its capabilities away; nil where it
    ///     has the same.
    func copyAttributes(
        of place: LayerPlace, _ status: LayerStatus, to name: [UInt8], in directory: Descriptor,
        modification: timespec? = nil, _ upper: UpperLayer
    ) throws(Errno) {
        try own(name, in: directory, OwnedAs(status), upper)
        for attribute in try core.xattrNames(of: place) {
            if modification != nil, attribute == FileCapability.name { continue }
            guard let value = try core.xattr(attribute, of: place),
                let stored = OverlayMarkName.stored(attribute, core.options.marks)
            else { continue }
            do throws(Errno) {
                try directory.setEntryXattr(stored, of: name, to: value)
            } catch {
                // What only root may set is not a plain user's to keep.
                let isLost = upper.settings.recordsOverrides && error == .notPermitted || error == .notSupported
                guard isLost else { throw error }
            }
        }
        if status.type != .symbolicLink { try setMode(name, in: directory, OwnedAs(status), upper) }
        try directory.setEntryTimes(
            name, access: timespec(status.accessTime),
            modification: modification ?? timespec(status.modificationTime))
    }

    /// Gives a file an owner; a plain user's attempt is kept in an attribute.
    ///
    /// - Throws: `.invalidArgument` for an owner that has no number on disk.
    func own(_ name: [UInt8], in directory: Descriptor, _ owned: OwnedAs, _ upper: UpperLayer) throws(Errno) {
        let mapping = core.options.identifiers(of: 0)
        guard let user = mapping.storedUser(owned.uid), let group = mapping.storedGroup(owned.gid) else {
            throw .invalidArgument
        }
        let now = try directory.entryStatus(name)
        if now.st_uid == user, now.st_gid == group {
            if upper.settings.recordsOverrides { try record(name, in: directory, owned, user, group, now) }
            return
        }
        do throws(Errno) {
            try directory.setEntryOwner(
                name, user: now.st_uid == user ? nil : user, group: now.st_gid == group ? nil : group)
            if upper.settings.recordsOverrides {
                try record(name, in: directory, owned, user, group, try directory.entryStatus(name))
            }
        } catch {
            guard upper.settings.recordsOverrides, error == .notPermitted || error == .invalidArgument else {
                throw error
            }
            try record(name, in: directory, owned, user, group, now)
        }
    }

    /// Sets a file's mode, with what its owner needs to use it.
    func setMode(_ name: [UInt8], in directory: Descriptor, _ owned: OwnedAs, _ upper: UpperLayer) throws(Errno) {
        guard upper.settings.recordsOverrides else {
            return try directory.setEntryMode(name, mode_t(owned.permissions))
        }
        let needed: UInt16 = owned.type == .directory ? 0o700 : 0o600
        try directory.setEntryMode(name, mode_t(owned.permissions | needed))
        let mapping = core.options.identifiers(of: 0)
        guard let user = mapping.storedUser(owned.uid), let group = mapping.storedGroup(owned.gid) else { return }
        try record(name, in: directory, owned, user, group, try directory.entryStatus(name))
    }

    /// Keeps in an attribute what differs from what the file system has, and nothing where nothing does.
    private func record(
        _ name: [UInt8], in directory: Descriptor, _ owned: OwnedAs, _ user: UInt32, _ group: UInt32, _ now: stat
    ) throws(Errno) {
        defer { core.plainFiles?.remove(FileIdentity(device: UInt64(now.st_dev), inode: UInt64(now.st_ino))) }
        let attribute = OverlayMarkName.overrideStatName
        let mode = UInt16(truncatingIfNeeded: now.st_mode & 0o7777)
        let type = FileTree.FileType(mode: now.st_mode)
        // Attributes of this kind are on files and directories only; the rest is as the file system has it.
        guard type == .regular || type == .directory else { return }
        if now.st_uid == user, now.st_gid == group, mode == owned.permissions, type == owned.type {
            do throws(Errno) {
                try directory.removeEntryXattr(attribute, of: name)
            } catch .noData {} catch .notSupported {}
            return
        }
        let text = StatusOverride(
            uid: user, gid: group, permissions: owned.permissions, type: owned.type, device: owned.device
        ).text
        try directory.setEntryXattr(attribute, of: name, to: text)
    }
}

/// What a file shall be shown as.
struct OwnedAs {
    var uid: UInt32
    var gid: UInt32
    var permissions: UInt16
    var type: FileTree.FileType
    var device: DeviceNumber

    init(uid: UInt32, gid: UInt32, permissions: UInt16, type: FileTree.FileType, device: DeviceNumber) {
        self.uid = uid
        self.gid = gid
        self.permissions = permissions
        self.type = type
        self.device = device
    }

    init(_ status: LayerStatus) {
        uid = status.uid
        gid = status.gid
        permissions = status.permissions
        type = status.type
        device = status.device
    }
}
