// SPDX-License-Identifier: Apache-2.0

import Archive
import Console
package import Engines
package import LayerStore
import LinuxIO
package import OCI
import SystemPackage
import Transports

extension ObjectFinder {
    /// The image of an engine that a text names; nil for a text that names none.
    ///
    /// - Throws: `CommandError` where several images go by the name, where it is a container's, or where an engine is named
    ///   that has no such image.
    package func engineImage(_ text: String) throws -> EngineImage? {
        let object: EngineObject
        if let (kind, isImage, name) = EngineKind.prefixed(text) {
            object = try engineObject(text, kind, isImage: isImage, name)
        } else {
            guard let found = try only(engines.images(named: text).map(EngineObject.image), called: text) else {
                return nil
            }
            object = found
        }
        guard case .image(let image) = object else {
            throw CommandError("\"\(text.printable)\": a container; name an image")
        }
        if let platform {
            let configuration = try ImageConfiguration(json: image.configuration(), name: text.printable)
            guard let own = configuration.platform, platform.distance(to: own) != nil else {
                let own = configuration.platform.map { "\($0)" } ?? "no platform that is known"
                throw CommandError("\"\(text.printable)\": is for \(own), not for \(platform)")
            }
        }
        place.tell("\(text.printable): \(image.qualifiedName) of \(image.engine.rawValue) \(image.storage)")
        return image
    }

    /// An engine's image as a source.
    ///
    /// containerd's have the manifest and layers that they came with. podman and Docker keep layers unpacked: their tars
    /// are put together again and must have their diff IDs; the configuration, and with it the image's identifier, stays,
    /// the manifest is made anew.
    /// - Throws: `EngineError`, where the engine has kept too little of it.
    package func source(of image: EngineImage) throws -> SourceImage {
        var isAsItCame = true
        var layers: [SourceLayer] = []
        for layer in try image.data() {
            switch layer {
            case .blob(let file, let descriptor):
                layers.append(SourceLayer(descriptor: descriptor) { FileStream(file) })
            case .unpacked(let unpacked):
                isAsItCame = false
                layers.append(try Self.layer(unpacked, of: image))
            }
        }
        return SourceImage(
            manifest: isAsItCame ? try image.manifest() : nil, configuration: try image.configuration(),
            layers: layers, name: image.names.first { !$0.contains("@") })
    }

    /// Takes an image of a source or an engine into the store, without a name.
    ///
    /// - Throws: also where the text names neither.
    package func take(_ text: String, into store: Store) throws -> Digest {
        guard try ImageLocation(parsing: text) != nil || engineImage(text) != nil else {
            throw sourceGuess(text) == nil ? CommandError.unknownImage(text) : .unknownSource(text)
        }
        let meter = ProgressMeter("reading \(text.printable)")
        let source = try openSource(text)
        return try meter.finishing {
            try store.add(source, keepsBlobs: true, progress: meter.report).manifestDigest
        }
    }

    private static func layer(_ layer: UnpackedLayer, of image: EngineImage) throws -> SourceLayer {
        try EngineRights.take(for: layer.directories)
        let name = "\(image.qualifiedName): layer" + (layer.diffID.map { " \($0)" } ?? "")
        return SourceLayer(descriptor: nil) {
            let files = try layer.files()
            return try TarSplitStream(record: FileStream(layer.record), name: name, open: files)
        }
    }

    /// An engine's image to be told about: with the manifest that the engine has kept, though its blobs are not there.
    ///
    /// - Returns: nil where it has kept none.
    package func documents(of image: EngineImage) throws -> SourceImage? {
        guard let manifest = try image.manifest() else { return nil }
        let parsed = try Manifest(json: manifest, name: "\(image.qualifiedName): manifest")
        let name = image.qualifiedName
        return SourceImage(
            manifest: manifest, configuration: try image.configuration(),
            layers: parsed.layers.map { layer in
                SourceLayer(descriptor: layer) {
                    throw CommandError("\(name): layer \(layer.digest) is not kept as it came")
                }
            }, name: image.names.first)
    }
}
