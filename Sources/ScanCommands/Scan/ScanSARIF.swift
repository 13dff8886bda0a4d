// SPDX-License-Identifier: Apache-2.0

import Advisories
import Browsing
import CommandOptions
import Console
import FileTree
import Inventory
import LayerStore
import OCI
import Packages

/// Findings in SARIF 2.1.0, for code hosts.
struct ScanSARIF {
    let scanned: ScannedObject

    func bytes() -> [UInt8] {
        let findings = scanned.findings
        var rules: [String: Int] = [:]
        var order: [ScannedObject.Located] = []
        for located in findings where rules[located.finding.id] == nil {
            rules[located.finding.id] = order.count
            order.append(located)
        }
        var text = JSONText()
        text.beginObject()
        text.member("version", "2.1.0")
        text.member("$schema", "https://json.schemastore.org/sarif-2.1.0.json")
        text.key("runs")
        text.beginArray()
        text.beginObject()
        text.key("tool")
        text.beginObject()
        text.key("driver")
        text.beginObject()
        text.member("name", "cimg")
        text.member("version", Version.current)
        text.member("fullName", "cimg scan")
        text.key("rules")
        text.beginArray()
        for located in order { rule(located, to: &text) }
        text.endArray()
        text.endObject()
        text.endObject()
        text.key("results")
        text.beginArray()
        for located in findings { result(located, rules[located.finding.id] ?? 0, to: &text) }
        text.endArray()
        text.member("columnKind", "utf16CodeUnits")
        text.key("originalUriBaseIds")
        text.beginObject()
        text.key("ROOTPATH")
        text.beginObject()
        text.member("uri", "file:///")
        text.endObject()
        text.endObject()
        properties(to: &text)
        text.endObject()
        text.endArray()
        text.endObject()
        return text.bytes
    }

    private func properties(to text: inout JSONText) {
        text.key("properties")
        text.beginObject()
        text.member("imageName", RawArguments.bytes(of: scanned.bill.name))
        if let digest = scanned.bill.repositoryDigest { text.words([digest], key: "repoDigests") }
        if let image = scanned.bill.image { text.member("imageID", "\(image.manifest.config.digest)") }
        if !scanned.gaps.isEmpty { text.words(scanned.gaps, key: "problems") }
        text.endObject()
    }

    private static func level(_ severity: Severity) -> String {
        switch severity {
        case .critical, .high: "error"
        case .medium: "warning"
        case .low, .unknown: "note"
        }
    }

    /// A number for a severity where nobody gave a score.
    private static func score(_ finding: VulnerabilityFinding) -> String {
        if let score = finding.details?.score { return "\(score)" }
        switch finding.severity {
        case .critical: return "9.5"
        case .high: return "8.0"
        case .medium: return "5.5"
        case .low: return "2.0"
        case .unknown: return "0.0"
        }
    }

    private func rule(_ located: ScannedObject.Located, to text: inout JSONText) {
        let finding = located.finding
        let title = finding.details.map { $0.title.isEmpty ? finding.id : $0.title } ?? finding.id
        let isSystem = located.entry.package.kind.isSystem
        func message(_ key: String, _ value: String) {
            text.key(key)
            text.beginObject()
            text.member("text", value)
            text.endObject()
        }
        text.beginObject()
        text.member("id", finding.id)
        text.member("name", isSystem ? "OsPackageVulnerability" : "LanguageSpecificPackageVulnerability")
        message("shortDescription", title)
        message("fullDescription", finding.details.map { $0.text.isEmpty ? title : $0.text } ?? title)
        text.key("defaultConfiguration")
        text.beginObject()
        text.member("level", Self.level(finding.severity))
        text.endObject()
        if !finding.address.isEmpty { text.member("helpUri", finding.address) }
        text.key("help")
        text.beginObject()
        let help = "\(finding.id)\nSeverity: \(finding.severity.name)\nFixed: \(finding.fixed)\n\(title)"
        text.member("text", help)
        text.member("markdown", "**\(finding.id)**\n\n\(finding.severity.name), fixed in \(finding.fixed)\n\n\(title)")
        text.endObject()
        text.key("properties")
        text.beginObject()
        text.member("precision", "very-high")
        text.member("security-severity", Self.score(finding))
        text.words(["vulnerability", "security", finding.severity.name], key: "tags")
        text.endObject()
        text.endObject()
    }

    private func result(_ located: ScannedObject.Located, _ rule: Int, to text: inout JSONText) {
        let (entry, finding) = (located.entry, located.finding)
        text.beginObject()
        text.member("ruleId", finding.id)
        text.key("ruleIndex")
        text.number(rule)
        text.member("level", Self.level(finding.severity))
        text.key("message")
        text.beginObject()
        let package = Bytes.escaped(TrivyText.name(entry.package))
        var message = "Package: \(package)\nInstalled version: \(Bytes.escaped(finding.installed))\n"
        message += "Vulnerability: \(finding.id)\nSeverity: \(finding.severity.name)\nFixed version: \(finding.fixed)"
        if let layer = entry.installed.layer { message += "\nLayer: \(layer.index) \(layer.diffID)" }
        text.member("text", message)
        text.endObject()
        text.key("locations")
        text.beginArray()
        text.beginObject()
        text.key("physicalLocation")
        text.beginObject()
        text.key("artifactLocation")
        text.beginObject()
        text.member("uri", Self.uri(Array(entry.installed.record.dropFirst())))
        text.member("uriBaseId", "ROOTPATH")
        text.endObject()
        text.key("region")
        text.beginObject()
        for key in ["startLine", "startColumn", "endLine", "endColumn"] {
            text.key(key)
            text.number(1)
        }
        text.endObject()
        text.endObject()
        text.endObject()
        text.endArray()
        text.endObject()
    }

    /// A path as a part of an address.
    private static func uri(_ path: [UInt8]) -> String {
        var text = ""
        for byte in path {
            let isPlain = byte >= 0x30 && byte <= 0x39 || (byte | 0x20) >= 0x61 && (byte | 0x20) <= 0x7A
            if isPlain || "-._~/@+".utf8.contains(byte) {
                text.unicodeScalars.append(Unicode.Scalar(byte))
            } else {
                let hex = String(byte, radix: 16, uppercase: true)
                text += "%" + (hex.utf8.count < 2 ? "0" : "") + hex
            }
        }
        return text
    }
}
