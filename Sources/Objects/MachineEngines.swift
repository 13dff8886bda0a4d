// SPDX-License-Identifier: Apache-2.0

package import Engines
import Glibc
import LinuxIO
import OCI
import Synchronization
import SystemPackage

/// The containers and images of this machine's engines; each kind is listed once, when it is first asked for.
package final class MachineEngines: Sendable {
    private struct Contents {
        var found: (engines: [any ContainerEngine], problems: [EngineError])?
        var containers: EngineListing<EngineContainer>?
        var images: EngineListing<EngineImage>?
    }

    private let surroundings: EngineSurroundings
    private let kinds: Set<EngineKind>
    /// The name of the user whose engines are meant, where that is not this process's.
    private let userName: String?
    private let contents = Mutex(Contents())

    /// Makes a list that has read nothing yet.
    ///
    /// - Parameter kinds: the engines to look for.
    package init(_ surroundings: EngineSurroundings = .current(), kinds: Set<EngineKind> = Set(EngineKind.allCases)) {
        self.surroundings = surroundings
        self.kinds = kinds
        userName = nil
    }

    /// The engines of another user: for root.
    ///
    /// Only storages that belong to that user count: a user's configuration may name any directory.
    private init(of user: UserEntry, _ surroundings: EngineSurroundings, kinds: Set<EngineKind>) {
        self.surroundings = surroundings
        self.kinds = kinds.intersection([.podman])
        userName = user.name
    }

    /// The engines of another user, by name; nil where there is no such user.
    package static func ofUser(_ name: String, kinds: Set<EngineKind>) -> MachineEngines? {
        guard let user = UserEntry(name: name), let surroundings = EngineSurroundings.of(user: user.number) else {
            return nil
        }
        return MachineEngines(of: user, surroundings, kinds: kinds)
    }

    /// The engines of all plain users of the machine.
    package static func ofAllUsers() -> [MachineEngines] {
        Set(UserEntry.numbers()).subtracting([0, geteuid()]).sorted().compactMap { number in
            guard let user = UserEntry(number: number), let surroundings = EngineSurroundings.of(user: number) else {
                return nil
            }
            return MachineEngines(of: user, surroundings, kinds: [.podman])
        }
    }

    /// The storages that root has and this user may not read: for messages about what was not found.
    var rootsStorages: [String] {
        let own = storages
        return Engines.ofRoot(beside: surroundings).filter { kinds.contains($0.kind) }.map(\.name)
            .filter { !own.contains($0) }
    }

    /// The containers, each engine's in its own order, and what could not be read.
    package var containers: EngineListing<EngineContainer> {
        contents.withLock { contents in
            if let containers = contents.containers { return containers }
            var listing = list(&contents) { engine throws(EngineError) in try engine.containers() }
            if let userName { for index in listing.items.indices { listing.items[index].namespace = userName } }
            contents.containers = listing
            return listing
        }
    }

    /// The images, likewise.
    package var images: EngineListing<EngineImage> {
        contents.withLock { contents in
            if let images = contents.images { return images }
            let listing = list(&contents) { engine throws(EngineError) in try engine.images() }
            contents.images = listing
            return listing
        }
    }

    /// The storages that are looked into: `podman /var/lib/containers/storage`.
    var storages: [String] {
        contents.withLock { find(&$0).engines.map(\.name) }
    }

    /// What of all that was asked for could not be read; an engine that is not there is no problem.
    package var problems: [EngineError] {
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
    func containers(named text: String, prefixes: Bool = true) -> [EngineContainer] {
        let all = containers.items
        let (namespace, name) = split(text)
        let candidates = namespace.map { wanted in all.filter { $0.namespace == wanted } } ?? all
        let named = candidates.filter { $0.isNamed(name) }
        return named.isEmpty && prefixes ? candidates.filter { $0.hasID(prefix: name) } : named
    }

    /// The images that a name fits best; several only where they are different images.
    ///
    /// - Parameter storage: the storage whose image is taken of several that are the same.
    func images(named text: String, near storage: String? = nil) -> [EngineImage] {
        let all = images.items
        let (namespace, name) = split(text)
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

    private func find(_ contents: inout Contents) -> (engines: [any ContainerEngine], problems: [EngineError]) {
        if let found = contents.found { return found }
        let found = Engines.discover(surroundings, kinds: kinds)
        contents.found = found
        return found
    }

    private func list<Element>(
        _ contents: inout Contents, _ list: (any ContainerEngine) throws(EngineError) -> EngineListing<Element>
    ) -> EngineListing<Element> {
        let (engines, problems) = find(&contents)
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
    private func split(_ text: String) -> (namespace: String?, name: String) {
        guard kinds == [.containerd], let slash = text.firstIndex(of: "/") else { return (nil, text) }
        return (String(text[..<slash]), String(text[text.index(after: slash)...]))
    }
}

extension MachineEngines {
    /// The names of all containers, which leave no doubt, and what could not be listed; what this user may not see is not
    /// told.
    package var containerNames: (names: [String], problems: [String]) {
        let listing = containers
        return (
            listing.items.map(\.qualifiedName), listing.problems.filter { !$0.isPermission }.map { "\($0)" }
        )
    }
}
