// SPDX-License-Identifier: Apache-2.0

import AsyncHTTPClient
import NIOCore
import NIOHTTP1
import NIOPosix
import NIOSSL
import OCI

/// What the network or the HTTP client met, told so that one can act on it.
struct NetworkFailure: Sendable {
    /// What kind of failure it is.
    enum Kind: Sendable {
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

    let kind: Kind
    /// What is wrong, for people.
    let reason: String

    /// Whether the same request may succeed a moment later.
    var isTransient: Bool { kind == .broken }

    /// Tells what an error of the transport means; nil for errors of something else.
    init?(_ error: any Error) {
        switch error {
        case let error as NIOConnectionError: self.init(.noConnection, Self.reason(error))
        case let error as NIOSSLError: self.init(tls: error)
        case let error as BoringSSLError where Self.isRefusal("\(error)"): self.init(.ourCertificate, Self.refusal)
        case is BoringSSLError: self.init(.broken, "the encrypted connection broke")
        case is NIOSSLExtraError: self.init(.certificate, "its certificate is for another name")
        case let error as HTTPClientError: self.init(client: error)
        case let error as IOError:
            // Refused, no network, no host: at once, and the next time too.
            let isConnecting = [101, 111, 113].contains(error.errnoCode)
            self.init(isConnecting ? .noConnection : .broken, Self.text(errno: error.errnoCode))
        case HTTPParserError.invalidEOFState: self.init(.broken, "the connection was closed")
        case is HTTPParserError: self.init(.broken, "what came is not HTTP")
        case is ChannelError: self.init(.broken, "the connection was closed")
        case is NIOSSLCloseTimedOutError, is NIOTooManyBytesError: self.init(.broken, "the connection was closed")
        default: return nil
        }
    }

    private init(_ kind: Kind, _ reason: String) {
        self.kind = kind
        self.reason = reason
    }

    private init(tls error: NIOSSLError) {
        switch error {
        case .uncleanShutdown: self.init(.broken, "the connection was closed")
        case .handshakeFailed(let cause) where "\(cause)".contains("CERTIFICATE_VERIFY_FAILED"):
            self.init(.certificate, "its certificate is of an unknown authority or not valid")
        case .handshakeFailed(let cause) where Self.isRefusal("\(cause)"): self.init(.ourCertificate, Self.refusal)
        case .unableToValidateCertificate, .noCertificateToValidate, .cannotMatchULabel:
            self.init(.certificate, "its certificate cannot be checked")
        case .handshakeFailed: self.init(.handshake, "it does not speak TLS as expected")
        default: self.init(.broken, "the encrypted connection broke")
        }
    }

    private static let refusal = "it wants a certificate of ours that it accepts"

    /// Whether an error is what the other end says about our certificate (RFC 8446, section 6.2).
    private static func isRefusal(_ text: String) -> Bool {
        [
            "ALERT_BAD_CERTIFICATE", "ALERT_CERTIFICATE_", "ALERT_UNSUPPORTED_CERTIFICATE", "ALERT_UNKNOWN_CA",
            "ALERT_ACCESS_DENIED",
        ]
        .contains { text.contains($0) }
    }

    private init(client error: HTTPClientError) {
        switch error {
        case .connectTimeout, .tlsHandshakeTimeout, .getConnectionFromPoolTimeout:
            self.init(.noConnection, Self.silence)
        case .readTimeout: self.init(.broken, "nothing came for too long")
        case .writeTimeout: self.init(.broken, "it takes nothing more")
        case .invalidURL, .emptyHost, .emptyScheme: self.init(.noConnection, "there is no such address")
        default: self.init(.broken, "the connection was closed")
        }
    }

    private static func reason(_ error: NIOConnectionError) -> String {
        for failure in error.connectionErrors {
            if let error = failure.error as? IOError { return text(errno: error.errnoCode) }
            if case .connectTimeout? = failure.error as? ChannelError { return silence }
        }
        return error.dnsAError == nil && error.dnsAAAAError == nil
            ? "no connection"
            : "no address is known for \(error.host.printable); check the name, and whether this machine has a network"
    }

    private static let silence = "it does not answer; check host and port, and whether this machine has a network"

    private static func text(errno code: CInt) -> String {
        switch code {
        case 104: "the connection was reset"
        case 111: "connection refused; check host and port, and whether a registry runs there"
        case 101, 113: "there is no way to it; check whether this machine has a network"
        case 110: silence
        case 32: "the connection was closed"
        default: "system error \(code)"
        }
    }
}
