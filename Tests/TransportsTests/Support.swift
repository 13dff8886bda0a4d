// SPDX-License-Identifier: Apache-2.0

import LayerStore
import LinuxIO
import OCI
import SystemPackage
import TestSupport
import Transports

/// The description of the error that a body throws; nil if it throws none.
func failure(_ body: () throws -> Void) -> String? {
    do {
        try body()
        return nil
    } catch {
        return "\(error)"
    }
}

/// All bytes of a stream, read in pieces of an odd size.
func bytes(of stream: any ByteStream) throws -> [UInt8] {
    var result: [UInt8] = []
    var buffer = [UInt8](repeating: 0, count: 777)
    while true {
        let count = try buffer.withUnsafeMutableBytes { try stream.read(into: $0) }
        if count == 0 { return result }
        result += buffer[..<count]
    }
}

/// Opens an image as written, with the scratch directory for `$`.
func open(_ text: String, in scratch: ScratchDirectory, platform: String? = nil) throws -> SourceImage {
    let text = text.replacing("$", with: scratch.path.string)
    guard let location = try ImageLocation(parsing: text) else { throw SourceError(text, "is no location") }
    return try openImage(
        location, platform: platform.map { try Platform(parsing: $0) }, temporaryDirectory: scratch.path)
}

/// The error of opening an image, with `$` for the scratch directory; nil if it opens.
func error(_ text: String, in scratch: ScratchDirectory, platform: String? = nil) -> String? {
    failure { _ = try open(text, in: scratch, platform: platform) }?.replacing(scratch.path.string, with: "$")
}

/// Whether an opened image has exactly the manifest, configuration and layers that were built.
func isSame(_ image: SourceImage, _ built: ImageBuilder, hasManifest: Bool = true) throws -> Bool {
    try image.manifest == (hasManifest ? built.manifest.bytes : nil)
        && image.configuration == built.configuration.bytes
        && image.layers.map { try bytes(of: $0.open()) } == built.layers.map(\.blob)
        && image.layers.map { $0.descriptor?.digest } == built.layers.map { hasManifest ? $0.digest : nil }
}

/// A small image that differs by its text.
func sample(_ text: String, _ compression: LayerCompression = .gzip, architecture: String = "amd64") -> ImageBuilder {
    ImageBuilder(
        [LayerBuilder(compression) { $0.file("base", "base") }, LayerBuilder(compression) { $0.file("text", text) }],
        architecture: architecture)
}
