// SPDX-License-Identifier: Apache-2.0

package import Console
package import Engines
import LayerStore
import LinuxIO
package import OCI
package import Registry
package import Signatures
import SystemPackage
package import Transports

/// A place that images are copied from or to: a registry, the store, or something on this machine.
package enum ImagePlace {
    /// A name in a registry.
    case registry(String)
    /// A name or digest in the store.
    case stored(String)
    /// An image layout, an archive, a directory.
    case local(ImageLocation)
    /// An image of an engine.
    case engine(EngineImage)
    /// A name that an engine shall give to what it is handed.
    case engineName(EngineKind, String)

    /// How places are written, for help texts.
    package static let help = """
        A place is docker://NAME, oci:DIR[:TAG], oci-archive:FILE[:TAG], docker-archive:FILE[:NAME], dir:DIR, a name of \
        the store, or an image of an engine: docker-daemon:NAME, containers-storage:NAME (podman); containerd-image:NAME \
        as a source. Of an archive, FILE may be -, standard input or output.
        """

    /// The command that lists the images where a text says they are; nil for what is no place with several images.
    package static func listing(_ text: String) -> String? {
        var place = text
        if let (_, isImage, _) = EngineKind.prefixed(text), isImage {
            place = "\(text.prefix { $0 != ":" }):"
            // A place that is written wrongly has no images.
        } else if let location = (try? ImageLocation(destination: text)) ?? nil {
            guard location.transport != .rootfs, location.transport != .dir else { return nil }
            place = "\(location.transport.rawValue):\(location.path.string.printable)"
        } else {
            return nil
        }
        return "\"cimg images --in \(place)\" lists what is there"
    }

    /// Reads what a user wrote.
    ///
    /// - Parameter isDestination: whether it may be a place that is yet to be made.
    init(_ text: String, _ finder: ObjectFinder, isDestination: Bool = false) throws {
        if let name = RegistryName.explicit(text) {
            self = .registry(name)
        } else if isDestination, let location = try ImageLocation(destination: text) {
            self = .local(location)
        } else if let location = try ImageLocation(parsing: text) {
            self = .local(location)
        } else if isDestination, let (kind, isImage, name) = EngineKind.prefixed(text) {
            guard isImage else { throw CommandError("\"\(text.printable)\": a container; images go to images") }
            self = .engineName(kind, name)
            // A store that cannot be asked is told when it is opened for the copy.
        } else if !isDestination, EngineKind.prefixed(text) != nil || (try? finder.isStored(text)) != true,
            let image = try finder.engineImage(text)
        {
            self = .engine(image)
        } else {
            self = .stored(text)
        }
    }
}

/// A copy of an image from one place to another, byte for byte.
package struct ImageCopy {
    let place: StorePlace
    /// Speaks with the registry of the source.
    let client: RegistryClient
    /// Speaks with the registry of the destination.
    let destinationClient: RegistryClient
    /// Whether both clients have one password, which must not go to two registries.
    package var isForOneRegistry = false
    /// The platform to take of several; nil for this machine's.
    package var platform: Platform?
    /// Whether an index is copied with all its images.
    package var takesAll = false
    /// What is told while it lasts.
    package var telling = PullMeter.Telling.progress
    /// Who signs what is copied; nil for nobody.
    package var signer: Signer?
    /// Whether what is kept beside the image goes along: signatures and attestations under tags, and referrers.
    package var takesReferrers = false
    /// Whether the signatures that the source has stay behind.
    package var removesSignatures = false

    /// Makes a copy.
    ///
    /// - Parameters:
    ///   - client: speaks with the registry of the source.
    ///   - destinationClient: speaks with that of the destination.
    package init(place: StorePlace, client: RegistryClient, destinationClient: RegistryClient) {
        self.place = place
        self.client = client
        self.destinationClient = destinationClient
    }

    /// What was copied.
    package struct Result {
        /// The digest of the manifest or index that has the name now.
        package var digest: Digest
        /// What is to be known of the digest or its name; empty for nothing.
        package var note = ""
        /// What somebody may have meant that was not done.
        package var hint: String?
        /// Blobs whose bytes had to be copied, and those that were there.
        var (copied, present) = (0, 0)

        /// Says what has the name.
        package init(digest: Digest, note: String = "", copied: Int = 0, present: Int = 0) {
            (self.digest, self.note, self.copied, self.present) = (digest, note, copied, present)
        }
    }

    private var finder: ObjectFinder {
        var finder = ObjectFinder(in: place)
        finder.platform = platform
        return finder
    }

    /// Copies.
    package func run(from source: String, to destination: String) throws -> Result {
        let from = try ImagePlace(source, finder)
        let to = try ImagePlace(destination, finder, isDestination: true)
        try checkSigning(to)
        // Before anything is written: nothing else keeps what refers to an image.
        if takesReferrers {
            guard case .registry = from, case .registry = to else {
                throw CommandError("--referrers: only from a registry to a registry")
            }
        }
        if isForOneRegistry, case .registry(let first) = from, case .registry(let second) = to {
            try Self.checkSameRegistry(first, second)
        }
        if case .stored(let name) = to { return try intoStore(from, source, name).named(name) }
        if case .engineName(let kind, let name) = to {
            return try EngineLoad(kind, name: name).run { try run(from: source, to: $0) }
        }
        if case .local(let location) = to, location.transport == .dockerArchive {
            return try intoDockerArchive(source, location)
        }
        // What a blob that is being copied leans on must stay.
        let hold = try place.openStore().holdForWriting()
        defer { withExtendedLifetime(hold) {} }
        let copied = try graph(from, source)
        let signatures = try signaturesToWrite(of: copied, to: to)
        for layer in copied.graph.foreign {
            let urls = (layer.urls ?? []).prefix(8).map(\.printable).joined(separator: ", ")
            StandardError.print("cimg: layer \(layer.digest): not copied: it is kept at \(urls)")
        }
        guard let place = try self.destination(to, copied.origin) else {
            throw CommandError("\"\(destination.printable)\": images cannot be written there")
        }
        let result = try copy(copied.graph, to: place)
        try write(signatures, to: to)
        if takesReferrers {
            guard let origin = copied.origin, case .registry(let name) = to else {
                throw CommandError("--referrers: \"\(source.printable)\" is in no registry any more")
            }
            let count = try copyAttachments(of: copied.graph, from: origin, to: name)
            self.place.tell("\(counted(count, "attachment")) copied")
        }
        return result
    }

    /// Refuses a password that would be shown to two registries.
    private static func checkSameRegistry(_ first: String, _ second: String) throws {
        let (first, second) = (try Reference(parsing: first).registry, try Reference(parsing: second).registry)
        guard first != second else { return }
        throw CommandError("--creds: two registries, \(first) and \(second); give --src-creds or --dest-creds")
    }

    // MARK: - Sources

    /// What is to be copied, and the repository it is in where it is in one.
    private func graph(_ place: ImagePlace, _ text: String) throws -> ImageCopySource {
        switch place {
        case .registry(let name):
            let (reference, document, repository) = try client.document(named: name)
            let chosen = takesAll ? document : try repository.manifest(of: document, platform: platform)
            let graph = try repository.graph(chosen)
            let judged = JudgedImage(reference, in: repository, self.place.judge.settings, client: client)
            try self.place.admit(judged, graph.documents.map(\.descriptor.digest))
            return ImageCopySource(graph: graph, origin: repository, judged: judged)
        case .stored(let name):
            let store = try self.place.openStore()
            guard let digest = try store.find(name) else { throw CommandError.unknownSource(name) }
            return ImageCopySource(
                graph: try store.graph(takesAll ? digest : store.manifest(of: digest, platform: platform).digest))
        case .local(let location):
            if let graph = try Self.wholeGraph(location, takesAll: takesAll, platform: platform) {
                let judged = try JudgedImage(location)
                try self.place.admit(judged, graph.documents.map(\.descriptor.digest))
                return ImageCopySource(graph: graph, judged: judged)
            }
            return ImageCopySource(
                graph: try graph(of: finder.open(location), text), judged: try JudgedImage(location))
        case .engine(let image): return ImageCopySource(graph: try graph(of: finder.source(of: image), text))
        case .engineName: throw CommandError("\"\(text.printable)\": nothing can be read there")
        }
    }

    private func graph(of source: SourceImage, _ text: String) throws -> SourceGraph {
        guard let manifest = source.manifest, let configuration = source.configuration else {
            // Without a manifest nothing can be copied as it is: the store makes one.
            let store = try self.place.openStore()
            let meter = ProgressMeter("reading \(text.printable)")
            let image = try meter.finishing { try store.add(source, keepsBlobs: true, progress: meter.report) }
            return try store.graph(image.manifestDigest)
        }
        return try Self.graph(manifest, configuration, source.layers)
    }

    /// What is copied without being looked into: an index with all that it lists, an artifact; nil for an image.
    static func wholeGraph(
        _ location: ImageLocation, takesAll: Bool, platform: Platform?
    ) throws -> SourceGraph? {
        guard !location.isStandardStream || takesAll else { return nil }
        guard let graph = try openGraph(location, takesAll: takesAll, platform: platform) else { return nil }
        return takesAll || graph.isArtifact ? graph : nil
    }

    private static func graph(
        _ manifest: [UInt8], _ configuration: [UInt8], _ layers: [SourceLayer]
    ) throws -> SourceGraph {
        var openers: [Digest: @Sendable () throws -> any ByteStream] = [
            Digest(of: configuration): { BytesStream(configuration) }
        ]
        for layer in layers {
            if let digest = layer.descriptor?.digest { openers[digest] = layer.open }
        }
        return try SourceGraph(
            manifest, mediaType: "", fetch: { throw CommandError("manifest \($0.digest): is not in the source") },
            open: { [openers] blob in
                guard let open = openers[blob.digest] else {
                    throw CommandError("blob \(blob.digest): is not in the source")
                }
                return try open()
            })
    }

    // MARK: - Destinations

    private func destination(_ place: ImagePlace, _ origin: RemoteRepository?) throws -> (any ImageDestination)? {
        switch place {
        case .registry(let name):
            let reference = try Self.target(name)
            let repository = try destinationClient.repository(reference)
            let isSame = origin?.registry == repository.registry && origin?.name != repository.name
            return RegistryDestination(
                repository: repository, tag: reference.tag ?? "latest", source: isSame ? origin?.name : nil)
        case .local(let location): return try openDestination(location)
        case .stored, .engine, .engineName: return nil
        }
    }

    /// The whole name that something is pushed to.
    package static func target(_ name: String) throws -> Reference {
        guard !RegistriesConfiguration.isShort(name) else {
            throw CommandError(
                "\"\(name.printable)\": names no registry to push to; give HOST[:PORT]/REPOSITORY[:TAG]")
        }
        let reference = try Reference(parsing: name).withDefaultTag
        guard reference.digest == nil else {
            throw CommandError("\"\(name.printable)\": a digest cannot be given to what is pushed; give a tag")
        }
        return reference
    }

    private func intoStore(_ from: ImagePlace, _ source: String, _ name: String) throws -> Result {
        try ImageName.check(name)
        let store = try place.openStore()
        switch from {
        case .registry(let image):
            var pull = ImagePull(place: place, client: client)
            (pull.platform, pull.takesAll, pull.telling) = (platform, takesAll, telling)
            return Result(digest: try pull.run(image, into: store, name: name).digest)
        case .stored(let image):
            guard let digest = try store.find(image) else { throw CommandError.unknownSource(image) }
            try store.name(name, digest, telling: place)
            return Result(digest: digest)
        case .local(let location):
            if let graph = try Self.wholeGraph(location, takesAll: false, platform: platform) {
                try self.place.admit(JudgedImage(location), graph.documents.map(\.descriptor.digest))
                return Result(digest: try store.add(graph, as: name, telling: place))
            }
            return try take(finder.open(location), into: store, name)
        case .engine(let image): return try take(finder.source(of: image), into: store, name)
        case .engineName: throw CommandError("\"\(source.printable)\": nothing can be read there")
        }
    }

    private func take(_ image: SourceImage, into store: Store, _ name: String) throws -> Result {
        let meter = ProgressMeter("importing \(name)")
        let stored = try meter.finishing { try store.add(image, keepsBlobs: true, progress: meter.report) }
        try store.name(name, stored.manifestDigest, telling: place)
        return Result(digest: stored.manifestDigest)
    }

    /// Writes what `docker load` reads: its layers are uncompressed, so the store inflates them first.
    private func intoDockerArchive(_ source: String, _ location: ImageLocation) throws -> Result {
        let store = try place.openStore()
        let hold = try store.holdForWriting()
        defer { withExtendedLifetime(hold) {} }
        let description = try inflated(ImagePlace(source, finder), source, in: store)
        let layers = try description.configuration.rootfs.diffIDs.map { diffID in
            guard let layer = try store.openLayer(diffID) else {
                throw CommandError("layer \(diffID): vanished; try again")
            }
            return (
                diffID: diffID, byteCount: layer.index.layerByteCount, data: FileStream(layer.data) as any ByteStream
            )
        }
        var name: String?
        if case .name(let text) = location.selection { name = text }
        try writeDockerArchive(
            location, name: name, configuration: description.configurationBytes, layers: layers)
        return .dockerArchive(description.configurationBytes, copied: layers.count)
    }

    /// An image whose uncompressed layers are in the store.
    private func inflated(_ place: ImagePlace, _ text: String, in store: Store) throws -> ImageDescription {
        let source: SourceImage
        switch place {
        case .registry(let name):
            let (reference, document, repository) = try client.document(named: name)
            let manifest = try repository.manifest(of: document, platform: platform)
            try self.place.admit(manifest, reference, in: repository, client: client)
            source = try repository.source(manifest, name: nil)
        case .stored(let name):
            guard let digest = try store.find(name) else { throw CommandError.unknownSource(name) }
            source = store.source(try store.describe(digest, platform: platform))
        case .local(let location): source = try finder.open(location)
        case .engine(let image): source = try finder.source(of: image)
        case .engineName: throw CommandError("\"\(text.printable)\": nothing can be read there")
        }
        let meter = ProgressMeter("reading \(text.printable)")
        _ = try meter.finishing { try store.add(source, keepsBlobs: false, progress: meter.report) }
        return try store.describe(source)
    }
}
