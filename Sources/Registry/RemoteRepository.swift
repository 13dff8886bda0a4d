// SPDX-License-Identifier: Apache-2.0

package import LinuxIO
package import OCI
import Web

/// A manifest or an index as it came from a registry.
package struct RemoteDocument: Sendable, Hashable {
    /// Its bytes, as they came.
    package var bytes: [UInt8]
    /// Their digest.
    package var digest: Digest
    /// What the registry says it is; empty if it says nothing.
    package var mediaType: String

    /// Makes a document of bytes whose digest is known.
    package init(bytes: [UInt8], digest: Digest, mediaType: String) {
        self.bytes = bytes
        self.digest = digest
        self.mediaType = mediaType
    }
}

/// A repository of a registry: manifests by tag and digest, blobs by digest (distribution-spec, "API").
///
/// Blocks the calling thread; any number of threads may call.
package final class RemoteRepository: Sendable {
    let connection: RegistryConnection
    /// The repository's name in its registry: `library/alpine`.
    package let name: String

    init(connection: RegistryConnection, name: String) {
        self.connection = connection
        self.name = name
    }

    /// The registry as users write it.
    package var registry: String { connection.host }

    /// The repository for messages.
    var object: String { "docker://\(connection.host)/\(name)" }

    /// A request about the repository.
    func call(
        _ object: String, _ method: HTTPRequest.Method, _ path: String, actions: String = "pull"
    ) -> RegistryCall {
        var call = RegistryCall(object, method, path: "/v2/\(name)/\(path)")
        call.repository = name
        call.scopes = ["repository:\(name):\(actions)"]
        return call
    }

    static let acceptedDocuments = [
        MediaType.manifest, MediaType.index, MediaType.dockerManifest, MediaType.dockerManifestList,
        // To tell what it is.
        MediaType.schema1Signed, MediaType.schema1,
    ].joined(separator: ", ")

    // MARK: - Manifests

    /// Which manifest is meant.
    package enum Name: Sendable, Hashable, CustomStringConvertible {
        /// The one that a tag names.
        case tag(String)
        /// The one of a digest.
        case digest(Digest)

        /// The tag or digest.
        package var description: String {
            switch self {
            case .tag(let tag): tag
            case .digest(let digest): "\(digest)"
            }
        }
    }

    private func object(_ name: Name) -> String {
        switch name {
        case .tag(let tag): "\(object):\(tag)"
        case .digest(let digest): "\(object)@\(digest)"
        }
    }

    /// Fetches a manifest or an index, at most `DocumentLimit.manifest` bytes, and checks its digest.
    ///
    /// - Throws: `RegistryError`.
    package func document(_ name: Name) throws -> RemoteDocument {
        let object = object(name)
        var call = call(object, .get, "manifests/\(name)")
        call.advice = "; \"cimg tags \(connection.host)/\(self.name)\" lists what there is"
        call.headers.append(("Accept", Self.acceptedDocuments))
        let answer = try connection.send(call, expecting: [200])
        let bytes = try connection.body(of: answer, object, limit: DocumentLimit.manifest)
        var digest = Digest(of: bytes)
        // What cannot be read is as not told.
        let told = answer.header("Docker-Content-Digest").flatMap { try? Digest(parsing: $0) }
        let expected = if case .digest(let wanted) = name { wanted } else { told ?? digest }
        if expected != digest, let payload = Schema1.payload(bytes), Digest(of: payload) == expected {
            digest = expected
        }
        if case .digest(let wanted) = name, wanted != digest {
            throw RegistryError(
                .damaged, object, "what \(connection.host) sent has the digest \(digest)")
        }
        if case .tag = name, let claimed = told, claimed != digest {
            throw RegistryError(
                .damaged, object, "\(connection.host) says it is \(claimed), but what it sent has the digest \(digest)")
        }
        let type = answer.header("Content-Type").map { String($0.prefix { $0 != ";" }) } ?? ""
        return RemoteDocument(bytes: bytes, digest: digest, mediaType: type)
    }

    /// The digest of a manifest, without fetching it where the registry tells; nil if there is none.
    package func digest(_ name: Name) throws -> Digest? {
        var call = call(object(name), .head, "manifests/\(name)")
        call.headers.append(("Accept", Self.acceptedDocuments))
        let answer = try connection.send(call)
        switch answer.status {
        case 200:
            // Else the bytes tell.
            if let text = answer.header("Docker-Content-Digest"), let digest = try? Digest(parsing: text) {
                return digest
            }
            return try document(name).digest
        case 404: return nil
        case 405: return try document(name).digest
        default: throw connection.failure(call, answer)
        }
    }

    /// Stores a manifest or an index under a tag or its digest.
    ///
    /// Everything it names must be in the repository.
    /// - Returns: whether the registry lists the manifest among those that refer to another one, where it does.
    @discardableResult
    package func put(_ document: RemoteDocument, as name: Name) throws -> Bool {
        let object = object(name)
        guard document.mediaType.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F }) else {
            throw RegistryError(
                .invalid, object, "its media type cannot be sent: \"\(document.mediaType.printable)\"")
        }
        var call = call(object, .put, "manifests/\(name)", actions: "pull,push")
        call.headers.append(("Content-Type", document.mediaType))
        call.body = .bytes(document.bytes)
        let answer = try connection.send(call, expecting: [200, 201, 202, 204])
        // Of another algorithm it tells nothing.
        if let text = answer.header("Docker-Content-Digest"), let stored = try? Digest(parsing: text),
            stored != document.digest
        {
            throw RegistryError(.damaged, object, "\(connection.host) stored \(stored) instead of \(document.digest)")
        }
        return answer.header("OCI-Subject") != nil
    }

    /// Removes a manifest and its tags, or where the registry can do that, a tag alone.
    package func delete(_ name: Name) throws {
        let call = call(object(name), .delete, "manifests/\(name)", actions: "pull,delete")
        _ = try connection.send(call, expecting: [200, 202, 204])
    }

    // MARK: - Blobs

    /// Whether the repository has a blob.
    package func has(_ digest: Digest) throws -> Bool {
        let call = call("\(object): blob \(digest)", .head, "blobs/\(digest)")
        let answer = try connection.send(call)
        switch answer.status {
        case 200: return true
        case 404: return false
        default: throw connection.failure(call, answer)
        }
    }

    /// A blob's bytes as they come; nothing is sent before they are read.
    ///
    /// A connection that breaks is taken up again where it broke. Size and digest are for the reader to check; more
    /// bytes than the descriptor says are an error.
    package func blob(_ descriptor: ContentDescriptor) -> any ByteStream {
        BlobStream(self, descriptor)
    }

    /// A small blob whole, checked against its descriptor.
    ///
    /// - Throws: `RegistryError` if it is larger than `limit` or not what it should be.
    package func bytes(_ descriptor: ContentDescriptor, limit: Int) throws -> [UInt8] {
        let object = "\(object): blob \(descriptor.digest)"
        guard descriptor.size <= Int64(limit) else {
            throw RegistryError(.tooLarge, object, "has \(descriptor.size) bytes, more than \(limit)")
        }
        let answer = try connection.send(call(object, .get, "blobs/\(descriptor.digest)"), expecting: [200])
        let bytes: [UInt8]
        if answer.coding == nil {
            bytes = try whole(BlobStream(self, descriptor, begun: answer))
        } else {
            // A server may name a coding that is the blob's own.
            let sent = try connection.plainBody(of: answer, object, limit: limit)
            let isItself = Digest(of: sent) == descriptor.digest
            bytes = isItself ? sent : try connection.decoded(sent, answer, object, limit: limit)
        }
        let digest = Digest(of: bytes)
        guard digest == descriptor.digest else {
            throw RegistryError(.damaged, object, "its content has the digest \(digest)")
        }
        return bytes
    }

    private func whole(_ stream: any ByteStream) throws -> [UInt8] {
        var bytes: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 64 << 10)
        while true {
            let count = try buffer.withUnsafeMutableBytes { try stream.read(into: $0) }
            if count == 0 { return bytes }
            bytes += buffer[..<count]
        }
    }
}
