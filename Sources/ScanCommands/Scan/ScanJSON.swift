// SPDX-License-Identifier: Apache-2.0

import Advisories
import Browsing
import Console
import FileTree
import Inventory
import LayerStore
import OCI
import Packages

/// Findings in the JSON of trivy, schema 2, as far as they are known.
struct ScanJSON {
    let scanned: ScannedObject
    /// Whether what was left out is told too.
    let showsSuppressed: Bool

    /// How many packages of the same version are told with a finding.
    private static let companionLimit = 100

    /// Writes the document as an object.
    func write(to text: inout JSONText) {
        let document = TrivyText(bill: scanned.bill)
        text.beginObject()
        document.head(isEnded: scanned.ended != nil, to: &text)
        text.key("Results")
        text.beginArray()
        for result in scanned.results {
            text.beginObject()
            document.write(result.group, to: &text)
            document.write(result.entries, to: &text)
            if !result.findings.isEmpty {
                text.key("Vulnerabilities")
                text.beginArray()
                for located in result.findings { write(located, to: &text) }
                text.endArray()
            }
            let suppressed = scanned.suppressed.filter { $0.located.isIn(result.group, of: scanned.bill) }
            if showsSuppressed, !suppressed.isEmpty { write(suppressed, to: &text) }
            text.endObject()
        }
        text.endArray()
        // What trivy has no place for: why the answer is not whole.
        if !scanned.gaps.isEmpty { text.words(scanned.gaps, key: "Problems") }
        text.endObject()
    }

    private func write(
        _ suppressed: [(located: ScannedObject.Located, status: String, reason: String)], to text: inout JSONText
    ) {
        text.key("ExperimentalModifiedFindings")
        text.beginArray()
        for (located, status, reason) in suppressed {
            text.beginObject()
            text.member("Type", "vulnerability")
            text.member("Status", status)
            text.member("Statement", reason)
            text.key("Finding")
            write(located, to: &text)
            text.endObject()
        }
        text.endArray()
    }

    private func write(_ located: ScannedObject.Located, to text: inout JSONText) {
        let (entry, finding) = (located.entry, located.finding)
        text.beginObject()
        text.member("VulnerabilityID", finding.id)
        if !finding.vendorIDs.isEmpty { text.words(finding.vendorIDs, key: "VendorIDs") }
        text.member("PkgID", TrivyText.identifier(entry.package))
        text.member("PkgName", TrivyText.name(entry.package))
        if !entry.package.kind.isSystem { text.member("PkgPath", Array(entry.installed.record.dropFirst())) }
        text.key("PkgIdentifier")
        text.beginObject()
        text.member("PURL", "\(entry.url)")
        text.endObject()
        text.member("InstalledVersion", finding.installed)
        if !finding.fixed.isEmpty { text.member("FixedVersion", finding.fixed) }
        text.member("Status", finding.status.name)
        TrivyText.layer(entry.installed, scanned.bill, to: &text)
        if let isOfBase = scanned.isOfBase(entry) {
            text.member("Origin", isOfBase ? "base" : "own")
            if isOfBase, let name = scanned.base?.name { text.member("BaseImage", name) }
        }
        let others = scanned.companions(of: entry).prefix(Self.companionLimit)
        if !others.isEmpty {
            text.words(
                others.map { String(decoding: TrivyText.identifier($0.package), as: UTF8.self) }, key: "SameVersion")
        }
        if !finding.severitySource.isEmpty { text.member("SeveritySource", finding.severitySource) }
        if !finding.address.isEmpty { text.member("PrimaryURL", finding.address) }
        if let source = finding.source {
            text.key("DataSource")
            text.beginObject()
            text.member("ID", source.id)
            if !source.baseID.isEmpty { text.member("BaseID", source.baseID) }
            text.member("Name", source.name)
            text.member("URL", source.address)
            text.endObject()
        }
        details(finding, to: &text)
        text.endObject()
    }

    private func details(_ finding: VulnerabilityFinding, to text: inout JSONText) {
        guard let details = finding.details else { return text.member("Severity", finding.severity.name) }
        if !details.title.isEmpty { text.member("Title", details.title) }
        if !details.text.isEmpty { text.member("Description", details.text) }
        text.member("Severity", finding.severity.name)
        if !details.weaknesses.isEmpty { text.words(details.weaknesses, key: "CweIDs") }
        if !details.vendorSeverities.isEmpty {
            text.key("VendorSeverity")
            text.beginObject()
            for (vendor, severity) in details.vendorSeverities.sorted(by: { $0.key < $1.key }) {
                text.key(vendor)
                text.number(severity)
            }
            text.endObject()
        }
        if !details.scores.isEmpty {
            text.key("CVSS")
            text.value(.object(details.scores))
        }
        if !details.references.isEmpty { text.words(details.references, key: "References") }
        if !details.published.isEmpty { text.member("PublishedDate", details.published) }
        if !details.modified.isEmpty { text.member("LastModifiedDate", details.modified) }
    }
}

extension ScannedObject.Located {
    /// Whether the package is told in a group.
    fileprivate func isIn(_ group: TrivyText.Group, of bill: BillOfMaterials) -> Bool {
        TrivyText.group(of: entry.installed, in: bill) == group
    }
}
