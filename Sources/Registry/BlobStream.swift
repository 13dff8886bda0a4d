// SPDX-License-Identifier: Apache-2.0

import LinuxIO
import OCI
import Web

/// The bytes of a blob of a registry; a connection that breaks is taken up again where it broke.
final class BlobStream: ByteStream, @unchecked Sendable {
    // SAFETY: used by one thread at a time, as every stream.
    private let repository: RemoteRepository
    private let descriptor: ContentDescriptor
    private var answer: HTTPAnswer?
    /// Where the blob may be, besides the registry; what had it once is asked again.
    private var elsewhere: [WebAddress]
    /// Whether it was not in the registry.
    private var isElsewhere = false
    /// Bytes given out so far.
    private var offset: Int64 = 0
    /// Bytes that the answer has before the first that is wanted.
    private var toSkip: Int64 = 0
    /// How often in a row the connection broke without getting on.
    private var failures = 0
    /// Bytes given out when it broke last.
    private var lastBreak: Int64 = 0

    /// - Parameter answer: what has been asked for already.
    init(_ repository: RemoteRepository, _ descriptor: ContentDescriptor, begun answer: HTTPAnswer? = nil) {
        self.repository = repository
        self.descriptor = descriptor
        self.answer = answer
        elsewhere = (descriptor.urls ?? []).prefix(8).compactMap { WebAddress(parsing: $0) }
    }

    private var object: String { "\(repository.object): blob \(descriptor.digest)" }
    private var connection: RegistryConnection { repository.connection }

    func read(into buffer: UnsafeMutableRawBufferPointer) throws -> Int {
        while true {
            do {
                let count = try next(into: buffer)
                if count > 0 { return count }
                if offset == descriptor.size { return 0 }
                answer = nil
                try countFailure("it ends after \(offset) of \(descriptor.size) bytes")
            } catch {
                guard let failure = NetworkFailure(error) else { throw error }
                answer = nil
                // All is there, whatever else was announced: the digest tells whether it is right.
                if offset == descriptor.size { return 0 }
                try countFailure("\(failure.reason) after \(offset) of \(descriptor.size) bytes")
            }
        }
    }

    /// Waits before another attempt.
    private func countFailure(_ reason: String) throws {
        if offset - lastBreak >= connection.limits.leastProgress { failures = 0 }
        lastBreak = offset
        failures += 1
        guard failures < connection.limits.attempts else {
            throw RegistryError(
                .unreachable, object,
                "\(connection.host): \(reason) (\(failures) attempts); try again, what was whole "
                    + "is kept")
        }
        connection.wait(before: failures, asked: nil)
    }

    /// Reads from the answer that is open, or opens one; 0 at its end.
    private func next(into buffer: UnsafeMutableRawBufferPointer) throws -> Int {
        let answer = try self.answer ?? open()
        self.answer = answer
        while toSkip > 0 {
            let count = try answer.read(into: .init(rebasing: buffer[..<Int(min(Int64(buffer.count), toSkip))]))
            if count == 0 { return 0 }
            toSkip -= Int64(count)
        }
        let count = try answer.read(into: buffer)
        guard Int64(count) <= descriptor.size - offset else {
            throw RegistryError(
                .damaged, object, "is longer than the \(descriptor.size) bytes that its manifest says")
        }
        offset += Int64(count)
        return count
    }

    /// Opens the blob in the registry, or where else its descriptor says that it can be had.
    private func open() throws -> HTTPAnswer {
        guard let urls = descriptor.urls, !urls.isEmpty else { return try open(at: nil) }
        var last: RegistryError?
        do {
            if !isElsewhere { return try open(at: nil) }
        } catch let error as RegistryError where error.code == .notFound || error.code == .denied {
            isElsewhere = true
            last = error
        }
        while let address = elsewhere.first {
            do {
                return try open(at: address)
            } catch let error as RegistryError where error.code != .damaged {
                elsewhere.removeFirst()
                last = error
            }
        }
        let addresses = urls.prefix(8).map(\.printable).joined(separator: ", ")
        throw RegistryError(
            .notFound, object, "is kept at \(addresses): \(last?.reason ?? "no address that can be asked")")
    }

    private func open(at address: WebAddress?) throws -> HTTPAnswer {
        var call = repository.call(object, .get, "blobs/\(descriptor.digest)")
        if let address { call.target = .address(address) }
        if offset > 0 { call.headers.append(("Range", "bytes=\(offset)-")) }
        let answer = try connection.send(call)
        switch answer.status {
        case 200:
            // It knows no ranges: what we have comes once more.
            toSkip = offset
        case 206 where offset > 0:
            guard let range = answer.header("Content-Range"), Self.start(of: range) == offset else {
                throw RegistryError(.damaged, object, "\(connection.host) sent another part than was asked for")
            }
            toSkip = 0
        case 416:
            throw RegistryError(
                .damaged, object,
                "\(connection.host) has no more than \(offset) of the \(descriptor.size) bytes that "
                    + "its manifest says")
        default: throw connection.failure(call, answer)
        }
        return answer
    }

    /// The first position of a `Content-Range: bytes FIRST-LAST/SIZE`.
    private static func start(of range: String) -> Int64? {
        let words = range.split(separator: " ")
        guard words.count == 2, words[0].lowercased() == "bytes" else { return nil }
        return Int64(words[1].prefix { $0 != "-" })
    }
}
