// SPDX-License-Identifier: Apache-2.0

import OCI

/// What the network or the HTTP client met, told so that one can act on it.
package struct NetworkFailure: Sendable {
    /// What kind of failure it is.
    package enum Kind: Sendable {
        /// Nobody answers there: trying again at once is of no use.
        case noConnection
        /// A connection broke, or nothing came for too long.
        case broken
        /// The certificate of the other end is not accepted.
        case certificate
        /// The other end does not accept ours, or that we have none.
        case ourCertificate
        /// The other end does not speak TLS, or not so that we understand.
        case handshake
    }

    /// What kind of failure it is.
    package let kind: Kind
    /// What is wrong, for people.
    package let reason: String

    /// Whether the same request may succeed a moment later.
    package var isTransient: Bool { kind == .broken }

    /// How often the same request is sent at most, whatever the limits are: what a proxy cannot reach it will not reach
    /// by being asked five times.
    package private(set) var attemptLimit = Int.max

    /// Tells what an error of the transport means; nil for errors of something else.
    package init?(_ error: any Error) {
        guard let error = error as? TransferError else { return nil }
        let (kind, reason) = Self.meaning(of: error)
        self.kind = kind
        if error.code == 56, error.text.contains("CONNECT tunnel failed") { attemptLimit = 2 }
        guard let proxy = error.proxy, kind == .noConnection || Self.proxyCodes.contains(error.code) else {
            self.reason = reason
            return
        }
        let said =
            error.code == 56 && !error.text.isEmpty
            ? error.text.printable : reason.replacing("a registry runs there", with: "a proxy runs there")
        self.reason = "proxy \(proxy.printable): \(said)\(Self.advice(for: error))"
    }

    /// What to do where a proxy wants to know who asks.
    package static let wantsPassword = "give it a user and password: http://USER:SECRET@HOST:PORT in its variable"

    /// What to do about a proxy's refusal.
    private static func advice(for error: TransferError) -> String {
        error.text.hasSuffix("response 407") ? "; " + Self.wantsPassword : ""
    }

    /// Of codes that are about a proxy, where there is one: it has no address, it refuses, its protocol.
    private static let proxyCodes: Set<Int32> = [5, 7, 56, 97]

    /// Sorts the values of `CURLcode` (libcurl-errors(3)).
    private static func meaning(of error: TransferError) -> (Kind, String) {
        switch error.code {
        case 3, 1: return (.noConnection, "there is no such address")
        case 5, 6:
            let host = unknownHost(error.text)
            return (
                .noConnection,
                "no address is known for \(host); check the name, and whether this machine has a network"
            )
        case 7, 45: return (.noConnection, connecting(error.errno))
        case 97: return (.noConnection, "it does not pass the request on")
        case 28: return timeout(error)
        case 35 where isRefusal(error.text): return (.ourCertificate, refusal)
        case 35 where error.text.contains("certificate"): return (.certificate, "its certificate cannot be checked")
        case 35 where isClosed(error): return (.broken, "the connection was closed")
        case 35: return (.handshake, "it does not speak TLS as expected")
        case 60 where error.text.contains("name") || error.text.contains("altname"):
            return (.certificate, "its certificate is for another name")
        case 60: return (.certificate, "its certificate is of an unknown authority or not valid")
        case 77: return (.certificate, "its certificate cannot be checked: the authorities cannot be read")
        case 58: return (.ourCertificate, "our certificate and key cannot be used")
        // A proxy that refuses will do so again; one that cannot may be able to later.
        case 56 where error.text.contains("CONNECT tunnel failed, response 4"): return (.noConnection, error.text)
        case 55, 56:
            if isRefusal(error.text) { return (.ourCertificate, refusal) }
            if error == .takesNothing { return (.broken, "it takes nothing more") }
            return (.broken, error.errno == 104 ? "the connection was reset" : "the connection was closed")
        case 18, 52: return (.broken, "the connection was closed")
        case 23: return (.broken, "what came has too much in front of its body")
        case 8, 61: return (.broken, "what came is not HTTP")
        default: return (.broken, error.text.isEmpty ? "libcurl's error \(error.code)" : error.text.printable)
        }
    }

    private static func timeout(_ error: TransferError) -> (Kind, String) {
        if error == .silent { return (.broken, "nothing came for too long") }
        if error == .tooSlow { return (.broken, "too little came for too long") }
        return (.noConnection, silence)
    }

    private static let refusal = "it wants a certificate of ours that it accepts"

    /// Whether an error is what the other end says about our certificate (RFC 8446, section 6.2).
    private static func isRefusal(_ text: String) -> Bool {
        let alerts = [
            "alert bad certificate", "alert certificate ", "alert unsupported certificate", "alert unknown ca",
            "alert access denied", "alert handshake failure",
        ]
        return alerts.contains { text.contains($0) }
    }

    /// Whether the other end went away in the middle of the handshake.
    private static func isClosed(_ error: TransferError) -> Bool {
        error.errno == 104 || error.text.contains("SSL_ERROR_SYSCALL") || error.text.contains("eof")
    }

    /// The host of "Could not resolve host: NAME".
    private static func unknownHost(_ text: String) -> String {
        text.lastIndex(of: " ").map { String(text[text.index(after: $0)...]).printable } ?? "it"
    }

    private static let silence = "it does not answer; check host and port, and whether this machine has a network"

    private static func connecting(_ code: Int32) -> String {
        switch code {
        case 104: "the connection was reset"
        case 111: "connection refused; check host and port, and whether a registry runs there"
        case 101, 113: "there is no way to it; check whether this machine has a network"
        case 110: silence
        default: "no connection"
        }
    }
}
