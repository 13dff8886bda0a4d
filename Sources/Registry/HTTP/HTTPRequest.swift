// SPDX-License-Identifier: Apache-2.0

import LinuxIO
import Web

/// A request as it goes over the wire.
struct HTTPRequest: Sendable {
    /// What the server is to do.
    enum Method: String, Sendable {
        case get = "GET"
        case head = "HEAD"
        case post = "POST"
        case patch = "PATCH"
        case put = "PUT"
        case delete = "DELETE"
    }

    /// What goes along with it.
    enum Body: Sendable {
        case none
        case bytes([UInt8])
        /// So many bytes of a stream, opened anew for every attempt.
        case stream(UInt64, @Sendable () throws -> any ByteStream)
    }

    var method: Method
    var address: WebAddress
    var headers: [(name: String, value: String)] = []
    var body: Body = .none

    init(_ method: Method, _ address: WebAddress, headers: [(name: String, value: String)] = [], body: Body = .none) {
        self.method = method
        self.address = address
        self.headers = headers
        self.body = body
    }
}

/// How a connection is to come about: what the other end must prove, what it is shown, and who is in between.
struct HTTPRoute: Hashable, Sendable {
    /// Whether the other end must prove who it is.
    var verifies = true
    /// A file of authorities (PEM) in place of the system's; nil for these.
    var authorities: String?
    /// Authorities (PEM) besides those.
    var furtherAuthorities: [UInt8] = []
    /// A certificate and its key (PEM) for a server that asks.
    var certificate: Certificate?
    /// Who passes the requests on; nil for nobody.
    var proxy: HTTPProxy?

    struct Certificate: Hashable, Sendable {
        var chain: [UInt8]
        var key: [UInt8]
    }
}
