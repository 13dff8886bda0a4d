// SPDX-License-Identifier: Apache-2.0

import Console
package import LayerStore
package import OCI
import Registry

/// When a registry is asked for an image that a command only looks at; podman's words.
package enum PullPolicy: String, Sendable, CaseIterable {
    /// At every time.
    case always
    /// Where the store has no image of the name.
    case missing
    /// At every time; where the registry cannot be asked, the store's image is taken.
    case newer
    /// Never.
    case never
}

extension ObjectFinder {
    /// The image that a text names in the store, where it is to be taken from there.
    ///
    /// - Returns: nil where a registry is to be asked, or the store has none.
    func stored(_ text: String, in store: Store) throws -> Digest? {
        guard let digest = try storedDigest(text, in: store) else {
            guard pull == .never, RegistryName.of(text) != nil else { return nil }
            throw CommandError(
                "\"\(text.printable)\": is not in the store \(store.path); drop --pull never to fetch it")
        }
        guard RegistryName.of(text) != nil, !text.contains("@") else { return digest }
        switch pull {
        case .always, .newer: return nil
        case .missing, .never:
            let line =
                "\(text.printable): as the store has it\(try since(digest, in: store)): \(digest); "
                + "--pull newer asks the registry"
            if tellsStored { StandardError.print("cimg: \(line)") } else { place.tell(line) }
            return digest
        }
    }

    /// The image of the store that a text means, also one behind `docker://` where the user said when to ask: then the
    /// registry's name is one of the store.
    package func storedDigest(_ text: String, in store: Store) throws -> Digest? {
        guard let name = RegistryName.explicit(text) else { return try store.find(text) }
        guard isPullChosen, pull == .missing || pull == .never else { return nil }
        for reference in try client().settings.registries.candidates(for: name) {
            if let digest = try store.find(RegistryName.stored(reference)) { return digest }
        }
        return nil
    }

    private func since(_ digest: Digest, in store: Store) throws -> String {
        try store.timeOfBlob(digest).map { " since \(TextTable.date($0))" } ?? ""
    }

    /// Tells that a name means another image in the registry by now than in the store.
    private func noteMoved(
        _ text: String, to manifest: RemoteDocument, of document: RemoteDocument, in store: Store
    ) throws {
        guard tellsMoved, !text.contains("@"), let digest = try store.find(text), digest != manifest.digest,
            digest != document.digest
        else { return }
        StandardError.print(
            "cimg: \(text.printable): \(manifest.digest), as the registry has it now; the store has \(digest)"
                + "\(try since(digest, in: store)), until \"cimg pull \(text.printable)\"")
    }

    /// The image of a registry that a text names, as a source; nil where it names none.
    ///
    /// Nothing gets a name in the store by it.
    func registrySource(_ text: String, in store: Store) throws -> SourceImage? {
        guard let name = RegistryName.of(text) else { return nil }
        if pull == .never { throw CommandError("\"\(text.printable)\": --pull never asks no registry") }
        let client = try self.client()
        let (reference, document, repository) = try client.document(named: name)
        let manifest = try repository.manifest(of: document, platform: platform)
        // From here on it is this manifest, whatever the tag comes to mean.
        try place.admit(manifest, reference, in: repository, client: client)
        try noteMoved(text, to: manifest, of: document, in: store)
        place.tell("\(text.printable): \(manifest.digest) of \(repository.registry)/\(repository.name)")
        return try repository.source(manifest, platform: platform, name: nil)
    }

    /// The documents of an image, wherever it is; nothing of its layers is read, and nothing is kept.
    ///
    /// Nil for a source that has no documents, such as a directory.
    package func documents(ofImage text: String) throws -> ImageDescription? {
        let store = try place.openStore()
        if let digest = try stored(text, in: store) { return try store.describe(digest, platform: platform) }
        let source = try registrySource(text, in: store) ?? openSource(text)
        guard source.manifest != nil, source.configuration != nil else { return nil }
        return try ImageDescription(source)
    }

    /// An image that the store has whole, whatever named it: its documents and its layers as they came.
    ///
    /// What comes from elsewhere is taken in, and gets no name.
    package func whole(_ text: String) throws -> ImageDescription {
        let store = try place.openStore()
        if let digest = try stored(text, in: store) { return try store.describe(digest, platform: platform) }
        return try whole(try registrySource(text, in: store) ?? openSource(text), called: text)
    }

    /// An image of a source that the store takes in whole, without a name.
    package func whole(_ source: SourceImage, called text: String) throws -> ImageDescription {
        let store = try place.openStore()
        let expected = tell(source, called: text, in: store, keepsBlobs: true)
        let meter = ProgressMeter("reading \(text.printable)", expected: expected)
        let image = try meter.finishing { try store.add(source, keepsBlobs: true, progress: meter.report) }
        return try store.describe(image.manifestDigest)
    }
}
