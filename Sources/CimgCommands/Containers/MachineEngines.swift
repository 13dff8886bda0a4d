// SPDX-License-Identifier: Apache-2.0

import Engines
import OCI
import Synchronization

/// The containers and images of this machine's engines, listed once, when they are first asked for.
final class MachineEngines: Sendable {
    /// What could be listed.
    struct Contents: Sendable {
        /// Containers, each engine's in its own order.
        var containers: [EngineContainer] = []
        /// Images.
        var images: [EngineImage] = []
        /// What could not be read; an engine that is not there is no problem.
        var problems: [EngineError] = []
        /// The storages that were looked into: `podman /var/lib/containers/storage`.
        var storages: [String] = []
    }

    private let surroundings: EngineSurroundings
    private let cached = Mutex<Contents?>(nil)

    /// Makes a list that has read nothing yet.
    init(_ surroundings: EngineSurroundings = .current()) { self.surroundings = surroundings }

    /// Everything that can be listed.
    var contents: Contents {
        cached.withLock { cached in
            if let cached { return cached }
            var contents = Contents()
            let (engines, problems) = Engines.discover(surroundings)
            contents.problems = problems
            for engine in engines {
                contents.storages.append(engine.name)
                do throws(EngineError) {
                    let containers = try engine.containers()
                    contents.containers += containers.items
                    contents.problems += containers.problems
                    let images = try engine.images()
                    contents.images += images.items
                    contents.problems += images.problems
                } catch {
                    contents.problems.append(error)
                }
            }
            cached = contents
            return contents
        }
    }

    /// The containers whose name a text is; with none, those whose identifier it begins.
    ///
    /// - Parameter prefixes: whether the beginning of an identifier is enough.
    func containers(named text: String, kind: EngineKind? = nil, prefixes: Bool = true) -> [EngineContainer] {
        let all = contents.containers.filter { kind == nil || $0.engine == kind }
        let (namespace, name) = Self.split(text, kind)
        let candidates = namespace.map { wanted in all.filter { $0.namespace == wanted } } ?? all
        let named = candidates.filter { $0.isNamed(name) }
        return named.isEmpty && prefixes ? candidates.filter { $0.hasID(prefix: name) } : named
    }

    /// The images that a name fits best; several only where they are different images.
    ///
    /// - Parameter storage: the storage whose image is taken of several that are the same.
    func images(named text: String, kind: EngineKind? = nil, near storage: String? = nil) -> [EngineImage] {
        let all = contents.images.filter { kind == nil || $0.engine == kind }
        let (namespace, name) = Self.split(text, kind)
        let candidates = namespace.map { wanted in all.filter { $0.namespace == wanted } } ?? all
        var ranked = candidates.compactMap { image in image.rank(of: name).map { (rank: $0, image: image) } }
        if ranked.isEmpty, namespace != nil { ranked = all.compactMap { image in image.rank(of: text).map { ($0, image) } } }
        guard let best = ranked.map(\.rank).min() else { return [] }
        let found = ranked.filter { $0.rank == best }.map(\.image)
        let nearest = found.filter { EngineObject.image($0).storage == storage }
        if nearest.count == 1 { return nearest }
        // The same image in two storages is no ambiguity.
        return found.allSatisfy { $0.id == found[0].id } ? [found[0]] : found
    }

    /// containerd's names may begin with a namespace and a slash.
    private static func split(_ text: String, _ kind: EngineKind?) -> (namespace: String?, name: String) {
        guard kind == .containerd, let slash = text.firstIndex(of: "/") else { return (nil, text) }
        return (String(text[..<slash]), String(text[text.index(after: slash)...]))
    }
}
