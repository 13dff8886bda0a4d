// SPDX-License-Identifier: Apache-2.0

package import OCI
import SystemPackage
import Web

/// The readers of foreign bytes that are not seen from outside, by name: for the fuzz target.
package enum RegistryText {
    /// Reads a `WWW-Authenticate` field, and asks for a token as it demands.
    package static func readChallenge(_ field: String) {
        guard case .bearer(let realm, let service, let scope)? = Challenge.strongest(in: [field]) else { return }
        let question = realm.adding("service", service ?? "").adding("scope", scope ?? "")
        precondition(WebAddress(parsing: question.description) == question, "an address that reads as another one")
    }

    /// Reads a `Link` field of an answer from an address, and follows it.
    package static func readLink(_ field: String, from address: String) {
        // What is refused leads nowhere.
        guard let from = WebAddress(parsing: address), let next = try? LinkField.next(in: [field]),
            let address = from.resolving(next)
        else { return }
        precondition(WebAddress(parsing: address.description) == address, "an address that reads as another one")
    }

    /// Reads the answer of a token server.
    package static func readToken(_ json: [UInt8]) throws(FormatError) {
        _ = try AccessToken(json, name: "token", limit: 1 << 20)
    }

    /// Reads a file of credentials, and looks for those of a repository.
    package static func readCredentials(_ json: [UInt8], host: String, repository: String) throws {
        _ = try CredentialFile(json, path: "/auth.json").find(host: host, repository: repository)
    }

    /// Reads a `registries.conf`, and looks for the places of an image.
    package static func readConfiguration(_ text: [UInt8], image: String) throws {
        var configuration = RegistriesConfiguration()
        try configuration.merge(text, name: "registries.conf")
        for candidate in try configuration.candidates(for: image) { _ = try configuration.routes(to: candidate) }
    }
}
