// SPDX-License-Identifier: Apache-2.0

import FileTree
import Glibc
import LayerStore
package import LinuxIO
package import OCI
import Synchronization
import SystemPackage

/// Writes a tar under a name that it gets when it is whole.
final class ArchiveWriter: Sendable {
    private struct State {
        var file: Descriptor
        var written: Set<String> = []
        var isFinished = false
    }

    /// The destination for messages.
    let name: String
    /// Where the file is to have its name; nil for standard output.
    private let place: Place?
    private let state: Mutex<State>

    private struct Place {
        var directory: Descriptor
        var temporary: String
        var final: [UInt8]
    }

    /// Begins an archive.
    ///
    /// - Throws: `SourceError`: a file of the name is there already, which may hold other images, or standard output is
    ///   a terminal.
    init(_ location: ImageLocation) throws {
        let path = location.path
        name = location.source
        guard !location.isStandardStream else {
            guard isatty(STDOUT_FILENO) != 1 else {
                throw SourceError(name, "standard output is a terminal; redirect it into a file or a program")
            }
            place = nil
            state = Mutex(State(file: try .standard(STDOUT_FILENO)))
            return
        }
        guard let last = path.lastComponent, last.kind == .regular else { throw SourceError(name, "names no file") }
        let (final, temporary) = (last.bytes, Descriptor.unfinishedName())
        let parent = path.removingLastComponent()
        do throws(Errno) {
            let directory = try Descriptor.open(parent.isEmpty ? "." : parent, O_RDONLY | O_DIRECTORY)
            place = Place(directory: directory, temporary: temporary, final: final)
            guard try !directory.hasEntry(final) else { throw Errno.fileExists }
            state = Mutex(
                State(file: try directory.openBeneath(temporary, O_WRONLY | O_CREAT | O_EXCL, mode: 0o644)))
        } catch .fileExists {
            throw SourceError(name, "is there already; remove it or write another")
        } catch {
            throw SourceError(name, "\(error)")
        }
    }

    deinit {
        // What remains has a name that nothing reads.
        guard let place, !state.withLock({ $0.isFinished }) else { return }
        try? place.directory.remove(place.temporary)  // See above.
    }

    /// Whether a file is in the archive.
    func contains(_ path: String) -> Bool { state.withLock { $0.written.contains(path) } }

    /// Adds a file of so many bytes, all of which `body` must write.
    func add(_ path: String, byteCount: UInt64, _ body: ((UnsafeRawBufferPointer) throws -> Void) throws -> Void) throws
    {
        let header = PaxHeader(
            path: Array(path.utf8), attributes: Attributes(type: .regular, permissions: 0o644, size: byteCount))
        try state.withLock { state throws -> Void in
            let file = state.file
            do {
                try file.write(header.blocks)
                try body { try file.write($0) }
                try file.write([UInt8](repeating: 0, count: PaxHeader.padding(byteCount)))
            } catch let error as Errno {
                throw SourceError(name, "cannot be written: \(error)")
            }
            state.written.insert(path)
        }
    }

    /// Adds a small file.
    func add(_ path: String, _ bytes: [UInt8]) throws {
        try add(path, byteCount: UInt64(bytes.count)) { write in try bytes.withUnsafeBytes { try write($0) } }
    }

    /// Ends the archive and gives it its name.
    func finish() throws {
        try state.withLock { state throws(SourceError) -> Void in
            do throws(Errno) {
                try state.file.write([UInt8](repeating: 0, count: 1024))
                guard let place else { return }
                try state.file.synchronize()
                try place.directory.rename(
                    place.temporary, to: place.directory, as: place.final, replacing: false)
                state.isFinished = true
                try place.directory.synchronizeDirectory()
            } catch .fileExists {
                throw SourceError(name, "is there already; remove it or write another")
            } catch {
                throw SourceError(name, "cannot be written: \(error)")
            }
        }
    }
}

/// `oci-archive:FILE[:TAG]`: an image layout in a tar.
struct LayoutArchiveDestination: ImageDestination {
    let isSequential = true
    private let archive: ArchiveWriter
    private let tag: String?

    init(_ location: ImageLocation, tag: String?) throws {
        archive = try ArchiveWriter(location)
        self.tag = tag
        try archive.add("oci-layout", LayoutIndex.marker)
    }

    private func path(_ digest: Digest) -> String { "blobs/sha256/\(digest.hex)" }

    func take(_ blob: ContentDescriptor, open: @escaping @Sendable () throws -> any ByteStream) throws -> Bool {
        let stream = try open()
        try archive.add(path(blob.digest), byteCount: UInt64(clamping: blob.size)) { write in
            try VerifiedBlob.copy(blob, from: stream, to: write)
        }
        return true
    }

    func take(_ document: SourceGraph.Document) throws {
        guard !archive.contains(path(document.descriptor.digest)) else { return }
        try archive.add(path(document.descriptor.digest), document.bytes)
    }

    func finish(_ top: SourceGraph.Document) throws {
        try archive.add(
            "index.json", try LayoutIndex.adding(top, name: tag, to: nil, object: "\(archive.name): index.json"))
        try archive.finish()
    }
}

/// Writes an image as `docker save` does: uncompressed layers, the configuration and a list.
///
/// - Parameters:
///   - name: what to call the image, `app:1`; nil for no name.
///   - layers: the uncompressed layers, base layer first, with their sizes.
/// - Throws: `SourceError`: also if there is such a file already.
package func writeDockerArchive(
    _ location: ImageLocation, name: String?, configuration: [UInt8],
    layers: [(diffID: DiffID, byteCount: UInt64, data: any ByteStream)]
) throws {
    let archive = try ArchiveWriter(location)
    let file = "\(Digest(of: configuration).hex).json"
    let names = layers.map { "\($0.diffID.digest.hex).tar" }
    for (layer, name) in zip(layers, names) where !archive.contains(name) {
        let descriptor = ContentDescriptor(
            mediaType: MediaType.layer, digest: layer.diffID.digest, size: Int64(clamping: layer.byteCount))
        try archive.add(name, byteCount: layer.byteCount) { write in
            try VerifiedBlob.copy(descriptor, from: layer.data, to: write)
        }
    }
    try archive.add(file, configuration)
    let list: [[String: JSONValue]] = [
        [
            "Config": .string(file), "RepoTags": name.map { .array([.string($0)]) } ?? .null,
            "Layers": .array(names.map { .string($0) }),
        ]
    ]
    try archive.add("manifest.json", try LayoutIndex.encoded(list))
    try archive.finish()
}
