// SPDX-License-Identifier: Apache-2.0

/// The bytes that bring a terminal from one screen to the next: only what differs is written.
package struct ScreenWriter: Sendable {
    private let isColored: Bool
    private var shown: Screen?

    /// The alternate screen, without a cursor, empty; the keys of arrows as `ESC [`.
    package static let enter = "\u{1B}[?1049h\u{1B}[?1l\u{1B}>\u{1B}[?25l\u{1B}[2J"
    /// All back: styles, cursor, synchronisation, the screen that was.
    package static let leave = "\u{1B}[m\u{1B}[?2026l\u{1B}[?25h\u{1B}[?1049l"

    /// Makes one for a screen of which nothing is known.
    package init(isColored: Bool) { self.isColored = isColored }

    /// Forgets what is shown: the next screen is written in full.
    package mutating func forget() { shown = nil }

    /// The bytes for the next screen.
    package mutating func bytes(for screen: Screen) -> [UInt8] {
        let before = shown.flatMap { $0.columns == screen.columns && $0.rows == screen.rows ? $0 : nil }
        var text = "\u{1B}[?2026h\u{1B}[?25l" + (before == nil ? "\u{1B}[m\u{1B}[2J" : "")
        let start = text.utf8.count
        for row in 0..<screen.rows { write(row, of: screen, over: before, to: &text) }
        let hasCells = text.utf8.count > start
        if let cursor = screen.cursor { text += "\u{1B}[\(cursor.row + 1);\(cursor.column + 1)H\u{1B}[?25h" }
        shown = screen
        guard
            hasCells || before == nil || before?.cursor?.column != screen.cursor?.column
                || before?.cursor?.row != screen.cursor?.row
        else { return [] }
        return Array((text + "\u{1B}[?2026l").utf8)
    }

    private func write(_ row: Int, of screen: Screen, over before: Screen?, to text: inout String) {
        let start = row * screen.columns
        var style: CellStyle?
        var isThere = false
        for index in start..<start + screen.columns {
            let cell = screen.cells[index]
            let isKnown = before.map { $0.cells[index] == cell } ?? (cell.letter == " " && cell.style.isEmpty)
            guard let letter = cell.letter else {
                // Whatever the terminal thinks of the width of the letter before: the next one gets its place anew.
                isThere = false
                continue
            }
            if isKnown {
                isThere = false
                continue
            }
            if !isThere { text += "\u{1B}[\(row + 1);\(index - start + 1)H" }
            if style != cell.style {
                text += sequence(cell.style)
                style = cell.style
            }
            text.unicodeScalars.append(letter)
            isThere = true
        }
        if style != nil, style != [] { text += "\u{1B}[m" }
    }

    private func sequence(_ style: CellStyle) -> String {
        var codes = "0"
        if style.contains(.bold) { codes += ";1" }
        if style.contains(.reversed) { codes += ";7" }
        if isColored {
            if style.contains(.green) { codes += ";32" }
            if style.contains(.red) { codes += ";31" }
            if style.contains(.yellow) { codes += ";33" }
            if style.contains(.blue) { codes += ";36" }
        }
        return "\u{1B}[\(codes)m"
    }
}
