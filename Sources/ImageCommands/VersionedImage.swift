// SPDX-License-Identifier: Apache-2.0

import CommandOptions
import Console
import LayerStore
import OCI
import Objects
import Registry
import Transports

/// An image and what its labels say of its version.
struct VersionedImage {
    /// What the user called it.
    var name: String
    /// Its documents.
    var image: ImageDescription

    /// The labels.
    var labels: [String: String] { image.configuration.config?.labels ?? [:] }

    /// The value of a label, whose name counts however it is capitalised; `org.opencontainers.image.NAME` stands for one
    /// that is missing.
    func label(_ name: String) -> String? {
        let found = labels.sorted { $0.key < $1.key }.filter { $0.key.lowercased() == name }
        return [found.first?.value, labels["org.opencontainers.image.\(name)"]].compactMap { $0 }.first { !$0.isEmpty }
    }

    /// Name-Version-Release of the labels, as far as there are; nil without a version.
    var version: String? {
        guard let version = label("version") else { return nil }
        let name = label("name") ?? label("title")
        return [name, version, label("release")].compactMap { $0 }.joined(separator: "-").printable
    }

    /// The version, or where there is none, the beginning of the digest.
    var versionOrDigest: String { version ?? shortDigest }

    /// The beginning of the digest.
    var shortDigest: String { String(image.digest.hex.prefix(12)) }
}

/// Finding images by their names, in the store and in registries, without their layers.
struct VersionFinder {
    let options: StoreOptions
    let client: RegistryClient

    /// An image of the store; nil if it has none of the name.
    func stored(_ text: String) throws -> VersionedImage? {
        guard RegistryName.explicit(text) == nil else { return nil }
        let store = try options.openExistingStore()
        guard let digest = try store.find(text) else { return nil }
        return VersionedImage(name: text, image: try store.describe(digest))
    }

    /// An image of a registry.
    func remote(_ text: String, platform: Platform? = nil) throws -> VersionedImage {
        let name = RegistryName.explicit(text) ?? text
        let found = try InspectedImage(name, client: client, platform: platform, withTags: false, admittedBy: nil)
        return VersionedImage(name: text, image: found.image)
    }

    /// An image of the store, or where that has none, of the registry that its name begins with.
    func find(_ text: String, isRemote: Bool = false) throws -> VersionedImage {
        if !isRemote, let image = try stored(text) { return image }
        if !isRemote, let image = try elsewhere(text) { return image }
        guard let name = isRemote ? text : RegistryName.of(text) else { throw CommandError.unknownImage(text) }
        return try remote(name)
    }

    /// An image of a source on this machine or of an engine; nil for a text that names none.
    private func elsewhere(_ text: String) throws -> VersionedImage? {
        let finder = ObjectFinder(in: options.place)
        guard RegistryName.of(text) == nil,
            try ImageLocation(parsing: text) != nil || finder.engineImage(text) != nil
        else { return nil }
        return VersionedImage(name: text, image: try options.openStore().describe(finder.openSource(text)))
    }

    /// The images of the store that another is built on: their layers are its lowest, the nearest first.
    func bases(of image: VersionedImage) throws -> [VersionedImage] {
        let store = try options.openExistingStore()
        let diffIDs = image.image.configuration.rootfs.diffIDs
        var found: [(count: Int, image: VersionedImage)] = []
        for reference in try store.references() {
            // What cannot be read is no base of anything.
            guard let other = try? store.describe(reference.descriptor.digest) else { continue }
            let layers = other.configuration.rootfs.diffIDs
            guard layers.count < diffIDs.count, !layers.isEmpty, diffIDs.starts(with: layers) else { continue }
            found.append((layers.count, VersionedImage(name: reference.name, image: other)))
        }
        return found.sorted { ($1.count, $0.image.name) < ($0.count, $1.image.name) }.map(\.image)
    }
}
