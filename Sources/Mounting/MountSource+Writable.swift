// SPDX-License-Identifier: Apache-2.0

import FileTree
import Glibc
package import LayerStore
import LinuxIO
import OCI
import OverlayLayers
package import SystemPackage

extension MountSource {
    /// What an upper records as its image: the digest where there is one, since names move.
    var identity: String { digest.map { "\($0)" } ?? name }

    /// A directory of this machine that is mounted as it lies; nil for what is no directory.
    ///
    /// - Parameters:
    ///   - path: where it is; the last symbolic link is followed, too.
    ///   - object: what the user called it, for errors.
    /// - Throws: `MountError` where it cannot be opened.
    package init?(directory path: FilePath, called object: String) throws {
        let directory: Descriptor
        do throws(Errno) {
            directory = try Descriptor.open(path, O_RDONLY | O_DIRECTORY)
        } catch {
            // A tar is an image like others.
            if error == .notDirectory { return nil }
            throw MountError("\(object.printable): \(error)")
        }
        // Root sees what lies there without what is mounted in it, as kernel overlayfs does; so the mountpoint may be
        // anywhere.
        let apart = geteuid() == 0 ? try? Self.apart(directory) : nil
        // What lies there is a tree as it is, whatever attributes it has.
        self.init(
            name: "rootfs:" + Bytes.escaped(try MountPoint.path(of: directory)), digest: nil,
            content: .directories([apart ?? directory], OverlayOptions(marks: [])))
        isApart = apart != nil
    }

    private static func apart(_ directory: Descriptor) throws -> Descriptor {
        let clone = try Mounts.clone(directory, recursively: false)
        try Mounts.restrict(clone, to: [])
        return clone
    }

    private static var settings: UpperSettings {
        UpperSettings(isPrivileged: Privilege.hasTrustedAttributes, isRoot: geteuid() == 0)
    }

    /// Puts an upper on top that the user keeps.
    ///
    /// - Parameters:
    ///   - upper: its path; it is made where nothing is.
    ///   - force: whether it may have the changes of something else.
    /// - Throws: `MountError` that says what is wrong with it.
    package mutating func keepChanges(in upper: [UInt8], force: Bool) throws {
        let opened = try UpperDirectory.open(upper, image: identity, force: force, settings: Self.settings)
        if case .directories(let lower, _) = content,
            let above = try Mountpoint.directory(above: MountPoint.path(of: opened.directory), among: lower)
        {
            throw MountError(
                "upper \"\(Bytes.escaped(upper))\": lies in \"\(Bytes.escaped(above))\", which is below it; "
                    + "choose another")
        }
        content = .writable(content, opened)
    }

    /// Puts an upper on top that is removed when the mount ends.
    ///
    /// - Parameter place: the store in whose `tmp` it lies.
    package mutating func discardChanges(in place: Store) throws {
        store = try place.identity().fileText
        let (opened, discarded) = try UpperDirectory.temporary(in: place, settings: Self.settings)
        content = .writable(content, opened)
        self.discarded = discarded
    }
}
