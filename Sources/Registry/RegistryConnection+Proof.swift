// SPDX-License-Identifier: Apache-2.0

import OCI
import Synchronization
import Web

extension RegistryConnection {
    /// What to send along from what is known already; nil for nothing.
    func authorization(for call: RegistryCall) throws -> String? {
        if let token = tokens.token(for: Self.key(call)) { return "Bearer \(token)" }
        return basics.withLock { $0[call.repository ?? ""] }
    }

    /// Whether a proof for the same has helped before: then another one may, where this one was used up meanwhile.
    func hasHelped(_ call: RegistryCall) -> Bool { helped.withLock { $0.contains(Self.key(call)) } }

    /// Remembers that a proof has helped.
    func noteHelp(_ call: RegistryCall) { helped.withLock { _ = $0.insert(Self.key(call)) } }

    private static func key(_ call: RegistryCall) -> String { call.scopes.sorted().joined(separator: " ") }

    /// What to send along after the registry has asked for it.
    ///
    /// - Throws: `RegistryError` if the one who asks cannot be told or is refused.
    func authorization(for call: RegistryCall, asked answer: HTTPAnswer, refused: String?) throws -> String {
        let credential = try credentials.credential(
            host: host, repository: call.repository ?? "", helpers: helpers)
        switch Challenge.strongest(in: answer.headers("WWW-Authenticate")) {
        case nil:
            throw RegistryError(.denied, call.object, "\(host) refuses, and does not say what it wants to know")
        case .basic:
            guard let credential else { throw unknownCaller(call) }
            guard let secret = credential.base64 else {
                throw RegistryError(.denied, call.object, "\(host) wants a password, and only a token is known")
            }
            let authorization = "Basic \(secret)"
            guard authorization != refused else { throw wrongSecret(call) }
            basics.withLock { $0[call.repository ?? ""] = authorization }
            return authorization
        case .bearer(let realm, let service, let scope):
            if let refused, refused.hasPrefix("Bearer ") { tokens.forget(String(refused.dropFirst(7))) }
            let scopes = call.scopes.isEmpty ? [scope].compactMap { $0 } : call.scopes
            let request = TokenRequest(realm: realm, service: service, scopes: scopes)
            let token = try token(request, credential, call)
            tokens.keep(token, for: Self.key(call))
            return "Bearer \(token.text)"
        }
    }

    private struct TokenRequest {
        var realm: WebAddress
        var service: String?
        var scopes: [String]

        /// The request as a GET that says what the token is for.
        var address: WebAddress {
            var address = realm
            if let service { address = address.adding("service", service) }
            for scope in scopes { address = address.adding("scope", scope) }
            return address
        }

        /// The request as a form (RFC 6749, section 6) that trades an identity token.
        func form(_ token: String) -> String {
            var fields = [("grant_type", "refresh_token"), ("refresh_token", token), ("client_id", "cimg")]
            if let service { fields.append(("service", service)) }
            if !scopes.isEmpty { fields.append(("scope", scopes.joined(separator: " "))) }
            return fields.map { "\($0.0)=\(WebAddress.escaped($0.1))" }.joined(separator: "&")
        }
    }

    private func token(
        _ request: TokenRequest, _ credential: Credential?, _ call: RegistryCall
    ) throws -> AccessToken {
        let realm = request.realm
        let name = "token server \(realm.authority.printable)"
        let isPlainAllowed = allowsPlain && RegistryConnection.isLoopback(realm.authority)
        guard realm.isEncrypted || isPlainAllowed || realm.authority == authority && allowsPlain else {
            throw RegistryError(
                .untrusted, call.object,
                "\(host) sends us to a token server over plain HTTP: \(realm.authority.printable)")
        }
        var http = HTTPRequest(.get, request.address)
        switch credential {
        case nil: break
        case .password:
            http.headers.append(("Authorization", "Basic \(credential?.base64 ?? "")"))
        case .identityToken(let token):
            http = HTTPRequest(
                .post, realm, headers: [("Content-Type", "application/x-www-form-urlencoded")],
                body: .bytes(Array(request.form(token).utf8)))
        }
        let answer = try attempting(name) { try transport.send(http, by: try route(to: realm)) }
        switch answer.status {
        case 200: break
        case 400, 401, 403: throw credential == nil ? unknownCaller(call) : wrongSecret(call)
        default: throw RegistryError(.failed, call.object, "\(name) answers \(answer.status)")
        }
        let bytes = try body(of: answer, name, limit: limits.listByteCount)
        do {
            return try AccessToken(bytes, name: name, limit: limits.listByteCount)
        } catch {
            throw RegistryError(.failed, call.object, "\(error)")
        }
    }

    /// Reads from an answer; what breaks the connection becomes an error for users.
    func reading<Value>(_ object: String, _ body: () throws -> Value) throws -> Value {
        do {
            return try body()
        } catch {
            throw NetworkFailure(error).map { self.error($0, object) } ?? error
        }
    }

    private func unknownCaller(_ call: RegistryCall) -> RegistryError {
        RegistryError(
            .denied, call.object,
            "\(host) wants to know who asks; log in with \"cimg login \(host)\" or give --creds"
                + (call.repository == nil ? "" : ", or check the name"))
    }

    private func wrongSecret(_ call: RegistryCall) -> RegistryError {
        RegistryError(
            .denied, call.object,
            "\(host) refuses this user and password; "
                + (credentials.given == nil ? "log in again with \"cimg login \(host)\"" : "give others"))
    }

    /// What it means that the registry asks again after it was told.
    func refusal(_ call: RegistryCall, _ authorization: String?) throws -> RegistryError {
        if authorization?.hasPrefix("Basic ") == true { return wrongSecret(call) }
        let credential = try credentials.credential(host: host, repository: call.repository ?? "", helpers: helpers)
        guard credential != nil else { return unknownCaller(call) }
        return RegistryError(
            .denied, call.object, "\(host) does not let this user do this; check the name, or log in as another")
    }
}
