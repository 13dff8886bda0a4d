// SPDX-License-Identifier: Apache-2.0

import Archive
package import ArgumentParser
import Authoring
import CommandOptions
import CommandTrees
import Console
import Glibc
import ImageCommands
import LayerStore
import LinuxIO
import OCI
import Objects

/// `cimg commit`: an image of what was changed.
package struct CommitCommand: ParsableCommand {
    package static let configuration = CommandConfiguration(
        commandName: "commit", abstract: "Make an image of what was changed in a writable mount or a container.",
        discussion: """
            The source is the directory of a mount that can be written to (./DIR, "cimg mount --rw"), an upper \
            directory (upper:DIR), or a container. Its image with one layer more gets the name in the store: the layer \
            has what differs from the image, not what was written: what is equal again is left out. The same changes \
            give the same tar and the same diff ID on every machine and every file system. With --onto the layer is \
            made against another image; then the source may be any directory too.

            Configuration and history stay as they were, with a step more. --change takes CMD, ENTRYPOINT, ENV, EXPOSE, \
            LABEL, ONBUILD, STOPSIGNAL, USER, VOLUME and WORKDIR as in a Dockerfile, and HEALTHCHECK for images of \
            Docker's media types, which stay such. Where no file changed there is no new layer.

            Times have whole seconds in the layer unless --times ns is given. With SOURCE_DATE_EPOCH or \
            --source-date-epoch later ones are that time, and the image is made at that time: then the whole image is the \
            same each time, as long as the same zlib or zstd compresses it. Sockets are left out, and told.

            \(ObjectFinder.containerHelp)

            Examples:

              cimg mount --rw alpine m && echo hi > m/hi && cimg commit ./m hello
              cimg commit upper:changes app:3 --change 'CMD ["/app"]' --change 'ENV LEVEL=2'
              cimg commit --source-date-epoch 0 -m 'with curl' my_container my_image

            Exit status: 0 made, 2 trouble.
            """)

    @OptionGroup var options: FinderOptions

    @OptionGroup var layer: LayerOptions

    @Option(help: ArgumentHelp("A change of the configuration; may be given several times.", valueName: "instruction"))
    var change: [String] = []

    @Option(name: .shortAndLong, help: ArgumentHelp("A comment for the history.", valueName: "text"))
    var message: String?

    @Option(name: .shortAndLong, help: ArgumentHelp("Who made the image.", valueName: "name"))
    var author: String?

    @Flag(help: "Keep the annotations of the image below.")
    var keepAnnotations = false

    @Option(
        name: [.long, .customLong("compression-format")],
        help: ArgumentHelp("How the layer is compressed: gzip, zstd or none.", valueName: "format"))
    var compressFormat = "gzip"

    @Flag(help: "Print a JSON object.")
    var json = false

    @Argument(help: "A writable mount, upper:DIR, or a container.")
    var source: String

    @Argument(help: "What to call the image.")
    var name: String

    /// Makes the command for the parser.
    package init() {}

    package mutating func run() throws {
        try reportingTrouble {
            try ImageName.check(name)
            let compression = try LayerOptions.compression(compressFormat)
            var facts = CommitFacts(created: try layer.epoch() ?? Int64(time(nil)))
            facts.changes = try change.map { try ChangeInstruction(parsing: try RawArguments.text($0, "--change")) }
            (facts.message, facts.author) = (message, author)
            facts.keepsAnnotations = keepAnnotations
            let finder = try options.finder()
            let source = try CommitSource.open(self.source, onto: layer.onto, in: finder)
            facts.baseName = source.baseName
            let store = try finder.place.openStore()
            let hold = try store.holdForWriting()
            defer { withExtendedLifetime(hold) {} }
            let plan = try source.plan(layer.planOptions())
            PlanRemarks.tell(plan, source: self.source)
            let blob =
                plan.isEmpty
                ? nil
                : try LayerBlob.write(in: store.temporaryDirectory, compression) { write in
                    try LayerTar.write(plan, of: source.whole, write)
                }
            let documents = try CommittedDocuments(
                of: source.base.manifestBytes, source.base.configurationBytes,
                layer: blob.map { CommittedLayer(descriptor: $0.descriptor, diffID: $0.diffID) }, facts: facts)
            for remark in documents.remarks { StandardError.print("cimg: \(name): \(remark)") }
            let image = try store.add(documents.manifest, documents.configuration, over: source.base, layer: blob)
            try store.name(name, image.manifestDigest, telling: finder.place)
            try ImportCommand.settleBehind(store)
            try report(image.manifestDigest, plan, blob)
        }
    }

    private func report(_ digest: Digest, _ plan: LayerPlan, _ layer: LayerBlob?) throws {
        guard json else { return try StandardOutput.write("\(name) \(digest)\n") }
        var text = JSONText()
        text.beginObject()
        text.key("name")
        text.string(name)
        text.key("digest")
        text.string("\(digest)")
        text.key("entries")
        text.number(plan.items.count)
        text.key("file_size")
        text.number(plan.byteCount)
        if let layer {
            text.key("layer")
            text.beginObject()
            text.key("diff_id")
            text.string("\(layer.diffID)")
            text.key("digest")
            text.string("\(layer.descriptor.digest)")
            text.key("size")
            text.number(layer.descriptor.size)
            text.endObject()
        }
        text.endObject()
        try StandardOutput.write(text.bytes)
    }
}

/// What a user should know of a layer before it is written.
enum PlanRemarks {
    /// Bytes from which on it is told that they will be written: 100 MB.
    private static let notableByteCount: UInt64 = 100_000_000

    static func tell(_ plan: LayerPlan, source: String) {
        if plan.socketCount > 0 {
            StandardError.print("cimg: \(source.printable): left out \(counted(plan.socketCount, "socket"))")
        }
        if plan.byteCount >= notableByteCount {
            StandardError.print(
                "cimg: \(source.printable): writing \(TextTable.size(plan.byteCount)) in \(counted(plan.items.count, "file"))"
            )
        }
    }
}
