// SPDX-License-Identifier: Apache-2.0

package import Engines
import OCI

/// A container or an image of an engine.
package enum EngineObject: Sendable {
    case container(EngineContainer)
    case image(EngineImage)

    /// The name that picks exactly this object, such as `podman:web` or `docker-daemon:alpine:3.20`.
    package var qualifiedName: String {
        switch self {
        case .container(let container): container.qualifiedName
        case .image(let image): image.qualifiedName
        }
    }

    /// What kind of thing it is, for messages.
    var noun: String {
        switch self {
        case .container: "container"
        case .image: "image"
        }
    }

    /// Its layers where they lie now.
    ///
    /// - Throws: `EngineError`.
    package func layers() throws(EngineError) -> EngineLayers {
        switch self {
        case .container(let container): try container.layers()
        case .image(let image): try image.layers()
        }
    }

    /// The storage that has it: two objects of one storage can share layers.
    package var storage: String {
        switch self {
        case .container(let container): "\(container.engine.rawValue) \(container.storage)"
        case .image(let image): "\(image.engine.rawValue) \(image.storage)"
        }
    }
}

extension EngineKind {
    /// The prefix of names of its containers.
    var containerPrefix: String { self == .process ? "pid:" : rawValue + ":" }

    /// The prefix of names of its images; nil where it has none.
    var imagePrefix: String? {
        switch self {
        case .podman: "containers-storage:"
        case .docker: "docker-daemon:"
        case .containerd: "containerd-image:"
        case .process: nil
        }
    }

    /// The kind and the sort of object that a text's prefix names, and what follows it; nil for another text.
    package static func prefixed(_ text: String) -> (kind: EngineKind, isImage: Bool, name: String)? {
        // docker://NAME is an image of a registry.
        guard RegistryName.explicit(text) == nil else { return nil }
        for kind in allCases {
            if text.hasPrefix(kind.containerPrefix) {
                return (kind, false, String(text.dropFirst(kind.containerPrefix.count)))
            }
            if let prefix = kind.imagePrefix, text.hasPrefix(prefix) {
                return (kind, true, String(text.dropFirst(prefix.count)))
            }
        }
        return nil
    }
}

extension EngineContainer {
    /// The beginning of the identifier, as the engines show it.
    package var shortID: String { String(id.prefix(engine == .containerd ? 64 : 12)) }

    /// The name that picks this container and no other.
    package var qualifiedName: String {
        let name = names.first ?? shortID
        return engine.containerPrefix + (namespace.map { $0 + "/" } ?? "") + name.printable
    }

    /// Whether the container goes by a name.
    func isNamed(_ text: String) -> Bool { names.contains(text) || id == text }

    /// Whether a text is the beginning of its identifier.
    func hasID(prefix text: String) -> Bool { !text.isEmpty && id.hasPrefix(text) }
}

extension EngineImage {
    /// The name that picks this image, or its identifier where it has no name.
    var qualifiedName: String {
        (engine.imagePrefix ?? "") + (namespace.map { $0 + "/" } ?? "")
            + (names.first ?? String(id.prefix(12))).printable
    }

    /// How well a name fits: the lower, the better; nil where it does not.
    ///
    /// A name as it is written comes first, then what it stands for in full (`docker.io/library/alpine:latest`), then
    /// the same below `localhost/`, then any name that ends in it, as podman finds short names; at last the beginning
    /// of the identifier or of the digest.
    package func rank(of text: String) -> Int? {
        if names.contains(text) || names.contains(text + ":latest") { return 0 }
        if let wanted = try? Reference(parsing: text).withDefaultTag {  // What is no name may begin an identifier.
            // Then only the very text names it.
            let own = names.compactMap { try? Reference(parsing: $0).withDefaultTag }
            if own.contains(wanted) { return 1 }
            if let digest = wanted.digest, digest == self.digest, own.contains(where: { $0.isSameRepository(wanted) }) {
                return 1
            }
            let bare = text.contains(":") && !text.hasSuffix(":") ? text : text + ":latest"
            if names.contains("localhost/" + bare) { return 2 }
            if names.contains(where: { $0.hasSuffix("/" + bare) }) { return 3 }
        }
        let digits = text.hasPrefix("sha256:") ? String(text.dropFirst(7)) : text
        let isPrefix = digits.count >= 3 && digits.allSatisfy { $0.isHexDigit && !$0.isUppercase }
        if isPrefix, id.hasPrefix(digits) || digest?.hex.hasPrefix(digits) == true { return 4 }
        return nil
    }
}

extension Reference {
    fileprivate func isSameRepository(_ other: Reference) -> Bool {
        registry == other.registry && repository == other.repository
    }
}
