// SPDX-License-Identifier: Apache-2.0

import Foundation
import LayerStore
import OCI
import Synchronization
import TestSupport
import Testing

@testable import Registry

/// Manifests of kinds that are rare, and what is not where a manifest of the ordinary kind has it.
@Suite(.timeLimit(.minutes(15))) struct RemoteDocumentTests {
    private let registry = FakeRegistry()
    private var host: String { registry.host }

    @Test func `a signed manifest of the first schema has the digest of what was signed`() throws {
        let type = "application/vnd.docker.distribution.manifest.v1+prettyjws"
        let document = #"{"schemaVersion":1,"name":"a"}"#
        let digest = Digest(of: Array(document.utf8))
        // {"formatLength":29,"formatTail":"fQ"}
        let signature = #"{"protected":"eyJmb3JtYXRMZW5ndGgiOjI5LCJmb3JtYXRUYWlsIjoiZlEifQ"}"#
        let bytes = Array((document.dropLast() + #","signatures":[\#(signature)]}"#).utf8)
        registry.content.withLock { $0.manifests["app"] = ["1": (type, bytes), "\(digest)": (type, bytes)] }
        registry.distort { request, answer in
            guard request.path.contains("/manifests/") else { return }
            answer.headers = [("Content-Type", type), ("Docker-Content-Digest", "\(digest)")]
        }
        let repository = try PullFixture().client.repository(Reference(parsing: "\(host)/app"))
        let document1 = try repository.document(.tag("1"))
        #expect(document1.digest == digest)
        #expect(document1.bytes == bytes)
        #expect(try repository.document(.digest(digest)).bytes == bytes)
        #expect(registry.server.requests.allSatisfy { $0.header("Accept")?.contains("v1+prettyjws") != false })
    }

    @Test func `a configuration may be in the manifest alone`() throws {
        var image = RegistrySample.image
        let json = image.configuration.bytes
        var config = JSON.descriptor(MediaType.config, of: json)
        config["data"] = .string(Data(json).base64EncodedString())
        image.manifestMembers = [("config", config)]
        registry.add(image, to: "app", tag: "1")
        registry.content.withLock { $0.blobs[Digest(of: json)] = nil }
        let fixture = try PullFixture()
        #expect(try fixture.pull("\(host)/app:1").manifestDigest == image.digest)
        #expect(try fixture.store.fsck(repairs: false).problems == [])
    }

    @Test func `a layer that the registry has not is fetched from its addresses, without secrets`() throws {
        let image = RegistrySample.image
        let layer = image.layers[0]
        let elsewhere = LoopbackServer { request in
            request.path == "/layer" ? .init(200, body: layer.blob) : .init(404)
        }
        func foreign(_ urls: [String]) -> ImageBuilder {
            var foreign = image
            var descriptor = layer.descriptor
            descriptor["mediaType"] = "application/vnd.docker.image.rootfs.foreign.diff.tar.gzip"
            descriptor["urls"] = .array(urls.map { .string($0) })
            foreign.manifestMembers = [("layers", [descriptor, image.layers[1].descriptor])]
            return foreign
        }
        let whole = foreign(["ftp://x/", "http://\(elsewhere.host)/gone", "http://\(elsewhere.host)/layer"])
        registry.add(whole, to: "app", tag: "1")
        registry.add(foreign(["http://\(elsewhere.host)/gone"]), to: "app", tag: "2")
        registry.content.withLock { $0.blobs[layer.digest] = nil }
        var fixture = try PullFixture()
        fixture.settings.credentials.given = try Credential(parsing: "me:secret")
        #expect(
            fixture.error("\(host)/app:2", at: elsewhere.host)?.contains("is kept at http://$/gone: ") == true)
        #expect(try fixture.pull("\(host)/app:1").manifestDigest == whole.digest)
        #expect(elsewhere.requests.allSatisfy { $0.header("Authorization") == nil })
        #expect(elsewhere.requests.map(\.path) == ["/gone", "/gone", "/layer"])
    }
}
