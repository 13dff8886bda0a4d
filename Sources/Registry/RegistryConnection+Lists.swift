// SPDX-License-Identifier: Apache-2.0

package import OCI

/// A page of tags or repositories.
private struct Page: Decodable {
    var tags: [String]?
    var repositories: [String]?
}

extension RegistryConnection {
    /// All entries of a list that comes in pages (distribution-spec, "Listing Tags").
    ///
    /// - Throws: `RegistryError`: also if there are more pages or entries than `RegistryLimits` allows.
    func list(_ call: RegistryCall) throws -> [String] {
        var call = call
        var names: [String] = []
        var seen: Set<WebAddress> = []
        var byteCount = 0
        for _ in 0..<limits.pages {
            let answer = try send(call, expecting: [200])
            let bytes = try body(of: answer, call.object, limit: limits.listByteCount)
            let page: Page
            do {
                page = try decode(Page.self, bytes, name: call.object, limit: limits.listByteCount)
            } catch {
                throw RegistryError(.failed, call.object, "\(host) sent no list: \(error.cause)")
            }
            let entries = page.tags ?? page.repositories ?? []
            byteCount += entries.reduce(0) { $0 + $1.utf8.count }
            guard byteCount <= limits.entryByteCount else {
                throw RegistryError(
                    .tooLarge, call.object, "has entries of more than \(limits.entryByteCount) bytes")
            }
            names += entries
            guard names.count <= limits.entries else {
                throw RegistryError(.tooLarge, call.object, "has more than \(limits.entries) entries")
            }
            guard let next = answer.headers("Link").lazy.compactMap({ LinkField.next(in: $0) }).first else {
                return names
            }
            guard let address = answer.address.resolving(next), seen.insert(address).inserted else {
                throw RegistryError(.failed, call.object, "\(host) has no end to its list")
            }
            call.target = .address(address)
        }
        throw RegistryError(.tooLarge, call.object, "has more than \(limits.pages) pages")
    }
}

extension RemoteRepository {
    /// The tags of the repository, as the registry orders them.
    package func tags() throws -> [String] {
        var call = call(object, .get, "tags/list")
        call.advice = "; \"cimg tags \(connection.host)/\" lists the repositories"
        return try connection.list(call).filter { Reference.isTag($0) }
    }

    /// What refers to a manifest, such as signatures (distribution-spec, "Listing Referrers").
    ///
    /// Where the registry does not know the question, what stands under the tag `sha256-HEX`.
    /// - Parameter artifactType: only of this type; nil for all.
    package func referrers(of digest: Digest, artifactType: String? = nil) throws -> [ContentDescriptor] {
        let object = "\(object)@\(digest): referrers"
        var path = "referrers/\(digest)"
        if let artifactType { path += "?artifactType=\(WebAddress.escaped(artifactType))" }
        var call = call(object, .get, path)
        call.headers.append(("Accept", MediaType.index))
        let answer = try connection.send(call)
        let index: ImageIndex
        switch answer.status {
        case 200:
            let bytes = try connection.body(of: answer, object, limit: DocumentLimit.manifest)
            index = try ImageIndex(json: bytes, name: object)
        case 400, 404, 405, 501:
            let tag = "sha256-\(digest.hex)"
            guard try self.digest(.tag(tag)) != nil else { return [] }
            guard case .index(let found) = try decoded(try document(.tag(tag))) else { return [] }
            index = found
        default: throw connection.failure(call, answer)
        }
        guard let artifactType else { return index.manifests }
        // A registry need not have filtered.
        return index.manifests.filter { $0.artifactType == artifactType }
    }
}

extension RemoteRegistry {
    /// The repositories of the registry, where it tells (`/v2/_catalog`).
    package func repositories() throws -> [String] {
        var call = RegistryCall("\(connection.object): catalog", .get, path: "/v2/_catalog")
        call.scopes = ["registry:catalog:*"]
        return try connection.list(call)
    }
}
