// SPDX-License-Identifier: Apache-2.0

import FileTree

/// How a cell looks.
package struct CellStyle: OptionSet, Hashable, Sendable {
    /// The bits.
    package let rawValue: UInt8

    /// Takes bits.
    package init(rawValue: UInt8) { self.rawValue = rawValue }

    /// Background and letter changed for each other.
    package static let reversed = CellStyle(rawValue: 1)
    /// Thick.
    package static let bold = CellStyle(rawValue: 2)
    /// Of what was added.
    package static let green = CellStyle(rawValue: 4)
    /// Of what was removed.
    package static let red = CellStyle(rawValue: 8)
    /// Of what was changed.
    package static let yellow = CellStyle(rawValue: 16)
    /// Of directories and headings.
    package static let blue = CellStyle(rawValue: 32)

    /// The colours among it.
    package static let colors: CellStyle = [.green, .red, .yellow, .blue]
}

/// A place for a letter.
package struct Cell: Hashable, Sendable {
    /// The letter; nil for the right half of a wide one.
    package var letter: Unicode.Scalar?
    /// How it looks.
    package var style: CellStyle
}

/// A grid of cells: what a terminal is to show.
package struct Screen: Equatable, Sendable {
    /// Cells in a row.
    package let columns: Int
    /// Rows.
    package let rows: Int
    /// Row by row.
    package private(set) var cells: [Cell]
    /// Where the cursor is to be seen; nil for nowhere.
    package var cursor: (column: Int, row: Int)? {
        get { cursorIndex.map { ($0 % columns, $0 / columns) } }
        set { cursorIndex = newValue.map { min($0.row, rows - 1) * columns + min($0.column, columns - 1) } }
    }
    private var cursorIndex: Int?
    /// Whether only letters of ASCII can be shown.
    private let isPlain: Bool

    /// An empty screen of at least one cell and at most a million.
    package init(columns: Int, rows: Int, isPlain: Bool = false) {
        self.columns = min(max(1, columns), 1000)
        self.rows = min(max(1, rows), 1000)
        self.isPlain = isPlain
        cells = Array(repeating: Cell(letter: " ", style: []), count: self.columns * self.rows)
    }

    /// Puts a text into a row from a column on, cut off at a limit with an ellipsis.
    ///
    /// Whatever is no printable letter becomes `\u{…}`.
    /// - Parameters:
    ///   - text: what is put there; what does not fit into the row is cut off.
    ///   - column: where it begins, from 0.
    ///   - row: the row, from 0; in one that is not on the screen nothing is put.
    ///   - style: how its cells look.
    ///   - limit: the column behind the last that may be used; nil for all of the row.
    /// - Returns: the column behind it.
    @discardableResult
    package mutating func put(
        _ text: String, _ column: Int, _ row: Int, _ style: CellStyle = [], limit: Int? = nil
    ) -> Int {
        let limit = min(limit ?? columns, columns)
        guard (0..<rows).contains(row), column >= 0, column < limit else { return column }
        var position = column
        for scalar in text.unicodeScalars {
            let width = CharacterWidth.of(scalar)
            if width == 0 || isPlain && !scalar.isASCII {
                let name = scalar == "…" ? "~" : "\\u{" + String(scalar.value, radix: 16) + "}"
                for letter in name.unicodeScalars { set(letter, &position, row, style, limit, width: 1) }
            } else {
                set(scalar, &position, row, style, limit, width: width)
            }
            if position > limit { break }
        }
        if position > limit {
            cells[row * columns + limit - 1] = Cell(letter: isPlain ? "~" : "…", style: style)
            if limit - 2 >= column, CharacterWidth.of(cells[row * columns + limit - 2].letter ?? " ") == 2 {
                cells[row * columns + limit - 2].letter = " "
            }
        }
        return min(position, limit)
    }

    /// Puts a text so that it ends before a column; what does not fit is cut off at the end.
    package mutating func putRight(_ text: String, _ end: Int, _ row: Int, width: Int, _ style: CellStyle = []) {
        let taken = CharacterWidth.of(text)
        put(text, max(0, end - min(taken, width)), row, style, limit: end)
    }

    /// Gives a part of a row a style more.
    package mutating func add(_ style: CellStyle, _ range: Range<Int>, _ row: Int) {
        guard (0..<rows).contains(row) else { return }
        for column in range.clamped(to: 0..<columns) {
            cells[row * columns + column].style.formUnion(style)
        }
    }

    /// The text of a row without blanks at its end.
    package func text(_ row: Int) -> String {
        var text = ""
        for cell in cells[row * columns..<(row + 1) * columns] {
            if let letter = cell.letter { text.unicodeScalars.append(letter) }
        }
        while text.last == " " { text.removeLast() }
        return text
    }

    /// The text of all rows, each with its end.
    package var text: String { (0..<rows).map { text($0) + "\n" }.joined() }

    /// Sets a cell, or two; the position goes beyond the limit where there is no room.
    private mutating func set(
        _ letter: Unicode.Scalar, _ position: inout Int, _ row: Int, _ style: CellStyle, _ limit: Int, width: Int
    ) {
        guard position + width <= limit else {
            while position < limit {
                cells[row * columns + position] = Cell(letter: " ", style: style)
                position += 1
            }
            position = limit + 1
            return
        }
        cells[row * columns + position] = Cell(letter: letter, style: style)
        if width == 2 { cells[row * columns + position + 1] = Cell(letter: nil, style: style) }
        position += width
    }
}

/// How many cells letters take.
package enum CharacterWidth {
    /// Letters of two cells, as terminals have them: East Asian ones and pictures.
    private static let wide: [ClosedRange<UInt32>] = [
        0x1100...0x115F, 0x231A...0x231B, 0x2329...0x232A, 0x23E9...0x23EC, 0x23F0...0x23F0, 0x23F3...0x23F3,
        0x25FD...0x25FE, 0x2614...0x2615, 0x2648...0x2653, 0x267F...0x267F, 0x2693...0x2693, 0x26A1...0x26A1,
        0x26AA...0x26AB, 0x26BD...0x26BE, 0x26C4...0x26C5, 0x26CE...0x26CE, 0x26D4...0x26D4, 0x26EA...0x26EA,
        0x26F2...0x26F3, 0x26F5...0x26F5, 0x26FA...0x26FA, 0x26FD...0x26FD, 0x2705...0x2705, 0x270A...0x270B,
        0x2728...0x2728, 0x274C...0x274C, 0x274E...0x274E, 0x2753...0x2755, 0x2757...0x2757, 0x2795...0x2797,
        0x27B0...0x27B0, 0x27BF...0x27BF, 0x2B1B...0x2B1C, 0x2B50...0x2B50, 0x2B55...0x2B55, 0x2E80...0x303E,
        0x3041...0x4DBF, 0x4E00...0xA4CF, 0xA960...0xA97F, 0xAC00...0xD7A3, 0xF900...0xFAFF, 0xFE10...0xFE19,
        0xFE30...0xFE6F, 0xFF01...0xFF60, 0xFFE0...0xFFE6, 0x16FE0...0x18CFF, 0x1AFF0...0x1B2FF, 0x1F004...0x1F004,
        0x1F0CF...0x1F0CF, 0x1F18E...0x1F18E, 0x1F191...0x1F19A, 0x1F200...0x1F265, 0x1F300...0x1F64F,
        0x1F680...0x1F6FF, 0x1F7E0...0x1F7EB, 0x1F900...0x1FAFF, 0x20000...0x3FFFD,
    ]

    /// Cells of a letter; 0 for what is not to be shown as it is: what has no place of its own, or moves others.
    package static func of(_ scalar: Unicode.Scalar) -> Int {
        if scalar.isASCII { return scalar.value >= 0x20 && scalar.value < 0x7F ? 1 : 0 }
        switch scalar.properties.generalCategory {
        case .control, .format, .lineSeparator, .paragraphSeparator, .surrogate, .privateUse, .unassigned,
            .nonspacingMark, .enclosingMark:
            return 0
        default: break
        }
        if (0x1160...0x11FF).contains(scalar.value) || (0xD7B0...0xD7FF).contains(scalar.value) { return 0 }
        guard scalar.value >= 0x1100 else { return 1 }
        var (low, high) = (0, wide.count)
        while low < high {
            let middle = (low + high) / 2
            if wide[middle].upperBound < scalar.value { low = middle + 1 } else { high = middle }
        }
        return low < wide.count && wide[low].contains(scalar.value) ? 2 : 1
    }

    /// Cells of a text as `Screen.put` writes it.
    package static func of(_ text: String) -> Int {
        text.unicodeScalars.reduce(0) { sum, scalar in
            let width = of(scalar)
            return sum + (width > 0 ? width : 4 + String(scalar.value, radix: 16).utf8.count)
        }
    }
}
