// SPDX-License-Identifier: Apache-2.0

import LayerStore
import OCI
import SystemPackage
import TestSupport
import Testing

@testable import Transports

/// The storage folder of a registry, read in place.
@Suite(.timeLimit(.minutes(15))) struct RegistryDirectoryTests {
    private let scratch = ScratchDirectory()
    private let old = ImageBuilder([LayerBuilder(.gzip) { $0.file("a", "old") }])
    private let new = ImageBuilder([LayerBuilder(.zstd) { $0.file("a", "new") }], architecture: "arm64")

    private func folder() -> RegistryFolderBuilder {
        let folder = RegistryFolderBuilder(scratch)
        folder.image(old, "team/app", tag: "1")
        folder.image(new, "team/app", tag: "2")
        folder.image(old, "single", tag: "only")
        folder.image(new, "untagged", tag: nil)
        return folder
    }

    private func location(_ name: String = "") throws -> ImageLocation {
        try #require(try ImageLocation(parsing: "registry-dir:\(scratch.path)/storage\(name)"))
    }

    private func digest(_ name: String) throws -> Digest {
        Digest(of: try #require(try openImage(location(name)).manifest))
    }

    private func error(_ name: String) -> String? {
        do {
            _ = try openImage(location(name))
            return nil
        } catch {
            return "\(error)".replacing("\(scratch.path)", with: "$")
        }
    }

    static let locations: [(text: String, expected: String)] = [
        ("registry-dir:a", "registry-dir:a"), ("registry-dir:a//b", "registry-dir:a//b"),
        ("registry-dir:/a/b//c/d:e", "registry-dir:/a/b//c/d:e"), ("registry-dir:a//b//c", "registry-dir:a/b//c"),
        ("registry-dir://a", "registry-dir:/a"), ("registry-dir:a//", "registry-dir:a"),
    ]

    @Test(arguments: locations.indices)
    func `a location is a path and a repository`(_ index: Int) throws {
        let (text, expected) = Self.locations[index]
        #expect(try ImageLocation(parsing: text).map { "\($0)" } == expected)
    }

    @Test func `an image is found by tag, by digest and by being the only one`() throws {
        _ = folder()
        #expect(try digest("//team/app:1") == old.digest)
        #expect(try digest("//team/app:2") == new.digest)
        #expect(try digest("//team/app@\(new.digest)") == new.digest)
        #expect(try digest("//single") == old.digest)
        #expect(try openImage(location("//team/app:2")).name == "team/app:2")
    }

    @Test func `repositories and tags are listed`() throws {
        _ = folder()
        let listed = try listImages(location())
        #expect(listed.map(\.name) == ["single:only", "team/app:1", "team/app:2"])
        #expect(listed.map(\.digest) == [old.digest, old.digest, new.digest])
        #expect(try listImages(location("//team/app")).map(\.name) == ["team/app:1", "team/app:2"])
    }

    @Test func `an index is gone through for its platform`() throws {
        let folder = folder()
        let index: JSON = [
            "schemaVersion": 2, "mediaType": .string(MediaType.index),
            "manifests": .array([old.descriptor, new.descriptor]),
        ]
        folder.blob(index.bytes)
        folder.manifest(Digest(of: index.bytes), "multi", tag: "latest")
        let image = try openImage(location("//multi"), platform: Platform(parsing: "linux/arm64"))
        #expect(image.manifest == new.manifest.bytes)
        let graph = try #require(try openGraph(location("//multi")))
        #expect(graph.top?.bytes == index.bytes)
        #expect(Set(graph.documents.map(\.descriptor.digest)) == [Digest(of: index.bytes), old.digest, new.digest])
    }

    @Test func `what is not there is told with what is`() {
        _ = folder()
        let storage = "registry-dir:$/storage"
        #expect(error("//nope") == "\(storage): has no repository \"nope\"; it has: single, team/app, untagged")
        #expect(error("//team/app:3") == "\(storage)//team/app: has no tag \"3\"; it has: 1, 2")
        #expect(error("//team/app") == "\(storage)//team/app: has no tag \"latest\"; it has: 1, 2")
        #expect(
            error("") == "\(storage): has several repositories, name one behind //; it has: single, team/app, untagged")
        #expect(error("//single@\(new.digest)") == "\(storage): single has no manifest \(new.digest)")
        #expect(
            error("/docker")
                == "\(storage)/docker: is no storage of a registry: it has no docker/registry/v2/repositories")
        for name in ["../../etc", "Upper", "a//b/../c", "_layers", "team/app/_manifests"] {
            #expect(error("//\(name)") != nil, "\(name)")
        }
    }

    @Test func `damage is told and no link leads out of the folder`() throws {
        let folder = folder()
        scratch.file(folder.blobPath(old.digest), "{}")
        let found = Digest(of: Array("{}".utf8))
        #expect(
            error("//single")
                == "registry-dir:$/storage: manifest \(old.digest): its content has the digest \(found)")
        folder.link("single", "tags/only/current", "sha256:../../../etc/passwd")
        #expect(error("//single")?.contains("not 64 lower-case hexadecimal digits") == true)
        folder.link("single", "tags/only/current", String(repeating: "x", count: 5000))
        #expect(error("//single")?.contains("more than the limit of 1024") == true)
    }
}
