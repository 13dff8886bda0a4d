// SPDX-License-Identifier: Apache-2.0

/// Two texts as a unified diff, as `diff -u` prints it.
package struct UnifiedDiff: Sendable {
    /// A line of the diff: what kind it is, and its bytes without the line end.
    package struct Line: Equatable, Sendable {
        /// ` `, `+`, `-`, `@` for the head of a hunk, `\` for a remark.
        package let kind: UInt8
        /// The bytes behind the sign.
        package let text: ArraySlice<UInt8>
    }

    /// The lines; none for equal texts.
    package private(set) var lines: [Line] = []

    private static let remark = Array(" No newline at end of file".utf8)[...]

    /// Compares two texts.
    ///
    /// Nil where one has more than `LineDifference.lineLimit` lines.
    package init?(_ left: [UInt8], _ right: [UInt8], context: Int = 3) {
        guard let first = Self.lines(of: left), let second = Self.lines(of: right) else { return nil }
        let (leftLines, rightLines) = (Self.distinct(first, in: left), Self.distinct(second, in: right))
        let edits = LineDifference(leftLines, rightLines).edits
        var position = 0
        while position < edits.count {
            // Changes whose surroundings meet stand in one hunk.
            var end = position + 1
            while end < edits.count, edits[end].left.lowerBound - edits[end - 1].left.upperBound <= 2 * context {
                end += 1
            }
            append(edits[position..<end], leftLines, rightLines, context)
            position = end
        }
    }

    private mutating func append(
        _ edits: ArraySlice<LineDifference.Edit>, _ left: [ArraySlice<UInt8>], _ right: [ArraySlice<UInt8>],
        _ context: Int
    ) {
        guard let first = edits.first, let last = edits.last else { return }
        let before = min(context, first.left.lowerBound)
        let after = min(context, left.count - last.left.upperBound)
        let leftRange = first.left.lowerBound - before..<last.left.upperBound + after
        let rightRange = first.right.lowerBound - before..<last.right.upperBound + after
        let head = " -\(Self.text(leftRange)) +\(Self.text(rightRange)) @@"
        lines.append(Line(kind: UInt8(ascii: "@"), text: (Array("@".utf8) + Array(head.utf8))[...]))
        var position = leftRange.lowerBound
        for edit in edits {
            for line in left[position..<edit.left.lowerBound] { append(line, UInt8(ascii: " ")) }
            for line in left[edit.left] { append(line, UInt8(ascii: "-")) }
            for line in right[edit.right] { append(line, UInt8(ascii: "+")) }
            position = edit.left.upperBound
        }
        for line in left[position..<leftRange.upperBound] { append(line, UInt8(ascii: " ")) }
    }

    private mutating func append(_ line: ArraySlice<UInt8>, _ kind: UInt8) {
        guard line.last == UInt8(ascii: "\n") else {
            lines.append(Line(kind: kind, text: line))
            lines.append(Line(kind: UInt8(ascii: "\\"), text: Self.remark))
            return
        }
        lines.append(Line(kind: kind, text: line.dropLast()))
    }

    /// A range of lines as the head of a hunk has it: counted from 1, one line without its count.
    private static func text(_ range: Range<Int>) -> String {
        switch range.count {
        case 0: "\(range.lowerBound),0"
        case 1: "\(range.lowerBound + 1)"
        default: "\(range.lowerBound + 1),\(range.count)"
        }
    }

    /// Where each line begins, and the end of the last one; nil for too many.
    private static func lines(of text: [UInt8]) -> [Int]? {
        var starts = [0]
        for (position, byte) in text.enumerated() where byte == UInt8(ascii: "\n") {
            starts.append(position + 1)
            if starts.count > LineDifference.lineLimit { return nil }
        }
        if starts.last != text.count { starts.append(text.count) }
        return starts
    }

    /// The lines with their line ends, so that one without it is another line.
    private static func distinct(_ starts: [Int], in text: [UInt8]) -> [ArraySlice<UInt8>] {
        zip(starts, starts.dropFirst()).map { text[$0..<$1] }
    }
}
