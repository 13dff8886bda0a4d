// SPDX-License-Identifier: Apache-2.0

import Browsing
import Console
import FileTree
import LayerStore
import OCI
import Rebuilding
import TreeDiff

/// A verdict on two builds as text and JSON.
struct ReproReport {
    let names: (left: String, right: String)
    let reproduction: Reproduction
    let limit: Int

    /// What a cause accounts for.
    private struct Account {
        var count = 0
        var bytes: UInt64 = 0
        /// Where it was seen first, and by what it is known there.
        var example = ""
    }

    /// What all causes account for.
    private struct Accounts {
        var found: [RebuildCause: Account] = [:]

        mutating func add(_ finding: RebuildFinding, at place: String = "", _ bytes: UInt64 = 0) {
            var account = found[finding.cause] ?? Account()
            account.count += 1
            account.bytes &+= bytes
            if account.example.isEmpty {
                account.example = place.isEmpty ? finding.evidence : "\(place): \(finding.evidence)"
            }
            found[finding.cause] = account
        }
    }

    private var accounts: [(cause: RebuildCause, account: Account)] {
        var accounts = Accounts()
        for file in reproduction.files {
            for finding in file.findings {
                accounts.add(finding, at: Bytes.escaped(file.change.path), Self.bytes(file.change, finding.cause))
            }
        }
        for key in reproduction.keys { if let finding = key.finding { accounts.add(finding) } }
        for form in reproduction.forms { accounts.add(form) }
        let found = accounts.found
        return RebuildCause.allCases.compactMap { cause in found[cause].map { (cause, $0) } }
            .sorted { ($0.1.bytes, $0.1.count) > ($1.1.bytes, $1.1.count) }
    }

    /// Bytes that differ: none where only attributes do.
    private static func bytes(_ change: Change, _ cause: RebuildCause) -> UInt64 {
        let isContent = change.kind != .modified || !change.fields.isDisjoint(with: [.content, .type])
        guard isContent, cause != .times, cause != .owners else { return 0 }
        return (change.right ?? change.left)?.attributes.size ?? 0
    }

    private var openFiles: [Reproduction.File] { reproduction.files.filter(\.isOpen) }

    private var openKeys: [Reproduction.Key] { reproduction.keys.filter { $0.finding == nil } }

    // MARK: - Text

    var text: String {
        var text = "\(reproduction.verdict.rawValue): \(names.left.printable) and \(names.right.printable)\n"
        if reproduction.verdict == .equivalent { text += "\nnothing differs that --semantic counts\n" }
        let accounts = accounts
        if !accounts.isEmpty {
            text += "\n"
            for (cause, account) in accounts {
                let bytes = account.bytes > 0 ? ", \(TextTable.size(account.bytes))" : ""
                text += "\(cause.rawValue): \(cause.summary) (\(counted(account.count, "difference"))\(bytes))\n"
                text += "  seen:   \(account.example.printable)\n  remedy: \(cause.remedy)\n"
            }
        }
        guard !openFiles.isEmpty || !openKeys.isEmpty else { return text }
        text += "\nwithout a known cause:\n"
        for key in openKeys {
            let (old, new) = (key.difference.left, key.difference.right)
            let values = [old, new].map { $0.map { DiffConfiguration.text($0) } ?? "nothing" }
            text += "  \(key.difference.key.printable): \(values.joined(separator: " -> "))\n"
        }
        let shown = limit == 0 ? openFiles[...] : openFiles.prefix(limit)
        for file in shown {
            let layer = file.layer.map { ", layer \($0.index)" } ?? ""
            text += "  \(Bytes.escaped(file.change.path)): \(Self.difference(file))\(layer)\n"
        }
        if shown.count < openFiles.count { text += "  … and \(openFiles.count - shown.count) more\n" }
        return text
    }

    private static func difference(_ file: Reproduction.File) -> String {
        switch file.change.kind {
        case .added: "only in the second"
        case .removed: "only in the first"
        case .modified: file.open.named.map(\.name).joined(separator: ", ")
        }
    }

    // MARK: - JSON

    var json: [UInt8] {
        var text = JSONText()
        text.beginObject()
        text.key("verdict")
        text.string(reproduction.verdict.rawValue)
        for (key, name, image) in [
            ("left", names.left, reproduction.left), ("right", names.right, reproduction.right),
        ] {
            text.key(key)
            text.beginObject()
            text.key("name")
            text.string(RawArguments.bytes(of: name))
            text.key("digest")
            text.string("\(image.digest)")
            text.endObject()
        }
        text.key("causes")
        text.beginArray()
        for (cause, account) in accounts {
            text.beginObject()
            for (key, value) in [
                ("cause", cause.rawValue), ("summary", cause.summary), ("example", account.example),
                ("remedy", cause.remedy),
            ] {
                text.key(key)
                text.string(value)
            }
            text.key("differences")
            text.number(account.count)
            text.key("bytes")
            text.number(account.bytes)
            text.endObject()
        }
        text.endArray()
        writeKeys(to: &text)
        writeFiles(to: &text)
        text.endObject()
        return text.bytes
    }

    private func writeKeys(to text: inout JSONText) {
        text.key("configuration")
        text.beginArray()
        for key in reproduction.keys {
            text.beginObject()
            text.key("key")
            text.string(key.difference.key)
            for (name, value) in [("left", key.difference.left), ("right", key.difference.right)] {
                guard let value else { continue }
                text.key(name)
                text.value(value)
            }
            text.key("cause")
            if let finding = key.finding { text.string(finding.cause.rawValue) } else { text.null() }
            text.endObject()
        }
        text.endArray()
    }

    private func writeFiles(to text: inout JSONText) {
        text.key("files")
        text.beginArray()
        for file in reproduction.files {
            text.beginObject()
            text.key("path")
            text.string(file.change.path)
            text.key("kind")
            text.string(file.change.kind.rawValue)
            text.key("fields")
            text.beginArray()
            for field in file.change.fields.named { text.string(field.name) }
            text.endArray()
            if let layer = file.layer {
                text.key("layer")
                text.number(layer.index)
            }
            text.key("explained")
            text.bool(!file.isOpen)
            text.key("causes")
            text.beginArray()
            for finding in file.findings {
                text.beginObject()
                text.key("cause")
                text.string(finding.cause.rawValue)
                text.key("evidence")
                text.string(finding.evidence)
                text.endObject()
            }
            text.endArray()
            text.endObject()
        }
        text.endArray()
    }
}
