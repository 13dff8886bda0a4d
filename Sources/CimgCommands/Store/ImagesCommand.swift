// SPDX-License-Identifier: Apache-2.0

package import ArgumentParser
import LayerStore
import OCI

/// `cimg images`: lists the images of the store.
package struct ImagesCommand: ParsableCommand {
    package static let configuration = CommandConfiguration(
        commandName: "images", abstract: "List the images of the store.",
        discussion: """
            The size is that of the layers as they came. An image that cannot be read is listed with "damaged"; "cimg \
            fsck" tells more.

            Examples:

              cimg images
              cimg images --json | jq -r '.[].name'

            Exit status: 0 listed, 2 trouble.
            """)

    @OptionGroup var store: StoreOptions

    @Flag(help: "Print a JSON array.")
    var json = false

    @Flag(name: [.customShort("q"), .long], help: "Print digests only.")
    var quiet = false

    @Flag(name: [.customShort("n"), .long], help: "Print no headings.")
    var noheading = false

    /// Makes the command for the parser.
    package init() {}

    package mutating func run() throws {
        try reportingTrouble {
            try refuse(together: [("--json", json), ("--quiet", quiet)])
            let store = try store.openStore()
            let rows = try store.references().map { reference in
                // What cannot be read is listed as damaged.
                (reference, try? store.describe(reference.descriptor.digest))
            }
            if json {
                try StandardOutput.write(Self.json(rows))
            } else if quiet {
                try StandardOutput.write(rows.map { "\($0.0.descriptor.digest)\n" }.joined())
            } else {
                try StandardOutput.write(Self.table(rows, withHeadings: !noheading))
            }
        }
    }

    private typealias Row = (reference: ImageReference, image: ImageDescription?)

    private static func size(_ image: ImageDescription) -> Int64 {
        image.manifest.layers.reduce(0) { sum, layer in
            let (total, overflow) = sum.addingReportingOverflow(layer.size)
            return overflow ? .max : total
        }
    }

    private static func table(_ rows: [Row], withHeadings: Bool) -> String {
        let headings = withHeadings ? [["NAME", "DIGEST", "PLATFORM", "CREATED", "LAYERS", "SIZE"]] : []
        return TextTable.text(
            headings
                + rows.map { reference, image in
                    let digest = String(reference.descriptor.digest.hex.prefix(12))
                    guard let image else { return [reference.name, digest, "damaged", "", "", ""] }
                    return [
                        reference.name, digest, image.configuration.platform.map { "\($0)" } ?? "-",
                        String((image.configuration.created ?? "-").printable.prefix(10)),
                        "\(image.manifest.layers.count)", TextTable.size(size(image)),
                    ]
                })
    }

    private static func json(_ rows: [Row]) -> [UInt8] {
        var text = JSONText()
        text.beginArray()
        for (reference, image) in rows {
            text.beginObject()
            text.key("name")
            text.string(reference.name)
            text.key("digest")
            text.string("\(reference.descriptor.digest)")
            if let image {
                text.key("config_digest")
                text.string("\(image.manifest.config.digest)")
                text.key("platform")
                text.optional(image.configuration.platform.map { "\($0)" })
                text.key("created")
                text.optional(image.configuration.created)
                text.key("layers")
                text.number(image.manifest.layers.count)
                text.key("size")
                text.number(size(image))
            } else {
                text.key("damaged")
                text.bool(true)
            }
            text.endObject()
        }
        text.endArray()
        return text.bytes
    }
}

extension JSONText {
    /// Writes a string, or `null` where there is none, as a value.
    mutating func optional(_ text: String?) {
        if let text { string(text) } else { null() }
    }
}
