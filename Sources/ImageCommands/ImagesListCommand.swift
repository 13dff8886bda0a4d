// SPDX-License-Identifier: Apache-2.0

package import ArgumentParser
import CommandOptions
import Console
import Engines
import LayerStore
import OCI
import Objects
import Transports

/// `cimg images list`: lists the images of the store, or of a source.
package struct ImagesListCommand: ParsableCommand {
    package static let configuration = CommandConfiguration(
        commandName: "list", abstract: "List the images of the store, or of a source.",
        discussion: """
            The size is that of the layers as they came. An image that cannot be read is listed with "damaged"; "cimg \
            fsck" tells more. Of a source (--in), names and digests are listed as it has them; of an engine's images without \
            a manifest, the identifier stands for the digest.

            --format takes docker's templates with the fields Name, Repository, Tag, ID, Digest, CreatedAt, \
            CreatedSince, Size, Platform, Layers and Damaged; cimg-templates(7) tells all.

            Examples:

              cimg images list --filter repo=alpine --filter created=2026
              cimg images --in registry-dir:/var/lib/docker-registry
              cimg images --in oci:images
              cimg images --in docker-daemon:
              cimg images --format 'table {{.Repository}}\\t{{.Tag}}\\t{{.Size}}'

            Exit status: 0 listed, 2 trouble.
            """)

    @OptionGroup var store: StoreOptions

    @Flag(help: "Print a JSON array.")
    var json = false

    @Flag(name: [.customShort("q"), .long], help: "Print digests only.")
    var quiet = false

    @Flag(name: [.customShort("n"), .long], help: "Print no headings.")
    var noheading = false

    @Flag(help: "Print digests in full.")
    var noTrunc = false

    @Option(
        name: .shortAndLong,
        help: ArgumentHelp(
            "Only images with a word in a column: name, repo, tag, id, platform, created, size. Several must all fit.",
            valueName: "word=text"))
    var filter: [String] = []

    @Option(
        help: ArgumentHelp(
            "A Go template for each image: {{.Repository}}:{{.Tag}}; \"table \" before it makes a table.",
            valueName: "template"))
    var format: String?

    @Option(
        name: .customLong("in"),
        help: ArgumentHelp(
            "A source instead of the store: oci:DIR, oci-archive:FILE, docker-archive:FILE, registry-dir:DIR, or an engine: "
                + "containers-storage:, docker-daemon:, containerd-image:.",
            valueName: "source"))
    var source: String?

    /// Makes the command for the parser.
    package init() {}

    package mutating func run() throws {
        try reportingTrouble {
            try refuse(together: [("--json", json), ("--quiet", quiet), ("--format", format != nil)])
            let format = try format.map { try FormatOption($0, headings: ImageRow.headings) }
            let filters = try filter.map { try ImageFilter(parsing: $0) }
            if let source { return try list(source, filters, format) }
            let store = try store.openExistingStore()
            let rows = try store.references().map { Self.row($0, in: store) }.filter { row in
                filters.allSatisfy { $0.matches(Self.columns(row)) }
            }
            for row in rows {
                guard let problem = row.problem else { continue }
                StandardError.print(
                    "cimg: \(row.reference.name.printable): damaged: \(problem); \"cimg fsck\" tells more, another pull or import "
                        + "mends it")
            }
            if let format {
                let images = rows.map { ImageRow($0.reference, $0.image, isShort: !noTrunc).value }
                try StandardOutput.write(format.lines(images))
            } else if json {
                try StandardOutput.write(Self.json(rows))
            } else if quiet {
                try StandardOutput.write(rows.map { "\($0.0.descriptor.digest)\n" }.joined())
            } else {
                try StandardOutput.write(table(rows))
            }
        }
    }

    private typealias Row = (
        reference: ImageReference, image: ImageDescription?, artifact: Manifest?, problem: String?
    )

    /// What there is of an image; what cannot be read or is lost makes it damaged.
    private static func row(_ reference: ImageReference, in store: Store) -> Row {
        let digest = reference.descriptor.digest
        do {
            let manifest = try store.manifest(of: digest).manifest
            let blobs = [manifest.config] + manifest.layers.filter { !$0.isForeign }
            for blob in blobs {
                guard try store.openBlob(blob.digest) != nil else {
                    return (reference, nil, nil, "\(blob.digest) is missing")
                }
            }
            if manifest.isArtifact { return (reference, nil, manifest, nil) }
            return (reference, try store.describe(digest), nil, nil)
        } catch {
            return (reference, nil, nil, "\(error)")
        }
    }

    /// What filters look at.
    private static func columns(_ row: Row) -> [String: String] {
        var columns = nameColumns(row.reference.name)
        columns["digest"] = "\(row.reference.descriptor.digest)"
        if row.artifact != nil { columns["platform"] = "artifact" }
        guard let image = row.image else { return columns }
        columns["digest", default: ""] += " \(image.manifest.config.digest)"
        columns["platform"] = image.configuration.platform.map { "\($0)" }
        columns["created"] = image.configuration.created
        columns["size"] = TextTable.size(size(image.manifest))
        return columns
    }

    private static func nameColumns(_ name: String) -> [String: String] {
        let (repository, tag) = FamiliarText.parts(of: name)
        return ["name": name, "repo": repository, "tag": tag ?? ""]
    }

    // MARK: - Sources

    /// The images of a source, or of an engine: `docker-daemon:`, `containers-storage:`, `containerd-image:`.
    private func images(in text: String) throws -> [ListedImage] {
        if let (kind, isImage, name) = EngineKind.prefixed(text), isImage {
            let engines = MachineEngines(kinds: [kind])
            let found = engines.images.items.filter { name.isEmpty || $0.rank(of: name) != nil }
            for problem in engines.problems where !problem.isPermission { StandardError.print("cimg: \(problem)") }
            guard !found.isEmpty || engines.problems.isEmpty else {
                throw CommandError("\"\(text.printable)\": nothing could be read there")
            }
            return found.flatMap { image in
                (image.names.isEmpty ? [nil] : image.names.map { Optional($0) }).map { name in
                    ListedImage(
                        name: name.map { (image.namespace.map { "\($0)/" } ?? "") + $0 },
                        // Of another algorithm it has none here.
                        digest: image.digest ?? (try? Digest(parsing: "sha256:\(image.id)")))
                }
            }
        }
        guard let location = try ImageLocation(parsing: text) else {
            throw CommandError("\"\(text.printable)\": no source of this machine; for a registry use \"cimg tags\"")
        }
        return try listImages(location)
    }

    private func list(_ text: String, _ filters: [ImageFilter], _ format: FormatOption?) throws {
        let images = try images(in: text).filter { image in
            var columns = Self.nameColumns(image.name ?? "")
            columns["digest"] = image.digest.map { "\($0)" }
            columns["platform"] = image.platform.map { "\($0)" }
            return filters.allSatisfy { $0.matches(columns) }
        }
        if let format {
            let values = images.map { ImageRow($0.name, $0.digest, $0.platform).value }
            return try StandardOutput.write(format.lines(values))
        }
        if quiet {
            return try StandardOutput.write(images.compactMap { $0.digest.map { "\($0)\n" } }.joined())
        }
        if json {
            var text = JSONText()
            text.beginArray()
            for image in images {
                text.beginObject()
                text.key("name")
                text.optional(image.name)
                text.key("digest")
                text.optional(image.digest.map { "\($0)" })
                text.key("platform")
                text.optional(image.platform.map { "\($0)" })
                text.endObject()
            }
            text.endArray()
            return try StandardOutput.write(text.bytes)
        }
        let rows = images.map { image in
            [
                (image.name ?? "-").printable, image.digest.map { short($0) } ?? "-",
                image.platform.map { "\($0)" } ?? "-",
            ]
        }
        try StandardOutput.write(
            TextTable.text((noheading ? [] : [["NAME", "DIGEST", "PLATFORM"]]) + rows, columns: columns))
    }

    private var columns: Int? { noTrunc ? nil : StandardOutput.columns }

    private func short(_ digest: Digest) -> String { noTrunc ? "\(digest)" : String(digest.hex.prefix(12)) }

    // MARK: - The store

    private static func size(_ manifest: Manifest) -> Int64 {
        manifest.layers.reduce(0) { sum, layer in
            let (total, overflow) = sum.addingReportingOverflow(layer.size)
            return overflow ? .max : total
        }
    }

    private func table(_ rows: [Row]) -> String {
        let headings = !noheading ? [["NAME", "DIGEST", "PLATFORM", "CREATED", "LAYERS", "SIZE"]] : []
        return TextTable.text(
            headings
                + rows.map { reference, image, artifact, _ in
                    let digest = short(reference.descriptor.digest)
                    if let artifact {
                        let size = TextTable.size(Self.size(artifact))
                        return [reference.name.printable, digest, "artifact", "-", "\(artifact.layers.count)", size]
                    }
                    guard let image else { return [reference.name.printable, digest, "damaged", "", "", ""] }
                    return [
                        reference.name.printable, digest, image.configuration.platform.map { "\($0)" } ?? "-",
                        String((image.configuration.created ?? "-").printable.prefix(10)),
                        "\(image.manifest.layers.count)", TextTable.size(Self.size(image.manifest)),
                    ]
                }, columns: columns)
    }

    private static func json(_ rows: [Row]) -> [UInt8] {
        var text = JSONText()
        text.beginArray()
        for (reference, image, artifact, _) in rows {
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
                text.number(size(image.manifest))
            } else if let artifact {
                text.key("artifact_type")
                text.string(artifact.artifactType ?? artifact.config.mediaType)
                text.key("layers")
                text.number(artifact.layers.count)
                text.key("size")
                text.number(size(artifact))
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
