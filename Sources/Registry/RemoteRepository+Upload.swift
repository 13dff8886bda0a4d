// SPDX-License-Identifier: Apache-2.0

package import LinuxIO
package import OCI
import Web

/// How a blob came into a repository.
package enum BlobUpload: Sendable, Equatable {
    /// It was there.
    case existed
    /// It was in another repository of the registry, which needed no bytes.
    case mounted
    /// Its bytes were sent.
    case sent
}

extension RemoteRepository {
    /// Brings a blob into the repository, unless it is there (distribution-spec, "Pushing blobs").
    ///
    /// The registry checks the digest. An upload that breaks is begun anew.
    /// - Parameters:
    ///   - source: another repository of the same registry that has the blob, maybe.
    ///   - open: gives the bytes, from the first on, each time it is called.
    package func upload(
        _ descriptor: ContentDescriptor, from source: String? = nil,
        open: @escaping @Sendable () throws -> any ByteStream
    ) throws -> BlobUpload {
        if try has(descriptor.digest) { return .existed }
        let object = "\(self.object): blob \(descriptor.digest)"
        var source = source
        var attempt = 1
        while true {
            do {
                guard let location = try begin(descriptor.digest, from: source, object) else { return .mounted }
                // What was not mounted once is sent.
                source = nil
                if try send(descriptor, to: location, object, open: open, isLast: attempt >= connection.limits.attempts)
                {
                    return .sent
                }
            } catch let error as RegistryError where error.code == .unreachable {
                guard attempt < connection.limits.attempts else { throw error }
            }
            connection.wait(before: attempt, asked: nil)
            attempt += 1
        }
    }

    /// Begins an upload; the registry tells where to send the bytes.
    ///
    /// - Returns: nil where the registry has taken the blob over from `source`.
    private func begin(_ digest: Digest, from source: String?, _ object: String) throws -> WebAddress? {
        var call = call(object, .post, "blobs/uploads/", actions: "pull,push")
        call.body = .bytes([])
        if let source, let answer = try mount(digest, from: source, object) {
            return answer.status == 201 ? nil : try location(answer, object)
        }
        return try location(connection.send(call, expecting: [202]), object)
    }

    /// Asks the registry to take a blob over from another repository.
    ///
    /// - Returns: its answer; nil where it refuses: it need not know how, nor let this user read the other repository.
    private func mount(_ digest: Digest, from source: String, _ object: String) throws -> HTTPAnswer? {
        let query = "?mount=\(WebAddress.escaped("\(digest)"))&from=\(WebAddress.escaped(source))"
        var call = call(object, .post, "blobs/uploads/" + query, actions: "pull,push")
        call.scopes.append("repository:\(source):pull")
        call.body = .bytes([])
        do {
            let answer = try connection.send(call)
            switch answer.status {
            case 201, 202: return answer
            case 400, 401, 403, 404, 405, 501: return nil
            default: throw connection.failure(call, answer)
            }
        } catch let error as RegistryError where error.code == .denied {
            // Whether this user may write here, the ordinary upload tells.
            return nil
        }
    }

    private func location(_ answer: HTTPAnswer, _ object: String) throws -> WebAddress {
        guard let text = answer.header("Location"), let location = answer.address.resolving(text) else {
            throw RegistryError(.failed, object, "\(connection.host) does not tell where to send it")
        }
        return location
    }

    /// Sends the bytes and ends the upload; false if the registry is in a trouble that may pass.
    private func send(
        _ descriptor: ContentDescriptor, to location: WebAddress, _ object: String,
        open: @escaping @Sendable () throws -> any ByteStream, isLast: Bool
    ) throws -> Bool {
        var call = call(object, .put, "", actions: "pull,push")
        call.target = .address(location.adding("digest", "\(descriptor.digest)"))
        call.headers.append(("Content-Type", "application/octet-stream"))
        call.body = descriptor.size == 0 ? .bytes([]) : .stream(UInt64(clamping: descriptor.size), open)
        // It is not known how much of a broken upload the registry has.
        call.isRepeatable = false
        let answer = try connection.send(call)
        switch answer.status {
        case 201, 202, 204: return true
        case 404, 416, 429, 500, 502, 503, 504:
            guard !isLast else { throw connection.failure(call, answer) }
            return false
        default: throw connection.failure(call, answer)
        }
    }
}
