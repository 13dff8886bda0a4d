// SPDX-License-Identifier: Apache-2.0

import Advisories
import Browsing
import Console
import FileTree
import Inventory
import OCI
import Packages

/// Findings in CycloneDX 1.6: the bill of materials with its vulnerabilities.
enum ScanCycloneDX {
    static func bytes(_ scanned: ScannedObject) -> [UInt8] {
        var text = JSONText()
        text.beginObject()
        CycloneDXText.begin(scanned.bill, to: &text)
        text.key("vulnerabilities")
        text.beginArray()
        var order: [String] = []
        var all: [String: [ScannedObject.Located]] = [:]
        for located in scanned.findings {
            if all[located.finding.id] == nil { order.append(located.finding.id) }
            all[located.finding.id, default: []].append(located)
        }
        for id in order { write(all[id] ?? [], to: &text) }
        text.endArray()
        text.endObject()
        return text.bytes
    }

    private static func write(_ located: [ScannedObject.Located], to text: inout JSONText) {
        guard let finding = located.first?.finding else { return }
        text.beginObject()
        text.member("id", finding.id)
        if let source = finding.source {
            text.key("source")
            text.beginObject()
            text.member("name", source.id)
            if !source.address.isEmpty { text.member("url", source.address) }
            text.endObject()
        }
        text.key("ratings")
        text.beginArray()
        text.beginObject()
        if !finding.severitySource.isEmpty {
            text.key("source")
            text.beginObject()
            text.member("name", finding.severitySource)
            text.endObject()
        }
        text.member("severity", finding.severity.name.lowercased())
        text.endObject()
        text.endArray()
        if let details = finding.details { write(details, to: &text) }
        text.key("affects")
        text.beginArray()
        for found in located {
            text.beginObject()
            text.member("ref", found.entry.reference)
            text.key("versions")
            text.beginArray()
            text.beginObject()
            text.member("version", found.finding.installed)
            text.member("status", "affected")
            text.endObject()
            text.endArray()
            text.endObject()
        }
        text.endArray()
        text.endObject()
    }

    private static func write(_ details: VulnerabilityDetails, to text: inout JSONText) {
        let weaknesses = details.weaknesses.compactMap { name in
            name.hasPrefix("CWE-") ? UInt32(name.dropFirst(4)) : nil
        }
        if !weaknesses.isEmpty {
            text.key("cwes")
            text.beginArray()
            for weakness in weaknesses { text.number(weakness) }
            text.endArray()
        }
        if !details.text.isEmpty { text.member("description", details.text) }
        if Moment(parsing: details.published) != nil { text.member("published", details.published) }
        if Moment(parsing: details.modified) != nil { text.member("updated", details.modified) }
    }
}
