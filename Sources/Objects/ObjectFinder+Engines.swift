// SPDX-License-Identifier: Apache-2.0

import Console
package import Engines
import Glibc
import LayerStore
import LinuxIO
import OCI
import Transports

/// What a text names.
package enum NamedObject {
    /// A container or an image of an engine.
    case engine(EngineObject)
    /// An image of the store, or a source of one.
    case image
}

extension ObjectFinder {
    /// Finds what a text names: a container by its name, an image of the store, a container by the beginning of its
    /// identifier, an image of an engine; in this order, as a name says more than the beginning of a number.
    ///
    /// - Parameters:
    ///   - text: what the user wrote.
    ///   - storage: the engine's storage to be preferred for an image that several have.
    /// - Throws: `CommandError` where several things go by the text, or none does.
    package func resolve(_ text: String, near storage: String? = nil) throws -> NamedObject {
        if let (kind, isImage, name) = EngineKind.prefixed(text) {
            return .engine(try engineObject(text, kind, isImage: isImage, name))
        }
        if try RegistryName.explicit(text) != nil || ImageLocation(parsing: text) != nil { return .image }
        let named = engines.containers(named: text, prefixes: false).map(EngineObject.container)
        if let object = try only(named, called: text) { return .engine(object) }
        // Containers are found where there is no store; nothing being found is told with the store's trouble.
        let stored = Result { try place.find(text) }
        if case .success(.some) = stored { return .image }
        let begun = engines.containers(named: text).map(EngineObject.container)
        if let object = try only(begun, called: text) { return .engine(object) }
        let images = engines.images(named: text, near: storage).map(EngineObject.image)
        if let object = try only(images, called: text) { return .engine(object) }
        _ = try stored.get()
        // At last it may be in the registry that the name begins with.
        if RegistryName.of(text) != nil { return .image }
        throw nothing(called: text)
    }

    /// Whether the store has an image of a name.
    func isStored(_ text: String) throws -> Bool { try place.find(text) != nil }

    /// The image that a container's engine says it is made of; nil where that is not there.
    package func image(of container: EngineContainer) -> EngineImage? {
        let images = MachineEngines(kinds: [container.engine]).images.items
        return images.first { $0.id == container.imageID && $0.namespace == container.namespace }
    }

    func engineObject(
        _ text: String, _ kind: EngineKind, isImage: Bool, _ name: String
    ) throws -> EngineObject {
        guard !name.isEmpty else { throw CommandError("\"\(text.printable)\": has no name behind the colon") }
        if kind == .process {
            guard let process = Int32(name), process > 0 else {
                throw CommandError("\"\(text.printable)\": not the number of a process")
            }
            return .container(try Engines.process(process))
        }
        if !isImage, kind == .podman, let slash = name.firstIndex(of: "/") {
            return try ofUser(String(name[..<slash]), text, kind, String(name[name.index(after: slash)...]))
        }
        let engines = MachineEngines(kinds: [kind])
        let found =
            isImage
            ? engines.images(named: name).map(EngineObject.image)
            : engines.containers(named: name).map(EngineObject.container)
        if let object = try only(found, called: text) { return object }
        let storages = engines.storages
        let place =
            storages.isEmpty
            ? "no storage of \(kind.rawValue) is on this machine" : "not in \(storages.joined(separator: ", "))"
        // What could not be read may be where the object is.
        let reason = engines.problems.isEmpty ? place : Self.joined(engines.problems)
        throw CommandError(
            "\"\(text.printable)\": no such \(isImage ? "image" : "container"): \(reason)\(Self.unreadable(engines))")
    }

    /// A container of another user: `podman:USER/NAME`.
    private func ofUser(_ user: String, _ text: String, _ kind: EngineKind, _ name: String) throws -> EngineObject {
        guard geteuid() == 0 else {
            throw CommandError("\"\(text.printable)\": only root may look into the containers of other users")
        }
        guard let engines = MachineEngines.ofUser(user, kinds: [kind]) else {
            throw CommandError("\"\(text.printable)\": there is no user \(user.printable)")
        }
        let found = engines.containers(named: name).map(EngineObject.container)
        if let object = try only(found, called: text) { return object }
        let reason = engines.problems.isEmpty ? "user \(user.printable) has none of it" : Self.joined(engines.problems)
        throw CommandError("\"\(text.printable)\": no such container: \(reason)")
    }

    private static func joined(_ problems: [EngineError]) -> String {
        let more = problems.count > 3 ? "; and \(problems.count - 3) more" : ""
        return problems.prefix(3).map(\.description).joined(separator: "; ") + more
    }

    /// What a plain user is told of the containers and images that only root has.
    private static func unreadable(_ engines: MachineEngines) -> String {
        let storages = engines.rootsStorages
        return storages.isEmpty ? "" : "; what is in \(storages.joined(separator: ", ")) only root may read"
    }

    /// The only one of the objects; nil where there are none.
    func only(_ objects: [EngineObject], called text: String) throws -> EngineObject? {
        guard objects.count > 1 else { return objects.first }
        var names = objects.prefix(20).map { object in
            let name = object.qualifiedName
            let isUnique = objects.filter { $0.qualifiedName == name }.count == 1
            return isUnique ? name : "\(name) in \(object.storage)"
        }
        if objects.count > names.count { names.append("and \(objects.count - names.count) more") }
        throw CommandError(
            "\"\(text.printable)\": several \(objects[0].noun)s go by it; name one of them: \(names.joined(separator: ", "))"
        )
    }

    private func nothing(called text: String) -> CommandError {
        let places = ["the store \(place.path)\(place.isMade ? "" : ", which is not there")"] + engines.storages
        if let guess = sourceGuess(text, directory: directoryHint) {
            return CommandError("\"\(text.printable)\": nothing goes by this name; did you mean \(guess.printable)?")
        }
        let unread = Self.joined(engines.problems)
        let problems = (unread.isEmpty ? "" : " (not all could be read: \(unread))") + Self.unreadable(engines)
        return CommandError(
            "\"\(text.printable)\": no container or image of this name in \(places.joined(separator: ", "))\(problems); "
                + "\"cimg ps\" and \"cimg images\" list them, and a source begins with oci:, oci-archive:, "
                + "docker-archive:, dir: or rootfs:")
    }
}
