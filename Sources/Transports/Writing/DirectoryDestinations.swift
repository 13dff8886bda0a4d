// SPDX-License-Identifier: Apache-2.0

import LayerStore
import LinuxIO
import OCI
import SystemPackage

/// `oci:DIRECTORY[:TAG]`: an image layout that gets one more image.
struct LayoutDestination: ImageDestination {
    let isSequential = false
    private let root: BlobDirectory
    private let blobs: BlobDirectory
    private let tag: String?

    init(_ path: FilePath, tag: String?, name: String) throws {
        root = try BlobDirectory(path, name: name)
        self.tag = tag
        let names = try root.names()
        let hasMarker = names.contains(Array("oci-layout".utf8))
        guard hasMarker || names.isEmpty || names.contains(Array("index.json".utf8)) else {
            throw SourceError(name, "is a directory with other things in it")
        }
        // First of all, so that the next one recognises what could not be ended.
        if !hasMarker { try root.write(LayoutIndex.marker, as: "oci-layout") }
        blobs = try root.subdirectory("blobs").subdirectory("sha256")
    }

    func take(_ blob: ContentDescriptor, open: @escaping @Sendable () throws -> any ByteStream) throws -> Bool {
        try blobs.write(blob, as: blob.digest.hex, open: open)
    }

    func take(_ document: SourceGraph.Document) throws {
        try blobs.write(document.bytes, as: document.descriptor.digest.hex)
    }

    func finish(_ top: SourceGraph.Document) throws {
        let lock: Descriptor
        let hasIndex: Bool
        do throws(Errno) {
            lock = try root.directory.duplicate()
            try lock.lock(exclusive: true)
            hasIndex = try root.directory.hasEntry("index.json")
        } catch {
            throw SourceError(root.name, "cannot be locked: \(error)")
        }
        defer { withExtendedLifetime(lock) {} }
        let files = DirectoryFiles(root.directory, name: root.name)
        let object = "\(root.name): index.json"
        let existing =
            hasIndex
            ? try files.open("index.json").bytes(limit: DocumentLimit.manifest, object: object) : nil
        let index = try LayoutIndex.adding(top, name: tag, to: existing, object: object)
        // The index names nothing that the disk could lose.
        try blobs.settle()
        try root.write(index, as: "index.json")
        try root.settle()
    }
}

/// `dir:DIRECTORY`: a manifest and its blobs in one directory, as skopeo writes it.
struct FlatDestination: ImageDestination {
    let isSequential = false
    private static let version = Array("Directory Transport Version: 1.1\n".utf8)
    private let root: BlobDirectory

    init(_ path: FilePath, name: String) throws {
        root = try BlobDirectory(path, name: name)
        let names = try root.names()
        if names.isEmpty {
            // First of all, so that the next one recognises what could not be ended.
            try root.write(Self.version, as: "version")
        } else if !names.contains(Array("version".utf8)) {
            throw SourceError(name, "is a directory with other things in it")
        }
    }

    func take(_ blob: ContentDescriptor, open: @escaping @Sendable () throws -> any ByteStream) throws -> Bool {
        try root.write(blob, as: blob.digest.hex, open: open)
    }

    func take(_ document: SourceGraph.Document) throws {
        try root.write(document.bytes, as: "\(document.descriptor.digest.hex).manifest.json")
    }

    func finish(_ top: SourceGraph.Document) throws {
        try root.settle()
        try root.write(top.bytes, as: "manifest.json")
        do throws(Errno) {
            try root.directory.remove("\(top.descriptor.digest.hex).manifest.json")
        } catch {
            throw SourceError(root.name, "\(error)")
        }
        try root.settle()
    }
}
