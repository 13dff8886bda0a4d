// SPDX-License-Identifier: Apache-2.0

import AsyncHTTPClient
import LinuxIO
import NIOCore
import NIOHTTP1
import NIOPosix
import NIOSSL
import Synchronization

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

/// Sends requests and hands out answers; follows nothing, tries nothing again.
///
/// Threads of the network are started with the first request: two, however many layers are on their way.
final class HTTPTransport: Sendable {
    private static let agent = "cimg"
    /// All transports share them, and they are never ended: a look-up of a name that is given up may still come to its
    /// end, and needs one then.
    private static let loops = MultiThreadedEventLoopGroup(numberOfThreads: 2)
    private let limits: RegistryLimits
    private let running = Mutex<HTTPClient?>(nil)

    init(limits: RegistryLimits) { self.limits = limits }

    deinit {
        // What is still open is closed; there is nobody to tell that this failed.
        try? running.withLock { $0.take() }?.syncShutdown()
    }

    private var client: HTTPClient {
        running.withLock { running in
            if let running { return running }
            var configuration = HTTPClient.Configuration()
            configuration.redirectConfiguration = .disallow
            configuration.timeout = .init(
                connect: Self.timeAmount(limits.connectTimeout), read: Self.timeAmount(limits.stallTimeout),
                write: Self.timeAmount(limits.stallTimeout))
            configuration.httpVersion = .http1Only
            configuration.decompression = .disabled
            configuration.connectionPool.retryConnectionEstablishment = false
            // Many registries close connections without the end of TLS; bodies have a length or chunks that tell.
            let made = HTTPClient(eventLoopGroupProvider: .shared(Self.loops), configuration: configuration)
            running = made
            return made
        }
    }

    /// How long the head of an answer may take, from the wish for a connection on.
    private var headTimeout: TimeAmount {
        Self.timeAmount(limits.connectTimeout) + Self.timeAmount(limits.stallTimeout)
    }

    private static func timeAmount(_ duration: Duration) -> TimeAmount {
        let (seconds, attoseconds) = duration.components
        return .milliseconds(seconds * 1000 + attoseconds / 1_000_000_000_000_000)
    }

    /// Sends a request and waits for the head of its answer.
    ///
    /// - Parameter tls: how the other end is to prove who it is, for an encrypted connection.
    /// - Throws: what the HTTP client, the network or the stream of the body throws; see `NetworkFailure`.
    func send(_ request: HTTPRequest, tls: TLSConfiguration) throws -> HTTPAnswer {
        let client = client
        var headers = HTTPHeaders(request.headers.map { ($0.name, $0.value) })
        headers.replaceOrAdd(name: "User-Agent", value: Self.agent)
        let (body, upload) = Self.body(request.body)
        // A server that answers before it has all, and closes, would be taken for one that may be asked again: the client
        // traps where such a connection is given back that is gone by then.
        if upload != nil { headers.replaceOrAdd(name: "Connection", value: "close") }
        var prepared = try HTTPClient.Request(
            url: "\(request.address)", method: HTTPMethod(rawValue: request.method.rawValue), headers: headers,
            body: body)
        prepared.tlsConfiguration = tls
        let loop = Self.loops.next()
        let head = loop.makePromise(of: HTTPResponseHead.self)
        let delegate = HTTPAnswerDelegate(head: head)
        let task = client.execute(request: prepared, delegate: delegate, eventLoop: .delegate(on: loop))
        task.futureResult.whenFailure { error in
            // An error before the delegate has heard of the request.
            head.fail(error)
            delegate.body.finish(.failure(error))
        }
        let cancel: @Sendable () -> Void = {
            task.cancel()
            upload?.join()
        }
        // Interim answers count as signs of life for the client's own timeout, and may come without end. How long a
        // stream takes to be sent is not known.
        let timeout =
            upload == nil ? loop.scheduleTask(in: headTimeout) { head.fail(HTTPClientError.readTimeout) } : nil
        defer { timeout?.cancel() }
        do {
            let answer = try head.futureResult.wait()
            if let error = upload?.failure() { throw error }
            return HTTPAnswer(address: request.address, head: answer, body: delegate.body, cancel: cancel)
        } catch {
            cancel()
            throw upload?.failure() ?? error
        }
    }

    /// The body for the client, and what sends it where it is a stream.
    private static func body(_ body: HTTPRequest.Body) -> (HTTPClient.Body?, Upload?) {
        switch body {
        case .none: return (nil, nil)
        case .bytes(let bytes): return (.byteBuffer(ByteBuffer(bytes: bytes)), nil)
        case .stream(let count, let open):
            let upload = Upload(byteCount: count, open: open)
            return (.stream(contentLength: Int64(clamping: count)) { upload.start($0) }, upload)
        }
    }
}

/// Sends a stream from a thread of its own: reading it may block, which an event loop must not.
private final class Upload: Sendable {
    private static let chunkByteCount = 256 << 10
    private let byteCount: UInt64
    private let open: @Sendable () throws -> any ByteStream
    private let error = Mutex<(any Error)?>(nil)
    private let thread = Mutex<WorkerThread<Void>?>(nil)

    init(byteCount: UInt64, open: @escaping @Sendable () throws -> any ByteStream) {
        self.byteCount = byteCount
        self.open = open
    }

    /// What was wrong with the stream, if anything was.
    func failure() -> (any Error)? { error.withLock { $0 } }

    func start(_ writer: HTTPClient.Body.StreamWriter) -> EventLoopFuture<Void> {
        // Writing nothing tells which event loop this is.
        writer.write(.byteBuffer(ByteBuffer())).flatMapWithEventLoop { _, loop in
            let promise = loop.makePromise(of: Void.self)
            do {
                let thread = try WorkerThread.started { self.send(to: writer, promise) }
                self.thread.withLock { $0 = thread }
            } catch {
                promise.fail(error)
            }
            return promise.futureResult
        }
    }

    /// Waits for the thread, which ends when the request does.
    func join() {
        // What it met is told by `failure()`.
        try? thread.withLock { $0.take() }?.join()
    }

    private func send(to writer: HTTPClient.Body.StreamWriter, _ promise: EventLoopPromise<Void>) {
        do {
            let stream: any ByteStream
            do {
                stream = try open()
            } catch {
                self.error.withLock { $0 = error }
                throw error
            }
            var sent: UInt64 = 0
            var bytes = [UInt8](repeating: 0, count: Self.chunkByteCount)
            while sent < byteCount {
                let wanted = Int(min(UInt64(bytes.count), byteCount - sent))
                let count: Int
                do {
                    count = try bytes.withUnsafeMutableBytes { try stream.read(into: .init(rebasing: $0[..<wanted])) }
                    guard count > 0 else {
                        throw RegistryError(.damaged, "upload", "its source ends after \(sent) of \(byteCount) bytes")
                    }
                } catch {
                    self.error.withLock { $0 = error }
                    throw error
                }
                // Waiting for each piece keeps no more than one in memory.
                try writer.write(.byteBuffer(ByteBuffer(bytes: bytes[..<count]))).wait()
                sent += UInt64(count)
            }
            promise.succeed()
        } catch {
            promise.fail(error)
        }
    }
}
