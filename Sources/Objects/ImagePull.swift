// SPDX-License-Identifier: Apache-2.0

package import Console
package import LayerStore
package import OCI
package import Registry
import Signatures

/// Taking images from a registry into the store, one pass: layers are verified and indexed while they arrive.
package struct ImagePull {
    let place: StorePlace
    let client: RegistryClient
    /// The platform to take of several; nil for this machine's.
    package var platform: Platform?
    /// Whether all platforms of an index are taken.
    package var takesAll = false
    /// What is told of layers as they come.
    package var telling = PullMeter.Telling.progress

    /// Makes a pull into a store.
    package init(place: StorePlace, client: RegistryClient) {
        self.place = place
        self.client = client
    }

    /// An image that was pulled.
    package struct Pulled {
        /// What it is called in the store.
        package var name: String
        /// The digest of its manifest, or of its index where all platforms were taken.
        package var digest: Digest
        /// The images taken, each with its store's hold.
        package var images: [StoredImage]
    }

    /// Takes an image in and names it.
    ///
    /// - Parameters:
    ///   - text: the image as users write it, without `docker://`.
    ///   - name: what to call it in the store; nil for its whole name.
    package func run(_ text: String, into store: Store, name: String? = nil) throws -> Pulled {
        let (reference, document, repository) = try client.document(named: text)
        let name = name ?? RegistryName.stored(reference)
        try ImageName.check(name)
        place.tell("\(text.printable): \(document.digest) of \(repository.registry)/\(repository.name)")
        if takesAll, case .index(let index) = try repository.decoded(document) {
            let judged = JudgedImage(reference, in: repository, place.judge.settings, client: client)
            let graph = try repository.graph(document)
            try place.admit(judged, graph.documents.map(\.descriptor.digest))
            return try pullAll(index, graph, document, repository, name, store)
        }
        let manifest = try repository.manifest(of: document, platform: platform)
        // From here on it is this manifest, whatever the tag comes to mean.
        try place.admit(manifest, reference, in: repository, client: client)
        if try repository.isArtifact(manifest) {
            let digest = try store.add(repository.graph(manifest), as: name, telling: place)
            return Pulled(name: name, digest: digest, images: [])
        }
        let image = try pull(manifest, repository, name, store, platform: platform)
        try store.name(name, image.manifestDigest, telling: place)
        return Pulled(name: name, digest: image.manifestDigest, images: [image])
    }

    private func pullAll(
        _ index: ImageIndex, _ graph: SourceGraph, _ document: RemoteDocument, _ repository: RemoteRepository,
        _ name: String, _ store: Store
    ) throws -> Pulled {
        // What has no name yet must stay.
        let hold = try store.holdForWriting()
        defer { withExtendedLifetime(hold) {} }
        var images: [StoredImage] = []
        for leaf in try repository.leaves(of: index) {
            let manifest = try repository.document(.digest(leaf.descriptor.digest))
            // What is no image comes below.
            if try repository.isArtifact(manifest) { continue }
            let title = "\(name) \(leaf.platform.map { "\($0)" } ?? "\(leaf.descriptor.digest)")"
            images.append(try pull(manifest, repository, title, store, platform: nil))
        }
        // What is no image: artifacts, attestations, indexes within the index.
        try store.add(graph)
        try store.name(name, document.digest, telling: place)
        return Pulled(name: name, digest: document.digest, images: images)
    }

    private func pull(
        _ manifest: RemoteDocument, _ repository: RemoteRepository, _ title: String, _ store: Store,
        platform: Platform?
    ) throws -> StoredImage {
        let stopwatch = Stopwatch()
        let source = try repository.source(manifest, platform: platform, name: nil)
        let finder = ObjectFinder(in: place)
        _ = finder.tell(source, called: title, in: store, keepsBlobs: true)
        let meter = PullMeter(title, layers: source.layers.compactMap(\.descriptor), telling: telling)
        let image = try meter.finishing { try store.add(source, keepsBlobs: true, progress: meter.report) }
        for line in image.report.lines { StandardError.print("cimg: \(title): \(line)") }
        place.tell("\(title): tree \(ChainID(image.diffIDs)) in the store \(store.path) after \(stopwatch)")
        return image
    }
}

extension RemoteRepository {
    /// Whether a document is the manifest of something else than an image.
    func isArtifact(_ document: RemoteDocument) throws -> Bool {
        guard case .manifest(let manifest) = try decoded(document) else { return false }
        return manifest.isArtifact
    }
}

extension Store {
    /// Takes an artifact in as it is, and names it.
    func add(_ artifact: SourceGraph, as name: String, telling place: StorePlace) throws -> Digest {
        guard let top = artifact.top else { throw CommandError("there is nothing to copy") }
        let hold = try holdForWriting()
        defer { withExtendedLifetime(hold) {} }
        try add(artifact)
        try self.name(name, top.descriptor.digest, telling: place)
        return top.descriptor.digest
    }
}
