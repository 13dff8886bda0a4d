// SPDX-License-Identifier: Apache-2.0

import Console
import Engines
import FileTree
import Glibc
import LayerStore
import LinuxIO
import Mounting
import OCI
import Objects
import Registry
import SystemPackage

/// What this machine has that words of a command line can name; what cannot be read is not offered.
struct CompletionSources {
    /// Where the store is; empty for nowhere.
    let store: FilePath
    /// The most candidates of a kind.
    private static let limit = 2000

    /// Looks nowhere yet.
    init(store: FilePath) { self.store = store }

    /// What of a kind begins as a text does; more may be among it.
    func candidates(_ kind: CompletionKind, _ current: String) -> [Completion.Candidate] {
        switch kind {
        case .names: names.map { Completion.Candidate(text: $0) }
        case .images: images(current)
        case .containers: containers(current)
        case .mountpoints: mountpoints
        case .references: references(current)
        case .repositories: spelled(Self.sorted(known.map { "\($0.registry)/\($0.repository)" }), current)
        case .registries: spelled(Self.sorted(known.map(\.registry)), current)
        case .destinations: destinations(current)
        case .files: PathCompletion.candidates(current, onlyDirectories: false)
        case .directories: PathCompletion.candidates(current, onlyDirectories: true)
        case .words(let words): words.map { Completion.Candidate(text: $0) }
        }
    }

    /// The names of the store, which is not made where there is none.
    private var names: [String] {
        // What is no store, or a damaged one, has no names; commands tell why.
        guard !store.isEmpty, fileExists(store.appending("oci-layout")), let found = try? Store(store).references()
        else { return [] }
        return Array(found.map(\.name).prefix(Self.limit))
    }

    private func images(_ current: String) -> [Completion.Candidate] {
        guard let colon = current.firstIndex(of: ":") else {
            return names.map { Completion.Candidate(text: $0) } + Self.transports.map { Completion.Candidate(text: $0) }
        }
        let transport = String(current[...colon])
        if transport == "docker:" { return references(current) }
        if let engine = Self.engines[transport] { return images(of: engine, transport) }
        guard Self.transports.contains(transport) else { return names.map { Completion.Candidate(text: $0) } }
        let place = String(current[current.index(after: colon)...])
        return PathCompletion.layoutTags(place, transport)
            ?? PathCompletion.candidates(place, onlyDirectories: ["oci:", "dir:", "registry-dir:"].contains(transport))
            .map { Completion.Candidate(text: transport + (transport == "oci:" ? Self.layout($0.text) : $0.text)) }
    }

    /// The path of a layout with a colon behind it, for the tag that follows; any other path as it is.
    private static func layout(_ path: String) -> String {
        let index = FilePath(RawArguments.bytes(of: path)).appending("index.json")
        return path.hasSuffix("/") && fileExists(index) ? path.dropLast() + ":" : path
    }

    /// What a source begins with.
    static let transports = [
        "docker://", "oci:", "oci-archive:", "docker-archive:", "dir:", "rootfs:", "registry-dir:",
        "containers-storage:", "docker-daemon:", "containerd-image:",
    ]
    private static let engines: [String: EngineKind] = [
        "containers-storage:": .podman, "docker-daemon:": .docker, "containerd-image:": .containerd,
    ]

    private func images(of engine: EngineKind, _ transport: String) -> [Completion.Candidate] {
        MachineEngines(kinds: [engine]).images.items.prefix(Self.limit).flatMap { image in
            image.names.map { name in
                let place = image.namespace.map { "\($0)/" } ?? ""
                return Completion.Candidate(text: transport + (place == "default/" ? "" : place) + name)
            }
        }
    }

    private func containers(_ current: String) -> [Completion.Candidate] {
        let containers = MachineEngines().containers.items.prefix(Self.limit)
        let isQualified = ["podman:", "docker:", "containerd:"].contains { current.hasPrefix($0) }
        return containers.flatMap { container -> [Completion.Candidate] in
            let about = "container of \(container.engine.rawValue)"
            if isQualified { return [Completion.Candidate(text: container.qualifiedName, about: about)] }
            let names = container.names.isEmpty ? [container.shortID] : container.names
            return names.map { Completion.Candidate(text: $0, about: about) }
        }
    }

    private var mountpoints: [Completion.Candidate] {
        // A mount table that cannot be read has nothing to offer.
        ((try? ListedMount.places()) ?? []).map { entry in
            Completion.Candidate(
                text: ArgumentText.text(of: entry.path),
                about: Bytes.escaped(ListedMount.source(of: entry)).printable)
        }
    }

    /// The names of the store that are those of registries.
    private var known: [Reference] {
        names.compactMap { name in
            // What is no such name is simply a name.
            RegistryName.of(name) == nil ? nil : try? Reference(parsing: name)
        }
    }

    private func references(_ current: String) -> [Completion.Candidate] {
        spelled(Self.sorted(known.map { "\($0)" }), current)
    }

    /// Names with `docker://` where that is typed.
    private func spelled(_ names: [String], _ current: String) -> [Completion.Candidate] {
        let scheme = current.hasPrefix("docker:") ? "docker://" : ""
        return names.map { Completion.Candidate(text: scheme + $0) }
    }

    private func destinations(_ current: String) -> [Completion.Candidate] {
        current.contains(":") && !current.hasPrefix("docker:")
            ? images(current)
            : (Self.transports.filter { $0 != "rootfs:" && $0 != "registry-dir:" && $0 != "containerd-image:" })
                .map { Completion.Candidate(text: $0) } + references(current)
    }

    private static func sorted(_ names: [String]) -> [String] { Set(names).sorted() }
}

/// Paths of this machine as a word of a command line can go on.
enum PathCompletion {
    private static let limit = 2000

    /// The entries of the directory that a path leads into; directories end in a slash.
    static func candidates(_ current: String, onlyDirectories: Bool) -> [Completion.Candidate] {
        let typed = ArgumentText.bytes(of: current)
        let slash = typed.lastIndex(of: UInt8(ascii: "/"))
        let start = slash.map { Array(typed[...$0]) } ?? []
        let name = slash.map { Array(typed[($0 + 1)...]) } ?? typed
        let (shown, place) = home(start)
        // A directory that cannot be read offers nothing.
        guard
            // As above.
            let directory = try? Descriptor.open(FilePath(place.isEmpty ? [UInt8(ascii: ".")] : place), flags),
            let entries = try? directory.entries()  // As above.
        else { return [] }
        var found: [Completion.Candidate] = []
        for entry in entries.sorted(by: { Bytes.precedes($0.name, $1.name) }) where entry.name.starts(with: name) {
            if entry.name.first == UInt8(ascii: "."), name.isEmpty { continue }
            // What cannot be opened is offered as a file.
            let isDirectory = (try? directory.openBeneath(entry.name, flags)) != nil
            if onlyDirectories, !isDirectory { continue }
            let end = isDirectory ? [UInt8(ascii: "/")] : []
            found.append(Completion.Candidate(text: ArgumentText.text(of: shown + entry.name + end)))
            if found.count == limit { break }
        }
        return found
    }

    /// The tags of an image layout, where a text leads to one: `oci:DIR:`; nil where it does not.
    static func layoutTags(_ text: String, _ transport: String) -> [Completion.Candidate]? {
        guard transport == "oci:" else { return nil }
        let path = text.contains(":") ? String(text[..<(text.lastIndex(of: ":") ?? text.endIndex)]) : text
        let bytes = ArgumentText.bytes(of: path)
        guard !bytes.isEmpty, bytes.last != UInt8(ascii: "/") || text.contains(":") else { return nil }
        let place = FilePath(home(bytes).place)
        guard fileExists(place.appending("index.json")),
            // What cannot be read has no tags to offer; commands tell why.
            let file = try? Descriptor.open(place.appending("index.json")), let size = try? file.size(),
            size <= 4 << 20,
            let index = try? file.readToEnd(),  // As above.
            case .index(let document)? = try? ManifestDocument(json: index, name: "index.json")  // As above.
        else { return nil }
        return document.manifests.compactMap(\.referenceName).prefix(limit).map {
            Completion.Candidate(text: "\(transport)\(path):\($0)")
        }
    }

    private static let flags = O_RDONLY | O_DIRECTORY

    /// A path with the home directory in the place of `~`, since what is quoted is no longer expanded.
    private static func home(_ path: [UInt8]) -> (shown: [UInt8], place: [UInt8]) {
        guard path.starts(with: "~/".utf8), let home = Environment.path("HOME") else { return (path, path) }
        // Candidates begin as the word does: what is typed stays.
        return (path, home.bytes + path.dropFirst())
    }
}
