// SPDX-License-Identifier: Apache-2.0

import Console
import LayerStore
import OCI
import Objects

/// What `skopeo inspect` tells of an image, in its fields and order, and behind them what its users ask for.
struct SkopeoView {
    /// The repository, `localhost:5000/app`; empty for what is in none.
    var name: String
    /// The digest of what was named: a manifest or an index.
    var digest: Digest
    /// The repository's tags.
    var tags: [String]
    /// The image; of an index the one for the platform.
    var image: ImageDescription

    /// Fields of a configuration that only Docker writes.
    private struct DockerFields: Decodable {
        var docker_version: String?
    }

    /// Bytes of the layers as they are transferred.
    var size: Int64 {
        image.manifest.layers.reduce(0) { sum, layer in
            let (total, overflow) = sum.addingReportingOverflow(layer.size)
            return overflow ? .max : total
        }
    }

    /// The whole as a value.
    var members: [(key: String, value: JSONValue)] {
        let configuration = image.configuration
        let docker = try? decode(  // Fields of Docker alone, which it need not have.
            DockerFields.self, image.configurationBytes, name: "", limit: DocumentLimit.configuration)
        let labels = configuration.config?.labels
        let layers = image.manifest.layers
        return [
            ("Name", .string(name)), ("Digest", .string("\(digest)")),
            ("RepoTags", .array(tags.map { .string($0) })), ("Created", .string(configuration.created ?? "")),
            ("DockerVersion", .string(docker?.docker_version ?? "")),
            ("Labels", labels.map { .object($0.mapValues { .string($0) }) } ?? .null),
            ("Architecture", .string(configuration.architecture ?? "")), ("Os", .string(configuration.os ?? "")),
            ("Layers", .array(layers.map { .string("\($0.digest)") })),
            (
                "LayersData",
                .array(
                    layers.map { layer in
                        .object([
                            "MIMEType": .string(layer.mediaType), "Digest": .string("\(layer.digest)"),
                            "Size": .integer(layer.size),
                            "Annotations": layer.annotations.map { .object($0.mapValues { .string($0) }) } ?? .null,
                        ])
                    })
            ),
            ("Env", configuration.config?.env.map { .array($0.map { .string($0) }) } ?? .null),
            ("ManifestDigest", .string("\(image.digest)")),
            ("ConfigDigest", .string("\(image.manifest.config.digest)")),
            ("Size", .integer(size)), ("History", .array((configuration.history ?? []).map(Self.step))),
        ]
    }

    private static func step(_ step: ImageConfiguration.HistoryEntry) -> JSONValue {
        .object([
            "Created": .string(step.created ?? ""), "CreatedBy": .string(step.createdBy ?? ""),
            "Comment": .string(step.comment ?? ""), "EmptyLayer": .bool(step.emptyLayer == true),
        ])
    }

    /// The JSON text.
    var json: [UInt8] {
        var text = JSONText()
        text.beginObject()
        for (key, value) in members {
            text.key(key)
            text.value(value, keyOrder: ["MIMEType", "Digest", "Size", "Annotations"])
        }
        text.endObject()
        return text.bytes
    }

    /// The layers for people, and how much they are together.
    ///
    /// - Parameter columns: how many the table may take; nil for any number.
    func layersText(columns: Int?) -> String {
        let rows = image.manifest.layers.map { layer in
            ["\(layer.digest)", TextTable.size(max(0, layer.size)), layer.mediaType.printable]
        }
        let cuts: [TextTable.Cut] = [.end(0, least: 20), .start(2, least: 20)]
        return TextTable.text([["LAYER", "SIZE", "MEDIA TYPE"]] + rows, columns: columns, cuts: cuts)
            + "\(counted(rows.count, "layer")), \(TextTable.size(max(0, size)))\n"
    }

    /// The history for people, with the size of the layer that each step brought.
    ///
    /// - Parameter columns: how many the table may take; nil for any number.
    func historyText(columns: Int?) -> String {
        var layers = image.manifest.layers[...]
        let rows = (image.configuration.history ?? []).map { step in
            let layer = step.emptyLayer == true ? nil : layers.popFirst()
            return [
                String((step.created ?? "-").printable.prefix(19)),
                layer.map { TextTable.size(max(0, $0.size)) } ?? "-", (step.createdBy ?? step.comment ?? "").printable,
            ]
        }
        return TextTable.text([["CREATED", "SIZE", "BY"]] + rows, columns: columns, cuts: [.end(2, least: 20)])
    }
}

extension InspectedImage {
    /// What skopeo tells of it.
    var skopeo: SkopeoView { SkopeoView(name: repository, digest: topDigest, tags: tags, image: image) }
}
