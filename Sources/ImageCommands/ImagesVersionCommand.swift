// SPDX-License-Identifier: Apache-2.0

package import ArgumentParser
import CommandOptions
import Console
import LayerStore
import OCI

/// `cimg images version`: what the labels of images say of their versions.
package struct ImagesVersionCommand: ParsableCommand {
    package static let configuration = CommandConfiguration(
        commandName: "version", abstract: "Show Name-Version-Release of images.",
        discussion: """
            The labels Name, Version and Release tell it; without a version the digest stands for it. What the store has \
            not is asked of the registry that the name begins with; docker://NAME is always asked there.

            Examples:

              cimg images version alpine
              cimg images version -r localhost:5000/mystery docker://localhost:5000/mystery

            Exit status: 0 shown, 2 trouble.
            """)

    @OptionGroup var store: StoreOptions

    @OptionGroup var registry: RegistryOptions

    @Argument(help: "Names of images.")
    var images: [String]

    @Flag(name: .shortAndLong, help: "Also show the images of the store that each is built on.")
    var recurse = false

    @Flag(help: "Print a JSON array.")
    var json = false

    /// Makes the command for the parser.
    package init() {}

    package mutating func run() throws {
        try reportingTrouble {
            let finder = VersionFinder(options: store, client: try registry.client())
            var rows: [(image: VersionedImage, depth: Int)] = []
            for name in images {
                let image = try finder.find(name)
                rows.append((image, 0))
                if recurse { rows += try finder.bases(of: image).map { ($0, 1) } }
            }
            guard json else {
                let lines = rows.map { image, depth in
                    [
                        (depth > 0 ? "  " : "") + image.name.printable, image.versionOrDigest, image.shortDigest,
                    ]
                }
                return try StandardOutput.write(TextTable.text([["IMAGE NAME", "VERSION", "IMAGE ID"]] + lines))
            }
            var text = JSONText()
            text.beginArray()
            for (image, depth) in rows {
                text.beginObject()
                text.key("name")
                text.string(image.name)
                text.key("version")
                text.optional(image.version)
                text.key("digest")
                text.string("\(image.image.digest)")
                text.key("is_base")
                text.bool(depth > 0)
                text.endObject()
            }
            text.endArray()
            try StandardOutput.write(text.bytes)
        }
    }
}

/// `cimg images info`: the labels of an image.
package struct ImagesInfoCommand: ParsableCommand {
    package static let configuration = CommandConfiguration(
        commandName: "info", abstract: "Show the labels of an image.",
        discussion: """
            Examples:

              cimg images info alpine
              cimg images info --remote localhost:5000/mystery

            Exit status: 0 shown, 2 trouble.
            """)

    @OptionGroup var store: StoreOptions

    @OptionGroup var registry: RegistryOptions

    @Argument(help: "The name of an image.")
    var image: String

    @Flag(help: "Ask the registry, whatever the store has.")
    var remote = false

    @Flag(help: "Print a JSON object.")
    var json = false

    /// Makes the command for the parser.
    package init() {}

    package mutating func run() throws {
        try reportingTrouble {
            let finder = VersionFinder(options: store, client: try registry.client())
            let found = try finder.find(image, isRemote: remote)
            let labels = found.labels.sorted { $0.key < $1.key }
            guard json else {
                let lines = labels.map { "\($0.key.printable): \($0.value.printable)\n" }.joined()
                return try StandardOutput.write("Image Name: \(image.printable)\n" + lines)
            }
            var text = JSONText()
            text.beginObject()
            for (key, value) in labels {
                text.key(key)
                text.string(value)
            }
            text.endObject()
            try StandardOutput.write(text.bytes)
        }
    }
}
