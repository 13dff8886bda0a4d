// SPDX-License-Identifier: Apache-2.0

package import Archive
package import LayerStore
package import LinuxIO
package import OCI
import SystemPackage
import Threads

/// A layer that is made here or comes from a file, before a store has it.
package struct LayerBlob: Sendable {
    /// Its descriptor, with OCI's media type.
    package let descriptor: ContentDescriptor
    /// The digest of its tar.
    package let diffID: DiffID
    /// Its bytes.
    package let file: Descriptor

    /// Writes a layer's tar into a file without a name.
    ///
    /// - Parameters:
    ///   - directory: where the file shall lie.
    ///   - body: is given what takes the tar's bytes in order.
    package static func write(
        in directory: Descriptor, _ compression: Compression,
        _ body: (@escaping (UnsafeRawBufferPointer) throws -> Void) throws -> Void
    ) throws -> LayerBlob {
        let file: Descriptor
        do throws(Errno) {
            file = try directory.openTemporary(mode: 0o600)
        } catch {
            throw StoreError(.system, "new layer", "cannot make a file for it: \(error)")
        }
        let digests = Digests()
        let writer = try compression.writer(threadCount: Processors.count) { bytes in
            digests.blob.update(bytes)
            digests.byteCount += Int64(bytes.count)
            try file.write(bytes)
        }
        try body { bytes in
            digests.tar.update(bytes)
            try writer.write(bytes)
        }
        try writer.finish()
        return LayerBlob(compression, digests, file)
    }

    /// Reads a layer from an open file: a tar, compressed or not.
    ///
    /// - Throws: `ArchiveError` for damaged data.
    package init(reading file: Descriptor) throws {
        var head = [UInt8](repeating: 0, count: Compression.headByteCount)
        let count = try head.withUnsafeMutableBytes { try file.read(at: 0, into: $0) }
        let digests = Digests()
        let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 256 << 10, alignment: 64)
        defer { buffer.deallocate() }
        func read(_ stream: any ByteStream, _ body: (UnsafeRawBufferPointer) -> Void) throws {
            while true {
                let count = try stream.read(into: buffer)
                if count == 0 { return }
                body(UnsafeRawBufferPointer(rebasing: buffer[..<count]))
            }
        }
        try read(FileStream(file)) { bytes in
            digests.blob.update(bytes)
            digests.byteCount += Int64(bytes.count)
        }
        try read(decompressing(FileStream(file))) { digests.tar.update($0) }
        self.init(Compression(firstBytes: head.prefix(count)), digests, file)
    }

    private init(_ compression: Compression, _ digests: Digests, _ file: Descriptor) {
        let mediaType =
            switch compression {
            case .none: MediaType.layer
            case .gzip: MediaType.layerGzip
            case .zstd: MediaType.layerZstd
            // Nothing writes these; see `Compression.writer`.
            case .xz, .bzip2, .lz4, .lzip: MediaType.layer
            }
        descriptor = ContentDescriptor(
            mediaType: mediaType, digest: digests.blob.finish(), size: digests.byteCount)
        diffID = DiffID(digests.tar.finish())
        self.file = file
    }

    private final class Digests {
        var blob = DigestHasher()
        var tar = DigestHasher()
        var byteCount: Int64 = 0
    }
}

extension Store {
    /// Takes in an image that is made of another one of the store, with a layer more or none.
    ///
    /// - Parameters:
    ///   - base: the image that it is made of, whose blobs the store has.
    ///   - manifest: its manifest.
    ///   - configuration: its configuration.
    package func add(
        _ manifest: [UInt8], _ configuration: [UInt8], over base: ImageDescription, layer: LayerBlob?
    ) throws -> StoredImage {
        var layers = source(base).layers
        let made = try Manifest(json: manifest, name: "manifest \(Digest(of: manifest))")
        if let layer, let descriptor = made.layers.last {
            layers.append(SourceLayer(descriptor: descriptor) { FileStream(layer.file) })
        }
        // Docker's layers have other media types in a manifest of OCI.
        for index in layers.indices where made.layers.indices.contains(index) {
            layers[index].descriptor = made.layers[index]
        }
        return try add(
            SourceImage(manifest: manifest, configuration: configuration, layers: layers), keepsBlobs: true)
    }
}
