// SPDX-License-Identifier: Apache-2.0

import Archive
import Browsing
package import CommandTrees
import Console
import FileTree
import LinuxIO
package import TreeDiff

/// The changes with the lines behind them: a unified diff of each text that was added, removed or changed.
///
/// What is compressed with gzip or zstd is decompressed first. Texts larger than a limit, and what is no text, are told
/// by size and digest; behind so many bytes of output only the changes themselves are told.
package struct DiffContents: DiffReport {
    /// The most bytes of a file that are compared line by line, before and after it is decompressed.
    package static let textLimit = 16 << 20
    /// The most bytes of unified diffs.
    package static let outputLimit = 16 << 20

    package var bytes: [UInt8] = []
    private var text = DiffText()
    private var trees: (left: BrowsedTree, right: BrowsedTree)?
    private var written = 0
    private let failures: Failures

    /// Files that could not be read.
    package final class Failures {
        /// What is wrong, a line each: the first ones.
        package fileprivate(set) var lines: [String] = []

        /// Starts without any.
        package init() {}
    }

    /// A file's text, and how it was compressed.
    private enum Content {
        case text([UInt8], Compression)
        case other(String)
    }

    /// Starts a report.
    package init(failures: Failures) { self.failures = failures }

    package mutating func begin(left: DiffSide, right: DiffSide) {
        trees = (
            BrowsedTree(left.tree, name: RawArguments.bytes(of: left.name)),
            BrowsedTree(right.tree, name: RawArguments.bytes(of: right.name))
        )
    }

    package mutating func add(_ change: Change) {
        text.add(change)
        takeText()
        let isChanged = change.kind != .modified || change.fields.contains(.content) || change.fields.contains(.type)
        if isChanged { compare(change.left, change.path, change.right, change.path) }
    }

    package mutating func add(moved old: Change, to new: Change) {
        text.add(moved: old, to: new)
        takeText()
    }

    package mutating func end() {}

    private mutating func takeText() {
        bytes += text.bytes
        text.bytes.removeAll(keepingCapacity: true)
    }

    private mutating func compare(
        _ left: ChangedFile?, _ leftPath: [UInt8], _ right: ChangedFile?, _ rightPath: [UInt8]
    ) {
        guard let trees else { return }
        let old = content(left, leftPath, trees.left)
        let new = content(right, rightPath, trees.right)
        guard old != nil || new != nil else { return }
        guard written < Self.outputLimit else { return remark("the lines of further files are left out") }
        switch (old ?? .text([], .none), new ?? .text([], .none)) {
        case (.text(let first, let firstForm), .text(let second, let secondForm)):
            guard let lines = UnifiedDiff(first, second)?.lines else {
                return remark("more than \(LineDifference.lineLimit) lines")
            }
            if lines.isEmpty {
                if firstForm != .none || secondForm != .none { remark("the same text, compressed otherwise") }
                return
            }
            let start = bytes.count
            head("---", old == nil ? nil : (trees.left, leftPath), firstForm)
            head("+++", new == nil ? nil : (trees.right, rightPath), secondForm)
            for line in lines {
                bytes.append(line.kind)
                Self.append(line.text, to: &bytes)
                bytes.append(UInt8(ascii: "\n"))
            }
            written += bytes.count - start
        case (.other(let reason), .text), (.text, .other(let reason)): remark(reason)
        case (.other(let first), .other(let second)): remark(first == second ? first : "\(first); then \(second)")
        }
    }

    /// The text of a regular file; nil for what has none.
    private func content(_ file: ChangedFile?, _ path: [UInt8], _ tree: BrowsedTree) -> Content? {
        guard let file, file.attributes.type == .regular else { return nil }
        let size = file.attributes.size
        guard size <= UInt64(Self.textLimit) else { return .other("\(size) bytes, more than are compared by lines") }
        do {
            let browsed = BrowsedFile(path: path, node: file.node, type: .regular)
            let raw = try tree.bytes(of: browsed, limit: UInt64(Self.textLimit))
            let form = Compression(firstBytes: raw)
            guard form != .none else { return Self.isText(raw) ? .text(raw, .none) : binary(file) }
            guard let inner = try? Self.decompressed(raw) else { return .other("damaged, or larger than is compared") }
            return Self.isText(inner) ? .text(inner, form) : binary(file)
        } catch {
            if failures.lines.count < 20 {
                failures.lines.append(contentsText(error))
            }
            return .other("cannot be read")
        }
    }

    private func binary(_ file: ChangedFile) -> Content {
        .other("no text" + (file.contentDigest.map { ", \($0)" } ?? ", \(file.attributes.size) bytes"))
    }

    private mutating func head(_ sign: String, _ file: (tree: BrowsedTree, path: [UInt8])?, _ form: Compression) {
        let name = file.map { Bytes.escaped($0.tree.name) + ":" + Bytes.escaped($0.path) } ?? "/dev/null"
        bytes += Array("\(sign) \(name)\(form == .none ? "" : "\t(\(form.rawValue))")\n".utf8)
    }

    private mutating func remark(_ text: String) { bytes += Array("  (\(text))\n".utf8) }

    /// Whether bytes are lines for people: no NUL in their beginning.
    private static func isText(_ bytes: [UInt8]) -> Bool { !bytes.prefix(8192).contains(0) }

    private static func decompressed(_ bytes: [UInt8]) throws -> [UInt8] {
        let stream = try decompressing(BytesStream(bytes), undoesOthers: true)
        var found: [UInt8] = []
        var room = [UInt8](repeating: 0, count: 1 << 16)
        while true {
            let count = try room.withUnsafeMutableBytes { try stream.read(into: $0) }
            if count == 0 { return found }
            found += room[..<count]
            guard found.count <= textLimit else { throw CommandError("more than \(textLimit) bytes") }
        }
    }

    /// Appends a line; what could act on a terminal, but for tabs, is escaped.
    static func append(_ line: ArraySlice<UInt8>, to bytes: inout [UInt8]) {
        if line.allSatisfy({ $0 >= 0x20 && $0 < 0x7F || $0 == 9 }) {
            bytes += line
            return
        }
        for (position, piece) in line.split(separator: 9, omittingEmptySubsequences: false).enumerated() {
            if position > 0 { bytes.append(9) }
            let escaped = Bytes.escaped(piece)
            // A backslash alone is no reason to write all of them twice.
            let plain = Bytes.escaped(piece.filter { $0 != UInt8(ascii: "\\") })
            let isPlain = plain.utf8.count + piece.count { $0 == UInt8(ascii: "\\") } == piece.count
            if isPlain { bytes += piece } else { bytes += Array(escaped.utf8) }
        }
    }
}

/// Bytes in memory as a stream.
private final class BytesStream: ByteStream, @unchecked Sendable {
    // SAFETY: used by the one thread that made it.
    private let bytes: [UInt8]
    private var position = 0

    init(_ bytes: [UInt8]) { self.bytes = bytes }

    func read(into buffer: UnsafeMutableRawBufferPointer) throws -> Int {
        let count = min(buffer.count, bytes.count - position)
        buffer.copyBytes(from: bytes[position..<position + count])
        position += count
        return count
    }
}
