// SPDX-License-Identifier: Apache-2.0

package import EROFS
package import EngineTrees
import Engines
package import FileTree
import LinuxIO
import OCI
package import Objects
import OverlayLayers

/// A container or an engine's image as a side of a comparison.
package struct EngineSide {
    /// What the user called it.
    package let name: String
    /// The container or image.
    package let object: EngineObject
    /// Its directories.
    package let tree: EngineTree

    /// Finds the directories, and takes the rights to read them that a user's own containers need.
    package init(_ name: String, _ object: EngineObject) throws {
        self.name = name
        self.object = object
        tree = EngineTree(layers: try object.layers())
        try EngineRights.take(for: tree.directories(.whole))
    }

    /// The digest of an image's manifest, where the engine knows it.
    package var digest: String? {
        guard case .image(let image) = object else { return nil }
        return image.digest.map { "\($0)" }
    }

    /// A part of it, opened.
    ///
    /// - Parameters:
    ///   - name: another name for it.
    ///   - image: what stands for the directories of its image; see `EngineTree.tree(_:called:over:)`.
    package func side(_ part: EngineTree.Part, called name: String? = nil, over image: MappedTree? = nil) throws
        -> DiffSide
    {
        DiffSide(
            name: name ?? self.name, digest: name == nil ? digest : nil,
            tree: try tree.tree(part, called: name ?? self.name, over: image))
    }

    /// Whether its root directory is as the engine made it: an image's is, a container's unless something was done to it.
    package var hasEngineRoot: Bool {
        guard tree.layers.upper != nil else { return true }
        // What cannot be read is shown as changed.
        guard let own = try? tree.tree(.whole, called: name), let below = try? tree.tree(.withoutUpper, called: name),
            // As above.
            let attributes = try? own.attributes(of: own.root), let before = try? below.attributes(of: below.root)
        else { return false }
        return (attributes.mode, attributes.uid, attributes.gid) == (before.mode, before.uid, before.gid)
            && attributes.xattrs == before.xattrs
    }

    /// Whether this is a container whose image is another object of the same storage.
    package func isMade(of other: EngineSide) -> Bool {
        guard tree.layers.upper != nil, other.tree.layers.upper == nil else { return false }
        let own = tree.layers.lowers.filter { $0.path != tree.layers.initLayer }.map(\.path)
        return own == other.tree.layers.lowers.map(\.path)
    }
}

/// What engines put into a container for themselves.
package enum EngineFiles {
    /// Places on which podman and buildah mount something in every container.
    package static let paths: Set<[UInt8]> = Set(
        [
            "/dev", "/etc/hostname", "/etc/hosts", "/etc/mtab", "/etc/resolv.conf", "/proc", "/run",
            "/run/.containerenv", "/run/notify", "/run/podman-init", "/run/secrets", "/sys",
        ].map { Array($0.utf8) })

    /// Whether a file of a container is nothing but a place to mount on, which nobody in the container can reach.
    package static func isPlaceholder(_ path: [UInt8], _ attributes: Attributes) -> Bool {
        guard paths.contains(path) else { return false }
        switch attributes.type {
        case .directory: return false
        case .regular: return attributes.size == 0
        case .symbolicLink: return attributes.target.elementsEqual("/proc/mounts".utf8)
        default: return false
        }
    }
}

extension EngineObject {
    /// Whether its engine makes the places of `EngineFiles` in the container's own directory.
    package var hasEngineFiles: Bool {
        guard case .container(let container) = self else { return false }
        return container.engine == .podman
    }
}
