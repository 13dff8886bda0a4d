// SPDX-License-Identifier: Apache-2.0

import LinuxIO
import Synchronization
import Web

/// Sends requests and hands out answers; follows nothing, tries nothing again.
///
/// There are no threads of its own: who reads an answer drives its connection. Connections stay open for later requests
/// to the same server.
final class HTTPTransport: Sendable {
    private static let agent = "cimg"
    private static let chunkByteCount = 256 << 10
    /// Sessions that are kept for later: as many as there are layers on their way, and some for questions.
    private static let idleLimit = 8
    let limits: RegistryLimits
    /// Sessions that nobody uses, with whom each spoke last; the last one was used last.
    private let idle = Mutex<[(authority: String, session: HTTPSession)]>([])

    init(limits: RegistryLimits) { self.limits = limits }

    /// Sends a request and waits for the head of its answer.
    ///
    /// - Throws: `TransferError`, or what the stream of the body throws; see `NetworkFailure`.
    func send(_ request: HTTPRequest, by route: HTTPRoute) throws -> HTTPAnswer {
        let session = try session(for: request.address.authority)
        do {
            try session.begin(request, route, agent: Self.agent, connectTimeout: limits.connectTimeout)
            try sendAndAwaitHead(request, session)
            let (status, fields) = session.head()
            return HTTPAnswer(address: request.address, status: status, fields: fields, session: session, of: self)
        } catch {
            giveBack(session, request.address.authority)
            throw error
        }
    }

    /// Drives a transfer until its answer begins.
    private func sendAndAwaitHead(_ request: HTTPRequest, _ session: HTTPSession) throws {
        guard case .stream(let byteCount, let open) = request.body else {
            // Interim answers are signs of life, and may come without end.
            try awaitHead(session, within: limits.connectTimeout + limits.stallTimeout)
            return
        }
        let stream = try open()
        var bytes = [UInt8](repeating: 0, count: Self.chunkByteCount)
        var sent: UInt64 = 0
        // The connection first; then each piece has the time that a server may be silent.
        var patience = limits.connectTimeout + limits.stallTimeout
        while sent < byteCount {
            guard try awaitHead(session, within: patience, endsForUpload: true) else { return }
            patience = limits.stallTimeout
            let wanted = Int(min(UInt64(bytes.count), byteCount - sent))
            let count = try bytes.withUnsafeMutableBytes { try stream.read(into: .init(rebasing: $0[..<wanted])) }
            guard count > 0 else {
                throw RegistryError(.damaged, "upload", "its source ends after \(sent) of \(byteCount) bytes")
            }
            try bytes.withUnsafeBytes { try session.give(.init(rebasing: $0[..<count])) }
            sent += UInt64(count)
        }
        _ = try awaitHead(session, within: limits.stallTimeout, endsForUpload: false)
    }

    /// Waits for the head of an answer; true where the upload wants bytes before.
    @discardableResult
    private func awaitHead(
        _ session: HTTPSession, within time: Duration, endsForUpload: Bool = false
    ) throws(TransferError) -> Bool {
        let deadline = ContinuousClock.now + time
        while true {
            let rest = deadline - .now
            guard rest > .zero else { throw endsForUpload ? .takesNothing : .silent }
            switch try session.step(into: nil, waiting: rest) {
            case .head: return false
            case .wantsBytes where endsForUpload: return true
            // An end without a head is none.
            case .end: throw TransferError(code: 52)
            case .nothing, .bytes, .wantsBytes: break
            }
        }
    }

    // MARK: - Sessions

    private func session(for authority: String) throws -> HTTPSession {
        let found = idle.withLock { idle -> HTTPSession? in
            let position = idle.lastIndex { $0.authority == authority } ?? idle.indices.first
            return position.map { idle.remove(at: $0).session }
        }
        return try found ?? HTTPSession()
    }

    /// Takes a session back whose transfer is not needed any more.
    func giveBack(_ session: HTTPSession, _ authority: String) {
        session.reset()
        idle.withLock { idle in
            idle.append((authority, session))
            if idle.count > Self.idleLimit { idle.removeFirst() }
        }
    }
}
