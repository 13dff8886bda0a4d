// SPDX-License-Identifier: Apache-2.0

import LayerStore
import LinuxIO
import OCI
import Synchronization
import TestSupport
import Testing

@testable import Registry

/// Pulling from a registry that means well, and the ways in which one may not.
@Suite(.timeLimit(.minutes(15))) struct ClientTests {
    private let registry = FakeRegistry()
    private var host: String { registry.host }
    private let image = RegistrySample.image

    @Test func `an image comes with its digests`() throws {
        registry.add(image, to: "app", tag: "1")
        let fixture = try PullFixture()
        let stored = try fixture.pull("\(host)/app:1")
        #expect(stored.manifestDigest == image.digest)
        #expect(stored.diffIDs == image.layers.map(\.diffID))
        #expect(try fixture.store.readBlob(image.layers[0].digest, limit: 1 << 20) == image.layers[0].blob)
        #expect(try fixture.store.fsck(repairs: false).problems == [])
    }

    @Test func `what is in the store is not asked for again`() throws {
        registry.add(image, to: "app", tag: "1")
        let fixture = try PullFixture()
        try fixture.pull("\(host)/app:1")
        let before = registry.server.requests.count
        try fixture.pull("\(host)/app:1")
        let asked = registry.server.requests.dropFirst(before).map(\.path)
        #expect(!asked.contains { path in image.layers.contains { path.hasSuffix("\($0.digest)") } })
    }

    @Test func `an index is gone through for the platform that is asked for`() throws {
        let arm = ImageBuilder([LayerBuilder(.gzip) { $0.file("arm", "") }], architecture: "arm64")
        let intel = ImageBuilder([LayerBuilder(.gzip) { $0.file("intel", "") }])
        _ = registry.add(index: [arm, intel], to: "app", tag: "1")
        let fixture = try PullFixture()
        let text = "\(host)/app:1"
        #expect(try fixture.pull(text, platform: Platform(parsing: "linux/arm64")).manifestDigest == arm.digest)
        #expect(try fixture.pull(text, platform: Platform(parsing: "linux/amd64")).manifestDigest == intel.digest)
        let index = try #require(fixture.error(text, at: host, platform: Platform(parsing: "linux/s390x")))
        #expect(
            index.hasSuffix("no image for linux/s390x; it has: linux/arm64, linux/amd64; choose one with --platform"),
            "\(index)")
    }

    @Test func `a platform that a single image is not for is an error`() throws {
        registry.add(image, to: "app", tag: "1")
        let fixture = try PullFixture()
        #expect(
            fixture.error("\(host)/app:1", at: host, platform: try Platform(parsing: "linux/arm64"))
                == "docker://$/app@\(image.digest): no image for linux/arm64; it has: linux/amd64; choose one with "
                + "--platform")
    }

    @Test func `a name that does not exist is told with what the registry says`() throws {
        #expect(
            try PullFixture().error("\(host)/nothing", at: host)
                == "docker://$/nothing:latest: not found: $ answers 404: MANIFEST_UNKNOWN: it is so; "
                + "\"cimg tags $/nothing\" lists what there is")
    }

    @Test func `nobody listening is told at once`() throws {
        // Port 1 is nobody's.
        let error = try PullFixture().error("127.0.0.1:1/app", at: "127.0.0.1:1")
        #expect(error == "registry $: connection refused; check host and port, and whether a registry runs there")
    }

    @Test func `a manifest of another digest is an error`() throws {
        registry.add(image, to: "app", tag: "1")
        let other = Digest(of: [1])
        registry.distort { request, answer in
            if request.path.contains("manifests") { answer.headers = [("Docker-Content-Digest", "\(other)")] }
        }
        #expect(
            try PullFixture().error("\(host)/app:1", at: host)
                == "docker://$/app:1: $ says it is \(other), but what it sent has the digest \(image.digest)")
        registry.distort { request, answer in
            if request.path.contains("manifests") { answer.body.append(UInt8(ascii: " ")) }
        }
        #expect(
            try PullFixture().error("\(host)/app@\(image.digest)", at: host)
                == "docker://$/app@\(image.digest): what $ sent has the digest "
                + "\(Digest(of: image.manifest.bytes + [32]))")
    }

    @Test func `a layer of another digest is an error and is asked for once`() throws {
        registry.add(image, to: "app", tag: "1")
        let digest = image.layers[0].digest
        registry.distort { request, answer in
            if request.path.hasSuffix("\(digest)") { answer.body[answer.body.count - 1] ^= 1 }
        }
        let error = try #require(try PullFixture().error("\(host)/app:1", at: host))
        #expect(error.hasPrefix("layer \(digest): has digest sha256:"), "\(error)")
        #expect(registry.server.requests.filter { $0.path.hasSuffix("\(digest)") }.count == 1)
    }

    @Test func `a body that breaks off goes on where it broke`() throws {
        registry.add(image, to: "app", tag: "1")
        let digest = image.layers[0].digest
        registry.distort { request, answer in
            if request.path.hasSuffix("\(digest)"), answer.body.count > 100_000 { answer.cutsAfter = 70_000 }
        }
        let fixture = try PullFixture()
        #expect(try fixture.pull("\(host)/app:1").manifestDigest == image.digest)
        let ranges = registry.server.requests.filter { $0.path.hasSuffix("\(digest)") }.map { $0.header("Range") }
        // Bytes that had not been read when the connection broke may come once more.
        #expect(ranges.count >= 3)
        #expect(ranges[0] == nil)
        #expect(ranges[1...].allSatisfy { $0?.hasPrefix("bytes=") == true && $0?.hasSuffix("-") == true })
    }

    @Test func `a registry without ranges sends a broken body once more`() throws {
        registry.add(image, to: "app", tag: "1")
        let digest = image.layers[0].digest
        let blob = image.layers[0].blob
        let count = Mutex(0)
        registry.distort { request, answer in
            guard request.path.hasSuffix("\(digest)") else { return }
            answer = .init(200, body: blob)
            if count.withLock({
                $0 += 1; return $0
            }) < 3 {
                answer.cutsAfter = 50_000
            }
        }
        let fixture = try PullFixture()
        #expect(try fixture.pull("\(host)/app:1").manifestDigest == image.digest)
        #expect(count.withLock { $0 } == 3)
    }

    @Test func `a body that stands still is given up and goes on`() throws {
        registry.add(image, to: "app", tag: "1")
        let digest = image.layers[0].digest
        registry.distort { request, answer in
            if request.path.hasSuffix("\(digest)"), request.header("Range") == nil { answer.stallsAfter = 5000 }
        }
        var fixture = try PullFixture()
        fixture.settings.limits.stallTimeout = .milliseconds(300)
        #expect(try fixture.pull("\(host)/app:1").manifestDigest == image.digest)
    }

    @Test func `a body that hardly moves is given up after some attempts`() throws {
        registry.add(image, to: "app", tag: "1")
        let digest = image.layers[0].digest
        registry.distort { request, answer in
            if request.path.hasSuffix("\(digest)") { answer.drips = true }
        }
        var fixture = try PullFixture()
        fixture.settings.limits.stallTimeout = .milliseconds(200)
        let error = try #require(fixture.error("\(host)/app:1", at: host))
        #expect(error.contains("too little came for too long"), "\(error)")
        #expect(error.contains("(5 attempts)"), "\(error)")
    }

    @Test func `a body that always breaks off is an error after some attempts`() throws {
        registry.add(image, to: "app", tag: "1")
        let digest = image.layers[1].digest
        registry.distort { request, answer in
            if request.path.hasSuffix("\(digest)") { answer.cutsAfter = 0 }
        }
        let error = try #require(try PullFixture().error("\(host)/app:1", at: host))
        #expect(error.hasPrefix("docker://$/app: blob \(digest): $: the connection was closed after 0 of"), "\(error)")
        #expect(error.contains("(5 attempts)"), "\(error)")
    }

    @Test(arguments: [429, 500, 502, 503, 504])
    func `a passing trouble is waited for`(_ status: Int) throws {
        registry.add(image, to: "app", tag: "1")
        let counts = Mutex<[String: Int]>([:])
        registry.intercept { request in
            let count = counts.withLock { counts in
                counts[request.target, default: 0] += 1
                return counts[request.target] ?? 0
            }
            return count < 3 ? .init(status, headers: [("Retry-After", "0")]) : nil
        }
        #expect(try PullFixture().pull("\(host)/app:1").manifestDigest == image.digest)
    }

    @Test func `a trouble that does not pass is an error`() throws {
        registry.intercept { _ in .json(503, ["errors": [["code": "UNAVAILABLE"]]]) }
        #expect(
            try PullFixture().error("\(host)/app:1", at: host)
                == "docker://$/app:1: $ answers 503: UNAVAILABLE")
    }

    @Test func `a manifest without end is cut off`() throws {
        registry.intercept { request in
            guard request.path.contains("manifests") else { return nil }
            var answer = LoopbackServer.Answer(200, body: [UInt8](repeating: 32, count: 64 << 10))
            answer.isEndless = true
            return answer
        }
        #expect(
            try PullFixture().error("\(host)/app:1", at: host)
                == "docker://$/app:1: is larger than 4194304 bytes")
        #expect(registry.server.sentByteCount < 64 << 20)
    }

    @Test func `a layer longer than its manifest says is cut off`() throws {
        registry.add(image, to: "app", tag: "1")
        let digest = image.layers[0].digest
        registry.distort { request, answer in
            if request.path.hasSuffix("\(digest)") { answer.isEndless = true }
        }
        #expect(
            try PullFixture().error("\(host)/app:1", at: host)
                == "docker://$/app: blob \(digest): is longer than the \(image.layers[0].blob.count) bytes that its "
                + "manifest says")
        #expect(registry.server.sentByteCount < 64 << 20)
    }

    @Test func `a length that is too long does no harm when all bytes are there`() throws {
        registry.add(image, to: "app", tag: "1")
        registry.distort { request, answer in
            if request.path.contains("/blobs/") { answer.claimedLength = answer.body.count + 1000 }
        }
        #expect(try PullFixture().pull("\(host)/app:1").manifestDigest == image.digest)
    }

    @Test func `interim answers without end are not waited for`() throws {
        registry.intercept { _ in
            var answer = LoopbackServer.Answer(200)
            answer.isNeverReady = true
            return answer
        }
        var fixture = try PullFixture()
        fixture.settings.limits.connectTimeout = .seconds(1)
        fixture.settings.limits.stallTimeout = .milliseconds(200)
        let error = try #require(fixture.error("\(host)/app:1", at: host))
        // Where it is given up depends on how busy the machine is.
        let ends = [
            "nothing came for too long (5 attempts); try again later",
            "whether this machine has a network (5 attempts); try again later",
        ]
        #expect(error.hasPrefix("registry $: ") && ends.contains { error.hasSuffix($0) }, "\(error)")
    }

    @Test func `a name that has no address is told with what to do`() throws {
        #expect(
            try PullFixture().error("nobody.invalid/app", at: "nobody.invalid")
                == "docker://$/app:latest: $: no address is known for $; check the name, and whether this machine has "
                + "a network")
    }

    @Test func `a body in chunks of a byte takes no more memory than others`() throws {
        let blob = [UInt8](repeating: 7, count: 400_000)
        let digest = Digest(of: blob)
        registry.content.withLock { $0.blobs[digest] = blob }
        registry.distort { request, answer in
            if request.path.hasSuffix("\(digest)") { answer.chunkByteCount = 1 }
        }
        let repository = try PullFixture().client.repository(Reference(parsing: "\(host)/app"))
        let stream = repository.blob(ContentDescriptor(mediaType: "", digest: digest, size: Int64(blob.count)))
        var bytes: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 1000)
        // What is not read yet is held back by then: pieces count for what they cost.
        sleepMilliseconds(500)
        while true {
            let count = try buffer.withUnsafeMutableBytes { try stream.read(into: $0) }
            if count == 0 { break }
            bytes += buffer[..<count]
        }
        #expect(bytes == blob)
    }

    @Test func `a layer shorter than its manifest says is an error`() throws {
        registry.add(image, to: "app", tag: "1")
        let digest = image.layers[0].digest
        registry.content.withLock { $0.blobs[digest]?.removeLast(10) }
        let error = try #require(try PullFixture().error("\(host)/app:1", at: host))
        let count = image.layers[0].blob.count
        #expect(
            error == "docker://$/app: blob \(digest): $ has no more than \(count - 10) of the \(count) bytes that its "
                + "manifest says")
    }

    @Test func `a reader that does not read holds the sender back`() throws {
        let blob = [UInt8](repeating: 7, count: 64 << 20)
        let digest = Digest(of: blob)
        registry.content.withLock { $0.blobs[digest] = blob }
        let fixture = try PullFixture()
        let client = fixture.client
        let repository = try client.repository(Reference(parsing: "\(host)/app"))
        let stream = repository.blob(ContentDescriptor(mediaType: "", digest: digest, size: Int64(blob.count)))
        var byte: [UInt8] = [0]
        _ = try byte.withUnsafeMutableBytes { try stream.read(into: $0) }
        // Until nothing more is taken.
        var sent = -1
        while registry.server.sentByteCount != sent {
            sent = registry.server.sentByteCount
            sleepMilliseconds(200)
        }
        #expect(sent < 32 << 20)
        #expect(byte == [7])
    }

    @Test func `a manifest of the first schema is told from others`() throws {
        let type = "application/vnd.docker.distribution.manifest.v1+prettyjws"
        registry.content.withLock {
            $0.manifests["app"] = ["1": (type, Array(#"{"schemaVersion":1,"fsLayers":[]}"#.utf8))]
        }
        let error = try #require(try PullFixture().error("\(host)/app:1", at: host))
        #expect(
            error.hasSuffix(
                "is a Docker schema 1 manifest, a format replaced in 2016 that is not supported; \"skopeo copy --format "
                    + "v2s2\" converts it"))
    }
}
