// SPDX-License-Identifier: Apache-2.0

package import OCI

/// Vulnerabilities that the user does not want to be told: `.trivyignore`.
package struct IgnoreList: Sendable {
    /// A vulnerability that is left out.
    package struct Entry: Sendable, Equatable {
        /// Which one.
        package var id: String
        /// After which day it counts again, `2026-01-31`; nil for never.
        package var until: String?
    }

    /// The entries in their order.
    package private(set) var entries: [Entry] = []

    /// Lines of a list.
    private static let maximumCount = 100_000

    /// An empty list.
    package init() {}

    /// Reads a list: an identifier a line, perhaps ` exp:2026-01-31` behind it, and comments behind `#`.
    ///
    /// - Throws: `AdvisoryError` for a day that is none.
    package init(_ bytes: [UInt8], name: String) throws(AdvisoryError) {
        for (number, line) in bytes.split(separator: 0x0A, omittingEmptySubsequences: false).enumerated() {
            let words = String(decoding: line.prefix { $0 != UInt8(ascii: "#") }, as: UTF8.self)
                .split(whereSeparator: { $0 == " " || $0 == "\t" || $0 == "\r" })
            guard let id = words.first else { continue }
            guard entries.count < Self.maximumCount else {
                throw AdvisoryError("\(name): has more than \(Self.maximumCount) entries")
            }
            var entry = Entry(id: String(id))
            for word in words.dropFirst() where word.hasPrefix("exp:") {
                let day = String(word.dropFirst(4))
                guard Moment(parsing: "\(day)T00:00:00Z") != nil else {
                    throw AdvisoryError("\(name): line \(number + 1): \"\(day.printable)\" is no day as 2026-01-31")
                }
                entry.until = day
            }
            entries.append(entry)
        }
    }

    /// Whether a finding is left out.
    package func ignores(_ finding: VulnerabilityFinding, at now: Moment) -> Bool {
        entries.contains { entry in
            guard entry.id == finding.id || finding.vendorIDs.contains(entry.id) else { return false }
            guard let day = entry.until, let end = Moment(parsing: "\(day)T00:00:00Z") else { return true }
            return now.seconds < end.seconds
        }
    }
}
