// SPDX-License-Identifier: Apache-2.0

import Console
package import LayerStore
import LinuxIO
package import OCI
package import Registry
import SystemPackage
package import Transports

/// An image that a user named, with its layers and tree in the store.
package struct ImageObject {
    /// What the user called it.
    package let name: String
    /// Its manifest's digest.
    package let digest: Digest
    /// Its manifest.
    package let manifest: Manifest
    /// Its configuration.
    package let configuration: ImageConfiguration
    /// The members of the configuration's `config`, as they are written.
    package let execution: [String: JSONValue]
    /// Its tree.
    package let tree: StoredTree
    /// Where that is.
    package let store: Store

    /// The same image with another tree.
    fileprivate func showing(_ tree: StoredTree) -> ImageObject {
        ImageObject(
            name: name, digest: digest, manifest: manifest, configuration: configuration, execution: execution,
            tree: tree, store: store)
    }
}

/// Finding what a user means by a name: a stored image, or one of a source such as `oci:DIR:TAG`.
package struct ObjectFinder {
    /// The store that is meant.
    package let place: StorePlace
    /// The platform to take of several; nil for this machine's.
    package var platform: Platform?
    /// When a registry is asked for what is looked at.
    package var pull = PullPolicy.missing
    /// Whether the user said so, not the default: then `docker://NAME` may be an image of the store too.
    package var isPullChosen = false
    /// Whether it is told of a registry's image which one the store has, without a wish to know what is done.
    package var tellsStored = false
    /// Whether it is told that a name means another image in its registry by now than in the store.
    package var tellsMoved = true
    /// Makes the client that speaks with registries; only called where one is asked.
    package var client: () throws -> RegistryClient = { RegistryClient(try .ofThisMachine()) }
    /// What is to be put before the path of a directory to name it.
    package var directoryHint = "rootfs:"
    /// Whose way of unpacking its trees show; nil for the specification's.
    package var unpacking: EngineReading?
    /// The same as a word; empty for none.
    package var unpackingName: String { unpacking?.name ?? "" }
    /// The engines of this machine, for names that are neither sources nor in the store.
    let engines = MachineEngines()

    /// Makes a finder.
    package init(in place: StorePlace) { self.place = place }

    /// How names of images can be written, for help texts.
    package static let help = """
        An image is a name or digest of the store (see "cimg images"), a source: docker://NAME, \
        oci:DIR[:TAG|@DIGEST], oci-archive:FILE[:TAG], docker-archive:FILE[:REF], dir:DIR, rootfs:DIR-or-TAR, \
        registry-dir:DIR//REPO[:TAG], or an image of an engine: \
        containers-storage:NAME, docker-daemon:NAME, containerd-image:[NAMESPACE/]NAME.
        """

    /// How names of containers can be written, for help texts.
    package static let containerHelp = """
        A container is a name or the beginning of an identifier (see "cimg ps"), or, where several engines have it: \
        podman:NAME, docker:NAME, containerd:[NAMESPACE/]NAME, pid:NUMBER for any process; for root also podman:USER/NAME. A name without a prefix is \
        looked for among the containers, then in the store, then among the engines' images.
        """

    /// Opens an image and its tree.
    ///
    /// What a source needs is derived and kept in the store, its blobs are not.
    ///
    /// - Parameter layers: those of other images that are open, if there are any; gets those of this one.
    package func open(_ text: String, sharing layers: OpenedLayers = OpenedLayers()) throws -> ImageObject {
        let store = try place.openStore()
        let stopwatch = Stopwatch()
        var object: ImageObject
        if let digest = try stored(text, in: store) {
            place.tell("\(text.printable): image \(digest) of the store \(store.path)")
            let image = try store.describe(digest, platform: platform)
            let meter = ProgressMeter("opening \(text.printable)")
            let tree = try meter.finishing { try store.tree(of: image, sharing: layers, progress: meter.report) }
            object = ImageObject(
                name: text, digest: digest, manifest: image.manifest, configuration: image.configuration,
                execution: try Self.execution(image.configurationBytes, text), tree: tree, store: store)
        } else {
            let source: SourceImage
            do {
                source = try registrySource(text, in: store) ?? openSource(text)
            } catch let error as RegistryError where pull == .newer {
                guard try store.find(text) != nil else { throw error }
                StandardError.print("cimg: \(text.printable): as the store has it: \(error)")
                var finder = self
                finder.pull = .never
                return try finder.open(text, sharing: layers)
            }
            let expected = tell(source, called: text, in: store, keepsBlobs: false)
            let meter = ProgressMeter("opening \(text.printable)", expected: expected)
            let image = try meter.finishing { try store.add(source, keepsBlobs: false, progress: meter.report) }
            for line in image.report.lines { StandardError.print("cimg: \(text.printable): \(line)") }
            guard let tree = try store.openTree(image.diffIDs) else {
                throw CommandError("\(text.printable): its tree was pruned while it was opened; try again")
            }
            object = ImageObject(
                name: text, digest: image.manifestDigest, manifest: image.manifest, configuration: image.configuration,
                execution: try source.configuration.map { try Self.execution($0, text) } ?? [:], tree: tree,
                store: store)
        }
        if let unpacking {
            let tree = try store.tree(of: object.tree.diffIDs, as: unpacking, sharing: layers)
            object = object.showing(tree)
            place.tell("\(text.printable): as \(unpackingName) would have it")
        }
        let layers = counted(object.tree.layers.count, "layer")
        place.tell("\(text.printable): tree \(object.tree.chainID) of \(layers), open after \(stopwatch)")
        return object
    }

    private static func execution(_ bytes: [UInt8], _ name: String) throws -> [String: JSONValue] {
        try ConfigurationDetails(json: bytes, name: "\(name.printable): configuration").execution
    }

    /// Opens a source.
    ///
    /// - Throws: also if the text has the form of no source.
    package func openSource(_ text: String) throws -> SourceImage {
        guard let location = try ImageLocation(parsing: text) else {
            if let image = try engineImage(text) { return try source(of: image) }
            let hint =
                sourceGuess(text).map { "; did you mean \($0.printable)?" }
                ?? "; \"cimg images\" lists them, and a source begins with oci:, oci-archive:, docker-archive:, dir: or "
                + "rootfs:"
            throw CommandError("\"\(text.printable)\": no image of this name in the store \(place.path)\(hint)")
        }
        return try open(location)
    }

    /// Opens the source at a location.
    package func open(_ location: ImageLocation) throws -> SourceImage {
        let source = try openImage(location, platform: platform) { StandardError.print("cimg: \($0)") }
        try place.admit(source, at: location)
        return source
    }

    /// Tells what a source has, if the user wants to know it, and how much of it is to be read.
    ///
    /// - Parameter keepsBlobs: whether the layers are kept as they came.
    /// - Returns: nil where the source does not say how large its layers are.
    package func tell(
        _ source: SourceImage, called text: String, in store: Store, keepsBlobs: Bool
    ) -> (layers: Int, bytes: UInt64)? {
        // Only for what is told; the copy reads it again.
        let configuration = source.configuration.flatMap { try? ImageConfiguration(json: $0, name: text) }
        let digest = source.manifest.map { "manifest \(Digest(of: $0))" } ?? "no manifest"
        let platform = configuration?.platform.map { ", \($0)" } ?? ""
        place.tell("\(text.printable): \(digest)\(platform), \(counted(source.layers.count, "layer"))")
        let diffIDs = configuration?.rootfs.diffIDs ?? []
        var expected = (layers: 0, bytes: UInt64(0))
        for (position, layer) in source.layers.enumerated() {
            guard let descriptor = layer.descriptor else { return nil }
            // What cannot be read of the store is read from the source.
            let isKnown =
                diffIDs.indices.contains(position) && (try? store.openLayer(diffIDs[position])) != nil  // As above.
                && (!keepsBlobs || (try? store.openBlob(descriptor.digest)) != nil)  // As above.
            let size = UInt64(clamping: descriptor.size)
            place.tell(
                "layer \(descriptor.digest): \(TextTable.size(size))" + (isKnown ? ", already in the store" : ""))
            if !isKnown { expected = (expected.layers + 1, expected.bytes &+ size) }
        }
        return expected
    }
}

/// What somebody may have meant by a text that names no image: a source on the disk, written as one.
///
/// - Parameters:
///   - text: what the user wrote.
///   - directory: what to put before the path of a directory that is no image.
package func sourceGuess(_ text: String, directory: String = "rootfs:") -> String? {
    let bytes = RawArguments.bytes(of: text)
    let path = FilePath(bytes)
    let cut = bytes.lastIndex(of: UInt8(ascii: ":")).map { FilePath(Array(bytes[..<$0])) }
    guard let place = [path, cut].compactMap({ $0 }).first(where: { !$0.isEmpty && fileExists($0) }) else { return nil }
    if ["index.json", "oci-layout"].contains(where: { fileExists(place.appending($0)) }) { return "oci:\(text)" }
    guard place == path else { return nil }
    if fileExists(place.appending("manifest.json")) { return "dir:\(text)" }
    if fileExists(place.appending(".")) { return directory + text }
    return "oci-archive:\(text) or docker-archive:\(text)"
}
