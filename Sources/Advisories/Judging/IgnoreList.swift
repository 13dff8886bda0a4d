// SPDX-License-Identifier: Apache-2.0

package import OCI
package import Packages

/// Vulnerabilities that the user does not want to be told: `.trivyignore`.
package struct IgnoreList: Sendable {
    /// A vulnerability that is left out.
    package struct Entry: Sendable, Equatable {
        /// Which one.
        package var id: String
        /// After which day it counts again, `2026-01-31`; nil for never.
        package var until: String?
        /// Patterns of the paths of packages in which it is left out, without a leading `/`; none for all.
        package var paths: [[UInt8]] = []
        /// The packages in which it is left out; none for all.
        package var urls: [PackageURL] = []
        /// Why.
        package var statement = ""

        /// Makes an entry for all packages.
        package init(id: String, until: String? = nil) {
            self.id = id
            self.until = until
        }
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

    /// Adds an entry.
    mutating func add(_ entry: Entry) { entries.append(entry) }

    /// Adds the entries of another list.
    package mutating func add(_ list: IgnoreList) { entries += list.entries }

    /// The entry by which a finding is left out; nil where it counts.
    ///
    /// - Parameters:
    ///   - url: the package's name.
    ///   - path: the record that the package was found in.
    package func entry(
        for finding: VulnerabilityFinding, in url: PackageURL, at path: [UInt8], now: Moment
    ) -> Entry? {
        let path = Array(path.drop { $0 == 0x2F })
        return entries.first { entry in
            guard entry.id == finding.id || finding.vendorIDs.contains(entry.id) else { return false }
            guard entry.paths.isEmpty || entry.paths.contains(where: { PathPattern.matches(path, $0) }),
                entry.urls.isEmpty || entry.urls.contains(where: { $0.covers(url) })
            else { return false }
            guard let day = entry.until, let end = Moment(parsing: "\(day)T00:00:00Z") else { return true }
            return now.seconds < end.seconds
        }
    }
}
