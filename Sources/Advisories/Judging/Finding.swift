// SPDX-License-Identifier: Apache-2.0

import Packages

/// A vulnerability that a package has.
package struct Finding: Sendable {
    /// What it is called: `CVE-2026-1`.
    package var id: String
    /// What the vendor calls it.
    package var vendorIDs: [String] = []
    /// The version that is installed, as the package's tool prints it.
    package var installed: [UInt8]
    /// The versions in which it is fixed; empty where there is none.
    package var fixed: String
    /// What became of it.
    package var status: AdvisoryStatus
    /// How bad it is.
    package var severity: Severity
    /// Who says so; empty where nobody does.
    package var severitySource = ""
    /// Whose advisory it is.
    package var source: AdvisorySource?
    /// What is known of it; nil for one that was rejected.
    package var details: VulnerabilityDetails?
    /// Where to read on; empty where nobody knows.
    package var address = ""

    /// Starts from an advisory.
    init(_ id: String, installed: [UInt8], fixed: String, status: AdvisoryStatus, severity: Severity = .unknown) {
        self.id = id
        self.installed = installed
        self.fixed = fixed
        self.status = !fixed.isEmpty ? .fixed : status == .unknown ? .affected : status
        self.severity = severity
    }

    /// The order in which findings are told: the worst first.
    package static func precedes(_ left: Finding, _ right: Finding) -> Bool {
        if left.id != right.id { return left.id < right.id }
        return left.severity > right.severity
    }

    /// Adds what the database knows of the vulnerability, and decides how bad it is.
    mutating func complete(from database: AdvisoryDatabase, _ source: AdvisorySource?) throws(AdvisoryError) {
        self.source = source
        details = try database.details(of: id)
        if severity != .unknown {
            severitySource = source.map { $0.baseID.isEmpty ? $0.id : $0.baseID } ?? ""
        } else if let details {
            for name in candidates(source) {
                guard let value = details.vendorSeverities[name].flatMap({ Int(exactly: $0) }),
                    let found = Severity(rawValue: value)
                else { continue }
                (severity, severitySource) = (found, name)
                break
            }
            if severitySource.isEmpty { severity = Severity(name: details.severity) ?? .unknown }
        }
        address = Self.address(id, details?.references ?? [], source)
    }

    /// Whose severity counts, the first that says one.
    private func candidates(_ source: AdvisorySource?) -> [String] {
        var names: [String] = []
        if let source { names.append(source.baseID.isEmpty ? source.id : source.baseID) }
        if id.hasPrefix("GHSA-") { names.append("ghsa") }
        return names + ["nvd"]
    }

    /// The beginnings of addresses at which sources tell what they call by names of their own.
    private static let places: [String: [String]] = [
        "debian": ["http://www.debian.org", "https://www.debian.org"],
        "ubuntu": ["http://www.ubuntu.com", "https://usn.ubuntu.com"],
        "redhat": ["https://access.redhat.com"],
        "suse-cvrf": ["http://lists.opensuse.org", "https://lists.opensuse.org", "https://www.suse.com"],
        "oracle-oval": ["http://linux.oracle.com/errata", "https://linux.oracle.com/errata"],
        "nodejs-security-wg": ["https://www.npmjs.com", "https://hackerone.com"],
        "ruby-advisory-db": ["https://groups.google.com"],
    ]

    private static func address(_ id: String, _ references: [String], _ source: AdvisorySource?) -> String {
        if id.hasPrefix("CVE-") { return "https://avd.aquasec.com/nvd/\(id.lowercased())" }
        if id.hasPrefix("RUSTSEC-") { return "https://osv.dev/vulnerability/\(id)" }
        if id.hasPrefix("GHSA-") { return "https://github.com/advisories/\(id)" }
        if id.hasPrefix("TEMP-") { return "https://security-tracker.debian.org/tracker/\(id)" }
        for beginning in places[source?.id ?? ""] ?? [] {
            if let found = references.first(where: { $0.hasPrefix(beginning) }) { return found }
        }
        return ""
    }
}
