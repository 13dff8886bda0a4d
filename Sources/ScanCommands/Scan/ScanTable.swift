// SPDX-License-Identifier: Apache-2.0

import Advisories
import Browsing
import Console
import FileTree
import Inventory
import OCI
import Packages

/// Findings for people: a table for each group of packages, as trivy prints it.
struct ScanTable {
    /// Words of a title.
    private static let words = 12

    let scanned: ScannedObject
    /// The severities that were asked for.
    let severities: Set<Severity>
    /// Columns of the terminal; nil for what is none.
    let columns: Int?

    /// All tables; groups of a language without a finding are not told, those that could not be judged are.
    var text: String {
        scanned.results.filter { $0.group.group == "os-pkgs" || !$0.findings.isEmpty || $0.gap != nil }.map { result in
            let group = result.group
            let target = group.group == "os-pkgs" ? group.target : "\(group.target) (\(group.type))"
            let heading = "\n\(target)\n\(String(repeating: "=", count: target.count))\n"
            if let gap = result.gap { return heading + "NOT JUDGED: \(gap)\n\n" }
            let rows = result.findings.isEmpty ? "" : table(result.findings)
            return heading + total(result.findings) + "\n\n" + rows
        }.joined()
    }

    private func total(_ findings: [ScannedObject.Located]) -> String {
        let counts = ScannedObject.counts(findings).filter { severities.contains($0.severity) }
            .map { "\($0.severity.name): \($0.count)" }
        return "Total: \(findings.count) (\(counts.joined(separator: ", ")))"
    }

    private var hasLayers: Bool { scanned.bill.entries.contains { ($0.installed.layer?.index ?? 0) > 0 } }

    private func table(_ findings: [ScannedObject.Located]) -> String {
        var header = ["Library", "Vulnerability", "Severity", "Installed Version", "Fixed Version"]
        if hasLayers { header.append("Layer") }
        var table = BoxedTable(header: header + ["Title"])
        for located in findings {
            let finding = located.finding
            var cells = [
                Self.library(located.entry), finding.id.printable, finding.severity.name,
                Bytes.escaped(finding.installed), finding.fixed.printable,
            ]
            if hasLayers { cells.append(layer(located.entry) ?? "") }
            table.add(cells + [Self.title(finding)])
        }
        let text = table.text
        guard let columns, let first = text.split(separator: "\n").first, first.count > columns else { return text }
        return list(findings)
    }

    /// The layer that brought a package, and whose it is: `0 base`, `3 own`.
    private func layer(_ entry: BillOfMaterials.Entry) -> String? {
        guard let layer = entry.installed.layer else { return nil }
        return "\(layer.index)" + (scanned.isOfBase(entry).map { $0 ? " base" : " own" } ?? "")
    }

    /// The same in lines that fit a narrow terminal.
    private func list(_ findings: [ScannedObject.Located]) -> String {
        var text = ""
        for located in findings {
            let finding = located.finding
            let fixed = finding.fixed.isEmpty ? finding.status.name : finding.fixed.printable
            text += "\(finding.severity.name) \(finding.id.printable) \(Self.library(located.entry)) "
            text += "\(Bytes.escaped(finding.installed)) -> \(fixed)"
            if let layer = layer(located.entry) { text += " (layer \(layer))" }
            let others = scanned.companions(of: located.entry)
            if let first = others.first {
                text += "\n    also \(Self.library(first))" + (others.count > 1 ? " and \(others.count - 1) more" : "")
            }
            text += "\n" + Self.title(finding).split(separator: "\n").map { "    \($0)\n" }.joined()
        }
        return text
    }

    /// A package's name, for what lies in a file of its own with the file's.
    static func library(_ entry: BillOfMaterials.Entry) -> String {
        let name = Bytes.escaped(TrivyText.name(entry.package))
        guard ![.deb, .rpm, .apk, .alpm, .goModule, .rustCrate].contains(entry.package.kind) else { return name }
        let record = entry.installed.record
        let file = record[(record.lastIndex(of: 0x2F).map { $0 + 1 } ?? 0)...]
        return "\(name) (\(Bytes.escaped(file)))"
    }

    private static func title(_ finding: VulnerabilityFinding) -> String {
        let details = finding.details
        let whole = details.map { $0.title.isEmpty ? $0.text : $0.title } ?? ""
        let words = whole.split(whereSeparator: { $0 == " " || $0.isNewline })
        let text = words.prefix(Self.words).joined(separator: " ") + (words.count > Self.words ? "..." : "")
        return [text.printable, finding.address.printable].filter { !$0.isEmpty }.joined(separator: "\n")
    }
}
