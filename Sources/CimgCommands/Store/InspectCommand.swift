// SPDX-License-Identifier: Apache-2.0

package import ArgumentParser
import Console
import LayerStore
import OCI
import Objects

/// `cimg inspect`: manifest, configuration, layers and history of an image.
package struct InspectCommand: ParsableCommand {
    package static let configuration = CommandConfiguration(
        commandName: "inspect", abstract: "Show an image's manifest, configuration, layers and history.",
        discussion: """
            \(ObjectFinder.help) Layers are not read, but those of an older Docker archive or a plain root file \
            system, which have no manifest. An image of a registry is not pulled; it is shown as skopeo does, as JSON \
            with the fields Name, Digest, RepoTags, Created, DockerVersion, Labels, Architecture, Os, Layers, \
            LayersData and Env, and behind them ManifestDigest, ConfigDigest, Size and History.

            Examples:

              cimg inspect alpine
              cimg inspect docker://localhost:5000/mystery
              cimg inspect --format '{{.Digest}} {{.Labels.version}}' docker://localhost:5000/mystery
              cimg inspect --raw docker-archive:saved.tar.gz
              cimg inspect --json alpine | jq -r '.layers[].digest'

            Exit status: 0 shown, 2 trouble.
            """)

    @OptionGroup var store: StoreOptions

    @OptionGroup var registry: RegistryOptions

    @Argument(help: "An image.")
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

    @Option(help: ArgumentHelp("Print fields of skopeo's JSON: {{.Digest}}, or a name alone.", valueName: "template"))
    var format: String?

    @Flag(name: [.customShort("n"), .long], help: "Do not list the repository's tags.")
    var noTags = false

    @Option(help: ArgumentHelp("The platform to take of several.", valueName: "os/arch[/variant]"))
    var platform: String?

    /// Makes the command for the parser.
    package init() {}

    package mutating func run() throws {
        try reportingTrouble {
            try refuse(together: [
                ("--json", json), ("--raw", raw), ("--config", config), ("--skopeo", skopeo), ("--layers", layers),
                ("--history", history), ("--format", format != nil),
            ])
            let (found, isRemote) = try find()
            if raw { return try StandardOutput.write(found.topBytes) }
            if config { return try StandardOutput.write(found.image.configurationBytes) }
            if layers { return try StandardOutput.write(found.skopeo.layersText) }
            if history { return try StandardOutput.write(found.skopeo.historyText) }
            if let format {
                return try StandardOutput.write(found.skopeo.formatted(RawArguments.text(format, "--format")))
            }
            if skopeo || isRemote && !json { return try StandardOutput.write(found.skopeo.json) }
            let view = ImageView(name: image, image: found.image, sizes: try sizes(found.image))
            try StandardOutput.write(json ? view.json : Array(view.text.utf8))
        }
    }

    /// Finds the image; also tells whether it is one of a registry.
    private func find() throws -> (InspectedImage, isRemote: Bool) {
        let wanted = try platform.map { try Platform(parsing: $0) }
        if RegistryName.explicit(image) == nil {
            let store = try self.store.openStore()
            if let digest = try store.find(image) {
                self.store.tell("\(image.printable): image \(digest) of the store \(store.path)")
                var found = InspectedImage(try store.describe(digest, platform: wanted))
                found.topBytes = try store.readBlob(digest, limit: DocumentLimit.manifest)
                found.topDigest = digest
                return (found, false)
            }
        }
        if let name = RegistryName.of(image) {
            let needsTags = format?.contains("RepoTags") ?? !(raw || config || layers || history || json)
            let found = try InspectedImage(
                name, client: registry.client(), platform: wanted, withTags: needsTags && !noTags)
            return (found, true)
        }
        var finder = ObjectFinder(in: self.store.place)
        finder.platform = wanted
        return (InspectedImage(try self.store.openStore().describe(finder.openSource(image))), false)
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

/// What `inspect` prints of an image.
struct ImageView {
    let name: String
    let image: ImageDescription
    let sizes: [DiffID: UInt64]

    private var layers: [(descriptor: ContentDescriptor, diffID: DiffID)] {
        Array(zip(image.manifest.layers, image.configuration.rootfs.diffIDs))
    }

    /// For people.
    var text: String {
        let configuration = image.configuration
        var facts: [[String]] = [
            ["Name:", name.printable], ["Digest:", "\(image.digest)"],
            ["Config:", "\(image.manifest.config.digest)"],
            ["Platform:", configuration.platform.map { "\($0)" } ?? "-"],
            ["Created:", (configuration.created ?? "-").printable],
        ]
        if let config = configuration.config {
            for (title, words) in [("Entrypoint:", config.entrypoint), ("Cmd:", config.cmd), ("Env:", config.env)] {
                if let words, !words.isEmpty { facts.append([title, words.map(\.printable).joined(separator: " ")]) }
            }
            for (title, word) in [("User:", config.user), ("WorkingDir:", config.workingDir)] {
                if let word, !word.isEmpty { facts.append([title, word.printable]) }
            }
            for (key, value) in (config.labels ?? [:]).sorted(by: { $0.key < $1.key }) {
                facts.append(["Label:", "\(key.printable)=\(value.printable)"])
            }
        }
        let rows =
            [["LAYER", "SIZE", "UNCOMPRESSED", "MEDIA TYPE"]]
            + layers.map { layer in
                [
                    "\(layer.descriptor.digest)", TextTable.size(max(0, layer.descriptor.size)),
                    sizes[layer.diffID].map { TextTable.size($0) } ?? "-", layer.descriptor.mediaType.printable,
                ]
            }
        let steps = (configuration.history ?? []).map { step in
            [
                String((step.created ?? "-").printable.prefix(19)), step.emptyLayer == true ? "-" : "layer",
                (step.createdBy ?? step.comment ?? "").printable,
            ]
        }
        let history = steps.isEmpty ? "" : "\n" + TextTable.text([["HISTORY", "", "BY"]] + steps)
        return TextTable.text(facts) + "\n" + TextTable.text(rows) + history
    }

    /// For programs.
    var json: [UInt8] {
        var text = JSONText()
        text.beginObject()
        text.key("name")
        text.string(name)
        text.key("digest")
        text.string("\(image.digest)")
        text.key("media_type")
        text.optional(image.manifest.mediaType)
        text.key("config_digest")
        text.string("\(image.manifest.config.digest)")
        text.key("created")
        text.optional(image.configuration.created)
        text.key("architecture")
        text.optional(image.configuration.architecture)
        text.key("os")
        text.optional(image.configuration.os)
        text.key("variant")
        text.optional(image.configuration.variant)
        text.key("layers")
        text.beginArray()
        for layer in layers {
            text.beginObject()
            text.key("digest")
            text.string("\(layer.descriptor.digest)")
            text.key("diff_id")
            text.string("\(layer.diffID)")
            text.key("media_type")
            text.string(layer.descriptor.mediaType)
            text.key("size")
            text.number(layer.descriptor.size)
            text.key("uncompressed_size")
            if let size = sizes[layer.diffID] { text.number(size) } else { text.null() }
            text.endObject()
        }
        text.endArray()
        text.key("config")
        write(image.configuration.config, to: &text)
        text.key("history")
        text.beginArray()
        for step in image.configuration.history ?? [] {
            text.beginObject()
            text.key("created")
            text.optional(step.created)
            text.key("created_by")
            text.optional(step.createdBy)
            text.key("comment")
            text.optional(step.comment)
            text.key("empty_layer")
            text.bool(step.emptyLayer == true)
            text.endObject()
        }
        text.endArray()
        text.endObject()
        return text.bytes
    }

    private func write(_ config: ImageConfiguration.Execution?, to text: inout JSONText) {
        guard let config else { return text.null() }
        text.beginObject()
        text.key("user")
        text.optional(config.user)
        text.key("working_dir")
        text.optional(config.workingDir)
        for (key, words) in [("env", config.env), ("entrypoint", config.entrypoint), ("cmd", config.cmd)] {
            text.key(key)
            text.beginArray()
            for word in words ?? [] { text.string(word) }
            text.endArray()
        }
        text.key("labels")
        text.beginObject()
        for (key, value) in (config.labels ?? [:]).sorted(by: { $0.key < $1.key }) {
            text.key(key)
            text.string(value)
        }
        text.endObject()
        text.endObject()
    }
}
