// SPDX-License-Identifier: Apache-2.0

import Advisories
import AdvisoryFeeds
import Archive
import Bolt
import Console
import Glibc
import LayerStore
import LinuxIO
import OCI
import Objects
import Registry
import SystemPackage
import Transports

/// Puts a database from somewhere in the place of the one that a folder has, when it is whole and is one.
struct AdvisoryUpdate {
    /// Bytes of a database: 16 GiB.
    private static let byteLimit: UInt64 = 16 << 30
    /// Files in an archive before the database.
    private static let entryLimit = 100

    private let folder: AdvisoryFolder
    private let directory: Descriptor

    init(_ folder: AdvisoryFolder) throws {
        self.folder = folder
        do throws(Errno) {
            directory = try Descriptor.openDirectory(folder.path, making: 0o755)
        } catch {
            throw CommandError("\(folder.path): \(error)")
        }
    }

    // MARK: - Sources

    /// Takes a database that an artifact has: of a registry or of a layout.
    func take(_ graph: SourceGraph, object: String) throws {
        let layers = graph.blobs.filter { $0.mediaType.hasPrefix("application/vnd.aquasec.trivy.db.layer.") }
        guard let layer = layers.first, layers.count == 1 else {
            throw CommandError("\(object): is no database of advisories: it has \(layers.count) layers of that type")
        }
        let stream = CheckedStream(try graph.open(layer))
        let meter = ProgressMeter("fetching \(object)", expected: (1, UInt64(clamping: layer.size)))
        try meter.finishing {
            try replace(object) { file in
                let metadata = try archive(stream, into: file, object: object)
                // What stands behind the archive belongs to the blob too.
                try stream.finish()
                guard stream.digest == layer.digest else {
                    throw CommandError("\(object): blob \(layer.digest): its content has the digest \(stream.digest)")
                }
                return metadata
            }
        }
    }

    /// Takes a database of this machine: the file, a folder that it is in, or the archive that registries have.
    func take(_ path: FilePath, object: String) throws {
        let isFolder = fileExists(path.appending("."))
        if isFolder, !fileExists(path.appending(AdvisoryFolder.databaseName)) {
            var reading = FeedReading()
            try reading.readFolder(path, name: object)
            return try take(reading, object: object)
        }
        let file = isFolder ? path.appending(AdvisoryFolder.databaseName) : path
        let opened: Descriptor
        do throws(Errno) {
            opened = try Descriptor.open(file, O_RDONLY)
        } catch {
            throw CommandError("\(object): \(error)")
        }
        var head = [UInt8](repeating: 0, count: 4)
        let count = try head.withUnsafeMutableBytes { try opened.read(at: 0, into: $0) }
        if FeedReading.isFeed(Array(head.prefix(count))) {
            var reading = FeedReading()
            try reading.read(opened, name: object)
            return try take(reading, object: object)
        }
        try replace(object) { new in
            let isTar = try Self.isTar(opened)
            if isTar || Compression(firstBytes: head.prefix(count)) != .none {
                return try archive(FileStream(opened), into: new, object: object)
            }
            try copy(FileStream(opened), into: new, object: object)
            return try Self.metadata(beside: file)
        }
    }

    /// Makes a database of advisories as collectors publish them.
    private func take(_ reading: FeedReading, object: String) throws {
        let collection = reading.collection
        for (reason, count) in collection.leftOut.sorted(by: { $0.key < $1.key }) {
            StandardError.print("cimg: \(object): left out: \(reason), \(count) times")
        }
        guard collection.count > 0 else { throw CommandError("\(object): has no advisory that can be used") }
        try replace(object) { new in
            var offset = BoltWriting.start
            let head = try collection.write { pages in
                try pages.withUnsafeBytes { try new.write($0, at: offset) }
                offset += UInt64(pages.count)
            }
            try head.withUnsafeBytes { try new.write($0, at: 0) }
            let time = BillOfMaterials.time(reading.time)
            return Array("{\"Version\":2,\"UpdatedAt\":\"\(time)\",\"NextUpdate\":\"\"}".utf8)
        }
    }

    private static func isTar(_ file: Descriptor) throws -> Bool {
        var magic = [UInt8](repeating: 0, count: 5)
        let count = try magic.withUnsafeMutableBytes { try file.read(at: 257, into: $0) }
        return magic.prefix(count).elementsEqual("ustar".utf8)
    }

    private static func metadata(beside path: FilePath) throws -> [UInt8]? {
        let path = path.removingLastComponent().appending(AdvisoryFolder.metadataName)
        // Without one the file's time counts.
        guard fileExists(path) else { return nil }
        let file = try Descriptor.open(path, O_RDONLY)
        var bytes = [UInt8](repeating: 0, count: AdvisoryMetadata.byteLimit + 1)
        let count = try bytes.withUnsafeMutableBytes { try file.read(at: 0, into: $0) }
        return Array(bytes.prefix(count))
    }

    // MARK: - Bytes

    /// Writes the database of an archive into a file.
    ///
    /// - Returns: the `metadata.json` of the archive; nil where it has none.
    private func archive(_ stream: any ByteStream, into file: Descriptor, object: String) throws -> [UInt8]? {
        var reader = TarReader(StreamInput(try decompressing(stream)))
        var metadata: [UInt8]?
        var hasDatabase = false
        var count = 0
        while let entry = try reader.next() {
            count += 1
            guard count <= Self.entryLimit else {
                throw CommandError("\(object): has more than \(Self.entryLimit) files")
            }
            let name = entry.path.starts(with: "./".utf8) ? entry.path.dropFirst(2) : entry.path[...]
            if name.elementsEqual(AdvisoryFolder.databaseName.utf8), !hasDatabase {
                hasDatabase = true
                guard entry.storedSize <= Self.byteLimit else {
                    throw CommandError("\(object): its database is larger than \(Self.byteLimit) bytes")
                }
                try reader.readData { try file.write($0) }
            } else if name.elementsEqual(AdvisoryFolder.metadataName.utf8) {
                var bytes: [UInt8] = []
                guard entry.storedSize <= UInt64(AdvisoryMetadata.byteLimit) else {
                    throw CommandError(
                        "\(object): its metadata.json is larger than \(AdvisoryMetadata.byteLimit) bytes")
                }
                try reader.readData { bytes += $0 }
                metadata = bytes
            }
        }
        guard hasDatabase else { throw CommandError("\(object): has no \(AdvisoryFolder.databaseName)") }
        return metadata
    }

    private func copy(_ stream: any ByteStream, into file: Descriptor, object: String) throws {
        let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 1 << 20, alignment: 4096)
        defer { buffer.deallocate() }
        var size: UInt64 = 0
        while true {
            let count = try stream.read(into: buffer)
            if count == 0 { return }
            size += UInt64(count)
            guard size <= Self.byteLimit else {
                throw CommandError("\(object): is larger than \(Self.byteLimit) bytes")
            }
            try file.write(UnsafeRawBufferPointer(rebasing: buffer[..<count]))
        }
    }

    private func removeMetadata() throws(Errno) {
        if try directory.hasEntry(AdvisoryFolder.metadataName) { try directory.remove(AdvisoryFolder.metadataName) }
    }

    /// Fills a new file, looks whether it is a database, and puts it in the place of the old one.
    ///
    /// - Parameter fill: writes the file, and gives the metadata.
    private func replace(_ object: String, _ fill: (Descriptor) throws -> [UInt8]?) throws {
        let temporary = Descriptor.unfinishedName()
        do {
            let file = try directory.openBeneath(temporary, O_RDWR | O_CREAT | O_EXCL, mode: 0o644)
            let metadata = try fill(file)
            if let metadata { _ = try AdvisoryMetadata(metadata, name: "\(object): metadata.json") }
            _ = try AdvisoryDatabase(BoltFile(file, object: object), object: object)
            try file.synchronize()
            // The old metadata goes first: a new database must never be told to be older or newer than it is.
            try removeMetadata()
            try directory.rename(
                temporary, to: directory, as: Array(AdvisoryFolder.databaseName.utf8), replacing: true)
            if let metadata {
                try directory.replaceEntry(Array(AdvisoryFolder.metadataName.utf8), mode: 0o644) {
                    try $0.write(metadata)
                }
            }
            try directory.synchronizeDirectory()
        } catch let error as Errno {
            try? directory.remove(temporary)  // What remains has a name that nothing reads.
            throw CommandError("\(folder.path): \(error)")
        } catch let error as ArchiveError {
            try? directory.remove(temporary)  // As above.
            throw CommandError("\(object): \(error)")
        } catch {
            try? directory.remove(temporary)  // As above.
            throw error
        }
    }
}

/// A stream whose digest is made while it is read.
private final class CheckedStream: ByteStream, @unchecked Sendable {
    // SAFETY: used by one thread at a time, as every stream.
    private let stream: any ByteStream
    private var hasher = DigestHasher()

    init(_ stream: any ByteStream) { self.stream = stream }

    func read(into buffer: UnsafeMutableRawBufferPointer) throws -> Int {
        let count = try stream.read(into: buffer)
        hasher.update(UnsafeRawBufferPointer(rebasing: buffer[..<count]))
        return count
    }

    /// Reads what is left.
    func finish() throws {
        let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 1 << 16, alignment: 16)
        defer { buffer.deallocate() }
        while try read(into: buffer) > 0 {}
    }

    var digest: Digest { hasher.finish() }
}
