// SPDX-License-Identifier: Apache-2.0

import FuseServer
import LinuxIO
import Mounting
import SystemPackage

/// What `mount -o remount,...` asks for: another way to restrict what is in a mount that is there.
///
/// The mount's server goes on as it is; the kernel refuses what the mount does not allow any more.
struct Remount {
    private var set: MountAttributes = []
    private var clear: MountAttributes = []
    /// What is to be told of options that have no effect, a line each.
    private(set) var notes: [String] = []

    private static let attributes: [String: (set: MountAttributes, clear: MountAttributes)] = [
        "ro": (.readOnly, []), "rw": ([], .readOnly), "noexec": (.noExecution, []), "exec": ([], .noExecution),
        "nosuid": (.noSetID, []), "suid": ([], .noSetID), "nodev": (.noDevices, []), "dev": ([], .noDevices),
    ]

    /// What a mount keeps from its beginning, and what mount(8) repeats of it.
    private static let kept: Set<String> = [
        "lowerdir", "lowerdir+", "upperdir", "workdir", "uidmapping", "gidmapping", "squash_to_uid", "squash_to_gid",
        "squash_to_root", "fsname", "redirect_dir", "metacopy", "allow_other", "default_permissions", "max_read",
        "noatime", "relatime", "nodiratime", "user_id", "group_id", "remount",
    ]

    /// Reads lists of options, the later ones on top; nil where none of them is `remount`.
    init?(_ lists: [[UInt8]]) {
        var isAsked = false
        for option in lists.flatMap(OverlayArguments.split) {
            let parts = option.split(separator: UInt8(ascii: "="), maxSplits: 1, omittingEmptySubsequences: false)
            let key = String(decoding: parts.first ?? [], as: UTF8.self)
            let value = parts.count > 1 ? String(decoding: parts[1], as: UTF8.self) : ""
            isAsked = isAsked || key == "remount"
            if let change = Self.attributes[key] {
                set = set.subtracting(change.clear).union(change.set)
                clear = clear.subtracting(change.set).union(change.clear)
            } else if !Self.kept.contains(key), let note = OverlayOptionNames.note(key, value) {
                notes.append(note)
            }
        }
        if !isAsked { return nil }
    }

    /// Changes the mount at a path.
    ///
    /// - Throws: `MountError` where none of ours is there, or the kernel does not let the caller.
    func apply(to path: [UInt8]) throws {
        func problem(_ reason: String) -> MountError { MountError(at: path, reason) }
        do throws(Errno) {
            let root = try MountPoint.hold(path)
            guard let mount = try Mountpoint.mount(whoseRootIs: root), mount.type == MountedServer.type else {
                throw Errno.invalidArgument
            }
            try Mounts.change(root, set: set, clear: clear)
        } catch .invalidArgument {
            throw problem("nothing of cimg is mounted here")
        } catch .notPermitted {
            throw problem("only root may change how it is mounted")
        } catch {
            throw problem("\(error)")
        }
    }
}
