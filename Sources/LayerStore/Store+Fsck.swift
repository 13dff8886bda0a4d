// SPDX-License-Identifier: Apache-2.0

import Archive
import EROFS
import FileTree
import Glibc
import LinuxIO
import OCI
import Unpacking

/// What `fsck` looked at and found.
package struct FsckReport: Sendable, Equatable {
    /// Things that are not as they should be, a line each: `blob sha256:…: does not have this digest`.
    package var problems: [String] = []
    /// Blobs whose digest was computed again.
    package var blobs = 0
    /// Uncompressed layers whose diff ID was computed and whose index was made again.
    package var layers = 0
    /// Trees that were made again and compared.
    package var trees = 0
}

extension Store {
    /// Verifies everything: each blob's digest, each layer's diff ID and index, each tree against its layers, and
    /// whether every image has all its parts.
    ///
    /// What did not survive the machine's going down is removed without being a problem.
    ///
    /// - Parameters:
    ///   - repairs: whether damaged blobs and derived data are removed. Derived data comes back by itself, a removed
    ///     blob by another import.
    ///   - progress: gets a line before each thing that takes a while.
    /// - Throws: `StoreError` only if the store as a whole cannot be read or repaired.
    package func fsck(repairs: Bool, progress: (String) -> Void = { _ in }) throws -> FsckReport {
        if repairs { try checkWriting() }
        let hold = try holdForWriting()
        defer { withExtendedLifetime(hold) {} }
        var report = FsckReport()
        for name in try names(in: blobs, "blob", &report) {
            progress("blob \(name.hex.prefix(12))")
            try checkBlob(name, repairs, &report)
        }
        for name in try names(in: layers, "layer", &report) {
            progress("layer \(name.hex.prefix(12))")
            try checkLayer(DiffID(name), repairs, &report)
        }
        let needed = try neededContent()
        report.problems += needed.obstacles + needed.problems
        for name in try names(in: trees, "tree", &report) {
            progress("tree \(name.hex.prefix(12))")
            try checkTree(ChainID(name), repairs, &report)
        }
        return report
    }

    /// The digests that are names in a directory; other names are problems.
    private func names(in directory: Descriptor, _ kind: String, _ report: inout FsckReport) throws -> [Digest] {
        var digests: [Digest] = []
        for name in try directory.entryNames().sorted(by: Bytes.precedes) {
            if let digest = Digest(hex: String(decoding: name, as: UTF8.self)) {
                digests.append(digest)
            } else {
                report.problems.append(
                    "store \(path): \(kind)s/sha256/\(Bytes.escaped(name)): not the name of a \(kind)")
            }
        }
        return digests
    }

    private static func digest(of stream: any ByteStream) throws -> Digest {
        let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 1 << 20, alignment: 4096)
        defer { buffer.deallocate() }
        var hasher = DigestHasher()
        while case let count = try stream.read(into: buffer), count > 0 {
            hasher.update(UnsafeRawBufferPointer(rebasing: buffer[..<count]))
        }
        return hasher.finish()
    }

    private func checkBlob(_ digest: Digest, _ repairs: Bool, _ report: inout FsckReport) throws {
        report.blobs += 1
        do {
            // What another command pruned meanwhile is no problem.
            guard let file = try openBlob(digest), try Self.digest(of: FileStream(file)) != digest else { return }
            report.problems.append("blob \(digest): does not have this digest")
        } catch let error as StoreError {
            report.problems.append("\(error)")
        } catch {
            report.problems.append("blob \(digest): \(error)")
        }
        if repairs { try blobs.removeTree(digest.hex) }
    }

    private func checkLayer(_ diffID: DiffID, _ repairs: Bool, _ report: inout FsckReport) throws {
        report.layers += 1
        let name = diffID.digest.hex
        let directory: Descriptor
        do {
            guard let opened = try openDerived(name, in: layers) else { return }
            directory = opened
        } catch {
            report.problems.append("layer \(diffID): \(error)")
            if repairs { try layers.removeTree(name) }
            return
        }
        do {
            try verify(Self.readLayer(directory, diffID), directory)
            return
        } catch let error as StoreError {
            report.problems.append("\(error)")
        } catch {
            report.problems.append("layer \(diffID): \(error)")
        }
        if repairs { try discardDerived(directory, name, in: layers) }
    }

    /// Computes a layer's diff ID and makes its index again, in one pass over its data.
    private func verify(_ layer: StoredLayer, _ directory: Descriptor) throws {
        let name = "layer \(layer.diffID)"
        let stored = try MappedFile(directory.openBeneath("index", O_RDONLY | O_NONBLOCK))
        var isSame = true
        let writer = LayerIndexWriter { bytes, offset in
            let end = offset + UInt64(bytes.count)
            isSame =
                isSame && end <= UInt64(stored.bytes.count)
                && stored.bytes[Int(offset)..<Int(end)].elementsEqual(bytes)
        }
        let stream = HashingStream(FileStream(layer.data))
        let indexed = Result {
            try LayerIndexing.run(
                StreamInput(stream), into: writer, layer: name, budget: SharedBudget(limits.image))
        }
        _ = try Self.digest(of: stream)
        guard stream.digest == layer.diffID.digest else {
            throw StoreError(.damaged, name, "its uncompressed data does not have this digest")
        }
        let acls = UInt64(try indexed.get().aclsWithoutNumbers)
        let size = try writer.finish(
            diffID: layer.diffID, layerByteCount: stream.count, droppedACLCount: acls)
        guard isSame, size == UInt64(stored.bytes.count) else {
            throw StoreError(.damaged, name, "its index is not what its data makes")
        }
    }

    /// Compares a tree with one made anew from its layers' indexes.
    private func checkTree(_ chainID: ChainID, _ repairs: Bool, _ report: inout FsckReport) throws {
        report.trees += 1
        let name = chainID.digest.hex
        let directory: Descriptor
        do {
            guard let opened = try openDerived(name, in: trees) else { return }
            directory = opened
        } catch {
            report.problems.append("tree \(chainID): \(error)")
            if repairs { try trees.removeTree(name) }
            return
        }
        do {
            try verifyTree(directory, chainID)
            return
        } catch let error as StoreError {
            report.problems.append("\(error)")
        } catch {
            report.problems.append("tree \(chainID): \(error)")
        }
        if repairs { try discardDerived(directory, name, in: trees) }
    }

    private func verifyTree(_ directory: Descriptor, _ chainID: ChainID) throws {
        let file = try MappedFile(directory.openBeneath("tree", O_RDONLY | O_NONBLOCK))
        let diffIDs = try EROFSImage(bytes: file.bytes, owner: file).devices.map(\.diffID)
        let engines = [nil] + UnpackingEngine.allCases.map { Optional($0) }
        guard let engine = engines.first(where: { ChainID(diffIDs, as: $0) == chainID }) else {
            throw StoreError(.damaged, "tree \(chainID)", "has other layers than its name says")
        }
        var layers: [StoredLayer] = []
        for diffID in diffIDs {
            // Without its layers a tree cannot be used either; it is checked when it is opened with them.
            guard let layer = try openLayer(diffID) else { return }
            layers.append(layer)
        }
        _ = try Self.readTree(directory, chainID, layers)
        let (tree, budget, _) = try Self.flatten(layers, as: engine, limits.image)
        var hasher = DigestHasher()
        _ = try EROFSWriter.write(
            tree, budget: budget, layerSizes: layers.map(\.index.layerByteCount),
            readLayer: { layer, offset, buffer in _ = try layers[layer].data.read(at: offset, into: buffer) },
            output: { hasher.update($0) })
        let notes = try MappedFile(directory.openBeneath("notes", O_RDONLY | O_NONBLOCK))
        guard try hasher.finish() == Self.digest(of: FileStream(directory.openBeneath("tree", O_RDONLY | O_NONBLOCK))),
            try notes.bytes.elementsEqual(TreeNotes.encode(tree))
        else { throw StoreError(.damaged, "tree \(chainID)", "is not what its layers make") }
    }
}

/// A stream whose bytes are hashed on their way.
private final class HashingStream: ByteStream, @unchecked Sendable {
    // SAFETY: used by one thread at a time, as every stream.
    private let source: any ByteStream
    private var hasher = DigestHasher()
    private(set) var count: UInt64 = 0

    init(_ source: any ByteStream) { self.source = source }

    /// The digest of what was read so far.
    var digest: Digest { hasher.finish() }

    func read(into buffer: UnsafeMutableRawBufferPointer) throws -> Int {
        let read = try source.read(into: buffer)
        hasher.update(UnsafeRawBufferPointer(rebasing: buffer[..<read]))
        count += UInt64(read)
        return read
    }
}
