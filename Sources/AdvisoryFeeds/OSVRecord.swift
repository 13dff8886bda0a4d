// SPDX-License-Identifier: Apache-2.0

package import OCI
import Packages

/// A record of OSV (ossf.github.io/osv-schema), as far as it says what is affected.
struct OSVRecord: Decodable {
    struct Affected: Decodable {
        struct Package: Decodable {
            var ecosystem: String
            var name: String
        }

        struct Range: Decodable {
            struct Event: Decodable {
                var introduced: String?
                var fixed: String?
                var last_affected: String?
            }

            var type: String
            var events: [Event]?
        }

        /// What collectors add to a package.
        struct Remarks: Decodable {
            var severity: JSONValue?
            var urgency: JSONValue?
        }

        var package: Package?
        var ranges: [Range]?
        var versions: [String]?
        var ecosystem_specific: Remarks?
    }

    struct Score: Decodable {
        var type: String
        var score: String
    }

    struct Reference: Decodable {
        var url: String
    }

    struct Remarks: Decodable {
        var severity: JSONValue?
    }

    var id: String
    var withdrawn: String?
    var aliases: [String]?
    var upstream: [String]?
    var summary: String?
    var details: String?
    var published: String?
    var modified: String?
    var severity: [Score]?
    var affected: [Affected]?
    var references: [Reference]?
    var database_specific: Remarks?
}

extension AdvisoryCollection {
    /// Bytes of a record.
    package static let recordLimit = 16 << 20
    /// Vulnerabilities that one record tells of, and how often it may say of one that a package has it.
    private static let (idLimit, pairLimit) = (1000, 250_000)
    /// References of a vulnerability that are kept.
    private static let referenceLimit = 100

    /// Adds a record of OSV.
    ///
    /// What is affected of ecosystems that have no packages here is counted as left out, and so is a record without any.
    package mutating func addOSV(_ json: [UInt8], name: String) throws(FormatError) {
        let record = try decode(OSVRecord.self, json, name: name, limit: Self.recordLimit)
        guard record.withdrawn == nil else { return leaveOut("withdrawn") }
        // Advisories of distributions are of several vulnerabilities; a collector's own name stands beside these.
        let known = ((record.aliases ?? []) + (record.upstream ?? [])).filter { $0.hasPrefix("CVE-") }
        let isOwn = record.id.hasPrefix("CVE-") || known.isEmpty
        var distinct = DistinctTexts()
        for id in isOwn ? [record.id] : known { distinct.append(id) }
        let ids = distinct.texts
        guard ids.count <= Self.idLimit else {
            throw FormatError(name, "tells of more than \(Self.idLimit) vulnerabilities")
        }
        guard (record.affected ?? []).count <= Self.pairLimit / max(1, ids.count) else {
            throw FormatError(name, "says more than \(Self.pairLimit) times that a package has a vulnerability")
        }
        var hasAny = false
        for affected in record.affected ?? [] {
            guard let package = affected.package else {
                leaveOut("commits of a repository")
                continue
            }
            guard let place = OSVPlace(package.ecosystem, package.name) else {
                leaveOut("ecosystem \"\(package.ecosystem.printable)\"")
                continue
            }
            guard var entry = place.entry(affected) else {
                leaveOut("without versions")
                continue
            }
            hasAny = true
            for id in ids {
                entry.vendorIDs = id == record.id ? [] : [record.id]
                try add(
                    entry, id, of: place.package, in: place.bucket,
                    source: (place.source, "OSV: \(package.ecosystem)", "https://osv.dev"))
            }
        }
        guard hasAny else { return }
        let details = Self.details(record)
        for id in ids { try add(details, of: id) }
    }

    private static func details(_ record: OSVRecord) -> Details {
        var details = Details()
        details.title = record.summary ?? ""
        details.text = record.details ?? ""
        (details.published, details.modified) = (record.published ?? "", record.modified ?? "")
        details.references = (record.references ?? []).prefix(referenceLimit).map(\.url)
        for score in record.severity ?? [] where score.type == "CVSS_V3" {
            guard let base = SeverityScore.base(score.score) else { continue }
            (details.vector, details.score, details.severity) = (score.score, base, SeverityScore.name(base))
        }
        if case .string(let word)? = record.database_specific?.severity, let name = severityName(word) {
            details.severity = name
        }
        return details
    }

    /// A severity by the name that `Advisories` has for it.
    private static func severityName(_ word: String) -> String? {
        switch word.uppercased() {
        case "LOW", "MINOR": "LOW"
        case "MEDIUM", "MODERATE": "MEDIUM"
        case "HIGH", "IMPORTANT": "HIGH"
        case "CRITICAL": "CRITICAL"
        default: nil
        }
    }
}

/// Where advisories of an ecosystem are kept, and how versions are told there.
struct OSVPlace {
    let bucket: String
    let package: String
    let source: String
    /// The packages' kind; nil for those of a distribution.
    private let kind: PackageKind?

    private static let languages: [String: (prefix: String, kind: PackageKind)] = [
        "PyPI": ("pip", .python), "npm": ("npm", .npm), "RubyGems": ("rubygems", .gem), "Go": ("go", .goModule),
        "crates.io": ("cargo", .rustCrate), "Maven": ("maven", .java), "Packagist": ("composer", .composer),
        "NuGet": ("nuget", .dotnet),
    ]

    /// Nil for an ecosystem whose packages are not read here, or are judged by something else than versions.
    init?(_ ecosystem: String, _ name: String) {
        let parts = ecosystem.split(separator: ":", omittingEmptySubsequences: false).map(String.init)
        if let language = Self.languages[parts[0]] {
            bucket = "\(language.prefix)::OSV"
            kind = language.kind
            source = "osv"
            switch language.kind {
            case .goModule: package = name
            case .python: package = String(name.lowercased().map { $0 == "_" || $0 == "." ? "-" : $0 })
            default: package = name.lowercased()
            }
            return
        }
        guard let found = Self.system(parts) else { return nil }
        (bucket, source) = (found, parts[0].lowercased())
        (kind, package) = (nil, name)
    }

    private static func system(_ parts: [String]) -> String? {
        let version = parts.count > 1 ? parts[1] : ""
        switch parts[0] {
        case "Wolfi", "Chainguard", "MinimOS": return parts[0].lowercased()
        case "Alpine" where version.hasPrefix("v"): return "alpine \(version.dropFirst())"
        case "Debian" where !version.isEmpty: return "debian \(version)"
        case "Ubuntu" where version == "Pro" && parts.count > 2: return "ubuntu \(parts[2])-ESM"
        case "Ubuntu" where !version.isEmpty: return "ubuntu \(version)"
        case "Rocky Linux" where !version.isEmpty: return "rocky \(version)"
        case "AlmaLinux" where !version.isEmpty: return "alma \(version)"
        case "Azure Linux" where !version.isEmpty:
            return "Azure Linux \(version.contains(".") ? version : version + ".0")"
        case "Photon OS" where !version.isEmpty: return "Photon OS \(version)"
        case "openSUSE" where version.hasPrefix("Leap ") || version == "Tumbleweed": return "openSUSE \(version)"
        default: return nil
        }
    }

    /// Comparisons of versions with spans for one package.
    private static let comparisonLimit = 1_000_000

    /// What is said of the package; nil where no version is.
    func entry(_ affected: OSVRecord.Affected) -> AdvisoryCollection.Entry? {
        let spans = (affected.ranges ?? []).filter { $0.type != "GIT" }.flatMap { Self.spans($0.events ?? []) }
        var entry = AdvisoryCollection.Entry()
        guard let kind else {
            // Who lists versions alone says nothing of the one that is installed, unless it is one of them: such
            // collectors have spans too.
            guard let last = spans.last else { return nil }
            entry.fixedVersion = last.fixed ?? ""
            if spans.count == 1, last.introduced != "0" { entry.affectedVersion = last.introduced }
            return entry
        }
        for span in spans { entry.vulnerable.append(span.range) }
        // Most lists only write out what the spans say; where there are too many to be compared, they are kept.
        let (order, versions) = (kind.versionOrder, affected.versions ?? [])
        let isCompared = versions.count <= Self.comparisonLimit / max(1, spans.count)
        for version in versions where !isCompared || !spans.contains(where: { $0.contains(version, order) }) {
            entry.vulnerable.append("=\(version)")
        }
        return entry.vulnerable.texts.isEmpty ? nil : entry
    }

    /// From which version on, and up to which, something is there.
    private struct Span {
        var introduced: String
        var fixed: String?
        var lastAffected: String?

        var range: String {
            let start = introduced == "0" ? nil : ">=\(introduced)"
            let end = fixed.map { "<\($0)" } ?? lastAffected.map { "<=\($0)" }
            let parts = [start, end].compactMap { $0 }
            return parts.isEmpty ? ">=0" : parts.joined(separator: ", ")
        }

        func contains(_ version: String, _ order: VersionOrder) -> Bool {
            let bytes = Array(version.utf8)
            if introduced != "0", order.compare(bytes, Array(introduced.utf8)) == .less { return false }
            if let fixed { return order.compare(bytes, Array(fixed.utf8)) == .less }
            if let lastAffected { return order.compare(bytes, Array(lastAffected.utf8)) != .greater }
            return true
        }
    }

    /// Events come in the order of versions, each span's beginning before its end.
    private static func spans(_ events: [OSVRecord.Affected.Range.Event]) -> [Span] {
        var spans: [Span] = []
        var current: Span?
        for event in events {
            if let introduced = event.introduced {
                if let span = current { spans.append(span) }
                current = Span(introduced: introduced)
            }
            if let fixed = event.fixed, var span = current {
                span.fixed = fixed
                spans.append(span)
                current = nil
            }
            if let last = event.last_affected, var span = current {
                span.lastAffected = last
                spans.append(span)
                current = nil
            }
        }
        return spans + [current].compactMap { $0 }
    }
}
