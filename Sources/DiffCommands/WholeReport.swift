// SPDX-License-Identifier: Apache-2.0

import Browsing
import CommandTrees
import Console
import FileTree
import Inventory
import OCI
import PackageCommands
import ScanCommands
import TreeDiff

/// Everything in which two objects differ, for people and for programs.
struct WholeReport {
    let whole: WholeDifference

    init(_ whole: WholeDifference) { self.whole = whole }

    // MARK: - Text

    /// A summary, and a part for each respect in which something differs.
    func text() -> [UInt8] {
        var bytes = Array("\(whole.left.name.printable) -> \(whole.right.name.printable)\n".utf8)
        bytes += Array(TextTable.text(summary.map { ["  \($0.0):", $0.1] }).utf8)
        if let configuration = whole.configuration { part("Configuration", configuration.text, to: &bytes) }
        if let history = whole.history, history.differs { part("History", history.text, to: &bytes) }
        part("Packages", whole.packages.text(), to: &bytes)
        if let vulnerabilities = whole.vulnerabilities { part("Vulnerabilities", vulnerabilities.text(), to: &bytes) }
        part("Unexplained", unexplained, to: &bytes)
        guard !whole.files.isEmpty else { return bytes }
        bytes += Array("\nFiles\n".utf8)
        var lines = DiffText()
        for file in whole.files {
            if let old = file.old { lines.add(moved: old, to: file.change) } else { lines.add(file.change) }
            bytes += lines.bytes + file.text
            lines.bytes.removeAll(keepingCapacity: true)
        }
        return bytes
    }

    private func part(_ heading: String, _ text: String, to bytes: inout [UInt8]) {
        guard !text.isEmpty else { return }
        bytes += Array("\n\(heading)\n\(text)".utf8)
    }

    /// What is told at first.
    var summary: [(String, String)] {
        let kinds = whole.files.map { $0.old == nil ? $0.change.kind.rawValue : "moved" }
        let files = ["added", "removed", "modified", "moved"].map { ($0, kinds.count(of: $0)) }
        let letters = whole.packages.changes.map { change in
            switch change.kind {
            case .added: "added"
            case .removed: "removed"
            case .changed: change.direction ?? "changed"
            }
        }
        let packages = ["added", "removed", "upgrade", "downgrade", "rebuilt", "respelled", "changed"].map {
            ($0, letters.count(of: $0))
        }
        let unrecorded = whole.packages.unrecorded.map { "no record in \($0)" }.joined(separator: ", ")
        let packageCounts = Self.counts(packages) + (unrecorded.isEmpty ? "" : " (\(unrecorded))")
        var lines = [("Files", Self.counts(files)), ("Packages", packageCounts)]
        lines.append(("Unexplained", "\(whole.unexplained.count)"))
        if let vulnerabilities = whole.vulnerabilities {
            let count = vulnerabilities.changes.count { $0.isNew }
            lines.append(
                (
                    "Vulnerabilities",
                    "\(vulnerabilities.changes.count - count) fixed, \(count) new; \(vulnerabilities.age)"
                ))
        } else {
            lines.append(("Vulnerabilities", "not compared: there are no advisories (cimg db update)"))
        }
        if let configuration = whole.configuration {
            lines.append(("Configuration", "\(counted(configuration.differences.count, "difference"))"))
        } else {
            lines.append(("Configuration", "not compared: only images have one"))
        }
        if !whole.gaps.isEmpty { lines.append(("NOT WHOLLY COMPARED", counted(whole.gaps.count, "problem"))) }
        return lines
    }

    private static func counts(_ counts: [(String, Int)]) -> String {
        let parts = counts.filter { $0.1 > 0 }.map { "\($0.1) \($0.0)" }
        return parts.isEmpty ? "none" : parts.joined(separator: ", ")
    }

    private var unexplained: String {
        whole.unexplained.map { file in
            let reason = file.reason.map(Self.text) ?? ""
            let layer = file.layer.map { ", layer \($0.index)" } ?? ""
            return "\(Self.letter(file)) \(Bytes.escaped(file.change.path)) (\(reason)\(layer))\n"
        }.joined()
    }

    static func letter(_ file: WholeDifference.File) -> String {
        if file.old != nil { return "R" }
        switch file.change.kind {
        case .added: return "A"
        case .removed: return "D"
        case .modified: return "C"
        }
    }

    static func text(_ reason: ChangeExplanation.Reason) -> String {
        let (words, package) = reason.text
        return package.isEmpty ? words : "\(words): \(Bytes.escaped(package))"
    }

    // MARK: - JSON

    /// One object: that of a comparison of files with members for all other respects; null for what was not compared.
    func json() -> [UInt8] {
        var files = DiffJSON(compared: whole.fields)
        files.begin(left: whole.left, right: whole.right)
        for file in whole.files {
            if let old = file.old { files.add(moved: old, to: file.change) } else { files.add(file.change) }
        }
        files.endChanges()
        var text = files.text
        text.key("packages")
        whole.packages.write(to: &text)
        text.key("configuration")
        if let configuration = whole.configuration { configuration.write(to: &text) } else { text.null() }
        text.key("history")
        if let history = whole.history { history.write(to: &text) } else { text.null() }
        text.key("vulnerabilities")
        if let vulnerabilities = whole.vulnerabilities { vulnerabilities.write(to: &text) } else { text.null() }
        text.key("unexplained")
        text.beginArray()
        for file in whole.unexplained { write(unexplained: file, to: &text) }
        text.endArray()
        text.key("texts")
        text.beginArray()
        for file in whole.files where !file.text.isEmpty {
            text.beginObject()
            path(file.change.path, to: &text)
            text.member("diff", file.text)
            text.endObject()
        }
        text.endArray()
        text.words(whole.gaps, key: "problems")
        text.endObject()
        return text.bytes
    }

    private func write(unexplained file: WholeDifference.File, to text: inout JSONText) {
        guard let reason = file.reason else { return }
        let (words, package) = reason.text
        text.beginObject()
        path(file.change.path, to: &text)
        text.member("change", Self.letter(file))
        text.member("reason", words)
        if !package.isEmpty { text.member("package", package) }
        if let layer = file.layer { text.member("layer", "\(layer.diffID)") }
        text.endObject()
    }

    private func path(_ path: [UInt8], to text: inout JSONText) {
        text.member("path", path)
        guard String(validating: path, as: UTF8.self) == nil else { return }
        text.key("path_base64")
        text.base64(path)
    }
}

extension [String] {
    /// How often a word is there.
    fileprivate func count(of word: String) -> Int { count { $0 == word } }
}
