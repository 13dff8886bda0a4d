// SPDX-License-Identifier: Apache-2.0

import Browsing
import CommandTrees
import Console
import FileTree
import Glibc
import LinuxIO
import OCI
import Objects
import SystemPackage

/// Searches objects one after the other and prints what is found.
struct FindSearch {
    private let expression: FindExpression
    private let isJSON: Bool
    /// Whether the object stands before each path.
    private let namesObjects: Bool
    private let now = Int64(time(nil))
    private var bytes: [UInt8] = []
    private var isOver = false

    init(expression: FindExpression, isJSON: Bool, namesObjects: Bool) {
        self.expression = expression
        self.isJSON = isJSON
        self.namesObjects = namesObjects
    }

    /// Searches an object.
    ///
    /// - Returns: what could not be searched, a line each.
    /// - Throws: what writing throws, and where it is the only object what is wrong with it.
    mutating func run(_ target: FindTarget, in finder: ObjectFinder) throws -> [String] {
        guard !isOver else { return [] }
        do {
            let tree = try OpenedTree.open(target.object, in: finder).tree
            return try search(tree, target)
        } catch let error as Errno where error == .brokenPipe {
            throw error
        } catch let error as OutputError { throw CommandError(error.description) } catch {
            guard namesObjects else { throw error }
            return [(error as? BrowsingError).map(contentsText) ?? "\(error)"]
        }
    }

    private mutating func search(_ tree: BrowsedTree, _ target: FindTarget) throws -> [String] {
        let finding = try Finding(expression, in: tree, now: now, isOnlyOne: !namesObjects)
        let prefix = namesObjects ? Array(target.object.printable.utf8) + [UInt8(ascii: ":")] : []
        var json: FileJSON?
        if isJSON { json = try FileJSON(tree, object: namesObjects ? target.object : nil) }
        var lines: FileLine?
        var problems: [String] = []
        for path in target.paths {
            let starts: [BrowsedFile]
            do throws(BrowsingError) {
                starts = try tree.files(path, followsLast: false)
            } catch {
                problems.append(contentsText(error))
                continue
            }
            for start in starts where !isOver {
                let outcome = try finding.run(from: start) { action, walked in
                    if let json {
                        var text = JSONText(isCompact: true)
                        try json.write(walked.file, to: &text)
                        bytes += text.bytes
                    } else {
                        bytes += prefix
                        switch action {
                        case .print: append(line: walked.path)
                        case .printNul:
                            bytes.append(contentsOf: walked.path)
                            bytes.append(0)
                        case .list:
                            if lines == nil { lines = try FileLine(tree, isNumeric: false) }
                            if let lines { try append(walked.file, lines, tree) }
                        }
                    }
                    if bytes.count > 1 << 16 { try flush() }
                }
                problems += outcome.problems.map(contentsText)
                let more = outcome.problemCount - outcome.problems.count
                if more > 0 { problems.append("\(target.object.printable): \(more) more such files") }
                isOver = outcome.isOver
            }
        }
        return problems
    }

    /// Writes what is still to be written.
    mutating func flush() throws {
        do {
            try FileDescriptor.standardOutput.writeAll(bytes)
        } catch let error as Errno where error != .brokenPipe {
            throw OutputError(description: "standard output: \(error)")
        }
        bytes.removeAll(keepingCapacity: true)
    }

    private mutating func append(line path: UnsafeRawBufferPointer) {
        if path.allSatisfy({ $0 >= 0x20 && $0 < 0x7F && $0 != UInt8(ascii: "\\") }) {
            bytes.append(contentsOf: path)
        } else {
            bytes.append(contentsOf: Bytes.escaped(path).utf8)
        }
        bytes.append(UInt8(ascii: "\n"))
    }

    private mutating func append(_ file: BrowsedFile, _ lines: FileLine, _ tree: BrowsedTree) throws {
        let attributes = try tree.attributes(of: file)
        let cells = lines.cells(attributes, linkCount: try tree.linkCount(of: file))
        // Columns of a usual width, as nobody knows what is still to come.
        let line = zip(cells, [10, 3, 8, 8, 10, 16]).enumerated().map { column, cell in
            let padding = String(repeating: " ", count: max(0, cell.1 - cell.0.count))
            return column == 1 || column == 4 ? padding + cell.0 : cell.0 + padding
        }
        let target = attributes.type == .symbolicLink ? " -> " + NamedPath.text(attributes.target) : ""
        bytes += Array("\(line.joined(separator: " ")) \(NamedPath.text(file.path))\(target)\n".utf8)
    }

    /// Standard output cannot be written to: no object is to blame.
    private struct OutputError: Error {
        let description: String
    }
}
