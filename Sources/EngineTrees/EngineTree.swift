// SPDX-License-Identifier: Apache-2.0

package import EROFS
package import Engines
import FileSystems
package import FileTree
import Glibc
import LinuxIO
package import Mounting
import OCI
import OverlayLayers
import SystemPackage

/// The directories that make up an engine's object, or a part of it.
package struct EngineTree: Sendable {
    /// Which of the layers belong to a part.
    package enum Part {
        /// Everything: the container as it is.
        case whole
        /// All but the container's own directory.
        case withoutUpper
        /// What the image brought, with the container's own directory.
        case withoutInitLayer
        /// What the image brought.
        case image
    }

    /// The layers as the engine describes them.
    package let layers: EngineLayers

    /// Takes what an engine tells.
    package init(layers: EngineLayers) { self.layers = layers }

    /// The directories of a part, the highest first.
    package func directories(_ part: Part) -> [EngineLayers.Directory] {
        let hasInitLayer = part == .whole || part == .withoutUpper
        let lowers = layers.lowers.filter { hasInitLayer || $0.path != layers.initLayer }
        let hasUpper = part == .whole || part == .withoutInitLayer
        return (hasUpper ? layers.upper.map { [$0] } ?? [] : []) + lowers
    }

    /// Opens directories, and tells how they are to be understood.
    ///
    /// - Parameters:
    ///   - isChanging: whether what reads them must see what the container does meanwhile.
    private func open(
        _ directories: [EngineLayers.Directory], isChanging: Bool
    ) throws -> (opened: [Descriptor], options: OverlayOptions) {
        let opened = try directories.map(open)
        var marks: OverlayMarkFormats = layers.isPlain ? [] : layers.usesUserXattrs ? .user : .trusted
        // Where owners and modes are kept in attributes, the layers' own directories have one: looking for it on every
        // file would cost a call for each.
        if !layers.isPlain, try opened.contains(where: Self.keepsOwnersAside) { marks.insert(.overrideStat) }
        let options = OverlayOptions(
            marks: marks, identifiers: directories.map(Self.identifiers), isChanging: isChanging)
        return (opened, options)
    }

    /// Opens a directory; of a process's root only that file system, not what is mounted in it, as for any container.
    private func open(_ directory: EngineLayers.Directory) throws -> Descriptor {
        // Taking a mount apart needs root, and that no part of it is another user's.
        guard layers.isPlain, let number = layers.process, geteuid() == 0,
            // Else it is read with what is mounted in it.
            let process = try? ProcessHandle(identifier: number), let root = try? process.openRoot(),
            let alone = try? process.cloneMounts(of: root, recursively: false)  // As above.
        else { return try directory.open() }
        return alone
    }

    private static func keepsOwnersAside(_ directory: Descriptor) throws -> Bool {
        try directory.entryXattrNames([UInt8(ascii: ".")])
            .contains { $0.elementsEqual("user.containers.override_stat".utf8) }
    }

    /// All of it, to be served; an image without layers is a tree with nothing in it, as it is in the store.
    package func served(isChanging: Bool) throws -> MountSource.Content {
        let directories = directories(.whole)
        guard !directories.isEmpty else { return .tree(try EmptyTree.files()) }
        let (opened, options) = try open(directories, isChanging: isChanging)
        return .directories(opened, options)
    }

    /// A part as a tree to compare.
    ///
    /// - Parameters:
    ///   - name: what the user calls the object, for errors.
    ///   - image: the stored tree of the image's layers, which then stands for the directories that they were unpacked
    ///     to.
    package func tree(_ part: Part, called name: String, over image: MappedTree? = nil) throws -> any TreeSource {
        var own = directories(part)
        if image != nil { own.removeLast(min(own.count, layers.diffIDs?.count ?? 0)) }
        guard !own.isEmpty else {
            if let image { return image }
            let files = try EmptyTree.files()
            return try mappedTree(image: files.image, notes: files.notes, layers: files.layers)
        }
        let (opened, options) = try open(own, isChanging: true)
        let layers = opened.map { OverlayLayer.directory($0) } + (image.map { [.tree($0)] } ?? [])
        return try OverlayTree(layers, name: ArgumentText.bytes(of: name), options: options)
    }

    /// The numbers of users and groups in a layer's directory.
    static func identifiers(of directory: EngineLayers.Directory) -> IdentifierMapping {
        func ranges(_ map: IDMap) -> [IdentifierRange] {
            map.ranges.map { IdentifierRange(container: $0.container, host: $0.host, count: $0.count) }
        }
        return IdentifierMapping(users: ranges(directory.users), groups: ranges(directory.groups))
    }
}

extension EngineLayers {
    /// Whether there is nothing to stack: a root that is a directory as it is, in which nothing is a mark.
    var isPlain: Bool { upper == nil && lowers.count == 1 && diffIDs == nil }

    /// The process whose root directory is read in place; nil for layers of an engine.
    var process: Int32? {
        guard isPlain, let path = lowers.first?.path.string, path.hasPrefix("/proc/"), path.hasSuffix("/root") else {
            return nil
        }
        return Int32(path.dropFirst(6).dropLast(5))
    }
}
