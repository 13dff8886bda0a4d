// SPDX-License-Identifier: Apache-2.0

package import OCI
package import Synchronization

/// A registry in memory that can be made to misbehave; everything a test puts in is public.
package final class FakeRegistry: Sendable {
    /// What a registry holds, and how it answers.
    package struct Content: Sendable {
        /// Manifests by repository, then by tag or digest: media type and bytes.
        package var manifests: [String: [String: (mediaType: String, bytes: [UInt8])]] = [:]
        /// Blobs by digest.
        package var blobs: [Digest: [UInt8]] = [:]
        /// Blobs being uploaded.
        package var uploads: [String: [UInt8]] = [:]
        /// Looked at before every answer: what it returns is answered instead.
        package var intercept: (@Sendable (LoopbackServer.Request) -> LoopbackServer.Answer?)?
        /// Changes honest answers.
        package var distort: (@Sendable (LoopbackServer.Request, inout LoopbackServer.Answer) -> Void)?
        /// Entries of a page of tags or repositories.
        package var pageSize = 100
    }

    /// What it holds.
    package let content: Mutex<Content>
    /// The server that answers.
    package let server: LoopbackServer

    private final class Box: Sendable {
        let registry = Mutex<WeakRegistry>(WeakRegistry())
    }

    private struct WeakRegistry: Sendable {
        weak var registry: FakeRegistry?
    }

    /// Starts a registry without images.
    package init() {
        content = Mutex(Content())
        let box = Box()
        server = LoopbackServer { request in
            guard let registry = box.registry.withLock({ $0.registry }) else { return .init(503) }
            return registry.answer(request)
        }
        box.registry.withLock { $0.registry = self }
    }

    /// `127.0.0.1:PORT`.
    package var host: String { server.host }

    /// Puts an image in.
    package func add(_ image: ImageBuilder, to repository: String, tag: String? = nil) {
        content.withLock { content in
            for blob in image.layers.map(\.blob) + [image.configuration.bytes] {
                content.blobs[Digest(of: blob)] = blob
            }
            let manifest = (image.mediaType, image.manifest.bytes)
            content.manifests[repository, default: [:]]["\(image.digest)"] = manifest
            if let tag { content.manifests[repository, default: [:]][tag] = manifest }
        }
    }

    /// Puts an index of images in, and of what BuildKit tells of one of them where it is given.
    package func add(
        index images: [ImageBuilder], attesting attested: ImageBuilder? = nil, to repository: String, tag: String
    ) -> Digest {
        for image in images { add(image, to: repository) }
        var entries = images.map(\.descriptor)
        if let attested {
            var statement = LayerBuilder(tar: Array(#"{"predicateType":"https://slsa.dev/provenance/v0.2"}"#.utf8))
            statement.mediaType = "application/vnd.in-toto+json"
            let attestation = ImageBuilder([statement], os: "unknown", architecture: "unknown")
            add(attestation, to: repository)
            var descriptor = attestation.descriptor
            descriptor["annotations"] = [
                "vnd.docker.reference.type": "attestation-manifest",
                "vnd.docker.reference.digest": .string("\(attested.digest)"),
            ]
            entries.append(descriptor)
        }
        let index: JSON = [
            "schemaVersion": 2, "mediaType": .string(MediaType.index), "manifests": .array(entries),
        ]
        let digest = Digest(of: index.bytes)
        content.withLock { content in
            for name in [tag, "\(digest)"] {
                content.manifests[repository, default: [:]][name] = (MediaType.index, index.bytes)
            }
        }
        return digest
    }

    /// Sets what is answered before anything else.
    package func intercept(_ body: @escaping @Sendable (LoopbackServer.Request) -> LoopbackServer.Answer?) {
        content.withLock { $0.intercept = body }
    }

    /// Sets what changes honest answers.
    package func distort(
        _ body: @escaping @Sendable (LoopbackServer.Request, inout LoopbackServer.Answer) -> Void
    ) {
        content.withLock { $0.distort = body }
    }

    // MARK: - Answers

    private func answer(_ request: LoopbackServer.Request) -> LoopbackServer.Answer {
        let (intercept, distort) = content.withLock { ($0.intercept, $0.distort) }
        if let answer = intercept?(request) { return answer }
        var answer = honest(request)
        distort?(request, &answer)
        return answer
    }

    private func honest(_ request: LoopbackServer.Request) -> LoopbackServer.Answer {
        let words = request.path.split(separator: "/").map(String.init)
        guard words.first == "v2" else { return .init(404) }
        if words.count == 1 { return .json(200, [:]) }
        if words == ["v2", "_catalog"] {
            let names = content.withLock { $0.manifests.keys.sorted() }
            return page(request, "repositories", names)
        }
        for (kind, answer) in [("manifests", manifest), ("blobs", blob), ("tags", tags), ("referrers", referrers)] {
            guard let position = words.lastIndex(of: kind), position > 1 else { continue }
            let repository = words[1..<position].joined(separator: "/")
            return answer(request, repository, words[(position + 1)...].joined(separator: "/"))
        }
        return .init(404)
    }

    private func complaint(_ status: Int, _ code: String) -> LoopbackServer.Answer {
        .json(status, ["errors": [["code": .string(code), "message": "it is so"]]])
    }

    private func manifest(
        _ request: LoopbackServer.Request, _ repository: String, _ name: String
    ) -> LoopbackServer.Answer {
        if request.method == "PUT" {
            let digest = Digest(of: request.body)
            content.withLock { content in
                let manifest = (request.header("Content-Type") ?? "", request.body)
                content.manifests[repository, default: [:]][name] = manifest
                content.manifests[repository, default: [:]]["\(digest)"] = manifest
            }
            return .init(201, headers: [("Docker-Content-Digest", "\(digest)")])
        }
        guard let manifest = content.withLock({ $0.manifests[repository]?[name] }) else {
            return complaint(404, "MANIFEST_UNKNOWN")
        }
        if request.method == "DELETE" {
            content.withLock { content in
                content.manifests[repository] = content.manifests[repository]?.filter {
                    $0.value.bytes != manifest.bytes
                }
            }
            return .init(202)
        }
        return .init(
            200,
            headers: [
                ("Content-Type", manifest.mediaType), ("Docker-Content-Digest", "\(Digest(of: manifest.bytes))"),
            ], body: manifest.bytes)
    }

    private func blob(
        _ request: LoopbackServer.Request, _ repository: String, _ name: String
    ) -> LoopbackServer.Answer {
        if name.hasPrefix("uploads") { return upload(request, repository, name) }
        guard let digest = try? Digest(parsing: name), let blob = content.withLock({ $0.blobs[digest] }) else {
            return complaint(404, "BLOB_UNKNOWN")
        }
        guard let range = request.header("Range"), range.hasPrefix("bytes="),
            let start = Int(range.dropFirst(6).prefix { $0 != "-" })
        else { return .init(200, body: blob) }
        guard start < blob.count else { return .init(416) }
        return .init(
            206, headers: [("Content-Range", "bytes \(start)-\(blob.count - 1)/\(blob.count)")],
            body: Array(blob[start...]))
    }

    private func upload(
        _ request: LoopbackServer.Request, _ repository: String, _ name: String
    ) -> LoopbackServer.Answer {
        let identifier = String(name.dropFirst("uploads/".count))
        return content.withLock { content in
            switch request.method {
            case "POST":
                if let mount = request.parameters("mount").first, let digest = try? Digest(parsing: mount),
                    content.blobs[digest] != nil, !request.parameters("from").isEmpty
                {
                    return .init(201, headers: [("Location", "/v2/\(repository)/blobs/\(digest)")])
                }
                let made = "upload-\(content.uploads.count)"
                content.uploads[made] = []
                return .init(202, headers: [("Location", "/v2/\(repository)/blobs/uploads/\(made)?state=a")])
            case "PATCH":
                guard content.uploads[identifier] != nil else { return .init(404) }
                content.uploads[identifier]? += request.body
                return .init(202, headers: [("Location", "/v2/\(repository)/blobs/uploads/\(identifier)?state=b")])
            case "PUT":
                guard let start = content.uploads[identifier] else { return .init(404) }
                let bytes = start + request.body
                guard request.parameters("digest") == ["\(Digest(of: bytes))"] else {
                    return .json(400, ["errors": [["code": "DIGEST_INVALID"]]])
                }
                content.uploads[identifier] = nil
                content.blobs[Digest(of: bytes)] = bytes
                return .init(201)
            default: return .init(405)
            }
        }
    }

    private func tags(
        _ request: LoopbackServer.Request, _ repository: String, _ name: String
    ) -> LoopbackServer.Answer {
        guard let names = content.withLock({ $0.manifests[repository]?.keys.sorted() }) else {
            return complaint(404, "NAME_UNKNOWN")
        }
        return page(request, "tags", names.filter { !$0.contains(":") })
    }

    private func page(
        _ request: LoopbackServer.Request, _ key: String, _ names: [String]
    ) -> LoopbackServer.Answer {
        let size = content.withLock { $0.pageSize }
        let last = request.parameters("last").first
        let rest = last.map { last in names.filter { $0 > last } } ?? names
        let part = Array(rest.prefix(size))
        var answer = LoopbackServer.Answer.json(200, .object([(key, .array(part.map { .string($0) }))]))
        if rest.count > size, let last = part.last {
            answer.headers.append(("Link", "<\(request.path)?last=\(last)&n=\(size)>; rel=\"next\""))
        }
        return answer
    }

    private func referrers(
        _ request: LoopbackServer.Request, _ repository: String, _ name: String
    ) -> LoopbackServer.Answer { .init(404) }
}
