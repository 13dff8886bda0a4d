// SPDX-License-Identifier: Apache-2.0

import LinuxIO
import Web

/// What a server answered: status and header fields are there, the body comes when it is read.
///
/// Letting go of an answer before its end closes the connection, unless the rest is here already.
final class HTTPAnswer: ByteStream, @unchecked Sendable {
    // SAFETY: used by one thread at a time, as every stream.
    let address: WebAddress
    let status: Int
    private let fields: [(name: String, value: String)]
    private let transport: HTTPTransport
    /// Nil when nothing comes any more.
    private var session: HTTPSession?
    /// What was waited for, and what came, since the speed was looked at last.
    private var waited: Duration = .zero
    private var received = 0

    init(
        address: WebAddress, status: Int, fields: [(name: String, value: String)], session: HTTPSession,
        of transport: HTTPTransport
    ) {
        self.address = address
        self.status = status
        self.fields = fields
        self.session = session
        self.transport = transport
    }

    deinit {
        guard let session else { return }
        // Many answers have no body, or a short one that nobody wants: their connection can go on.
        let scrap = UnsafeMutableRawBufferPointer.allocate(byteCount: 4 << 10, alignment: 1)
        defer { scrap.deallocate() }
        for _ in 0..<4 {
            // What fails here was not needed, and the session is reset in any case.
            guard case .bytes? = try? session.step(into: scrap, waiting: .zero) else { break }
        }
        transport.giveBack(session, address.authority)
    }

    /// The value of a header field, the first if there are several.
    func header(_ name: String) -> String? { headers(name).first }

    /// All values of a header field.
    func headers(_ name: String) -> [String] {
        let name = name.lowercased()
        return fields.filter { $0.name == name }.map(\.value)
    }

    /// How the server coded the body on the way, in small letters; nil for not at all.
    var coding: String? {
        let codings = headers("Content-Encoding").joined(separator: ",").lowercased()
            .split { $0 == "," || $0 == " " }.filter { $0 != "identity" }
        return codings.isEmpty ? nil : codings.joined(separator: ", ")
    }

    /// Reads the next bytes, waiting for them.
    ///
    /// - Throws: `TransferError` where the connection breaks, stands still or is slower than `RegistryLimits.leastRate`.
    func read(into buffer: UnsafeMutableRawBufferPointer) throws -> Int {
        guard let session else { return 0 }
        do throws(TransferError) {
            while true {
                let began = ContinuousClock.now
                let event = try session.step(into: buffer, waiting: transport.limits.stallTimeout)
                waited += .now - began
                switch event {
                case .bytes(let count):
                    received += count
                    try checkSpeed()
                    return count
                case .end:
                    self.session = nil
                    transport.giveBack(session, address.authority)
                    return 0
                case .nothing, .head, .wantsBytes: try checkSpeed()
                }
            }
        } catch {
            self.session = nil
            transport.giveBack(session, address.authority)
            throw error
        }
    }

    /// Counts only the time that was waited: who reads may be slow.
    private func checkSpeed() throws(TransferError) {
        guard waited >= transport.limits.stallTimeout else { return }
        guard received > 0 else { throw .silent }
        let milliseconds = waited / .milliseconds(1)
        guard Double(received) >= Double(transport.limits.leastRate) * milliseconds / 1000 else { throw .tooSlow }
        waited = .zero
        received = 0
    }

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
