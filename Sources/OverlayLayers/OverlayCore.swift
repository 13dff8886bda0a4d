// SPDX-License-Identifier: Apache-2.0

package import EROFS
package import FileSystems
import FileTree
package import Glibc
package import LinuxIO
package import SystemPackage

/// What stacked layers mean: which file a name leads to, what a directory lists, where a file's bytes are.
///
/// It remembers nothing of the tree but open directories; whoever uses it keeps what it found.
package final class OverlayCore: Sendable {
    /// How a layer is kept.
    package enum Layer {
        case disk(DiskDirectory)
        case tree(ReadOnlyTree, MappedTree)
    }

    /// The layers, the highest first.
    package let layers: [Layer]
    /// What is understood in them.
    package let options: OverlayOptions
    /// Their open directories.
    package let directories: DirectoryCache
    /// Files of the upper without attributes; nil where there is no upper.
    package let plainFiles: PlainFiles?
    /// Whether the highest layer is written to by this overlay.
    package let hasUpper: Bool
    /// Whether the file system of the upper itself changes times of access no more often than `relatime` has it.
    package let isUpperRelative: Bool
    /// Gets a line, without its end, for what no request can be told of.
    package let log: @Sendable (String) -> Void

    /// Stacks layers, the highest first.
    ///
    /// - Throws: `.invalidArgument` without layers or where a frozen tree is not the lowest one; `.notDirectory`.
    package init(
        _ layers: [OverlayLayer], hasUpper: Bool = false, options: OverlayOptions,
        log: @escaping @Sendable (String) -> Void
    ) throws(Errno) {
        guard !layers.isEmpty, layers.count <= 4096 else { throw .invalidArgument }
        var opened: [Layer] = []
        for (position, layer) in layers.enumerated() {
            switch layer {
            case .directory(let descriptor): opened.append(.disk(try DiskDirectory(root: descriptor)))
            case .tree(let tree):
                guard position == layers.count - 1 else { throw .invalidArgument }
                opened.append(.tree(ReadOnlyTree(tree, log: log), tree))
            }
        }
        self.layers = opened
        self.options = options
        self.hasUpper = hasUpper
        isUpperRelative = try hasUpper ? Self.isRelative(layers[0]) : true
        self.log = log
        directories = DirectoryCache(capacity: Self.directoryLimit())
        plainFiles = hasUpper ? PlainFiles() : nil
    }

    /// Whether a layer is the upper.
    package func isUpper(_ layer: Int) -> Bool { hasUpper && layer == 0 }

    private static func isRelative(_ layer: OverlayLayer) throws(Errno) -> Bool {
        guard case .directory(let directory) = layer else { return true }
        // `ST_NOATIME` and `ST_RELATIME`, which Glibc's module does not show.
        return try directory.fileSystemStatus().f_flag & (1024 | 4096) != 0
    }

    /// A quarter of what the process may open: files that are in use come first.
    private static func directoryLimit() -> Int { min(1024, Spawn.openFileLimit / 4) }

    /// The root directory.
    ///
    /// All layers' own directories are merged, whatever marks they have.
    package func root() throws(Errno) -> OverlayFile {
        var stack: [LayerDirectory] = []
        for (index, layer) in layers.enumerated() {
            switch layer {
            case .disk(let directory):
                var found = LayerDirectory(layer: index, kind: .disk(directory))
                let marks = try inspect(found.place)?.marks
                found.mayMarkWhiteouts = marks?.opacity == .whiteoutsByAttribute
                stack.append(found)
            case .tree: stack.append(LayerDirectory(layer: index, kind: .tree(.root)))
            }
        }
        guard let top = stack.first else { throw .invalidArgument }
        return OverlayFile(status: try status(of: top.place), place: top.place, stack: stack)
    }

    /// What the layer tells of a file, numbers mapped and overrides applied.
    ///
    /// - Throws: `.noSuchFileOrDirectory` where it is gone.
    package func status(of place: LayerPlace) throws(Errno) -> LayerStatus {
        switch place.kind {
        case .tree(let number):
            guard let tree = tree(place.layer) else { throw .ioError }
            return LayerStatus(try tree.attributes(of: number))
        case .gone(let last): return last.status
        case .disk, .open:
            let (descriptor, name) = try reach(place)
            return try status(descriptor.entryStatus(name), of: name, in: descriptor, layer: place.layer)
        }
    }

    /// What stat(2) told of a file of a layer, numbers mapped and overrides applied.
    package func status(
        _ status: stat, of name: [UInt8], in directory: Descriptor, layer: Int
    ) throws(Errno) -> LayerStatus {
        guard var status = LayerStatus(status) else { throw .ioError }
        var marks: OverlayMarks?
        if options.marks.contains(.overrideStat), status.type == .regular || status.type == .directory,
            layer > 0 || status.type == .directory || plainFiles?.contains(status.identity) != true,
            let value = try directory.entryXattr(OverlayMarkName.overrideStatName, of: name)
        {
            marks = OverlayMarks()
            marks?.override = StatusOverride(parsing: value)
        }
        show(&status, marks, layer)
        return status
    }

    /// What a layer tells of a file and what its attributes say; nil where it is not there.
    package func inspect(_ place: LayerPlace) throws(Errno) -> (status: LayerStatus, marks: OverlayMarks?)? {
        switch place.kind {
        case .tree, .gone: return (try status(of: place), nil)
        case .disk, .open: break
        }
        let (descriptor, name) = try reach(place)
        do throws(Errno) {
            guard var status = LayerStatus(try descriptor.entryStatus(name)) else { throw .ioError }
            // Marks are on regular files and directories only.
            guard status.type == .regular || status.type == .directory else {
                show(&status, nil, place.layer)
                return (status, nil)
            }
            let plain = place.layer == 0 && status.type == .regular ? plainFiles : nil
            if let plain, plain.contains(status.identity) {
                show(&status, nil, place.layer)
                return (status, nil)
            }
            let count = plain?.changeCount ?? 0
            let names = try descriptor.entryXattrNames(name)
            guard !names.isEmpty else {
                plain?.insert(status.identity, since: count)
                show(&status, nil, place.layer)
                return (status, nil)
            }
            let marks = try OverlayMarks(names, of: name, in: descriptor, options.marks)
            show(&status, marks, place.layer)
            return (status, marks)
        } catch {
            if error == .noSuchFileOrDirectory || error == .fileNameTooLong { return nil }
            throw error
        }
    }

    /// How a file on disk is reached: a name in an open directory, or no name for the open file itself.
    ///
    /// - Throws: `.readOnlyFileSystem` for a file of the frozen tree.
    package func reach(_ place: LayerPlace) throws(Errno) -> (Descriptor, [UInt8]) {
        switch place.kind {
        case .tree: throw .readOnlyFileSystem
        case .gone: throw .noSuchFileOrDirectory
        case .open(let descriptor): return (descriptor, [])
        case .disk(let directory, let name): return (try directories.descriptor(of: directory), name)
        }
    }

    /// The device that a layer's own directory lies on; 0 for the frozen tree.
    package func device(of layer: Int) -> UInt64 {
        guard layers.indices.contains(layer), case .disk(let directory) = layers[layer] else { return 0 }
        return directory.identity.device
    }

    /// The frozen tree of a layer.
    package func tree(_ layer: Int) -> ReadOnlyTree? {
        guard layers.indices.contains(layer), case .tree(let tree, _) = layers[layer] else { return nil }
        return tree
    }

    /// Applies marks and the mapping of numbers.
    package func show(_ status: inout LayerStatus, _ marks: OverlayMarks?, _ layer: Int) {
        if let override = marks?.override {
            status.uid = override.uid
            status.gid = override.gid
            status.permissions = override.permissions
            // A directory stays one: other types are kept as regular files.
            if let type = override.type, status.type == .regular, type != .directory {
                status.type = type
                status.device = override.device
            }
        }
        let identifiers = options.identifiers(of: layer)
        status.uid = identifiers.shownUser(status.uid)
        status.gid = identifiers.shownGroup(status.gid)
    }
}
