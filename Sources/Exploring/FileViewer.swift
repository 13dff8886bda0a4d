// SPDX-License-Identifier: Apache-2.0

import FileTree

/// A file's bytes as lines of text or as numbers, of which a part is in memory.
struct FileViewer: Sendable {
    let object: Int
    let address: FileAddress
    let path: [UInt8]
    let size: UInt64
    /// Bytes that are shown as text; larger files have more as numbers.
    static let textLimit = 4 << 20
    private static let windowByteCount = 64 << 10
    private static let lineByteCount = 16

    private(set) var isHex = false
    private var head: [UInt8] = []
    private var isRead = false
    private var lineStarts: [Int] = []
    private var window: (offset: UInt64, bytes: [UInt8]) = (0, [])
    private(set) var top = 0
    private var rows = 1
    private(set) var columns = 80
    /// Columns to the left of the screen.
    private(set) var left = 0

    init(object: Int, address: FileAddress, path: [UInt8], size: UInt64) {
        self.object = object
        self.address = address
        self.path = path
        self.size = size
    }

    /// What is to be read at first.
    var firstRead: ExplorerEffect {
        .read(object: object, address, offset: 0, count: Int(min(size, UInt64(Self.textLimit))))
    }

    /// Takes bytes that were read.
    mutating func take(_ bytes: [UInt8], at offset: UInt64) {
        guard offset == 0, !isRead else {
            window = (offset, bytes)
            return
        }
        isRead = true
        head = bytes
        // A byte that no text has, near the start.
        isHex = bytes.prefix(8192).contains(0)
        lineStarts = bytes.isEmpty ? [] : [0]
        bytes.withUnsafeBufferPointer { bytes in
            for (index, byte) in bytes.enumerated() where byte == 0x0A && index + 1 < bytes.count {
                lineStarts.append(index + 1)
            }
        }
    }

    var lineCount: Int {
        isHex ? Int(clamping: (size + UInt64(Self.lineByteCount) - 1) / UInt64(Self.lineByteCount)) : lineStarts.count
    }

    /// What is told of the place in the file.
    var status: String {
        guard isRead else { return "reading …" }
        let part = !isHex && size > UInt64(head.count) ? ", the first \(head.count) bytes as text; t shows all" : ""
        let line = lineCount == 0 ? 0 : top + 1
        return "line \(line) of \(lineCount)\(isHex ? ", hex" : "")\(part)"
    }

    mutating func settle(columns: Int, rows: Int) {
        self.rows = max(1, rows)
        self.columns = max(1, columns)
        move(to: top)
    }

    mutating func move(to line: Int) { top = max(0, min(line, lineCount - rows)) }

    mutating func move(right columns: Int) { left = max(0, min(left + columns, 1 << 20)) }

    mutating func toggle() {
        let offset = isHex ? top * Self.lineByteCount : lineStarts.indices.contains(top) ? lineStarts[top] : 0
        isHex.toggle()
        left = 0
        move(to: isHex ? offset / Self.lineByteCount : (lineStarts.lastIndex { $0 <= offset } ?? 0))
    }

    /// What has to be read for the rows that are shown; nil where all is there.
    var missing: ExplorerEffect? {
        guard isHex, isRead else { return nil }
        let start = UInt64(top) * UInt64(Self.lineByteCount)
        let end = min(size, start + UInt64(rows * Self.lineByteCount))
        guard end > UInt64(head.count) else { return nil }
        let (offset, bytes) = window
        guard start < offset || end > offset + UInt64(bytes.count) else { return nil }
        return .read(object: object, address, offset: start, count: Self.windowByteCount)
    }

    /// The text of a line.
    func line(_ index: Int) -> String { isHex ? hexLine(index) : textLine(index) }

    private func textLine(_ index: Int) -> String {
        guard lineStarts.indices.contains(index) else { return "" }
        let start = lineStarts[index]
        var end = index + 1 < lineStarts.count ? lineStarts[index + 1] : head.count
        if end > start, head[end - 1] == 0x0A { end -= 1 }
        if end > start, head[end - 1] == 0x0D { end -= 1 }
        // A line may have millions of bytes, of which some are to be seen; a letter has four at the most.
        let needed = min(end - start, (left + columns + 1) * 4)
        var (text, width) = ("", 0)
        for piece in head[start..<start + needed].split(separator: 0x09, omittingEmptySubsequences: false) {
            guard width <= left + columns else { break }
            if !text.isEmpty || piece.startIndex > start {
                let gap = 8 - width % 8
                text += String(repeating: " ", count: gap)
                width += gap
            }
            let shown = Bytes.escaped(piece)
            text += shown
            width += CharacterWidth.of(shown)
        }
        return String(String.UnicodeScalarView(text.unicodeScalars.dropFirst(left)))
    }

    private func hexLine(_ index: Int) -> String {
        let start = UInt64(index) * UInt64(Self.lineByteCount)
        let bytes = (0..<Self.lineByteCount).map { byte(at: start + UInt64($0)) }
        guard bytes.contains(where: { $0 != nil }) else { return "" }
        var text = Self.hex(start, digits: 8) + " "
        for (column, byte) in bytes.enumerated() {
            text += (column == 8 ? "  " : " ") + (byte.map { Self.hex(UInt64($0), digits: 2) } ?? "  ")
        }
        text += "  |"
        for byte in bytes.compactMap({ $0 }) {
            text.unicodeScalars.append((0x20...0x7E).contains(byte) ? Unicode.Scalar(byte) : ".")
        }
        return text + "|"
    }

    private func byte(at offset: UInt64) -> UInt8? {
        guard offset < size else { return nil }
        if offset < UInt64(head.count) { return head[Int(offset)] }
        guard offset >= window.offset, offset < window.offset + UInt64(window.bytes.count) else { return nil }
        return window.bytes[Int(offset - window.offset)]
    }

    private static func hex(_ value: UInt64, digits: Int) -> String {
        let text = String(value, radix: 16)
        return String(repeating: "0", count: max(0, digits - text.utf8.count)) + text
    }

    /// The next line in which a text is, from one on; wraps around.
    func find(_ text: String, from line: Int, forward: Bool) -> Int? {
        let pattern = Array(text.utf8)
        guard !pattern.isEmpty, !lineStarts.isEmpty else { return nil }
        var current = line
        if isHex {
            let offset = line * Self.lineByteCount
            current = lineStarts.lastIndex { $0 <= offset } ?? 0
        }
        for step in 1...lineStarts.count {
            let raw = forward ? current + step : current - step
            let index = ((raw % lineStarts.count) + lineStarts.count) % lineStarts.count
            let end = index + 1 < lineStarts.count ? lineStarts[index + 1] : head.count
            if let place = Self.place(of: pattern, in: head[lineStarts[index]..<end]) {
                return isHex ? place / Self.lineByteCount : index
            }
        }
        return nil
    }

    private static func place(of text: [UInt8], in line: ArraySlice<UInt8>) -> Int? {
        guard line.count >= text.count else { return nil }
        let ignoresCase = !text.contains { (0x41...0x5A).contains($0) }
        func folded(_ byte: UInt8) -> UInt8 { ignoresCase && (0x41...0x5A).contains(byte) ? byte | 0x20 : byte }
        return (line.startIndex...line.endIndex - text.count).first { start in
            text.indices.allSatisfy { folded(line[start + $0]) == text[$0] }
        }
    }
}
