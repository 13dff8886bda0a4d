// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import OCI
import Synchronization

/// The answer of a token server.
private struct TokenAnswer: Decodable {
    var token: String?
    var access_token: String?
    var expires_in: Seconds?

    /// A number of seconds, which some servers write as a text.
    struct Seconds: Decodable {
        /// The number; nil for a text that is none, which says nothing.
        let value: Double?

        init(from decoder: any Decoder) throws {
            let container = try decoder.singleValueContainer()
            do {
                value = try container.decode(Double.self)
            } catch DecodingError.typeMismatch {
                value = Double(try container.decode(String.self)).flatMap { $0.isFinite ? $0 : nil }
            }
        }
    }
}

/// A token, and until when it is good.
struct AccessToken: Sendable {
    /// What stands behind `Bearer`.
    let text: String
    /// When it is not used any more.
    let expiry: ContinuousClock.Instant

    /// Reads the answer of a token server.
    ///
    /// A token that does not say how long it lasts lasts for a minute. Its last tenth, at most ten seconds, is not used.
    init(_ json: [UInt8], name: String, limit: Int, now: ContinuousClock.Instant = .now) throws(FormatError) {
        let answer = try decode(TokenAnswer.self, json, name: name, limit: limit)
        guard let text = [answer.token, answer.access_token].compactMap({ $0 }).first(where: { !$0.isEmpty }) else {
            throw FormatError(name, "has no token")
        }
        guard text.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F }) else {
            throw FormatError(name, at: "token", "has characters that tokens cannot have")
        }
        self.text = text
        let seconds = min(max(answer.expires_in?.value ?? 60, 1), 24 * 3600)
        expiry = now + .seconds(seconds - min(10, seconds / 10))
    }
}

/// The tokens of one registry by what they are for.
final class TokenStore: Sendable {
    private let tokens = Mutex<[String: AccessToken]>([:])

    /// A token for a scope that is still good.
    func token(for scope: String) -> String? {
        tokens.withLock { tokens in
            guard let token = tokens[scope] else { return nil }
            if token.expiry > .now { return token.text }
            tokens[scope] = nil
            return nil
        }
    }

    /// Keeps a token.
    func keep(_ token: AccessToken, for scope: String) { tokens.withLock { $0[scope] = token } }

    /// Forgets a token that the registry refused.
    func forget(_ text: String) { tokens.withLock { tokens in tokens = tokens.filter { $0.value.text != text } } }
}
