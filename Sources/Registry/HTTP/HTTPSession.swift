// SPDX-License-Identifier: Apache-2.0

import CCurl
import OCI
import Web

/// libcurl's end of one transfer at a time, and the connections that earlier ones left open.
///
/// Whoever holds a session drives it, and nothing happens meanwhile: what is not asked for stays with the kernel, and
/// holds the sender back.
final class HTTPSession: @unchecked Sendable {
    // SAFETY: used by the one thread at a time that holds it.
    private let session: OpaquePointer
    private var proxy: String?

    /// Something happened to a transfer.
    enum Event {
        case nothing
        case head
        case bytes(Int)
        case wantsBytes
        case end
    }

    /// Why libcurl is not there; nil if it is.
    private static let missing: String? = ccurl_load().map { String(cString: $0) }

    /// Makes a session, loading the library with the first one.
    ///
    /// - Throws: `RegistryError` without the library.
    init() throws(RegistryError) {
        if let missing = Self.missing {
            throw RegistryError(
                .unsupported, "libcurl", "\(missing.printable); install it: apt-get install libcurl4")
        }
        guard let session = ccurl_new() else { throw RegistryError(.failed, "libcurl", "has no memory") }
        self.session = session
    }

    deinit { ccurl_free(session) }

    /// Begins a transfer; what was there before is over.
    func begin(_ request: HTTPRequest, _ route: HTTPRoute, agent: String, connectTimeout: Duration) throws {
        ccurl_reset(session)
        proxy = route.proxy?.name
        try check(ccurl_set_address(session, "\(request.address)"))
        let method = request.method.rawValue
        switch request.body {
        case .none:
            let body = request.method == .head ? ccurl_no_body_in_answer : ccurl_no_body
            try check(ccurl_set_method(session, method, Int32(body), nil, 0))
        case .bytes(let bytes):
            try check(ccurl_set_method(session, method, Int32(ccurl_whole_body), bytes, Int64(bytes.count)))
        case .stream(let count, _):
            try check(ccurl_set_method(session, method, Int32(ccurl_streamed_body), nil, Int64(clamping: count)))
        }
        for line in try Self.lines(request, agent: agent) { try check(ccurl_add_header(session, line)) }
        try check(ccurl_set_proxy(session, route.proxy?.address ?? ""))
        try check(ccurl_set_connect_timeout(session, Int(connectTimeout.milliseconds)))
        let roots = route.verifies ? try self.roots(route) : []
        try check(ccurl_set_trust(session, route.verifies ? 1 : 0, roots, roots.count))
        if let shown = route.certificate {
            try check(ccurl_set_certificate(session, shown.chain, shown.chain.count, shown.key, shown.key.count))
        }
        try check(ccurl_begin(session))
    }

    /// The header fields, with those that libcurl would add by itself switched off.
    private static func lines(_ request: HTTPRequest, agent: String) throws(RegistryError) -> [String] {
        var fields = request.headers
        fields.append(("User-Agent", agent))
        // A layer is what its digest says, not what a server made of it on the way.
        fields.append(("Accept-Encoding", "identity"))
        for (name, value) in fields {
            guard !value.utf8.contains(where: { $0 < 0x20 || $0 == 0x7F }) else {
                let reason = "\(name) cannot be sent: \(value.printable)"
                throw RegistryError(.invalid, "\(request.address)".printable, reason)
            }
        }
        let names = Set(fields.map { $0.name.lowercased() })
        let unwanted = ["Expect", "Accept", "Content-Type"].filter { !names.contains($0.lowercased()) }
        // libcurl leaves an empty value out unless the line ends with a semicolon.
        return fields.map { $0.value.isEmpty ? "\($0.name);" : "\($0.name): \($0.value)" } + unwanted.map { "\($0):" }
    }

    /// The authorities in PEM; none where the library's own are enough.
    private func roots(_ route: HTTPRoute) throws(RegistryError) -> [UInt8] {
        guard route.authorities != nil || !route.furtherAuthorities.isEmpty else { return [] }
        let file = route.authorities ?? ccurl_default_roots(session).map { String(cString: $0) }
        let own = try file.map { (file) throws(RegistryError) in try ConfigurationFile.authorities(file) } ?? []
        return own + [UInt8(ascii: "\n")] + route.furtherAuthorities
    }

    /// Drives the transfer until something happens, or for so long.
    ///
    /// - Throws: `TransferError` if it has failed.
    func step(into buffer: UnsafeMutableRawBufferPointer?, waiting: Duration) throws(TransferError) -> Event {
        var count = 0
        let told = ccurl_step(
            session, buffer?.baseAddress?.assumingMemoryBound(to: UInt8.self), buffer?.count ?? 0,
            Int32(clamping: waiting.milliseconds), &count)
        switch told {
        case Int32(ccurl_waiting): return .nothing
        case Int32(ccurl_head): return .head
        case Int32(ccurl_bytes): return .bytes(count)
        case Int32(ccurl_wants_bytes): return .wantsBytes
        case Int32(ccurl_ended): return .end
        default: throw failure(ccurl_failure_code(session))
        }
    }

    /// Gives the next bytes of an upload.
    func give(_ bytes: UnsafeRawBufferPointer) throws(TransferError) {
        guard let start = bytes.baseAddress?.assumingMemoryBound(to: UInt8.self) else { return }
        try check(ccurl_give(session, start, bytes.count))
    }

    /// The status and the header fields of the answer, after `Event.head`.
    func head() -> (status: Int, fields: [(name: String, value: String)]) {
        var bytes = [UInt8](repeating: 0, count: ccurl_copy_head(session, nil, 0))
        _ = bytes.withUnsafeMutableBytes {
            ccurl_copy_head(session, $0.baseAddress?.assumingMemoryBound(to: UInt8.self), $0.count)
        }
        let lines = bytes.split { $0 == UInt8(ascii: "\n") || $0 == UInt8(ascii: "\r") }.dropFirst()
        let fields = lines.compactMap { line -> (name: String, value: String)? in
            guard let colon = line.firstIndex(of: UInt8(ascii: ":")) else { return nil }
            let value = line[(colon + 1)...].drop { $0 == 0x20 || $0 == 0x09 }
            let end = value.lastIndex { $0 != 0x20 && $0 != 0x09 }.map { $0 + 1 } ?? value.startIndex
            return (
                String(decoding: line[..<colon], as: UTF8.self).lowercased(),
                String(decoding: value[..<end], as: UTF8.self)
            )
        }
        return (ccurl_status(session), fields)
    }

    /// Lets go of the transfer; one that is whole leaves its connection open.
    func reset() { ccurl_reset(session) }

    private func check(_ code: Int32) throws(TransferError) {
        if code != 0 { throw failure(code) }
    }

    private func failure(_ code: Int32) -> TransferError {
        TransferError(
            code: code, errno: ccurl_failure_errno(session), text: String(cString: ccurl_failure_text(session)),
            proxy: proxy)
    }
}

extension Duration {
    /// Whole milliseconds, rounded up: who waits must not wait for nothing.
    fileprivate var milliseconds: Int64 {
        let (seconds, attoseconds) = components
        return seconds * 1000 + (attoseconds + 999_999_999_999_999) / 1_000_000_000_000_000
    }
}
