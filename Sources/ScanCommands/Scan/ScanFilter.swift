// SPDX-License-Identifier: Apache-2.0

import Advisories
import Console
import Inventory
import OCI
import Packages

/// Which findings the user wants to be told: by severity, status, list, and what others state, in this order.
struct ScanFilter {
    var severities = Set(Severity.allCases)
    /// Whether only what has a fix is told.
    var ignoresUnfixed = false
    var list = IgnoreList()
    var statements = ExploitStatements()

    /// Takes out of a scan what is not to be told; what a list or a statement takes out is kept beside it.
    func apply(to scanned: inout ScannedObject, at now: Moment) {
        let object = scanned.bill.objectURL.flatMap { PackageURL(parsing: Array($0.utf8)) }
        for place in scanned.results.indices {
            scanned.results[place].findings = scanned.results[place].findings.filter { located in
                let finding = located.finding
                guard severities.contains(finding.severity) else { return false }
                if ignoresUnfixed, finding.status != .fixed { return false }
                if let entry = list.entry(
                    for: finding, in: located.entry.url, at: located.entry.installed.record, now: now)
                {
                    let reason = entry.statement.isEmpty ? "the ignore file" : entry.statement
                    scanned.suppressed.append((located, "ignored", reason))
                    return false
                }
                if let excluded = statements.exclusion(of: finding, in: located.entry.url, object: object) {
                    scanned.suppressed.append((located, excluded.status, excluded.reason))
                    return false
                }
                return true
            }
        }
    }
}
