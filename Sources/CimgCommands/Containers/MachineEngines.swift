// SPDX-License-Identifier: Apache-2.0

import Engines
import OCI
import Synchronization

/// The containers and images of this machine's engines; each kind is listed once, when it is first asked for.
final class MachineEngines: Sendable {
    private struct Contents {
        var found: (engines: [any ContainerEngine], problems: [EngineError])?
        var containers: EngineListing<EngineContainer>?
        var images: EngineListing<EngineImage>?
    }

    private let surroundings: EngineSurroundings
    private let contents = Mutex(Contents())

    /// Makes a list that has read nothing yet.
    init(_ surroundings: EngineSurroundings = .current()) { self.surroundings = surroundings }

    /// The containers, each engine's in its own order, and what could not be read.
    var containers: EngineListing<EngineContainer> {
        contents.withLock { contents in
            if let containers = contents.containers { return containers }
            let listing = Self.list(&contents, surroundings) { engine throws(EngineError) in try engine.containers() }
            contents.containers = listing
            return listing
        }
    }

    /// The images, likewise.
    var images: EngineListing<EngineImage> {
        contents.withLock { contents in
            if let images = contents.images { return images }
            let listing = Self.list(&contents, surroundings) { engine throws(EngineError) in try engine.images() }
            contents.images = listing
            return listing
        }
    }

    /// The storages that are looked into: `podman /var/lib/containers/storage`.
    var storages: [String] {
        contents.withLock { Self.engines(&$0, surroundings).engines.map(\.name) }
    }

    /// What of all that was asked for could not be read; an engine that is not there is no problem.
    var problems: [EngineError] {
        contents.withLock { contents in
            var all = contents.containers?.problems ?? []
            // An engine's own problem is one of both kinds.
            all += (contents.images?.problems ?? []).filter { !all.contains($0) }
            return all
        }
    }

    /// The containers whose name a text is; with none, those whose identifier it begins.
    ///
    /// - Parameter prefixes: whether the beginning of an identifier is enough.
    func containers(named text: String, kind: EngineKind? = nil, prefixes: Bool = true) -> [EngineContainer] {
        let all = containers.items.filter { kind == nil || $0.engine == kind }
        let (namespace, name) = Self.split(text, kind)
        let candidates = namespace.map { wanted in all.filter { $0.namespace == wanted } } ?? all
        let named = candidates.filter { $0.isNamed(name) }
        return named.isEmpty && prefixes ? candidates.filter { $0.hasID(prefix: name) } : named
    }

    /// The images that a name fits best; several only where they are different images.
    ///
    /// - Parameter storage: the storage whose image is taken of several that are the same.
    func images(named text: String, kind: EngineKind? = nil, near storage: String? = nil) -> [EngineImage] {
        let all = images.items.filter { kind == nil || $0.engine == kind }
        let (namespace, name) = Self.split(text, kind)
        let isSpace = namespace.map { wanted in all.contains { $0.namespace == wanted } } ?? false
        // What stands before the slash may be a part of the image's own name.
        let candidates = isSpace ? all.filter { $0.namespace == namespace } : all
        let ranked = candidates.compactMap { image in
            image.rank(of: isSpace ? name : text).map { (rank: $0, image: image) }
        }
        // Each storage has its own best: a short name means another full name in each.
        var found: [EngineImage] = []
        for (_, images) in Dictionary(grouping: ranked, by: { EngineObject.image($0.image).storage }) {
            let best = images.map(\.rank).min()
            found += images.filter { $0.rank == best }.map(\.image)
        }
        // In the order of the list, whatever the dictionary's is.
        found = candidates.filter { image in
            found.contains { $0.id == image.id && EngineObject.image($0).storage == EngineObject.image(image).storage }
        }
        let nearest = found.filter { EngineObject.image($0).storage == storage }
        if nearest.count == 1 { return nearest }
        // The same image in several storages is no ambiguity.
        return found.dropFirst().allSatisfy { $0.id == found[0].id } ? Array(found.prefix(1)) : found
    }

    private static func engines(
        _ contents: inout Contents, _ surroundings: EngineSurroundings
    ) -> (engines: [any ContainerEngine], problems: [EngineError]) {
        if let found = contents.found { return found }
        let found = Engines.discover(surroundings)
        contents.found = found
        return found
    }

    private static func list<Element>(
        _ contents: inout Contents, _ surroundings: EngineSurroundings,
        _ list: (any ContainerEngine) throws(EngineError) -> EngineListing<Element>
    ) -> EngineListing<Element> {
        let (engines, problems) = engines(&contents, surroundings)
        var all = EngineListing<Element>(problems: problems)
        for engine in engines {
            do throws(EngineError) {
                let listing = try list(engine)
                all.items += listing.items
                all.problems += listing.problems
            } catch {
                all.problems.append(error)
            }
        }
        return all
    }

    /// containerd's names may begin with a namespace and a slash.
    private static func split(_ text: String, _ kind: EngineKind?) -> (namespace: String?, name: String) {
        guard kind == .containerd, let slash = text.firstIndex(of: "/") else { return (nil, text) }
        return (String(text[..<slash]), String(text[text.index(after: slash)...]))
    }
}
