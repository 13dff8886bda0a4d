// SPDX-License-Identifier: Apache-2.0

import Browsing
import Console
import FileTree
import LinuxIO
import OCI
import SystemPackage

/// What `cimg ls` prints of one tree.
struct Listing {
    /// What is shown of files.
    struct Style {
        var isLong = false
        var isNumeric = false
        var showsAll = false
        var isRecursive = false
        var showsDirectories = false
    }

    private let tree: BrowsedTree
    private let style: Style
    private let line: FileLine
    private let object: String?
    /// Whether what stands under a heading must say which one.
    private let hasSeveral: Bool
    private var isFirst = true
    /// Paths that could not be listed.
    var problems: [BrowsingError] = []

    /// Prepares to list files of a tree.
    ///
    /// - Parameters:
    ///   - object: what is put before paths in headings; nil for nothing.
    ///   - hasSeveral: whether more than this is listed.
    init(_ tree: BrowsedTree, _ style: Style, namesObject object: String?, hasSeveral: Bool) throws(BrowsingError) {
        self.tree = tree
        self.style = style
        self.object = object
        self.hasSeveral = hasSeveral
        line = try FileLine(tree, isNumeric: style.isNumeric || !style.isLong)
    }

    /// Writes the files that paths name, then the directories.
    mutating func writeLines(_ paths: [[UInt8]]) throws {
        let named = found(paths)
        let files = named.filter { !isListed($0.file) }
        let directories = named.filter { isListed($0.file) }.map(\.file)
        let names = files.map { file in
            // As the user wrote it, where that names one file.
            NamedPath.isPattern(file.written) ? file.file.path : file.written
        }
        try write(files.map(\.file), names: names)
        if !files.isEmpty { isFirst = false }
        let hasHeadings = hasSeveral || named.count > 1 || style.isRecursive
        for directory in directories { try writeDirectories(from: directory, hasHeadings: hasHeadings) }
    }

    /// Writes a JSON object for each file that is listed, each file once.
    mutating func writeJSON(_ paths: [[UInt8]], to text: inout JSONText) throws {
        let json = try FileJSON(tree, object: object)
        for (_, file) in found(paths) {
            guard isListed(file) else {
                try json.write(file, to: &text)
                continue
            }
            var problems: [BrowsingError] = []
            try tree.walk(from: file) { walked in
                guard walked.depth > 0 else { return .into }
                guard style.showsAll || walked.name.first != UInt8(ascii: ".") else { return .past }
                do throws(BrowsingError) {
                    try json.write(walked.file, to: &text)
                } catch {
                    problems.append(error)
                }
                if text.bytes.count > 1 << 16 {
                    try StandardOutput.write(text.bytes)
                    text.bytes.removeAll(keepingCapacity: true)
                }
                return style.isRecursive ? .into : .past
            }
            self.problems += problems
        }
    }

    /// The files that paths name, each with the path as it was written; what is not there is a problem.
    private mutating func found(_ paths: [[UInt8]]) -> [(written: [UInt8], file: BrowsedFile)] {
        let followsLast = !style.isLong && !style.showsDirectories
        var named: [(written: [UInt8], file: BrowsedFile)] = []
        for path in paths {
            do throws(BrowsingError) {
                named += try tree.files(path, followsLast: followsLast).map { (path, $0) }
            } catch {
                problems.append(error)
            }
        }
        return named
    }

    private func isListed(_ file: BrowsedFile) -> Bool { file.type == .directory && !style.showsDirectories }

    private mutating func writeDirectories(from start: BrowsedFile, hasHeadings: Bool) throws {
        var waiting = [start]
        while let directory = waiting.popLast() {
            let children: [BrowsedFile]
            do throws(BrowsingError) {
                children = try tree.children(of: directory).filter {
                    style.showsAll || $0.name.first != UInt8(ascii: ".")
                }
            } catch {
                problems.append(error)
                continue
            }
            if hasHeadings {
                let prefix = object.map { "\($0.printable):" } ?? ""
                try StandardOutput.write((isFirst ? "" : "\n") + prefix + NamedPath.text(directory.path) + ":\n")
            }
            isFirst = false
            try write(children, names: children.map { Array($0.name) })
            if style.isRecursive { waiting += children.reversed().filter { $0.type == .directory } }
        }
    }

    private mutating func write(_ files: [BrowsedFile], names: [[UInt8]]) throws {
        guard style.isLong else {
            return try StandardOutput.write(names.map { NamedPath.text($0) + "\n" }.joined())
        }
        var (rows, ends): ([FileLine.Cells], [String]) = ([], [])
        for (file, name) in zip(files, names) {
            do throws(BrowsingError) {
                let attributes = try tree.attributes(of: file)
                rows.append(line.cells(attributes, linkCount: try tree.linkCount(of: file)))
                let target = attributes.type == .symbolicLink ? " -> " + NamedPath.text(attributes.target) : ""
                ends.append(NamedPath.text(name) + target)
            } catch {
                // What vanished since it was listed is not there.
                if !error.isMissing { problems.append(error) }
            }
        }
        try StandardOutput.write(zip(FileLine.aligned(rows), ends).map { "\($0) \($1)\n" }.joined())
    }
}

/// Paths on a line.
enum NamedPath {
    /// A path as text: what could act on a terminal, and a backslash, are escaped.
    static func text(_ path: [UInt8]) -> String {
        // Nearly all are plain, and there may be a million of them.
        let isPlain = path.allSatisfy { $0 >= 0x20 && $0 < 0x7F && $0 != UInt8(ascii: "\\") }
        return isPlain ? String(decoding: path, as: UTF8.self) : Bytes.escaped(path)
    }

    /// Whether a path is a pattern.
    static func isPattern(_ path: [UInt8]) -> Bool { NamePattern.isPattern(path) }
}
