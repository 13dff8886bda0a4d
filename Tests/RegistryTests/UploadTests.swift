// SPDX-License-Identifier: Apache-2.0

import LayerStore
import LinuxIO
import OCI
import Synchronization
import TestSupport
import Testing

@testable import Registry

/// Bringing images into a registry, and asking what refers to them.
@Suite(.timeLimit(.minutes(15))) struct UploadTests {
    private let registry = FakeRegistry()
    private let image = RegistrySample.image

    private func repository(_ name: String = "app") throws -> RemoteRepository {
        try PullFixture().client.repository(Reference(parsing: "\(registry.host)/\(name)"))
    }

    /// The layer that is large, and how to read it.
    private var layer: (descriptor: ContentDescriptor, open: @Sendable () throws -> any ByteStream) {
        let blob = image.layers[0].blob
        let descriptor = ContentDescriptor(
            mediaType: MediaType.layerGzip, digest: Digest(of: blob), size: Int64(blob.count))
        return (descriptor, { Bytes(blob) })
    }

    /// Bytes that come in pieces of a thousand.
    private final class Bytes: ByteStream, @unchecked Sendable {
        // SAFETY: used by one thread at a time, as every stream.
        private var rest: ArraySlice<UInt8>

        init(_ bytes: [UInt8]) { rest = bytes[...] }

        func read(into buffer: UnsafeMutableRawBufferPointer) throws -> Int {
            let part = rest.prefix(min(1000, buffer.count))
            part.withUnsafeBytes { buffer.copyMemory(from: $0) }
            rest = rest.dropFirst(part.count)
            return part.count
        }
    }

    private func stored(_ digest: Digest) -> [UInt8]? { registry.content.withLock { $0.blobs[digest] } }

    @Test func `a blob is sent once`() throws {
        let (descriptor, open) = layer
        let repository = try repository()
        #expect(try repository.upload(descriptor, open: open) == .sent)
        #expect(stored(descriptor.digest) == image.layers[0].blob)
        #expect(try repository.upload(descriptor, open: open) == .existed)
        #expect(registry.server.requests.filter { !$0.body.isEmpty }.count == 1)
    }

    @Test func `a blob of another repository is mounted`() throws {
        registry.add(image, to: "first", tag: "1")
        let (descriptor, open) = layer
        registry.distort { request, answer in
            // Each repository knows only its own blobs.
            if request.method == "HEAD", request.path.hasPrefix("/v2/second/blobs") { answer = .init(404) }
        }
        #expect(try repository("second").upload(descriptor, from: "first", open: open) == .mounted)
        #expect(registry.server.requests.allSatisfy { $0.body.isEmpty })
    }

    @Test(arguments: [400, 401, 403, 404, 405, 501])
    func `a blob whose mount is refused is sent`(_ status: Int) throws {
        registry.add(image, to: "first", tag: "1")
        let (descriptor, open) = layer
        let isStored = Mutex(false)
        registry.intercept { request in
            if request.method == "HEAD" { return .init(isStored.withLock { $0 } ? 200 : 404) }
            if request.method == "PUT" { isStored.withLock { $0 = true } }
            return request.parameters("mount").isEmpty
                ? nil : .init(status, headers: [("WWW-Authenticate", "Basic realm=\"r\"")])
        }
        #expect(try repository("second").upload(descriptor, from: "first", open: open) == .sent)
        #expect(registry.server.requests.filter { !$0.parameters("mount").isEmpty }.count == 1)
        #expect(registry.server.requests.filter { $0.method == "PUT" }.map(\.body) == [image.layers[0].blob])
    }

    @Test func `a mount that becomes an upload is gone on with`() throws {
        let (descriptor, open) = layer
        registry.intercept { request in
            request.parameters("mount").isEmpty
                ? nil : .init(202, headers: [("Location", "/v2/app/blobs/uploads/upload-0")])
        }
        registry.content.withLock { $0.uploads["upload-0"] = [] }
        #expect(try repository().upload(descriptor, from: "first", open: open) == .sent)
        #expect(registry.server.requests.filter { $0.method == "POST" }.count == 1)
    }

    @Test(arguments: [404, 416, 429, 500, 502, 503, 504])
    func `an upload that fails is begun anew`(_ status: Int) throws {
        let (descriptor, open) = layer
        let count = Mutex(0)
        registry.intercept { request in
            guard request.method == "PUT" else { return nil }
            return count.withLock { count in
                count += 1
                return count < 3 ? .init(status) : nil
            }
        }
        #expect(try repository().upload(descriptor, open: open) == .sent)
        #expect(stored(descriptor.digest) == image.layers[0].blob)
        #expect(registry.server.requests.filter { $0.method == "POST" }.count == 3)
    }

    @Test func `an upload that never succeeds is an error`() throws {
        registry.intercept { $0.method == "PUT" ? .init(503) : nil }
        let (descriptor, open) = layer
        let error = #expect(throws: RegistryError.self) { try repository().upload(descriptor, open: open) }
        #expect(error?.reason == "\(registry.host) answers 503")
    }

    @Test func `a source that ends early or fails is told, and nothing is stored`() throws {
        let (descriptor, _) = layer
        let half = Array(image.layers[0].blob.prefix(500))
        let error = #expect(throws: RegistryError.self) {
            try repository().upload(descriptor) { Bytes(half) }
        }
        #expect(error?.reason == "its source ends after 500 of \(descriptor.size) bytes")
        #expect(throws: StoreError.self) {
            try repository().upload(descriptor) { throw StoreError(.notFound, "blob", "is gone") }
        }
        #expect(stored(descriptor.digest) == nil)
    }

    @Test func `a registry that stores something else is told`() throws {
        let other = Digest(of: [])
        registry.distort { request, answer in
            if request.method == "PUT" { answer.headers = [("Docker-Content-Digest", "\(other)")] }
        }
        let bytes = image.manifest.bytes
        let document = RemoteDocument(bytes: bytes, digest: image.digest, mediaType: MediaType.manifest)
        let error = #expect(throws: RegistryError.self) { try repository().put(document, as: .tag("1")) }
        #expect(error?.reason == "\(registry.host) stored \(other) instead of \(image.digest)")
    }

    @Test func `a media type that would end its line is not sent`() throws {
        let bytes = image.manifest.bytes
        let document = RemoteDocument(bytes: bytes, digest: image.digest, mediaType: "a\r\nAuthorization: b")
        let error = #expect(throws: RegistryError.self) { try repository().put(document, as: .tag("1")) }
        #expect(error?.reason == "its media type cannot be sent: \"a\\u{d}\\u{a}Authorization: b\"")
        #expect(registry.server.requests.isEmpty)
    }

    @Test func `pages of long names are an error before they fill memory`() throws {
        let name = JSON.string(String(repeating: "a", count: 3 << 20))
        registry.intercept { request in
            guard request.path.hasSuffix("tags/list") else { return nil }
            var answer = LoopbackServer.Answer.json(200, ["tags": .array([name])])
            let last = (request.parameters("last").first.flatMap { Int($0) } ?? 0) + 1
            answer.headers.append(("Link", "</v2/app/tags/list?last=\(last)>; rel=\"next\""))
            return answer
        }
        let error = #expect(throws: RegistryError.self) { try repository().tags() }
        #expect(error?.reason == "has entries of more than 67108864 bytes")
    }

    @Test func `a list without end is an error`() throws {
        registry.intercept { request in
            guard request.path.hasSuffix("tags/list") else { return nil }
            var answer = LoopbackServer.Answer.json(200, ["tags": ["a"]])
            answer.headers.append(("Link", "</v2/app/tags/list?last=a>; rel=\"next\""))
            return answer
        }
        let error = #expect(throws: RegistryError.self) { try repository().tags() }
        #expect(error?.reason == "\(registry.host) has no end to its list")
    }

    @Test func `what refers to an image may come in pages`() throws {
        let entries = (1...5).map { number -> JSON in
            [
                "mediaType": .string(MediaType.manifest), "digest": .string("\(Digest(of: [UInt8(number)]))"),
                "size": 1,
                "artifactType": .string(number.isMultiple(of: 2) ? "even" : "odd"),
            ]
        }
        registry.intercept { request in
            guard request.path.contains("/referrers/") else { return nil }
            let page = request.parameters("page").first.flatMap { Int($0) } ?? 0
            let index: JSON = [
                "schemaVersion": 2, "mediaType": .string(MediaType.index),
                "manifests": .array(Array(entries[(2 * page)..<min(2 * page + 2, 5)])),
            ]
            var answer = LoopbackServer.Answer(
                200, headers: [("Content-Type", MediaType.index)], body: index.bytes)
            if page < 2 { answer.headers.append(("Link", "<\(request.path)?page=\(page + 1)>; rel=\"next\"")) }
            return answer
        }
        let subject = Digest(of: [0])
        #expect(
            try repository().referrers(of: subject).map(\.digest) == (1...5).map { Digest(of: [UInt8($0)]) })
        #expect(
            try repository().referrers(of: subject, artifactType: "odd").map(\.digest)
                == [1, 3, 5].map { Digest(of: [UInt8($0)]) })
        registry.intercept { request in
            guard request.path.contains("/referrers/") else { return nil }
            let index: JSON = ["schemaVersion": 2, "mediaType": .string(MediaType.index), "manifests": []]
            return .init(200, headers: [("Link", "<\(request.path)>; rel=next")], body: index.bytes)
        }
        let error = #expect(throws: RegistryError.self) { try repository().referrers(of: subject) }
        #expect(error?.reason == "\(registry.host) has no end to its list")
    }

    @Test func `what refers to an image is asked of the registry, or looked for under its tag`() throws {
        registry.add(image, to: "app", tag: "1")
        let signature = ContentDescriptor(
            mediaType: MediaType.manifest, digest: Digest(of: [1]), size: 1, artifactType: "application/signature")
        let other = ContentDescriptor(
            mediaType: MediaType.manifest, digest: Digest(of: [2]), size: 1, artifactType: "application/sbom")
        func entry(_ descriptor: ContentDescriptor) -> JSON {
            [
                "mediaType": .string(descriptor.mediaType), "digest": .string("\(descriptor.digest)"), "size": 1,
                "artifactType": .string(descriptor.artifactType ?? ""),
            ]
        }
        let index: JSON = [
            "schemaVersion": 2, "mediaType": .string(MediaType.index),
            "manifests": .array([entry(signature), entry(other)]),
        ]
        let repository = try repository()
        #expect(try repository.referrers(of: image.digest) == [])
        registry.content.withLock { content in
            content.manifests["app", default: [:]]["sha256-\(image.digest.hex)"] = (MediaType.index, index.bytes)
        }
        #expect(try repository.referrers(of: image.digest) == [signature, other])
        registry.intercept { $0.path.contains("/referrers/") ? .init(200, body: index.bytes) : nil }
        #expect(
            try repository.referrers(of: image.digest, artifactType: "application/signature") == [signature])
    }
}
