// SPDX-License-Identifier: Apache-2.0

import Foundation
import Synchronization

/// A small HTTP/1.1 server on a free port of this machine that answers as a test wants, also wrongly.
///
/// Every connection has a thread. The server ends with its last owner.
package final class LoopbackServer: Sendable {
    /// A request as it came.
    package struct Request: Sendable {
        /// The method: `GET`, `PUT`.
        package var method: String
        /// Path and query.
        package var target: String
        /// The header fields, names in lower case.
        package var headers: [(name: String, value: String)]
        /// The body.
        package var body: [UInt8]

        /// The path without the query.
        package var path: String { String(target.prefix { $0 != "?" }) }

        /// The values of a parameter of the query, percent-decoded.
        package func parameters(_ name: String) -> [String] {
            guard let query = target.firstIndex(of: "?") else { return [] }
            return target[target.index(after: query)...].split(separator: "&").compactMap { pair in
                let parts = pair.split(separator: "=", maxSplits: 1)
                return parts.count == 2 && parts[0] == name ? parts[1].removingPercentEncoding : nil
            }
        }

        /// The value of a header field.
        package func header(_ name: String) -> String? { headers.first { $0.name == name.lowercased() }?.value }
    }

    /// What the server answers, and how it misbehaves.
    package struct Answer: Sendable {
        /// The status code.
        package var status: Int
        /// Header fields besides the length.
        package var headers: [(name: String, value: String)]
        /// The body.
        package var body: [UInt8]
        /// The length that is claimed; nil for the true one.
        package var claimedLength: Int?
        /// Bytes of the body after which the connection is closed.
        package var cutsAfter: Int?
        /// Bytes of the body after which nothing more comes.
        package var stallsAfter: Int?
        /// Whether the body comes byte by byte, one in ten milliseconds.
        package var drips = false
        /// Whether the body is repeated without end, in chunks.
        package var isEndless = false
        /// Bytes of the chunks in which the body comes; nil for a body of known length.
        package var chunkByteCount: Int?
        /// Whether `100 Continue` is said without end, and nothing else.
        package var isNeverReady = false

        /// Makes an honest answer.
        package init(_ status: Int, headers: [(name: String, value: String)] = [], body: [UInt8] = []) {
            self.status = status
            self.headers = headers
            self.body = body
        }

        /// An answer in JSON.
        package static func json(_ status: Int, _ json: JSON) -> Answer {
            Answer(status, headers: [("Content-Type", "application/json")], body: json.bytes)
        }
    }

    private struct State {
        var requests: [Request] = []
        var sentByteCount = 0
        var connections: Set<Int32> = []
        var isStopped = false
    }

    /// The port it listens on.
    package let port: Int
    private let listener: Int32
    private let state: StateBox

    private final class StateBox: Sendable {
        let state = Mutex(State())
    }

    /// `127.0.0.1:PORT`.
    package var host: String { "127.0.0.1:\(port)" }
    /// All requests so far.
    package var requests: [Request] { state.state.withLock { $0.requests } }
    /// Bytes of bodies that were handed to the kernel so far.
    package var sentByteCount: Int { state.state.withLock { $0.sentByteCount } }

    /// Starts a server.
    ///
    /// - Parameter handler: called on the connection's thread.
    package init(_ handler: @escaping @Sendable (Request) -> Answer) {
        let listener = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let bound = withUnsafeMutablePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { address -> Int32 in
                guard bind(listener, address, length) == 0, listen(listener, 64) == 0 else { return -1 }
                return getsockname(listener, address, &length)
            }
        }
        precondition(bound == 0, "cannot listen on a port of this machine")
        self.listener = listener
        port = Int(UInt16(bigEndian: address.sin_port))
        let box = StateBox()
        state = box
        Thread.detachNewThread {
            while true {
                let connection = accept(listener, nil, nil)
                guard connection >= 0 else {
                    if errno == EINTR || errno == ECONNABORTED || errno == EMFILE { continue }
                    // Closed here and nowhere else: the number may be another server's a moment later.
                    close(listener)
                    return
                }
                // A child of another test must not keep it open.
                _ = fcntl(connection, F_SETFD, FD_CLOEXEC)
                let isWanted = box.state.withLock { state in
                    guard !state.isStopped else { return false }
                    state.connections.insert(connection)
                    return true
                }
                guard isWanted else {
                    close(connection)
                    continue
                }
                Thread.detachNewThread {
                    Self.serve(connection, box, handler)
                    _ = box.state.withLock { $0.connections.remove(connection) }
                    close(connection)
                }
            }
        }
    }

    deinit {
        state.state.withLock { state in
            state.isStopped = true
            for connection in state.connections { shutdown(connection, Int32(SHUT_RDWR)) }
        }
        // The thread that accepts notices.
        shutdown(listener, Int32(SHUT_RDWR))
    }

    // MARK: - A connection

    private static func serve(_ connection: Int32, _ box: StateBox, _ handler: (Request) -> Answer) {
        var pending: [UInt8] = []
        while let request = readRequest(connection, &pending) {
            box.state.withLock { $0.requests.append(request) }
            guard send(handler(request), to: request, connection, box) else { return }
        }
    }

    /// Reads a request; nil at the end of the connection, and for what is no HTTP, such as TLS.
    private static func readRequest(_ connection: Int32, _ pending: inout [UInt8]) -> Request? {
        func more() -> Bool {
            var buffer = [UInt8](repeating: 0, count: 64 << 10)
            let count = recv(connection, &buffer, buffer.count, 0)
            guard count > 0 else { return false }
            pending += buffer[..<count]
            return true
        }
        let end = Array("\r\n\r\n".utf8)
        while pending.firstRange(of: end) == nil {
            if let first = pending.first, first < UInt8(ascii: "A") { return nil }
            guard pending.count < 1 << 20, more() else { return nil }
        }
        guard let range = pending.firstRange(of: end) else { return nil }
        let lines = String(decoding: pending[..<range.lowerBound], as: UTF8.self).components(separatedBy: "\r\n")
        let words = lines[0].split(separator: " ")
        guard words.count == 3 else { return nil }
        let headers = lines.dropFirst().compactMap { line -> (name: String, value: String)? in
            guard let colon = line.firstIndex(of: ":") else { return nil }
            return (
                line[..<colon].lowercased(), line[line.index(after: colon)...].trimmingCharacters(in: .whitespaces)
            )
        }
        pending.removeFirst(range.upperBound)
        let length = headers.first { $0.name == "content-length" }.flatMap { Int($0.value) } ?? 0
        while pending.count < length {
            guard more() else { return nil }
        }
        let body = Array(pending.prefix(length))
        pending.removeFirst(length)
        return Request(method: String(words[0]), target: String(words[1]), headers: headers, body: body)
    }

    /// Sends an answer; false if the connection is to be closed.
    private static func send(_ answer: Answer, to request: Request, _ connection: Int32, _ box: StateBox) -> Bool {
        if answer.isNeverReady {
            while write(Array("HTTP/1.1 100 Continue\r\n\r\n".utf8), connection) { usleep(1000) }
            return false
        }
        var head = "HTTP/1.1 \(answer.status) X\r\n"
        for (name, value) in answer.headers { head += "\(name): \(value)\r\n" }
        head +=
            answer.isEndless || answer.chunkByteCount != nil
            ? "Transfer-Encoding: chunked\r\n" : "Content-Length: \(answer.claimedLength ?? answer.body.count)\r\n"
        guard write(Array((head + "\r\n").utf8), connection) else { return false }
        guard request.method != "HEAD" else { return true }
        if answer.isEndless {
            let chunk = Array("\(String(answer.body.count, radix: 16))\r\n".utf8) + answer.body + Array("\r\n".utf8)
            while write(chunk, connection) { box.state.withLock { $0.sentByteCount += answer.body.count } }
            return false
        }
        if let count = answer.chunkByteCount {
            var bytes: [UInt8] = []
            for start in stride(from: 0, to: answer.body.count, by: count) {
                let chunk = answer.body[start..<min(start + count, answer.body.count)]
                bytes += Array("\(String(chunk.count, radix: 16))\r\n".utf8) + chunk + Array("\r\n".utf8)
            }
            return write(bytes + Array("0\r\n\r\n".utf8), connection)
        }
        let limit = min(answer.body.count, answer.cutsAfter ?? .max, answer.stallsAfter ?? .max)
        var position = 0
        while position < limit {
            let piece = Array(answer.body[position..<min(position + (answer.drips ? 1 : 64 << 10), limit)])
            if answer.drips { usleep(10_000) }
            guard write(piece, connection) else { return false }
            position += piece.count
            box.state.withLock { $0.sentByteCount += piece.count }
        }
        if answer.stallsAfter != nil {
            // Until the other end gives up or the server ends.
            var byte: UInt8 = 0
            while recv(connection, &byte, 1, 0) > 0 {}
            return false
        }
        let isHonest = answer.claimedLength == nil || answer.claimedLength == answer.body.count
        return answer.cutsAfter == nil && isHonest
    }

    private static func write(_ bytes: [UInt8], _ connection: Int32) -> Bool {
        var position = 0
        while position < bytes.count {
            let count = bytes.withUnsafeBytes { buffer in
                Foundation.send(
                    connection, buffer.baseAddress?.advanced(by: position), buffer.count - position,
                    Int32(MSG_NOSIGNAL))
            }
            guard count > 0 else { return false }
            position += count
        }
        return true
    }
}
