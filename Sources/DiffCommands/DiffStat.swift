// SPDX-License-Identifier: Apache-2.0

package import CommandTrees
import FileTree
package import TreeDiff

/// A table of how many paths changed and by how many bytes, and how often each field did.
///
/// Bytes are those of regular files, a file with several names counted once: what was added, what was removed, and by
/// how much modified files grew or shrank.
package struct DiffStat: DiffReport {
    private struct Row {
        var files: UInt64 = 0
        var directories: UInt64 = 0
        var others: UInt64 = 0
        /// Clamped to the range: sizes of hostile trees may add up to more.
        var bytes: Int64 = 0

        mutating func grow(by count: Int64) {
            let (sum, overflow) = bytes.addingReportingOverflow(count)
            bytes = overflow ? (count < 0 ? .min : .max) : sum
        }
    }

    package var bytes: [UInt8] = []
    private var rows: [Change.Kind: Row] = [:]
    private var fieldCounts: [UInt16: UInt64] = [:]
    private var counted: [Side: Set<TreeNode>] = [:]

    /// Starts a report.
    package init() {}

    package mutating func begin(left: DiffSide, right: DiffSide) {}

    package mutating func add(_ change: Change) {
        var row = rows[change.kind] ?? Row()
        switch change.type {
        case .regular: row.files += 1
        case .directory: row.directories += 1
        case .characterDevice, .blockDevice, .fifo, .socket, .symbolicLink: row.others += 1
        }
        row.grow(by: size(change.right, .right))
        row.grow(by: -size(change.left, .left))
        rows[change.kind] = row
        for (_, field) in change.fields.named { fieldCounts[field.rawValue, default: 0] += 1 }
    }

    package mutating func end() {
        let kinds: [Change.Kind] = [.added, .removed, .modified]
        let total = kinds.compactMap { rows[$0] }.reduce(into: Row()) { total, row in
            total.files += row.files
            total.directories += row.directories
            total.others += row.others
            total.grow(by: row.bytes)
        }
        var lines = [["", "files", "directories", "others", "bytes"]]
        lines += kinds.map { Self.line($0.rawValue, rows[$0] ?? Row()) } + [Self.line("total", total)]
        let widths = (0..<5).map { column in lines.map { $0[column].utf8.count }.max() ?? 0 }
        for line in lines {
            let cells = line.enumerated().map { column, cell in
                let padding = String(repeating: " ", count: widths[column] - cell.utf8.count)
                return column == 0 ? cell + padding : padding + cell
            }
            bytes.append(contentsOf: (cells.joined(separator: "  ") + "\n").utf8)
        }
        let reasons = ChangedFields.all.named.compactMap { name, field in
            fieldCounts[field.rawValue].map { "\(name) \($0)" }
        }
        if !reasons.isEmpty { bytes.append(contentsOf: "modified in: \(reasons.joined(separator: ", "))\n".utf8) }
    }

    /// The bytes that a file stands for; none if another name of it was counted before.
    private mutating func size(_ file: ChangedFile?, _ side: Side) -> Int64 {
        guard let file, file.attributes.type == .regular else { return 0 }
        if file.linkCount > 1, !counted[side, default: []].insert(file.node).inserted { return 0 }
        return Int64(clamping: file.attributes.size)
    }

    private static func line(_ name: String, _ row: Row) -> [String] {
        [name, "\(row.files)", "\(row.directories)", "\(row.others)", (row.bytes > 0 ? "+" : "") + "\(row.bytes)"]
    }
}
