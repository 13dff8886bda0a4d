// SPDX-License-Identifier: Apache-2.0

import Glibc
package import LinuxIO
package import OCI
package import SystemPackage

/// The directories that make up a container's or an image's root, as overlayfs stacks them.
package struct EngineLayers: Hashable, Sendable {
    /// A directory of one layer, and what its numbers of users and groups mean in the container.
    package struct Directory: Hashable, Sendable {
        /// Its absolute path on the host.
        package var path: FilePath
        /// The directory above it that is the engine's and not a container's; no symbolic link is followed below it.
        package var anchor: FilePath
        /// Which users the container sees as the owners of what is in it.
        package var users: IDMap
        /// Which groups.
        package var groups: IDMap
        /// The diff ID of the image's layer it holds, where the engine tells.
        package var diffID: DiffID?
        /// The user that `anchor` must belong to when it is opened; nil where anybody's counts.
        package var owner: UInt32?

        /// Makes a directory; `anchor` must be the beginning of `path`, nil stands for `path` itself.
        package init(
            _ path: FilePath, anchor: FilePath? = nil, users: IDMap = .identity, groups: IDMap = .identity,
            diffID: DiffID? = nil
        ) {
            self.path = path
            self.anchor = anchor ?? path
            self.users = users
            self.groups = groups
            self.diffID = diffID
        }

        /// Opens it for reading.
        ///
        /// What lies in a plain user's storage is the user's to replace by a symbolic link: none is followed there.
        /// - Throws: `EngineError`.
        package func open() throws(EngineError) -> Descriptor {
            let object = "layer \(path.printable)"
            do throws(Errno) {
                let storage = try Descriptor.open(anchor, O_RDONLY | O_DIRECTORY)
                // The path may lead elsewhere by now: what was opened decides.
                if let owner, try storage.status().st_uid != owner { throw Errno.notPermitted }
                guard path != anchor else { return storage }
                var rest = path
                guard rest.removePrefix(anchor), !rest.isAbsolute else { throw Errno.invalidArgument }
                return try storage.openBeneath(rest.bytes, O_RDONLY | O_DIRECTORY)
            } catch {
                throw EngineError(object, reading: error)
            }
        }
    }

    /// The layers that are only read, the topmost first, as in overlayfs's `lowerdir`.
    ///
    /// A single one and no `upper`: the root as it is, no overlay.
    package var lowers: [Directory]
    /// The container's own directory; nil for images, and where the container's root is no overlay.
    package var upper: Directory?
    /// The directory overlayfs works in, beside `upper`.
    package var work: FilePath?
    /// The one of `lowers` that the engine made for this container and hides from its diff: Docker's `-init` layer.
    package var initLayer: FilePath?
    /// The diff IDs of the image's layers, base layer first; nil where the engine does not tell all of them.
    package var diffIDs: [DiffID]?
    /// Whether overlayfs keeps its marks in `user.overlay.` attributes instead of `trusted.overlay.`: mounts of plain
    /// users.
    package var usesUserXattrs: Bool

    /// Makes a list of layers.
    package init(
        lowers: [Directory], upper: Directory? = nil, work: FilePath? = nil, initLayer: FilePath? = nil,
        diffIDs: [DiffID]? = nil, usesUserXattrs: Bool = false
    ) {
        self.lowers = lowers
        self.upper = upper
        self.work = work
        self.initLayer = initLayer
        self.diffIDs = diffIDs
        self.usesUserXattrs = usesUserXattrs
    }

    /// Tells the diff IDs of the image's layers, and of each directory: those of the image are the last ones.
    mutating func setDiffIDs(_ diffIDs: [DiffID]?) {
        self.diffIDs = diffIDs
        for (directory, diffID) in zip(lowers.indices.reversed(), diffIDs ?? []) { lowers[directory].diffID = diffID }
    }
}
