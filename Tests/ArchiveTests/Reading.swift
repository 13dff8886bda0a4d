// SPDX-License-Identifier: Apache-2.0

import Archive
import FileTree
import LinuxIO
import OCI
import TestSupport

/// Bytes in pieces of a chosen size.
final class BytesInput: TarInput {
    private let memory: UnsafeMutableRawBufferPointer
    private let pieceByteCount: Int
    private var offset = 0

    init(_ bytes: [UInt8], pieceByteCount: Int = .max) {
        memory = .allocate(byteCount: bytes.count, alignment: 1)
        memory.copyBytes(from: bytes)
        self.pieceByteCount = pieceByteCount
    }

    deinit { memory.deallocate() }

    func next() -> UnsafeRawBufferPointer? {
        guard offset < memory.count else { return nil }
        let piece = memory[offset..<offset + min(pieceByteCount, memory.count - offset)]
        offset = piece.endIndex
        return UnsafeRawBufferPointer(rebasing: piece)
    }

    func skip(_ count: UInt64) -> UInt64 { 0 }
}

/// A stream of bytes that gives at most `pieceByteCount` at once.
final class BytesStream: ByteStream, @unchecked Sendable {
    // SAFETY: used by the one thread of a test.
    private var rest: ArraySlice<UInt8>
    private let pieceByteCount: Int

    init(_ bytes: [UInt8], pieceByteCount: Int = .max) {
        rest = bytes[...]
        self.pieceByteCount = pieceByteCount
    }

    func read(into buffer: UnsafeMutableRawBufferPointer) -> Int {
        let piece = rest.prefix(min(buffer.count, pieceByteCount))
        buffer.copyBytes(from: piece)
        rest = rest.dropFirst(piece.count)
        return piece.count
    }
}

/// An entry with its stored bytes.
struct ReadEntry {
    var entry: TarEntry
    var stored: [UInt8]

    /// A line that tells all of an entry but what is 0 or empty: name, type, mode, owner, time, size, extents with
    /// their bytes where they are few, device, target, attributes.
    var line: String {
        let path = Bytes.escaped(entry.path)
        guard case .file(let attributes) = entry.kind else {
            guard case .hardLink(let target) = entry.kind else { return path }
            return "\(path) = \(Bytes.escaped(target))"
        }
        var line = "\(path) \(attributes.type) \(String(attributes.permissions, radix: 8))"
        if attributes.uid != 0 || attributes.gid != 0 { line += " \(attributes.uid):\(attributes.gid)" }
        let time = attributes.mtime
        if time != Timestamp() { line += " \(time.seconds)s+\(time.nanoseconds)ns" }
        if attributes.type == .regular { line += " size=\(attributes.size)" }
        for extent in entry.extents {
            let start = Int(extent.layerOffset - entry.dataOffset)
            let bytes = stored[start..<start + Int(extent.length)]
            line += " \(extent.fileOffset):" + (bytes.count > 40 ? "\(bytes.count)" : "\"\(Bytes.escaped(bytes))\"")
        }
        if [.characterDevice, .blockDevice].contains(attributes.type) {
            line += " \(attributes.device.major):\(attributes.device.minor)"
        }
        if attributes.type == .symbolicLink { line += " -> \(Bytes.escaped(attributes.target))" }
        for attribute in attributes.xattrs {
            let isText = attribute.value.allSatisfy { $0 >= 0x20 && $0 < 0x7F }
            let value = isText ? Bytes.escaped(attribute.value) : attribute.value.map { hex($0) }.joined()
            line += " \(Bytes.escaped(attribute.name))=\(value)"
        }
        return line
    }

    /// The file's content, holes filled.
    var content: [UInt8] {
        guard case .file(let attributes) = entry.kind else { return [] }
        var content = [UInt8](repeating: 0, count: Int(attributes.size))
        for extent in entry.extents {
            let start = Int(extent.layerOffset - entry.dataOffset)
            content.replaceSubrange(
                Int(extent.fileOffset)..<Int(extent.fileOffset + extent.length),
                with: stored[start..<start + Int(extent.length)])
        }
        return content
    }
}

func hex(_ byte: UInt8) -> String { (byte < 16 ? "0" : "") + String(byte, radix: 16) }

/// Reads a whole tar; what was read before an error is lost.
func readEntries(_ tar: [UInt8], pieceByteCount: Int = .max) throws -> [ReadEntry] {
    var reader = TarReader(BytesInput(tar, pieceByteCount: pieceByteCount))
    var entries: [ReadEntry] = []
    while let entry = try reader.next() {
        var stored: [UInt8] = []
        try reader.readData { stored += $0 }
        entries.append(ReadEntry(entry: entry, stored: stored))
    }
    return entries
}

/// Reads a whole stream through a buffer of a chosen size.
func readAll(_ stream: any ByteStream, bufferByteCount: Int = 4096) throws -> [UInt8] {
    var bytes: [UInt8] = []
    var buffer = [UInt8](repeating: 0, count: bufferByteCount)
    while true {
        let count = try buffer.withUnsafeMutableBytes { try stream.read(into: $0) }
        if count == 0 { return bytes }
        bytes += buffer[..<count]
    }
}
