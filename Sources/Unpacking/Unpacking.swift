// SPDX-License-Identifier: Apache-2.0

// Unpacking: what a disk would show if an engine unpacked an image.
//
// In comes a stack of layers as their indexes have them, out goes a tree, as from the flattener; but not as the
// specification has it: as Docker, podman, containerd, umoci or the kernel's overlay would have it, with all that they
// do otherwise, or the reason why one of them refuses a layer. Each engine's steps are gone through in the order in
// which its program makes them, upon a file system in memory (`Disk`) that fails as Linux does.
//
// Not in here: files, processes, the engines themselves. What they really do is seen in the tests, where random layers
// are given to both.

package import FileTree

/// An engine whose way of unpacking is known.
package enum UnpackingEngine: String, CaseIterable, Sendable {
    /// Docker with its own storage, overlay2.
    case docker
    /// podman, Buildah and CRI-O: containers/storage with overlay.
    case podman
    /// containerd, and Docker where it keeps its images there: the overlay snapshotter.
    case containerd
    /// umoci: one directory, into which all layers go.
    case umoci
    /// The kernel's overlay over layers that are each unpacked as the specification says.
    case kernel

    /// What the root directory is before any layer says otherwise.
    var rootPermissions: UInt16 { self == .podman ? 0o555 : 0o755 }

    /// Whether all layers go into one directory.
    var isFlat: Bool { self == .umoci }
}

/// Lays layers over each other as an engine does, base layer first.
package struct EngineFlattener {
    private let engine: UnpackingEngine
    private let files: DiskFiles
    /// What all layers together show.
    private var disk: Disk
    /// What each layer is by itself, where the engine looks into lower ones.
    private var uppers: [Disk] = []

    /// Starts with an empty root directory.
    ///
    /// - Parameter budget: what the tree may cost.
    package init(_ engine: UnpackingEngine, budget: ImportBudget = ImportBudget()) {
        self.engine = engine
        files = DiskFiles(budget)
        disk = Disk(files, root: files.directory(permissions: engine.rootPermissions))
    }

    /// What the tree has cost.
    package var budget: ImportBudget { files.budget }

    /// Unpacks one more layer.
    ///
    /// The layer is kept, as by the flattener.
    ///
    /// - Throws: `LayerError` that tells which entry the engine refuses and why; what reading the layer throws.
    package mutating func apply(_ layer: some LayerEntries) throws {
        try files.begin(layer)
        if engine.isFlat {
            let applier = UmociApplier()
            try unpack(layer, into: &disk) { try applier.unpack($0, into: &$1) }
            return
        }
        var upper = Disk(files, root: files.directory(permissions: try rootPermissions()))
        switch engine {
        case .docker, .podman, .umoci:
            var applier = DockerApplier(isPodman: engine == .podman)
            try unpack(layer, into: &upper) { try applier.unpack($0, into: &$1) }
            try tell(layer) { try applier.finish(&upper) }
        case .containerd:
            var applier = ContainerdApplier(lowers: uppers.reversed(), isBase: uppers.isEmpty)
            try unpack(layer, into: &upper) { try applier.unpack($0, into: &$1) }
            try tell(layer) { try applier.finish(&upper) }
            uppers.append(upper)
        case .kernel:
            do {
                try KernelApplier.unpack(layer, into: &upper)
            } catch let error as LayerError {
                throw LayerError(
                    layer: layer.diffID, path: error.path, reason: "kernel: the layer cannot lie alone: \(error.reason)"
                )
            }
        }
        try tell(layer) { try disk.lay(upper) }
    }

    /// The finished tree.
    ///
    /// - Throws: `LayerError` where a whiteout took the root directory away and nothing came after it.
    package consuming func freeze() throws -> Tree {
        if disk.isRootMissing, let last = files.layers.last {
            throw LayerError(
                layer: last.diffID, path: [], reason: "\(engine.rawValue) refuses it: no root directory is left")
        }
        return try files.tree(of: disk)
    }

    /// What a layer's own root directory is made with: podman makes it as the one below has become.
    private func rootPermissions() throws -> UInt16 {
        guard engine == .podman, files.layers.count > 1 else { return engine.rootPermissions }
        return try files.attributes(of: disk.file(0)).permissions & 0o777
    }

    private func unpack(
        _ layer: some LayerEntries, into disk: inout Disk, _ body: (UnpackedEntry, inout Disk) throws -> Void
    ) throws {
        try layer.forEach { entry, position in
            try tell(layer, entry.path) {
                try files.count(entry)
                try body(try files.entry(entry, at: position), &disk)
            }
        }
    }

    /// What goes wrong, as an error of the layer that names the engine.
    private func tell(_ layer: some LayerEntries, _ path: [UInt8] = [], _ body: () throws -> Void) throws {
        do {
            try body()
        } catch let error as DiskError {
            throw LayerError(
                layer: layer.diffID, path: error.path ?? path, reason: "\(engine.rawValue) refuses it: \(error)")
        } catch let error as BudgetError {
            throw LayerError(layer: layer.diffID, path: path, reason: "\(error)")
        }
    }
}
