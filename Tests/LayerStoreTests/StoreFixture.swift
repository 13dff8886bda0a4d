// SPDX-License-Identifier: Apache-2.0

import EROFS
import FileTree
import Foundation
import LinuxIO
import OCI
import SystemPackage
import TestSupport

@testable import LayerStore

/// A store in a directory of its own.
struct StoreFixture {
    let scratch = ScratchDirectory()
    let store: Store

    init(limits: LayerLimits = LayerLimits()) throws {
        store = try Store(scratch.path("store"), limits: limits)
    }

    /// Opens the store once more, as another process would, perhaps after another boot.
    func reopened(bootID: [UInt8]? = nil) throws -> Store { try Store(store.path, bootID: bootID) }

    /// Imports an image and names it.
    @discardableResult
    func add(_ image: ImageBuilder, _ name: String? = nil) throws -> StoredImage {
        let stored = try store.add(image.source, keepsBlobs: true)
        if let name { try store.setReference(name, to: stored.manifestDigest) }
        return stored
    }

    /// The error of importing; `$` stands for the store.
    func error(_ source: SourceImage, keepsBlobs: Bool = true) -> String? {
        failure { _ = try store.add(source, keepsBlobs: keepsBlobs) }
    }

    /// The description of the error that a body throws, `$` for the store; nil if it throws none.
    func failure(_ body: () throws -> Void) -> String? {
        do {
            try body()
            return nil
        } catch {
            return "\(error)".replacing("\(store.path)", with: "$")
        }
    }

    /// What `fsck` finds wrong, `$` for the store.
    func problems(repairs: Bool = false) throws -> [String] {
        try store.fsck(repairs: repairs).problems.map { $0.replacing("\(store.path)", with: "$") }
    }

    /// The files below the store, digests replaced by what they are of.
    func listing(_ names: [Digest: String] = [:]) throws -> [String] {
        let found = try FileManager.default.subpathsOfDirectory(atPath: "\(store.path)")
        return found.map { path in names.reduce(path) { $0.replacing($1.key.hex, with: "<\($1.value)>") } }.sorted()
    }

    /// The path of something in the store.
    func path(_ name: String) -> String { "\(store.path)/\(name)" }

    /// Reads a file of the store.
    func read(_ name: String) -> [UInt8]? { FileManager.default.contents(atPath: path(name)).map(Array.init) }

    /// Replaces the content of a file of the store, keeping its inode.
    func write(_ name: String, _ bytes: [UInt8]) throws {
        let file = try Descriptor.open(FilePath(path(name)), O_WRONLY | O_TRUNC)
        try file.write(bytes)
    }

    /// Changes one bit of a file of the store.
    func flipBit(_ name: String, at offset: Int) throws {
        var bytes = read(name) ?? []
        bytes[offset] ^= 0x10
        try write(name, bytes)
    }

    /// Removes something of the store.
    func remove(_ name: String) throws { try FileManager.default.removeItem(atPath: path(name)) }

    /// The lines of a stored image's tree, as its files tell.
    func dump(_ image: ImageBuilder) throws -> [String] { try dumpTree(store.tree(of: store.describe(image.digest))) }
}

/// The lines of a stored tree.
func dumpTree(_ stored: StoredTree) throws -> [String] { try TreeDump.lines(mappedTree(stored)) }

/// A stored tree, mapped.
func mappedTree(_ stored: StoredTree) throws -> MappedTree {
    let (tree, notes) = (try MappedFile(stored.image), try MappedFile(stored.notes))
    return MappedTree(
        image: try EROFSImage(bytes: tree.bytes, owner: tree), notes: try TreeNotes(bytes: notes.bytes, owner: notes),
        layers: OpenLayers(files: stored.layers))
}

private struct OpenLayers: LayerReader {
    let files: [Descriptor]

    func read(layer: Int, at offset: UInt64, into buffer: UnsafeMutableRawBufferPointer) throws -> Int {
        try files[layer].read(at: offset, into: buffer)
    }
}

/// Bytes in memory as a stream that gives at most so many at once.
final class MemoryStream: ByteStream, @unchecked Sendable {
    // SAFETY: used by one thread at a time, as every stream.
    private var rest: ArraySlice<UInt8>
    private let piece: Int

    init(_ bytes: [UInt8], piece: Int = .max) {
        rest = bytes[...]
        self.piece = piece
    }

    func read(into buffer: UnsafeMutableRawBufferPointer) -> Int {
        let count = min(rest.count, buffer.count, piece)
        rest.prefix(count).withUnsafeBytes { buffer.copyMemory(from: $0) }
        rest = rest.dropFirst(count)
        return count
    }
}

/// A stream that must not be read.
final class ForbiddenStream: ByteStream {
    func read(into buffer: UnsafeMutableRawBufferPointer) throws -> Int { throw Errno.notPermitted }
}

extension ImageBuilder {
    /// The image as a transport would offer it.
    var source: SourceImage { source() }

    /// The image as a transport would offer it, read in pieces of `piece`; layers by their number given other bytes.
    func source(piece: Int = .max, replacing other: [Int: [UInt8]] = [:]) -> SourceImage {
        let descriptors = (try? Manifest(json: manifest.bytes, name: ""))?.layers ?? []
        return SourceImage(
            manifest: manifest.bytes, configuration: configuration.bytes,
            layers: layers.indices.map { index in
                let bytes = other[index] ?? layers[index].blob
                return SourceLayer(descriptor: descriptors[index]) { MemoryStream(bytes, piece: piece) }
            })
    }

    /// A chain ID of the image's layers.
    var chainID: ChainID { ChainID(layers.map(\.diffID)) }

    /// What each digest in the store is of.
    var digestNames: [Digest: String] {
        var names = [digest: "manifest", Digest(of: configuration.bytes): "config", chainID.digest: "chain"]
        for (index, layer) in layers.enumerated() {
            names[layer.digest] = "blob\(index)"
            if layer.diffID.digest != layer.digest, layers.count > 1 || layer.diffID.digest != chainID.digest {
                names[layer.diffID.digest] = "diff\(index)"
            }
        }
        return names
    }
}

/// An image of two layers with a bit of everything.
func sampleImage(_ compression: LayerCompression, _ text: String = "box\n") -> ImageBuilder {
    ImageBuilder([
        LayerBuilder(compression) {
            $0.directory("etc", mode: 0o750, mtime: 10)
            $0.file("etc/hostname", text, mode: 0o600, uid: 3, gid: 4, mtime: 20)
            $0.file("etc/old", "gone")
            $0.symlink("link", to: "etc/hostname")
        },
        LayerBuilder(compression) {
            $0.whiteout("etc/old")
            $0.file("bin/sh", [UInt8](repeating: 0x7F, count: 5000), mode: 0o4755)
            $0.hardLink("bin/ash", to: "bin/sh")
            $0.characterDevice("null", major: 1, minor: 3, mode: 0o666)
        },
    ])
}

/// The tree of `sampleImage`.
func sampleTree(_ text: String = "box\n") -> [String] {
    func content(_ bytes: [UInt8]) -> Substring { Digest(of: bytes).hex.prefix(12) }
    return [
        "/ directory 755 0:0 0.0 links=4 size=0",
        "/bin directory 755 0:0 0.0 links=2 size=0",
        "/bin/ash regular 4755 0:0 0.0 links=2 size=5000 \(content([UInt8](repeating: 0x7F, count: 5000)))",
        "/bin/sh regular 4755 0:0 0.0 links=2 size=5000 = /bin/ash",
        "/etc directory 750 0:0 10.0 links=2 size=0",
        "/etc/hostname regular 600 3:4 20.0 links=1 size=\(text.utf8.count) \(content(Array(text.utf8)))",
        "/link symbolicLink 777 0:0 0.0 links=1 size=12 -> etc/hostname",
        "/null characterDevice 666 0:0 0.0 links=1 size=0 device=1:3",
    ]
}

extension PruneReport {
    /// Blobs, layers and trees that were removed.
    var counts: [Int] { [blobs, layers, trees] }
}
