// SPDX-License-Identifier: Apache-2.0

package import ArgumentParser
import CommandOptions
import Console
import EngineRecords
import Engines
import LayerStore
import OCI
import Objects
import Registry
import Transports

/// `cimg inspect`: manifest, configuration, layers and history of an image.
package struct InspectCommand: ParsableCommand {
    package static let configuration = CommandConfiguration(
        commandName: "inspect", abstract: "Show what an image or a container is.",
        discussion: """
            \(ObjectFinder.help) Layers are not read, but those of an older Docker archive or a plain root file \
            system, which have no manifest. An image of a registry is not pulled; it is shown as skopeo does, as JSON \
            with the fields Name, Digest, RepoTags, Created, DockerVersion, Labels, Architecture, Os, Layers, \
            LayersData and Env, and behind them ManifestDigest, ConfigDigest, Size and History. --raw prints any \
            manifest, also an index, that of an artifact, or one of schema 1.

            Of a container, running or not, the engine's files tell image, command, state, ports, mounts and layers, and \
            what its own directory takes of the disk. \(ObjectFinder.containerHelp)

            --format takes the templates of docker, podman and skopeo: {{.Id}}, {{json .Config}}, \
            {{range .Config.Env}}{{println .}}{{end}}, {{index .Config.Labels "key"}}; cimg-templates(7) tells all.

            Examples:

              cimg inspect alpine
              cimg inspect docker://localhost:5000/mystery
              cimg inspect --format '{{.Digest}} {{.Labels.version}}' localhost:5000/mystery
              cimg inspect --raw docker-archive:saved.tar.gz
              cimg inspect my_container
              cimg inspect --json alpine | jq -r '.layers[].digest'

            Exit status: 0 shown, 2 trouble.
            """)

    @OptionGroup var store: StoreOptions

    @OptionGroup var objectOptions: ObjectOptions

    @Argument(help: "An image or a container.")
    var image: String

    @Flag(help: "Print a JSON object.")
    var json = false

    @Flag(help: "Print the manifest, byte for byte.")
    var raw = false

    @Flag(help: "Print the configuration, byte for byte.")
    var config = false

    @Flag(help: "Print skopeo's JSON, whatever the source.")
    var skopeo = false

    @Flag(help: "Print the layers and the size of all, for people.")
    var layers = false

    @Flag(help: "Print the history with the sizes of layers, for people.")
    var history = false

    @Option(
        help: ArgumentHelp(
            "A Go template over the fields of docker, podman and skopeo: {{.Config.Cmd}}; or a field's name alone.",
            valueName: "template"))
    var format: String?

    @Flag(help: "Do not shorten what is too wide for the terminal.")
    var noTrunc = false

    @Flag(name: [.customShort("n"), .long], help: "Do not list the repository's tags.")
    var noTags = false

    /// Makes the command for the parser.
    package init() {}

    package mutating func run() throws {
        try reportingTrouble {
            try refuse(together: [
                ("--json", json), ("--raw", raw), ("--config", config), ("--skopeo", skopeo), ("--layers", layers),
                ("--history", history), ("--format", format != nil),
            ])
            if raw, let bytes = try rawManifest() { return try StandardOutput.write(bytes) }
            let found: InspectedImage
            let isRemote: Bool
            switch try find() {
            case .container(let container): return try show(container)
            case .image(let image, let remote): (found, isRemote) = (image, remote)
            }
            if raw { return try StandardOutput.write(found.topBytes) }
            if config { return try StandardOutput.write(found.image.configurationBytes) }
            if layers { return try StandardOutput.write(found.skopeo.layersText(columns: columns)) }
            if history { return try StandardOutput.write(found.skopeo.historyText(columns: columns)) }
            if let format {
                let record = try ImageRecord(found.skopeo, names: names(found, isRemote: isRemote))
                return try StandardOutput.write(record.formatted(RawArguments.text(format, "--format")))
            }
            if skopeo || isRemote && !json { return try StandardOutput.write(found.skopeo.json) }
            let view = ImageView(
                name: image, image: found.image, sizes: try sizes(found.image),
                details: try ExecutionFacts(found.image),
                columns: columns)
            try StandardOutput.write(json ? view.json : Array(view.text.utf8))
        }
    }

    private var columns: Int? { noTrunc ? nil : StandardOutput.columns }

    /// The manifest of anything, an image or not, byte for byte; nil where only a look at the image tells it.
    private func rawManifest() throws -> [UInt8]? {
        if let location = try ImageLocation(parsing: image) {
            return location.isStandardStream ? nil : try openManifest(location)
        }
        let finder = try finder
        let asks = objectOptions.pull == .always || objectOptions.pull == .newer
        if !asks {
            if case .engine = try resolve(finder) { return nil }
            let store = try self.store.openStore()
            if let digest = try finder.storedDigest(image, in: store) {
                return try store.readBlob(digest, limit: DocumentLimit.manifest)
            }
        }
        guard objectOptions.pull != .never, objectOptions.pull != .newer, let name = RegistryName.of(image) else {
            return nil
        }
        return try objectOptions.registry.client().document(named: name).document.bytes
    }

    private enum Found {
        case image(InspectedImage, isRemote: Bool)
        case container(EngineContainer)
    }

    private var finder: ObjectFinder {
        get throws {
            try objectOptions.finder(self.store, directoryHint: "rootfs:")
        }
    }

    /// Finds what the name means.
    private func find() throws -> Found {
        let finder = try finder
        let asks = objectOptions.pull == .always || objectOptions.pull == .newer
        if asks, RegistryName.of(image) != nil, let found = try remote(finder) { return found }
        if RegistryName.explicit(image) != nil {
            if let found = try stored(finder) ?? remote(finder) { return found }
        }
        if case .engine(let object) = try resolve(finder) {
            switch object {
            case .container(let container): return .container(container)
            case .image(let image):
                let store = try self.store.openStore()
                if let documents = try finder.documents(of: image) {
                    return .image(InspectedImage(try store.describe(documents)), isRemote: false)
                }
                return .image(InspectedImage(try store.describe(finder.source(of: image))), isRemote: false)
            }
        }
        if let found = try stored(finder) ?? remote(finder) { return found }
        return .image(InspectedImage(try self.store.openStore().describe(finder.openSource(image))), isRemote: false)
    }

    /// The image of the store; nil where it has none.
    private func stored(_ finder: ObjectFinder) throws -> Found? {
        let store = try self.store.openStore()
        guard let digest = try finder.storedDigest(image, in: store) else { return nil }
        self.store.tell("\(image.printable): image \(digest) of the store \(store.path)")
        var found = InspectedImage(try store.describe(digest, platform: finder.platform))
        found.topBytes = try store.readBlob(digest, limit: DocumentLimit.manifest)
        found.topDigest = digest
        return .image(found, isRemote: false)
    }

    /// What the name means among the objects of this machine.
    private func resolve(_ finder: ObjectFinder) throws -> NamedObject {
        let object = try finder.resolve(image)
        guard case .engine(let found) = object, let platform = finder.platform else { return object }
        guard case .image = found else {
            throw CommandError("--platform: \(found.qualifiedName) is of one platform, \(platform) or not")
        }
        _ = try finder.engineImage(image)
        return object
    }

    /// The image in a registry; nil for a name of none, or where --pull newer has the store's and cannot ask.
    private func remote(_ finder: ObjectFinder) throws -> Found? {
        guard let name = RegistryName.of(image) else { return nil }
        if objectOptions.pull == .never {
            throw CommandError("\"\(image.printable)\": is not in the store; drop --pull never to fetch it")
        }
        let needsTags = format?.contains("RepoTags") ?? !(raw || config || layers || history || json)
        do {
            let found = try InspectedImage(
                name, client: objectOptions.registry.client(), platform: finder.platform,
                withTags: needsTags && !noTags,
                admittedBy: objectOptions.policy.place(self.store))
            return .image(found, isRemote: true)
        } catch let error as RegistryError where objectOptions.pull == .newer {
            guard try self.store.openStore().find(image) != nil else { throw error }
            StandardError.print("cimg: \(image.printable): as the store has it: \(error)")
            return nil
        }
    }

    private func show(_ container: EngineContainer) throws {
        let given = [
            ("--raw", raw), ("--config", config), ("--skopeo", skopeo), ("--layers", layers), ("--history", history),
        ].first { $0.1 }
        if let given { throw CommandError("\(given.0): \(container.qualifiedName) is a container, no image") }
        if let format {
            let text = try RawArguments.text(format, "--format")
            let value = try ContainerRecord(container, for: text).value
            return try StandardOutput.write(FormatOption.formatted(text, value))
        }
        let view = ContainerView(container, columns: columns)
        try StandardOutput.write(json ? view.json : Array(view.text.utf8))
        for problem in view.problems { StandardError.print("cimg: \(problem)") }
        if !view.problems.isEmpty { throw ExitCode(2) }
    }

    /// The names that the store has for an image; none for one of a registry, which has tags.
    private func names(_ found: InspectedImage, isRemote: Bool) throws -> [String] {
        guard !isRemote else { return [] }
        return try store.openStore().references().filter { $0.descriptor.digest == found.topDigest }.map(\.name)
    }

    /// The sizes of the uncompressed layers that are in the store.
    private func sizes(_ image: ImageDescription) throws -> [DiffID: UInt64] {
        let store = try self.store.openStore()
        var sizes: [DiffID: UInt64] = [:]
        for diffID in image.configuration.rootfs.diffIDs {
            sizes[diffID] = try store.openLayer(diffID)?.index.layerByteCount
        }
        return sizes
    }
}
