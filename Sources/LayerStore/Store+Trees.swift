// SPDX-License-Identifier: Apache-2.0

import EROFS
import FileTree
import Glibc
package import LinuxIO
package import OCI
import SystemPackage
package import Unpacking

/// A flattened tree of a store, as open files.
package struct StoredTree: Sendable {
    /// The stack of layers it shows; of a tree as an engine has it, a name that no stack of layers has.
    package let chainID: ChainID
    /// The layers, base layer first.
    package let diffIDs: [DiffID]
    /// The EROFS image.
    package let image: Descriptor
    /// Digests and provenance: `TreeNotes`.
    package let notes: Descriptor
    /// The uncompressed layers in the order of the image's devices.
    package let layers: [Descriptor]
}

/// What flattening met that the tree does not show as it was.
package struct TreeReport: Sendable, Equatable {
    /// One line for each kind of thing, such as `3 AUFS leftovers were left out`; empty if everything is as it was.
    package var lines: [String] = []
}

extension Store {
    /// Opens the tree of a stack of layers; nil if the tree or one of the layers has to be derived first.
    ///
    /// - Parameters:
    ///   - engine: whose way of unpacking it shows; nil for the specification's.
    ///   - opened: layers that need not be opened again.
    package func openTree(
        _ diffIDs: [DiffID], as engine: UnpackingEngine? = nil, sharing opened: OpenedLayers = OpenedLayers()
    ) throws -> StoredTree? {
        let chainID = ChainID(diffIDs, as: engine)
        let name = chainID.digest.hex
        guard let directory = try openDerived(name, in: trees) else { return nil }
        var layers: [StoredLayer] = []
        for diffID in diffIDs {
            guard let layer = try opened.layer(diffID) ?? openLayer(diffID) else { return nil }
            layers.append(layer)
        }
        do {
            return try Self.readTree(directory, chainID, layers)
        } catch let error as StoreError where error.code == .damaged {
            try discardDerived(directory, name, in: trees)
            return nil
        }
    }

    /// Opens the files of a tree's directory and checks that they belong to each other.
    ///
    /// - Throws: `StoreError`, damaged if they are not what they should be at first sight.
    static func readTree(_ directory: Descriptor, _ chainID: ChainID, _ layers: [StoredLayer]) throws -> StoredTree {
        func damaged(_ reason: String) -> StoreError { StoreError(.damaged, "tree \(chainID)", reason) }
        do {
            let tree = try directory.openBeneath("tree", O_RDONLY | O_NONBLOCK)
            let notes = try directory.openBeneath("notes", O_RDONLY | O_NONBLOCK)
            let (treeFile, notesFile) = (try MappedFile(tree), try MappedFile(notes))
            let image = try EROFSImage(bytes: treeFile.bytes, owner: treeFile)
            guard image.isCurrent else { throw damaged("was made by an older version of cimg") }
            guard image.devices.map(\.diffID) == layers.map(\.diffID) else { throw damaged("is of other layers") }
            let count = try TreeNotes(bytes: notesFile.bytes, owner: notesFile).count
            guard UInt64(count) == image.inodeCount else {
                throw damaged("has \(image.inodeCount) files, but notes of \(count)")
            }
            // The kernel takes a layer's size from the image, and reads beyond the layer's end.
            guard zip(image.devices, layers).allSatisfy({ $0.blockCount == ($1.index.layerByteCount + 511) / 512 })
            else { throw damaged("is of layers of other sizes") }
            return StoredTree(
                chainID: chainID, diffIDs: layers.map(\.diffID), image: tree, notes: notes, layers: layers.map(\.data))
        } catch Errno.noSuchFileOrDirectory {
            throw damaged("is incomplete")
        } catch let error as EROFSError {
            throw damaged("\(error)")
        } catch let error as Errno {
            throw StoreError(.system, "tree \(chainID)", "\(error)")
        }
    }

    /// Flattens layers that are all in the store, and publishes the tree.
    ///
    /// - Parameter engine: whose way of unpacking it is to show; nil for the specification's.
    func makeTree(_ diffIDs: [DiffID], as engine: UnpackingEngine? = nil, writer: TemporaryDirectory) throws
        -> TreeReport
    {
        var layers: [StoredLayer] = []
        for diffID in diffIDs {
            guard let layer = try openLayer(diffID) else {
                throw StoreError(.notFound, "layer \(diffID)", "is not in the store")
            }
            layers.append(layer)
        }
        let chainID = ChainID(diffIDs, as: engine)
        // Here memory is at its most: what taking layers in has left goes first.
        Memory.returnLargeBlocks()
        ProgramPages.release()
        var (tree, budget, report) = try Self.flatten(layers, as: engine, limits.image)
        let remarks: WriterRemarks
        do {
            remarks = try write(tree, budget, chainID, layers, writer)
        } catch let error as Errno {
            throw StoreError(.system, "tree \(chainID)", "\(error)\(error.advice)")
        }
        let acls = layers.reduce(UInt64(0)) { $0.addingReportingOverflow($1.index.droppedACLCount).partialValue }
        if acls > 0 { report.append("\(acls) access control lists name users without numbers and were left out") }
        if remarks.count > 0 { report.append("\(remarks.count) attributes or device numbers could not be kept") }
        return TreeReport(lines: report)
    }

    /// The tree of layers, what it cost, and what was met.
    static func flatten(
        _ layers: [StoredLayer], as engine: UnpackingEngine?, _ limits: ImportLimits
    ) throws -> (tree: Tree, budget: ImportBudget, report: [String]) {
        if let engine {
            var flattener = EngineFlattener(engine, budget: ImportBudget(limits))
            for layer in layers { try flattener.apply(layer.index) }
            let budget = flattener.budget
            return (try (consume flattener).freeze(), budget, [])
        }
        var flattener = Self.flattener(for: layers, limits)
        for layer in layers { try flattener.apply(layer.index) }
        let (report, budget) = (flattener.report.lines, flattener.budget)
        // Consumed, so that what the tree does not need goes before the tree is made.
        return (try (consume flattener).freeze(), budget, report)
    }

    /// A flattener with room for the files of layers.
    static func flattener(for layers: [StoredLayer], _ limits: ImportLimits) -> Flattener {
        let entryCount = layers.reduce(0) { $0 + $1.index.likelyEntryCount }
        let names = limits[.nameBytes]
        // Not made use of, it costs nothing but addresses; beyond the limit nothing comes.
        let nameByteCount = min(
            layers.reduce(0) { $0 + $1.index.maximumNameByteCount },
            Int(clamping: names.base) + Int(clamping: names.perEntry) * entryCount)
        return Flattener(
            entryCount: entryCount, nameByteCount: nameByteCount, budget: ImportBudget(limits))
    }

    private func write(
        _ tree: Tree, _ budget: ImportBudget, _ chainID: ChainID, _ layers: [StoredLayer], _ writer: TemporaryDirectory
    ) throws -> WriterRemarks {
        let directory = try writer.makeDirectory("tree")
        let file = try directory.openBeneath("tree", O_RDWR | O_CREAT | O_EXCL, mode: 0o600)
        let remarks = try EROFSWriter.write(
            tree, budget: budget, layerSizes: layers.map(\.index.layerByteCount),
            readLayer: { layer, offset, buffer in
                guard layers.indices.contains(layer),
                    try layers[layer].data.read(at: offset, into: buffer) == buffer.count
                else { throw StoreError(.damaged, "tree \(chainID)", "an extent beyond its layer") }
            },
            output: { try file.write($0) })
        let notes = try directory.openBeneath("notes", O_RDWR | O_CREAT | O_EXCL, mode: 0o600)
        try TreeNotes.write(tree) { try notes.write($0) }
        try markUnsynced(directory)
        try writer.publish("tree", in: trees, as: chainID.digest.hex, replacing: false)
        return remarks
    }
}

extension Flattener.Report {
    /// What a user should know of, a line each.
    var lines: [String] {
        var lines: [String] = []
        if leftovers > 0 { lines.append("\(leftovers) AUFS leftovers were left out") }
        return lines
    }
}
