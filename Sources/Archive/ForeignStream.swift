// SPDX-License-Identifier: Apache-2.0

import FileTree
import Glibc
package import LinuxIO
import OCI
import SystemPackage

/// What the child makes of an archive, while it is read; see `ForeignArchive`.
///
/// Whoever reads drives the child too: it gets input when it takes some, so that no other thread touches the source.
package final class ForeignStream: ByteStream, @unchecked Sendable {
    // SAFETY: used by one thread at a time, as every stream.
    private let name: String
    private let child: ChildProcess
    private let output: Descriptor
    private let errors: Descriptor
    /// Where the child's input goes; nil when there is no more, or it reads a file itself.
    private var input: Descriptor?
    private let source: (any ByteStream)?
    private var piece = [UInt8](repeating: 0, count: 64 << 10)
    private var pending = 0..<0
    private var isSourceAtEnd = false
    /// Bytes that the child was given, or can read.
    private var inputCount: UInt64
    private var outputCount: UInt64 = 0
    private var isOver = false

    /// Reads a stream as it comes.
    ///
    /// - Parameter name: what the stream is, for errors: `compressed with xz`.
    package convenience init(_ source: any ByteStream, _ purpose: ForeignArchive.Purpose, name: String) throws {
        let pipe = try Pipe()
        try pipe.writeEnd.setNonblocking()
        try self.init(
            purpose, name: name, standardInput: pipe.readEnd, input: pipe.writeEnd, source: source, inputCount: 0)
    }

    /// Reads a file, in whatever order its format needs; nobody else may read by the same descriptor.
    package convenience init(file: Descriptor, _ purpose: ForeignArchive.Purpose, name: String) throws {
        try self.init(purpose, name: name, standardInput: file, input: nil, source: nil, inputCount: file.size())
    }

    private init(
        _ purpose: ForeignArchive.Purpose, name: String, standardInput: Descriptor, input: Descriptor?,
        source: (any ByteStream)?, inputCount: UInt64
    ) throws {
        self.name = name
        self.inputCount = inputCount
        self.input = input
        self.source = source
        let (outputPipe, errorPipe) = (try Pipe(), try Pipe())
        var spawn = Spawn(
            program: "/proc/self/exe",
            arguments: ["cimg", ForeignArchive.command, purpose.rawValue].map { Array($0.utf8) },
            errorOutput: errorPipe.writeEnd)
        spawn.standardInput = standardInput
        spawn.standardOutput = outputPipe.writeEnd
        spawn.environment = []
        child = try spawn.start()
        output = outputPipe.readEnd
        errors = errorPipe.readEnd
    }

    deinit {
        guard !isOver else { return }
        child.kill()
        // `try?`: nobody wants to know any more how it ends.
        _ = try? child.wait()
    }

    /// Gives the next bytes.
    ///
    /// - Throws: `ArchiveError` where the archive is damaged, the child crashed, or it took too much; what the source throws.
    package func read(into buffer: UnsafeMutableRawBufferPointer) throws -> Int {
        guard !isOver, buffer.count > 0 else { return 0 }
        while true {
            if pending.isEmpty, input != nil { try refill() }
            let (canRead, canWrite) = try Descriptor.wait(
                reading: output, writing: input, milliseconds: ForeignArchive.stallMilliseconds)
            if canRead {
                let count = try output.read(into: buffer)
                guard count > 0 else {
                    try finish()
                    return 0
                }
                try checkInflation(by: count)
                return count
            }
            if canWrite {
                try feed()
            } else {
                child.kill()
                throw failure("its reader stands still")
            }
        }
    }

    private func checkInflation(by count: Int) throws {
        outputCount += UInt64(count)
        guard outputCount > ForeignArchive.freeInflation, outputCount / ForeignArchive.inflationRatio > inputCount
        else {
            return
        }
        child.kill()
        throw failure("becomes more than \(ForeignArchive.inflationRatio) bytes for each of its own")
    }

    /// Takes the next piece of the source; at its end the child sees the end of its input.
    private func refill() throws {
        guard let source, !isSourceAtEnd else {
            input = nil
            return
        }
        let count = try piece.withUnsafeMutableBytes { try source.read(into: $0) }
        pending = 0..<count
        inputCount += UInt64(count)
        if count == 0 {
            isSourceAtEnd = true
            input = nil
        }
    }

    private func feed() throws {
        guard let input else { return }
        do {
            let written = try piece.withUnsafeBytes { bytes in
                try input.writeSome(UnsafeRawBufferPointer(rebasing: bytes[pending]))
            }
            pending = (pending.lowerBound + written)..<pending.upperBound
        } catch Errno.brokenPipe {
            // The child has what it needs, or has failed: its output tells.
            self.input = nil
            pending = 0..<0
        }
    }

    /// Waits for the child; what it left of the source is read, as the source's digest is over all of it.
    private func finish() throws {
        isOver = true
        input = nil
        var said = [UInt8](repeating: 0, count: 512)
        let count = try said.withUnsafeMutableBytes { try errors.read(into: $0) }
        let reason = String(decoding: said.prefix(count), as: UTF8.self)
        switch try child.wait() {
        case .exit(0): break
        case .exit where !reason.isEmpty: throw failure(reason.printable)
        case .exit(let code): throw failure("its reader ended with code \(code)")
        case .signal(SIGXCPU), .signal(SIGKILL):
            throw failure("its reader was stopped: it took more time or memory than it may")
        case .signal(let signal): throw failure("its reader crashed (signal \(signal))")
        }
        guard let source, !isSourceAtEnd else { return }
        while try piece.withUnsafeMutableBytes({ try source.read(into: $0) }) > 0 {}
    }

    private func failure(_ reason: String) -> ArchiveError { ArchiveError(reason: "\(name): \(reason)") }
}
