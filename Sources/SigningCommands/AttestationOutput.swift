// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Console
import OCI
import Sigstore

/// What `verify-attestation` prints of an attestation.
enum AttestationOutput: String, CaseIterable, ExpressibleByArgument {
    case json
    case statement
    case predicate

    /// That of an envelope whose signature was found good.
    func value(of envelope: Envelope) throws -> JSONValue {
        switch self {
        case .json: return envelope.value
        case .statement: return try statement(envelope)
        case .predicate:
            guard case .object(let members) = try statement(envelope), let said = members["predicate"] else {
                throw CommandError("attestation: has no predicate")
            }
            return said
        }
    }

    private func statement(_ envelope: Envelope) throws -> JSONValue {
        try decode(JSONValue.self, envelope.payload, name: "attestation", limit: Statement.byteLimit)
    }
}
