// SPDX-License-Identifier: Apache-2.0

package import OCI

/// Alpine's secdb: which version of a package mends what.
private struct SecurityDatabase: Decodable {
    struct Entry: Decodable {
        struct Package: Decodable {
            var name: String
            var secfixes: [String: [String]?]?
        }

        var pkg: Package
    }

    var packages: [Entry]?
    var distroversion: String?
    var urlprefix: String?
}

/// What Debian's tracker says of a vulnerability in a source package.
private struct TrackedVulnerability: Decodable {
    struct Release: Decodable {
        var status: String
        var fixed_version: String?
        var urgency: String?
    }

    var description: String?
    var releases: [String: Release]?
}

/// The members that tell what kind of document one is.
private struct FeedKind: Decodable {
    var id: String?
    var distroversion: String?
    var urlprefix: String?
}

extension AdvisoryCollection {
    /// Adds a document of any kind.
    package mutating func add(_ json: [UInt8], name: String) throws(FormatError) {
        let kind = try decode(FeedKind.self, json, name: name, limit: Self.listLimit)
        if kind.id != nil { return try addOSV(json, name: name) }
        if kind.distroversion != nil || kind.urlprefix != nil { return try addAlpine(json, name: name) }
        try addDebian(json, name: name)
    }

    /// Bytes of a list of a distribution.
    package static let listLimit = 512 << 20

    /// The numbers of Debian's releases; those that have none have no advisories here.
    private static let debian = [
        "jessie": "8", "stretch": "9", "buster": "10", "bullseye": "11", "bookworm": "12", "trixie": "13",
        "forky": "14",
    ]

    /// Adds a list of Alpine's secdb, or Wolfi's or Chainguard's.
    package mutating func addAlpine(_ json: [UInt8], name: String) throws(FormatError) {
        let database = try decode(SecurityDatabase.self, json, name: name, limit: Self.listLimit)
        let bucket: String
        let prefix = database.urlprefix ?? ""
        if let version = database.distroversion, version.hasPrefix("v") {
            bucket = "alpine \(version.dropFirst())"
        } else if database.distroversion == "edge" {
            bucket = "alpine edge"
        } else if prefix.contains("wolfi.dev") {
            bucket = "wolfi"
        } else if prefix.contains("cgr.dev") || prefix.contains("chainguard") {
            bucket = "chainguard"
        } else {
            throw FormatError(name, "does not say of which release of which distribution it is")
        }
        let source = (
            id: bucket.split(separator: " ").first.map(String.init) ?? bucket, name: "Alpine Secdb", address: prefix
        )
        for package in database.packages ?? [] {
            for (version, words) in package.pkg.secfixes ?? [:] {
                for word in words ?? [] {
                    // `CVE-2019-1 CVE_2019-2 (+ a remark)`.
                    for id in word.split(whereSeparator: { $0 == " " || $0 == "\t" }) where id.hasPrefix("CVE") {
                        let id = "CVE-" + id.dropFirst(4)
                        var entry = Entry()
                        // 0 is a version that nothing is older than: it was never affected.
                        entry.fixedVersion = version
                        try add(entry, id, of: package.pkg.name, in: bucket, source: source)
                    }
                }
            }
        }
    }

    /// Adds the list of Debian's tracker (security-tracker.debian.org/tracker/data/json).
    package mutating func addDebian(_ json: [UInt8], name: String) throws(FormatError) {
        let list = try decode([String: [String: TrackedVulnerability]].self, json, name: name, limit: Self.listLimit)
        let source = (id: "debian", name: "Debian Security Tracker", address: "https://security-tracker.debian.org")
        for (package, vulnerabilities) in list {
            for (id, vulnerability) in vulnerabilities {
                var isTold = false
                for (release, state) in vulnerability.releases ?? [:] {
                    guard let number = Self.debian[release] else {
                        leaveOut("release \"\(release.printable)\"")
                        continue
                    }
                    var entry = Entry()
                    switch (state.status, state.fixed_version) {
                    case ("resolved", let version?) where version != "0": entry.fixedVersion = version
                    case ("open", _): entry.fixedVersion = ""
                    // Never affected, or not yet known.
                    default: continue
                    }
                    entry.severity = Self.severity(state.urgency ?? "")
                    isTold = true
                    try add(entry, id, of: package, in: "debian \(number)", source: source)
                }
                guard isTold else { continue }
                var details = Details()
                details.title = vulnerability.description ?? ""
                try add(details, of: id)
            }
        }
    }

    private static func severity(_ urgency: String) -> Int {
        switch urgency.prefix(while: { $0 != "*" }) {
        case "unimportant", "low": 1
        case "medium": 2
        case "high": 3
        default: 0
        }
    }
}
