// SPDX-License-Identifier: Apache-2.0

import Archive
import Browsing
package import CommandTrees
import Console
import Describing
import FileTree
import LinuxIO
package import TreeDiff

/// The lines in which the files of two trees differ, as a unified diff.
///
/// What is compressed is decompressed first. Of programs, archives, certificates and databases of packages what they say is
/// compared (`Describing`). Texts larger than a limit, and what else is no text, are told by size and digest; behind so many
/// bytes of output nothing but that is told.
package struct TextComparison {
    /// The most bytes of a file that are compared line by line, before and after it is decompressed.
    package static let textLimit = 16 << 20
    /// The most bytes of unified diffs.
    package static let outputLimit = 16 << 20
    /// How much of a file tells whether it is text.
    private static let headLimit = 8192

    private let left: BrowsedTree
    private let right: BrowsedTree
    private let failures: Failures
    private var written = 0

    /// Files that could not be read.
    package final class Failures {
        /// What is wrong, a line each: the first ones.
        package fileprivate(set) var lines: [String] = []

        /// Starts without any.
        package init() {}
    }

    private var budget = Description.Budget()

    /// What of a file is compared.
    private struct Content {
        /// How it was compressed.
        var form = Compression.none
        /// The text; nil where it is none, or too much.
        var text: [UInt8]?
        /// Why there is no text.
        var reason = ""
        /// What it says, where both sides are files.
        var description: Description?
    }

    /// Compares files of two sides.
    package init(left: DiffSide, right: DiffSide, failures: Failures) {
        self.left = BrowsedTree(left.tree, name: RawArguments.bytes(of: left.name))
        self.right = BrowsedTree(right.tree, name: RawArguments.bytes(of: right.name))
        self.failures = failures
    }

    /// The lines, or a remark in parentheses; nothing for what is no regular file on either side, and for equal texts.
    package mutating func difference(_ change: Change) -> [UInt8] {
        let isPair = [change.left, change.right].allSatisfy { $0?.attributes.type == .regular }
        let old = content(change.left, change.path, left, describes: isPair)
        let new = content(change.right, change.path, right, describes: isPair)
        guard old != nil || new != nil else { return [] }
        guard written < Self.outputLimit else { return Self.remark("the lines of further files are left out") }
        let (first, second) = (old ?? Content(text: []), new ?? Content(text: []))
        var forms = [first, second].map { $0.form == .none ? [] : [$0.form.rawValue] }
        var texts = (first.text, second.text)
        let described = (first.description, second.description)
        if let one = described.0, let other = described.1, one.name == other.name {
            if one.text == other.text {
                return Self.remark(
                    one.isWhole && other.isWhole
                        ? "the same \(one.name), written otherwise"
                        : "the same \(one.name), other bytes: \(first.reason); then \(second.reason)")
            }
            texts = (one.text, other.text)
            forms = forms.map { $0 + [one.name] }
        }
        guard let one = texts.0, let other = texts.1 else {
            let reasons = [first, second].filter { $0.text == nil }.map(\.reason)
            return Self.remark(reasons.first == reasons.last ? reasons[0] : reasons.joined(separator: "; then "))
        }
        guard let lines = UnifiedDiff(one, other)?.lines else {
            return Self.remark("more than \(LineDifference.lineLimit) lines")
        }
        if lines.isEmpty {
            return first.form != .none || second.form != .none
                ? Self.remark("the same text, compressed otherwise") : []
        }
        var bytes = Self.head("---", old == nil ? nil : left, change.path, forms[0])
        bytes += Self.head("+++", new == nil ? nil : right, change.path, forms[1])
        for line in lines {
            bytes.append(line.kind)
            Self.append(line.text, to: &bytes)
            bytes.append(UInt8(ascii: "\n"))
        }
        written += bytes.count
        return bytes
    }

    /// What of a regular file is compared; nil for what is none.
    private mutating func content(
        _ file: ChangedFile?, _ path: [UInt8], _ tree: BrowsedTree, describes: Bool
    ) -> Content? {
        guard let file, file.attributes.type == .regular else { return nil }
        let size = file.attributes.size
        do {
            let browsed = BrowsedFile(path: path, node: file.node, type: .regular)
            // Most files are programs, whose beginning tells it.
            let start = try tree.bytes(of: browsed, at: 0, count: Self.headLimit)
            let form = Compression(firstBytes: start)
            if form == .none, !Self.isText(start) {
                return binary(file, start, path, size, describes) { try tree.bytes(of: browsed, at: $0, count: $1) }
            }
            guard size <= UInt64(Self.textLimit) else {
                return Content(reason: "\(size) bytes, more than are compared by lines")
            }
            let raw = try tree.bytes(of: browsed, limit: UInt64(Self.textLimit))
            guard form != .none else {
                return Content(text: raw, description: describes ? Description.text(raw, path: path) : nil)
            }
            // It is said instead of the lines.
            guard let inner = try? Self.decompressed(raw) else {
                return Content(form: form, reason: "damaged, or larger than is compared")
            }
            if Self.isText(inner) {
                let description = describes ? Description.text(inner, path: path) : nil
                return Content(form: form, text: inner, description: description)
            }
            let head = Array(inner.prefix(Self.headLimit))
            var content = binary(file, head, path, UInt64(inner.count), describes) { offset, count in
                Array(inner.dropFirst(Int(min(offset, UInt64(inner.count)))).prefix(count))
            }
            content.form = form
            return content
        } catch {
            if failures.lines.count < 20 {
                failures.lines.append(contentsText(error))
            }
            return Content(reason: "cannot be read")
        }
    }

    private mutating func binary(
        _ file: ChangedFile, _ start: [UInt8], _ path: [UInt8], _ size: UInt64, _ describes: Bool,
        read: @escaping (UInt64, Int) throws -> [UInt8]
    ) -> Content {
        let reason = file.contentDigest.map { "\($0)" } ?? "\(file.attributes.size) bytes"
        return Content(
            reason: "no text, \(reason)",
            description: describes
                ? Description.binary(size: size, start: start, path: path, budget: &budget, read: read) : nil)
    }

    private static func head(_ sign: String, _ tree: BrowsedTree?, _ path: [UInt8], _ forms: [String]) -> [UInt8] {
        let name = tree.map { Bytes.escaped($0.name) + ":" + Bytes.escaped(path) } ?? "/dev/null"
        return Array("\(sign) \(name)\(forms.isEmpty ? "" : "\t(\(forms.joined(separator: ", ")))")\n".utf8)
    }

    private static func remark(_ text: String) -> [UInt8] { Array("  (\(text))\n".utf8) }

    /// Whether bytes are lines for people: no NUL in their beginning.
    private static func isText(_ bytes: [UInt8]) -> Bool { !bytes.prefix(headLimit).contains(0) }

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
