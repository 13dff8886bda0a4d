// SPDX-License-Identifier: Apache-2.0

package import OCI
import Web

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
            guard let next = try nextPage(answer, call.object, &seen) else { return names }
            call.target = .address(next)
        }
        throw RegistryError(.tooLarge, call.object, "has more than \(limits.pages) pages")
    }

    /// The address of the page behind an answer; nil if it is the last.
    ///
    /// - Parameter seen: the pages that were asked for.
    /// - Throws: `RegistryError` where it cannot be told, or was asked for before.
    func nextPage(_ answer: HTTPAnswer, _ object: String, _ seen: inout Set<WebAddress>) throws -> WebAddress? {
        let next: String?
        do {
            next = try LinkField.next(in: answer.headers("Link"))
        } catch {
            throw RegistryError(
                .failed, object, "\(host) sent a part of a list, and a Link field that does not tell where the rest is")
        }
        guard let next else { return nil }
        guard let address = answer.address.resolving(next) else {
            throw RegistryError(.failed, object, "\(host) says that its list goes on at \(next.printable)")
        }
        guard seen.insert(address).inserted else {
            throw RegistryError(.failed, object, "\(host) has no end to its list")
        }
        return address
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
    /// - Parameters:
    ///   - digest: of the manifest; it need not be there.
    ///   - artifactType: only of this type; nil for all.
    package func referrers(of digest: Digest, artifactType: String? = nil) throws -> [ContentDescriptor] {
        let object = "\(object)@\(digest): referrers"
        var path = "referrers/\(digest)"
        if let artifactType { path += "?artifactType=\(WebAddress.escaped(artifactType))" }
        var call = call(object, .get, path)
        call.headers.append(("Accept", MediaType.index))
        let answer = try connection.send(call)
        let found: [ContentDescriptor]
        switch answer.status {
        case 200: found = try referrers(call, answer)
        case 400, 404, 405, 501:
            let tag = "sha256-\(digest.hex)"
            guard try self.digest(.tag(tag)) != nil else { return [] }
            guard case .index(let index) = try decoded(try document(.tag(tag))) else { return [] }
            found = index.manifests
        default: throw connection.failure(call, answer)
        }
        guard let artifactType else { return found }
        // A registry need not have filtered.
        return found.filter { $0.artifactType == artifactType }
    }

    /// The entries of a list of referrers, which may come in pages.
    private func referrers(_ call: RegistryCall, _ first: HTTPAnswer) throws -> [ContentDescriptor] {
        var (call, answer) = (call, first)
        var found: [ContentDescriptor] = []
        var seen: Set<WebAddress> = []
        let limits = connection.limits
        var byteCount = 0
        for _ in 0..<limits.pages {
            let bytes = try connection.body(of: answer, call.object, limit: DocumentLimit.manifest)
            found += try ImageIndex(json: bytes, name: call.object).manifests
            byteCount += bytes.count
            guard found.count <= limits.entries, byteCount <= limits.entryByteCount else {
                throw RegistryError(
                    .tooLarge, call.object,
                    "has more than \(limits.entries) entries, or pages of more than \(limits.entryByteCount) bytes")
            }
            guard let next = try connection.nextPage(answer, call.object, &seen) else { return found }
            call.target = .address(next)
            answer = try connection.send(call, expecting: [200])
        }
        throw RegistryError(.tooLarge, call.object, "has more than \(limits.pages) pages")
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
