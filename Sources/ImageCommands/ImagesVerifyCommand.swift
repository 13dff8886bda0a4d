// SPDX-License-Identifier: Apache-2.0

package import ArgumentParser
import CommandOptions
import Console
import LayerStore
import OCI
import Objects
import Registry

/// `cimg images verify`: whether registries have newer images than the store.
package struct ImagesVerifyCommand: ParsableCommand {
    package static let configuration = CommandConfiguration(
        commandName: "verify", abstract: "Tell which images are newer in their registry, and in which layers.",
        discussion: """
            Without names, every image of the store whose name begins with a registry. A digest that differs is a \
            difference, whatever the labels say.

            Examples:

              cimg images verify localhost:5000/mystery
              cimg images verify -v && echo all are the newest

            Exit status: 0 all are the same, 1 a registry has another one, 2 trouble.
            """)

    @OptionGroup var store: StoreOptions

    @OptionGroup var registry: RegistryOptions

    @Argument(help: "Names of images of the store.")
    var images: [String] = []

    @Flag(help: "Print a JSON array.")
    var json = false

    /// Makes the command for the parser.
    package init() {}

    /// What was found out about an image.
    private struct Row {
        var local: VersionedImage
        var remote: VersionedImage
        var localOnly: [Digest]
        var remoteOnly: [Digest]

        var differs: Bool { local.image.digest != remote.image.digest }
    }

    package mutating func run() throws {
        try reportingTrouble {
            let finder = VersionFinder(options: store, client: try registry.client())
            let names = try images.isEmpty ? storedNames() : images
            var rows: [Row] = []
            var hasTrouble = false
            for name in names {
                do {
                    rows.append(try row(name, finder))
                } catch {
                    // One registry that is away says nothing of the images of others.
                    StandardError.print("cimg: \(error)")
                    hasTrouble = true
                }
            }
            if hasTrouble, rows.isEmpty { throw ExitCode(2) }
            try StandardOutput.write(json ? Self.json(rows) : Array(text(rows).utf8))
            if hasTrouble { throw ExitCode(2) }
            if rows.contains(where: \.differs) { throw ExitCode(1) }
        }
    }

    /// The names of the store that begin with a registry and end with a tag.
    private func storedNames() throws -> [String] {
        try store.openExistingStore().references().map(\.name).filter { name in
            // What is no name of a registry has nothing to verify by.
            guard RegistryName.of(name) != nil, let reference = try? Reference(parsing: name) else { return false }
            return reference.digest == nil
        }
    }

    private func row(_ name: String, _ finder: VersionFinder) throws -> Row {
        guard let local = try finder.stored(name) else { throw CommandError.unknownImage(name) }
        guard RegistryName.of(name) != nil else {
            throw CommandError("\"\(name.printable)\": its name has no registry to ask")
        }
        let remote = try finder.remote(name, platform: local.image.configuration.platform)
        let (mine, theirs) = (local.image.manifest.layers.map(\.digest), remote.image.manifest.layers.map(\.digest))
        return Row(
            local: local, remote: remote, localOnly: mine.filter { !theirs.contains($0) },
            remoteOnly: theirs.filter { !mine.contains($0) })
    }

    private func text(_ rows: [Row]) -> String {
        let lines = rows.map { row in
            [
                row.local.name.printable, row.local.versionOrDigest, row.remote.versionOrDigest,
                row.differs ? "yes" : "no",
            ]
        }
        var text = TextTable.text([["NAME", "LOCAL VERSION", "REMOTE VERSION", "DIFFERS"]] + lines)
        for row in rows where row.differs {
            text += "\n\(row.local.name.printable): \(row.local.image.digest) here, \(row.remote.image.digest) there\n"
            for digest in row.localOnly { text += "  - layer \(digest)\n" }
            for digest in row.remoteOnly { text += "  + layer \(digest)\n" }
        }
        return text
    }

    private static func json(_ rows: [Row]) -> [UInt8] {
        var text = JSONText()
        text.beginArray()
        for row in rows {
            text.beginObject()
            text.key("name")
            text.string(row.local.name)
            for (key, image) in [("local", row.local), ("remote", row.remote)] {
                text.key("\(key)_version")
                text.optional(image.version)
                text.key("\(key)_digest")
                text.string("\(image.image.digest)")
            }
            text.key("differs")
            text.bool(row.differs)
            for (key, digests) in [("local_only_layers", row.localOnly), ("remote_only_layers", row.remoteOnly)] {
                text.key(key)
                text.beginArray()
                for digest in digests { text.string("\(digest)") }
                text.endArray()
            }
            text.endObject()
        }
        text.endArray()
        return text.bytes
    }
}
