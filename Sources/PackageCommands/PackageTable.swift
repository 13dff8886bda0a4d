// SPDX-License-Identifier: Apache-2.0

import Browsing
import Console
import FileTree
import Inventory
import Packages

/// Packages as a table for each kind, which fits 80 columns where it may be cut.
struct PackageTable {
    /// Columns of a terminal.
    static let columns = 80

    /// Whether cells are cut to fit.
    let isWide: Bool

    /// The text of all tables, with what they are of above each where there are several.
    func text(_ packages: [InstalledPackage]) -> String {
        var kinds: [PackageKind] = []
        for package in packages where kinds.last != package.package.kind { kinds.append(package.package.kind) }
        return kinds.map { kind in
            let rows = packages.filter { $0.package.kind == kind }
            let table = table(rows)
            return kinds.count > 1 ? "\(kind.rawValue): \(rows.count)\n\(table)" : table
        }.joined(separator: "\n")
    }

    private struct Column {
        let heading: String
        /// Down to what it may be cut; nil for what is never cut.
        let least: Int?
        let cells: [String]

        var width: Int { max(heading.count, cells.map(\.count).max() ?? 0) }
        var isEmpty: Bool { cells.allSatisfy(\.isEmpty) }
    }

    private func table(_ packages: [InstalledPackage]) -> String {
        let all = packages.map(\.package)
        let columns = [
            Column(heading: "NAME", least: 20, cells: all.map { Self.name($0) }),
            Column(heading: "VERSION", least: nil, cells: all.map { Bytes.escaped($0.version) }),
            Column(heading: "ARCH", least: nil, cells: all.map { Bytes.escaped($0.architecture) }),
            Column(heading: "LAYER", least: nil, cells: packages.map { $0.layer.map { "\($0.index)" } ?? "" }),
            Column(
                heading: "SOURCE", least: 8,
                cells: all.map { $0.sourceName == $0.name ? "" : Bytes.escaped($0.sourceName) }),
            Column(
                heading: "LICENCE", least: 8,
                cells: all.map { $0.licences.map { Bytes.escaped($0) }.joined(separator: ", ") }),
        ].filter { !$0.isEmpty }
        let widths = widths(of: columns)
        var lines: [String] = []
        for row in -1..<packages.count {
            var line = ""
            for (column, width) in zip(columns, widths) {
                let cell = row < 0 ? column.heading : column.cells[row]
                let shown = column.least == nil ? cell : Self.cut(cell, to: width)
                line += shown + String(repeating: " ", count: max(0, width - shown.count) + 1)
            }
            while line.last == " " { line.removeLast() }
            lines.append(line + "\n")
        }
        return lines.joined()
    }

    /// Each column's width: where all are too wide, the last ones that may be cut are cut first.
    private func widths(of columns: [Column]) -> [Int] {
        var widths = columns.map(\.width)
        guard !isWide else { return widths }
        // A few long versions push their own rows only.
        for (place, column) in columns.enumerated() where column.heading == "VERSION" {
            let sorted = column.cells.map(\.count).sorted()
            widths[place] = max(column.heading.count, sorted[min(sorted.count - 1, sorted.count * 19 / 20)])
        }
        for (place, column) in columns.enumerated().reversed() {
            let excess = widths.reduce(columns.count - 1, +) - Self.columns
            guard excess > 0, let least = column.least else { continue }
            widths[place] = max(min(least, widths[place]), widths[place] - excess)
        }
        return widths
    }

    private static func cut(_ text: String, to width: Int) -> String {
        text.count <= width ? text : text.prefix(max(0, width - 1)) + StandardOutput.ellipsis
    }

    /// A package's name, for Java behind its group.
    static func name(_ package: Package) -> String {
        package.group.isEmpty
            ? Bytes.escaped(package.name) : Bytes.escaped(package.group) + ":" + Bytes.escaped(package.name)
    }
}
