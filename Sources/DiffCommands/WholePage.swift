// SPDX-License-Identifier: Apache-2.0

import Browsing
import CommandTrees
import Console
import FileTree
import OCI
import PackageCommands
import Pages
import ScanCommands
import TreeDiff

extension WholeReport {
    /// Everything in which two objects differ, as a page.
    func page() -> [UInt8] {
        let names = "\(whole.left.name.printable) → \(whole.right.name.printable)"
        var facts = summary.map { (name: $0.0, value: $0.1) }
        if let digest = whole.left.digest { facts.append(("Left", digest)) }
        if let digest = whole.right.digest { facts.append(("Right", digest)) }
        var page = Page(title: names, facts: facts)
        if !whole.gaps.isEmpty { page.add("Not wholly compared", .lines(whole.gaps.joined(separator: "\n"))) }
        let unexplained = whole.unexplained
        if !unexplained.isEmpty {
            page.add(
                "Unexplained: no changed package accounts for it",
                .table(
                    headings: ["", "REASON", "LAYER", "PATH"], numbers: [2],
                    unexplained.map { file in
                        row(file, [file.reason.map(Self.text) ?? "", file.layer.map { "\($0.index)" } ?? ""])
                    }))
        }
        for (heading, text) in parts where !text.isEmpty { page.add(heading, .lines(text)) }
        guard !whole.files.isEmpty else { return page.html }
        page.add("Sizes of what differs", .map(map))
        page.add(
            "Files",
            .table(
                headings: ["", "BEFORE", "AFTER", "WHAT", "PATH"], numbers: [1, 2],
                whole.files.map { file in
                    let old = file.old?.left ?? file.change.left
                    let sizes = [old, file.change.right].map { found in
                        found.flatMap { $0.attributes.type == .regular ? TextTable.size($0.attributes.size) : nil }
                            ?? ""
                    }
                    return row(file, sizes + [reasons(file)])
                }))
        return page.html
    }

    /// The other respects, as they are printed.
    private var parts: [(String, String)] {
        var parts: [(String, String)] = []
        if let configuration = whole.configuration { parts.append(("Configuration", configuration.text)) }
        if let history = whole.history, history.differs { parts.append(("History", history.text)) }
        parts.append(("Packages", whole.packages.text()))
        if let vulnerabilities = whole.vulnerabilities { parts.append(("Vulnerabilities", vulnerabilities.text())) }
        return parts
    }

    private func row(_ file: WholeDifference.File, _ cells: [String]) -> Page.Row {
        let path = (file.old.map { Bytes.escaped($0.path) + " → " } ?? "") + Bytes.escaped(file.change.path)
        let letter = Self.letter(file)
        return Page.Row([letter] + cells + [path], mark: letter, detail: String(decoding: file.text, as: UTF8.self))
    }

    private func reasons(_ file: WholeDifference.File) -> String {
        guard file.old == nil, let left = file.change.left, let right = file.change.right else {
            let added = file.change.kind == .added ? file.change.right : nil
            let rights = added.map { DiffText.rights($0.attributes) } ?? []
            return ([DiffValue.type(file.change.type)] + rights).joined(separator: ", ")
        }
        return DiffText.reasons(file.change.fields, left, right)
    }

    private var map: SizeMap {
        var map = SizeMap { TextTable.size($0) }
        for file in whole.files {
            guard let found = file.change.right ?? file.change.left, found.attributes.type == .regular else { continue }
            map.add(Bytes.escaped(file.change.path), size: found.attributes.size, mark: Self.letter(file))
        }
        return map
    }
}
