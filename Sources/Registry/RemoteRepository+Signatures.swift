// SPDX-License-Identifier: Apache-2.0

package import OCI
import Web

/// Signatures that a registry keeps itself: the extension of the Atomic registry and OpenShift.
extension RemoteRepository {
    private static let header = "X-Registry-Supports-Signatures"

    /// Whether the registry says that it keeps signatures; it says so to whoever asks, also where it wants to know who.
    ///
    /// - Throws: `RegistryError` where it does not say anything.
    package func keepsSignatures() throws -> Bool {
        var address = try connection.address()
        address.target = "/v2/"
        let object = connection.object
        let answer = try connection.attempting(object) {
            try connection.transport.send(HTTPRequest(.get, address), by: try connection.route(to: address))
        }
        guard answer.status < 429 else {
            throw RegistryError(.failed, object, "answers \(answer.status) when asked whether it keeps signatures")
        }
        return answer.header(Self.header) == "1"
    }

    private func signaturesCall(_ method: HTTPRequest.Method, _ digest: Digest, actions: String) -> RegistryCall {
        var call = RegistryCall(
            "\(object): signatures of \(digest)", method, path: "/extensions/v2/\(name)/signatures/\(digest)")
        call.repository = name
        call.scopes = ["repository:\(name):\(actions)"]
        return call
    }

    /// The list of a manifest's signatures as the registry gives it.
    ///
    /// - Throws: `RegistryError`: also for a registry that has no such list.
    package func signatureList(of digest: Digest, limit: Int) throws -> [UInt8] {
        let call = signaturesCall(.get, digest, actions: "pull")
        return try connection.body(of: connection.send(call, expecting: [200]), call.object, limit: limit)
    }

    /// Adds a signature.
    ///
    /// - Parameters:
    ///   - json: the signature in the extension's form.
    ///   - digest: of the image's manifest.
    package func addSignature(_ json: [UInt8], to digest: Digest) throws {
        var call = signaturesCall(.put, digest, actions: "pull,push")
        call.headers.append(("Content-Type", "application/json"))
        call.body = .bytes(json)
        _ = try connection.send(call, expecting: [200, 201])
    }
}
