// SPDX-License-Identifier: Apache-2.0

import AsyncHTTPClient
import LinuxIO
import NIOCore
import NIOHTTP1
import OCI
import Synchronization

/// What a server answered: status and header fields are there, the body may still be on its way.
///
/// Letting go of an answer before its end closes the connection.
final class HTTPAnswer: ByteStream {
    let address: WebAddress
    let status: Int
    private let headers: HTTPHeaders
    private let body: HTTPBody
    private let cancel: @Sendable () -> Void

    init(
        address: WebAddress, head: HTTPResponseHead, body: HTTPBody, cancel: @escaping @Sendable () -> Void
    ) {
        self.address = address
        status = Int(head.status.code)
        headers = head.headers
        self.body = body
        self.cancel = cancel
    }

    deinit {
        body.abandon()
        // Has no effect on what has ended.
        cancel()
    }

    /// The value of a header field, the first if there are several.
    func header(_ name: String) -> String? { headers.first(name: name) }

    /// All values of a header field.
    func headers(_ name: String) -> [String] { headers[name] }

    func read(into buffer: UnsafeMutableRawBufferPointer) throws -> Int { try body.read(into: buffer) }

    /// Reads the body whole, up to a limit and a byte of what is beyond it.
    func bytes(limit: Int) throws -> [UInt8] {
        var result: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 64 << 10)
        while result.count <= limit {
            let count = try buffer.withUnsafeMutableBytes { try read(into: $0) }
            if count == 0 { break }
            result += buffer[..<count]
        }
        return Array(result.prefix(limit + 1))
    }
}

/// Hands an answer over from an event loop to the thread that waits for it.
final class HTTPAnswerDelegate: HTTPClientResponseDelegate {
    typealias Response = Void

    let body = HTTPBody()
    private let head: EventLoopPromise<HTTPResponseHead>

    init(head: EventLoopPromise<HTTPResponseHead>) { self.head = head }

    func didReceiveHead(task: HTTPClient.Task<Void>, _ head: HTTPResponseHead) -> EventLoopFuture<Void> {
        self.head.succeed(head)
        return task.eventLoop.makeSucceededVoidFuture()
    }

    func didReceiveBodyPart(task: HTTPClient.Task<Void>, _ buffer: ByteBuffer) -> EventLoopFuture<Void> {
        body.add(buffer, on: task.eventLoop)
    }

    func didReceiveError(task: HTTPClient.Task<Void>, _ error: any Error) {
        head.fail(error)
        body.finish(.failure(error))
    }

    func didFinishRequest(task: HTTPClient.Task<Void>) throws { body.finish(.success(())) }
}
