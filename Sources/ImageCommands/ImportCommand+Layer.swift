// SPDX-License-Identifier: Apache-2.0

import Authoring
import CommandOptions
import Console
import Glibc
import LayerStore
import LinuxIO
import OCI
import Objects
import SystemPackage

extension ImportCommand {
    /// Lays a layer from a file over an image.
    func importLayer() throws {
        guard let onto else { throw CommandError("--layer: --onto must name the image that it is laid over") }
        guard layer else { throw CommandError("--onto: is of no use without --layer") }
        guard let name else { throw CommandError("--layer: give the image a name as second argument") }
        var finder = ObjectFinder(in: try policy.place(store))
        finder.platform = try platform.map { try Platform(parsing: $0) }
        finder.client = registry.client
        let store = try self.store.openStore()
        let hold = try store.holdForWriting()
        defer { withExtendedLifetime(hold) {} }
        let base = try finder.whole(onto)
        let blob: LayerBlob
        do {
            let file = try Descriptor.open(FilePath(RawArguments.bytes(of: source)), O_RDONLY | O_NONBLOCK | O_NOCTTY)
            guard try file.status().st_mode & S_IFMT == S_IFREG else {
                throw CommandError("\"\(source.printable)\": is no regular file")
            }
            blob = try LayerBlob(reading: file)
        } catch let error as Errno {
            throw CommandError("\"\(source.printable)\": \(error)")
        }
        var facts = CommitFacts(created: Int64(time(nil)))
        facts.message = "layer of \(source.printable)"
        let documents = try CommittedDocuments(
            of: base.manifestBytes, base.configurationBytes,
            layer: CommittedLayer(descriptor: blob.descriptor, diffID: blob.diffID), facts: facts)
        for remark in documents.remarks { StandardError.print("cimg: \(name): \(remark)") }
        let image = try store.add(documents.manifest, documents.configuration, over: base, layer: blob)
        try store.name(name, image.manifestDigest, telling: self.store.place)
        try Self.settleBehind(store)
        try report(name, image.manifestDigest, image.diffIDs)
    }
}
