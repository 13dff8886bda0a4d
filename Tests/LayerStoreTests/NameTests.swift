// SPDX-License-Identifier: Apache-2.0

import OCI
import SystemPackage
import TestSupport
import Testing

@testable import LayerStore

@Suite(.timeLimit(.minutes(15))) struct NameTests {
    private let fixture: StoreFixture
    private let one = sampleImage(.gzip)
    private let two = sampleImage(.zstd, "two\n")

    init() throws {
        fixture = try StoreFixture()
        try fixture.add(one)
        try fixture.add(two)
    }

    private func names() throws -> [String: Digest] {
        try Dictionary(uniqueKeysWithValues: fixture.store.references().map { ($0.name, $0.descriptor.digest) })
    }

    @Test func `a name is set, moved and taken away`() throws {
        try fixture.store.setReference("a", to: one.digest)
        try fixture.store.setReference("b:1", to: one.digest)
        #expect(try names() == ["a": one.digest, "b:1": one.digest])
        try fixture.store.setReference("a", to: two.digest)
        #expect(try names() == ["a": two.digest, "b:1": one.digest])
        #expect(try fixture.store.references().map(\.name) == ["a", "b:1"])
        #expect(try fixture.store.references()[0].descriptor.size == Int64(two.manifest.bytes.count))
        #expect(try fixture.store.removeReference("a"))
        #expect(try !fixture.store.removeReference("a"))
        #expect(try names() == ["b:1": one.digest])
    }

    @Test(arguments: [
        "", "-a", ".a", "/a", "a b", "a\n", "\u{1B}[2J", "ä", "a\u{0}", String(repeating: "a", count: 256),
    ])
    func `a name that cannot be is refused`(name: String) throws {
        #expect(
            fixture.failure { try fixture.store.setReference(name, to: one.digest) }
                == "name \"\(name.printable)\": is not letters, digits and ._-/:@+, beginning with a letter or digit, "
                + "at most 255 in all")
        #expect(try names() == [:])
    }

    @Test(arguments: ["a", "9", "registry.example:5000/a/b:tag@x+y_z", String(repeating: "a", count: 255)])
    func `a name that can be is taken`(name: String) throws {
        try fixture.store.setReference(name, to: one.digest)
        #expect(try fixture.store.find(name) == one.digest)
    }

    @Test func `what is not stored cannot be named`() throws {
        let digest = Digest(of: "nothing".utf8)
        #expect(
            fixture.failure { try fixture.store.setReference("a", to: digest) }
                == "blob \(digest): is not in the store")
        try fixture.remove("blobs/sha256/\(Digest(of: one.configuration.bytes).hex)")
        #expect(
            fixture.failure { try fixture.store.setReference("a", to: one.digest) }
                == "blob \(Digest(of: one.configuration.bytes)): is not in the store")
    }

    @Test func `an image is found by name, tag latest, digest and what digests begin with`() throws {
        try fixture.store.setReference("plain", to: one.digest)
        try fixture.store.setReference("tagged:latest", to: two.digest)
        let config = Digest(of: one.configuration.bytes)
        for text in [
            "plain", "\(one.digest)", one.digest.hex, String(one.digest.hex.prefix(6)),
            "sha256:\(one.digest.hex.prefix(8))", "\(config)", String(config.hex.prefix(12)), "plain:latest",
            "plain@\(one.digest)", "plain:1@\(one.digest)", "plain@\(config)",
        ] {
            #expect(try fixture.store.find(text) == one.digest, "\(text)")
        }
        #expect(try fixture.store.find("tagged") == two.digest)
        #expect(try fixture.store.find("tagged:latest") == two.digest)
        for text in [
            "", "none", "plain:1", "other@\(one.digest)", "plain@\(two.digest)", String(one.digest.hex.prefix(5)),
            "\(Digest(of: []))",
            one.digest.hex.prefix(8).uppercased() + "A", "sha256:", one.digest.hex + "0",
        ] {
            #expect(try fixture.store.find(text) == nil, "\(text)")
        }
    }

    @Test func `a name is looked for before digests`() throws {
        let digits = String(one.digest.hex.prefix(8))
        try fixture.store.setReference("one", to: one.digest)
        try fixture.store.setReference(digits, to: two.digest)
        #expect(try fixture.store.find(digits) == two.digest)
    }

    @Test func `digits that begin several digests are refused`() throws {
        // Two manifests whose digests have the first six digits in common, found by changing an annotation.
        var seen: [Substring: Int] = [:]
        func image(_ number: Int) -> ImageBuilder {
            var image = ImageBuilder([])
            image.manifestMembers = [("annotations", ["n": .string("\(number)")])]
            return image
        }
        var number = 0
        var pair: (Int, Int)?
        let config = ImageBuilder([])
        while pair == nil {
            let bytes = config.manifest.bytes.dropLast() + Array(#","annotations":{"n":"\#(number)"}}"#.utf8)
            let prefix = Digest(of: bytes).hex.prefix(6)
            if let other = seen[prefix] { pair = (other, number) }
            seen[prefix] = number
            number += 1
        }
        let (first, second) = try #require(pair)
        let images = [image(first), image(second)]
        let digests = images.map(\.digest.hex)
        let digits = String(digests[0].prefix(6))
        try #require(digests[1].hasPrefix(digits))
        for (index, image) in images.enumerated() { try fixture.add(image, "n\(index)") }
        #expect(
            fixture.failure { _ = try fixture.store.find(digits) }
                == "image \(digits): begins several digests: \(digests.sorted().joined(separator: ", "))")
        #expect(try fixture.store.find(digests[0]) == images[0].digest)
    }

    @Test func `what other tools wrote into the index stays`() throws {
        let entry =
            #"{"annotations":{"x":null},"artifactType":"a/b","data":"e30=","digest":"\#(one.digest)","#
            + #""mediaType":"m/n","platform":{"os.features":["f"]},"size":12345678901234,"urls":["u"]}"#
        let index = #"{"annotations":{"k":"v"},"other":[1.5,true,null],"#
        try fixture.write("index.json", Array("\(index)\"manifests\":[\(entry)],\"schemaVersion\":2}".utf8))
        try fixture.store.setReference("a", to: one.digest)
        #expect(try fixture.store.removeReference("a"))
        #expect(
            String(decoding: fixture.read("index.json") ?? [], as: UTF8.self)
                == #"{"annotations":{"k":"v"},"manifests":[\#(entry)],"other":[1.5,true,null],"schemaVersion":2}"#)
    }

    @Test func `nothing is written over an index that cannot be read`() throws {
        for (text, error) in [
            ("{", "store $: index.json: is not valid JSON"), ("[]", "store $: index.json: is not an object"),
            (#"{"manifests":[{"size":1}]}"#, "store $: index.json: manifests[0].digest: is missing"),
        ] {
            try fixture.write("index.json", Array(text.utf8))
            #expect(fixture.failure { try fixture.store.setReference("a", to: one.digest) } == error)
            #expect(fixture.failure { _ = try fixture.store.prune() } == error)
            #expect(fixture.read("index.json") == Array(text.utf8))
        }
        #expect(fixture.read("blobs/sha256/\(one.digest.hex)") != nil)
    }

    @Test func `an index leads to its image for the platform, as far as the store has it`() throws {
        let image = ImageBuilder([LayerBuilder { $0.file("only", "here") }])
        var layout = OCILayoutBuilder()
        layout.image(image)
        let index = layout.index.bytes
        let digest = try fixture.store.addDocument(index)
        #expect(
            fixture.failure { _ = try fixture.store.describe(digest) }
                == "image \(digest): is an index of images of which none is in the store")
        try fixture.add(image)
        #expect(try fixture.store.describe(digest).digest == image.digest)
        #expect(
            fixture.failure { _ = try fixture.store.describe(digest, platform: Platform(parsing: "linux/s390x")) }
                == "image \(digest): no image for linux/s390x; it has: linux/amd64")
        try fixture.store.setReference("all", to: digest)
        let reference = try #require(try fixture.store.references().first { $0.name == "all" })
        #expect(reference.descriptor.mediaType == MediaType.index)
        #expect(reference.descriptor.size == Int64(index.count))
        // What the index leads to stays when what nobody needs goes.
        _ = try fixture.store.prune()
        #expect(try fixture.store.describe(#require(try fixture.store.find("all"))).digest == image.digest)
        #expect(try fixture.problems() == [])
    }
}
