// SPDX-License-Identifier: Apache-2.0

import Console
import LayerStore
import OCI
import Templates

/// What `inspect` prints of an image.
struct ImageView {
    let name: String
    let image: ImageDescription
    let sizes: [DiffID: UInt64]
    /// What the configuration says beyond what cimg needs.
    let details: ExecutionFacts
    /// How many columns the tables may take; nil for any number.
    var columns: Int?

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
            for (title, words) in [("Entrypoint:", config.entrypoint), ("Cmd:", config.cmd)] {
                if let words, !words.isEmpty { facts.append([title, TemplateValue.strings(words).json]) }
            }
            facts += (config.env ?? []).map { ["Env:", $0.printable] }
            for (title, word) in [("User:", config.user), ("WorkingDir:", config.workingDir)] {
                if let word, !word.isEmpty { facts.append([title, word.printable]) }
            }
            facts += details.facts
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
        let history =
            steps.isEmpty
            ? "" : "\n" + TextTable.text([["HISTORY", "", "BY"]] + steps, columns: columns, cuts: [.end(2, least: 20)])
        return TextTable.text(facts) + "\n"
            + TextTable.text(rows, columns: columns, cuts: [.end(0, least: 20), .start(3, least: 20)]) + history
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
        details.write(to: &text)
        text.endObject()
    }
}
