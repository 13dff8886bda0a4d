// SPDX-License-Identifier: Apache-2.0

import FileTree
package import LinuxIO
import OCI

/// The tar of a layer that an engine has unpacked, byte for byte, put together again from the record that it keeps beside
/// it and the unpacked files.
///
/// The record is tar-split's (github.com/vbatts/tar-split, `tar/storage`): JSON objects, one a line, each either a piece of
/// the tar as it was (headers, padding) or a file whose content is read from the directory. Whether the result is what it
/// was is for its diff ID to tell.
package final class TarSplitStream: ByteStream, @unchecked Sendable {
    // SAFETY: used by one thread at a time, as every stream.

    /// Bytes of one line: a piece of a tar is a header with its extensions, and padding.
    static let lineLimit = 4 << 20
    /// Bytes of lines that are decoded together.
    private static let batchSize = 256 << 10

    private let lines: any ByteStream
    private let name: String
    private let open: ([UInt8]) throws -> Descriptor
    private var buffer: ArraySlice<UInt8> = []
    private var isAtEnd = false
    private var records: ArraySlice<Record> = []
    private var piece: ArraySlice<UInt8> = []
    private var file: (descriptor: Descriptor, path: [UInt8], position: UInt64, end: UInt64)?

    /// Puts a tar together.
    ///
    /// - Parameters:
    ///   - record: tar-split's, compressed or not.
    ///   - name: what the layer is called, for errors.
    ///   - open: opens a regular file of the layer by its name in the tar, without the slashes around it.
    package init(
        record: any ByteStream, name: String, open: @escaping ([UInt8]) throws -> Descriptor
    ) throws {
        lines = try decompressing(record)
        self.name = name
        self.open = open
    }

    package func read(into target: UnsafeMutableRawBufferPointer) throws -> Int {
        while true {
            if !piece.isEmpty {
                let part = piece.prefix(target.count)
                part.withUnsafeBytes { target.copyMemory(from: $0) }
                piece = piece.dropFirst(part.count)
                return part.count
            }
            if let count = try readFile(into: target) { return count }
            guard let record = try nextRecord() else { return 0 }
            try take(record)
        }
    }

    /// The next bytes of the file that is being read; nil where none is, or it is done.
    private func readFile(into target: UnsafeMutableRawBufferPointer) throws -> Int? {
        guard var current = file else { return nil }
        guard current.position < current.end else {
            file = nil
            return nil
        }
        let wanted = Int(min(UInt64(target.count), current.end - current.position))
        let count = try current.descriptor.read(
            at: current.position, into: UnsafeMutableRawBufferPointer(rebasing: target[..<wanted]))
        guard count > 0 else {
            throw ArchiveError(
                reason:
                    "\(name): file \"\(Bytes.escaped(current.path))\" is shorter than it was: changed since it was unpacked"
            )
        }
        current.position += UInt64(count)
        file = current
        return count
    }

    private func take(_ record: Record) throws {
        switch record.type {
        case Record.segment:
            guard let bytes = Base64.decoded(record.payload?.utf8 ?? "".utf8) else {
                throw damaged("a piece is no base 64")
            }
            piece = bytes[...]
        case Record.file:
            guard let size = record.size, size > 0 else { return }
            var path = record.name.map { Array($0.utf8) } ?? []
            if let raw = record.rawName {
                guard let bytes = Base64.decoded(raw.utf8) else { throw damaged("a name is no base 64") }
                path = bytes
            }
            let components = path.split(separator: UInt8(ascii: "/")).filter { !$0.elementsEqual(".".utf8) }
            guard !components.isEmpty, !components.contains(where: { $0.elementsEqual("..".utf8) || $0.contains(0) })
            else { throw damaged("a file has the name \"\(Bytes.escaped(path))\"") }
            let inside = Array(components.joined(separator: [UInt8(ascii: "/")]))
            file = (try open(inside), inside, 0, UInt64(size))
        default: throw damaged("a record is of type \(record.type)")
        }
    }

    private func damaged(_ reason: String) -> ArchiveError {
        ArchiveError(reason: "\(name): the record of how it was unpacked is damaged: \(reason)")
    }

    // MARK: lines

    private func nextRecord() throws -> Record? {
        while records.isEmpty {
            let batch = try nextLines()
            guard !batch.isEmpty else { return nil }
            records = try decode([Record].self, batch, name: "\(name): its record", limit: Self.lineLimit * 2)[...]
        }
        return records.popFirst()
    }

    /// Some whole lines as a JSON array; empty at the end.
    private func nextLines() throws -> [UInt8] {
        var end = buffer.lastIndex(of: UInt8(ascii: "\n"))
        while !isAtEnd, end == nil || buffer.count < Self.batchSize {
            guard end != nil || buffer.count <= Self.lineLimit else {
                throw damaged("a line has more than \(Self.lineLimit) bytes")
            }
            var chunk = [UInt8](repeating: 0, count: 64 << 10)
            let count = try chunk.withUnsafeMutableBytes { try lines.read(into: $0) }
            isAtEnd = count == 0
            buffer += chunk[..<count]
            if let last = chunk[..<count].lastIndex(of: UInt8(ascii: "\n")) { end = buffer.endIndex - count + last }
        }
        let whole = isAtEnd ? buffer : buffer[...(end ?? buffer.startIndex)]
        buffer = isAtEnd ? [] : buffer[whole.endIndex...]
        let parts = whole.split(separator: UInt8(ascii: "\n"))
        guard !parts.isEmpty else { return [] }
        return [UInt8(ascii: "[")] + parts.joined(separator: [UInt8(ascii: ",")]) + [UInt8(ascii: "]")]
    }

    private struct Record: Decodable {
        static let file = 1
        static let segment = 2

        var type: Int
        var name: String?
        var rawName: String?
        var size: Int64?
        var payload: String?

        private enum CodingKeys: String, CodingKey {
            case type, name, size, payload
            case rawName = "name_raw"
        }
    }
}
