// SPDX-License-Identifier: Apache-2.0

import LayerStore
import OCI
import TestSupport
import Testing

@testable import Registry

/// Servers that code what they send, though nobody asked for it.
@Suite(.timeLimit(.minutes(15))) struct ContentCodingTests {
    private let registry = FakeRegistry()
    private let image = RegistrySample.image

    private func fixture() throws -> PullFixture {
        registry.add(image, to: "app", tag: "1")
        return try PullFixture()
    }

    @Test(arguments: [("gzip", LayerCompression.gzip), ("X-GZip", .gzip), ("zstd", .zstd)])
    func `coded documents are decoded, layers are what their digest says`(
        _ coding: String, _ compression: LayerCompression
    ) throws {
        let fixture = try fixture()
        let layers = Set(image.layers.map { Digest(of: $0.blob) })
        registry.distort { request, answer in
            guard answer.status == 200, !answer.body.isEmpty else { return }
            answer.headers.append(("Content-Encoding", coding))
            if !layers.contains(Digest(of: answer.body)) { answer.body = compression(answer.body) }
        }
        #expect(try fixture.pull("\(registry.host)/app:1").manifestDigest == image.digest)
        let repository = try fixture.client.repository(Reference(parsing: "\(registry.host)/app"))
        #expect(try repository.tags() == ["1"])
        #expect(registry.server.requests.allSatisfy { $0.header("Accept-Encoding") == "identity" })
    }

    @Test func `what grows beyond its bound, is of another coding, or broken, is an error`() throws {
        let fixture = try fixture()
        func error(_ coding: String, _ body: [UInt8]) -> String? {
            registry.distort { request, answer in
                guard request.path.contains("/manifests/") else { return }
                answer.headers.append(("Content-Encoding", coding))
                answer.body = body
            }
            return fixture.error("\(registry.host)/app:1", at: registry.host)
        }
        let bomb = LayerCompression.gzip([UInt8](repeating: 0x20, count: DocumentLimit.manifest + 1))
        #expect(error("gzip", bomb) == "docker://$/app:1: is larger than 4194304 bytes when it is decoded")
        #expect(
            error("br", image.manifest.bytes) == "docker://$/app:1: $ sent it coded as br, which was not asked for")
        #expect(
            error("gzip, gzip", bomb) == "docker://$/app:1: $ sent it coded as gzip, gzip, which was not asked for")
        let cut = Array(LayerCompression.gzip(image.manifest.bytes).dropLast(20))
        #expect(error("gzip", cut)?.hasPrefix("docker://$/app:1: what $ sent is no gzip: ") == true)
    }
}
