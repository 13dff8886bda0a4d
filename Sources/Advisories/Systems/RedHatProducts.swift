// SPDX-License-Identifier: Apache-2.0

import OCI
import Packages

/// What a tree of Red Hat's says of where its packages come from.
package struct RedHatContent: Sendable, Equatable {
    /// The repositories: `rhel-8-for-x86_64-baseos-rpms`.
    package var sets: [String] = []

    /// Nothing said.
    package init() {}

    private struct Manifest: Decodable {
        var sets: [String]?

        private enum CodingKeys: String, CodingKey {
            case sets = "content_sets"
        }
    }

    /// Adds what a manifest of `/root/buildinfo/content_manifests` says.
    ///
    /// - Throws: `AdvisoryError`.
    package mutating func add(_ json: [UInt8], name: String) throws(AdvisoryError) {
        do throws(FormatError) {
            let manifest = try decode(Manifest.self, json, name: name, limit: 1 << 20)
            sets += (manifest.sets ?? []).prefix(10_000)
        } catch {
            throw AdvisoryError(error)
        }
    }
}

/// The products, by their numbers in a database, whose advisories are for a tree.
struct RedHatProducts: Sendable {
    static let bucket = "Red Hat CPE"

    private let numbers: Set<Int>

    /// Looks up the products of a tree's repositories; of a tree that names none those of its release.
    init(
        _ database: AdvisoryDatabase, _ content: RedHatContent, _ distribution: Distribution
    ) throws(AdvisoryError) {
        var sets = content.sets.map(Self.withoutDate)
        if sets.isEmpty { sets = Self.defaults[distribution.parts(1)] ?? [] }
        var numbers: Set<Int> = []
        for set in sets { numbers.formUnion(try database.products("repository", set)) }
        self.numbers = numbers
    }

    /// A repository's name without the `__5` that is added to some.
    private static func withoutDate(_ set: String) -> String {
        guard let range = set.ranges(of: "__").last, !set[range.upperBound...].isEmpty,
            set[range.upperBound...].allSatisfy({ $0.isASCII && $0.isNumber })
        else { return set }
        return String(set[..<range.lowerBound])
    }

    private static let defaults: [String: [String]] = [
        "6": [
            "rhel-6-server-rpms", "rhel-6-server-extras-rpms", "rhel-6-server-optional-rpms",
        ],
        "7": ["rhel-7-server-rpms", "rhel-7-server-extras-rpms"],
        "8": ["rhel-8-for-x86_64-baseos-rpms", "rhel-8-for-x86_64-appstream-rpms"],
        "9": ["rhel-9-for-x86_64-baseos-rpms", "rhel-9-for-x86_64-appstream-rpms"],
        "10": ["rhel-10-for-x86_64-baseos-rpms", "rhel-10-for-x86_64-appstream-rpms"],
    ]

    /// What a package has: of several advisories that mend one vulnerability the highest version.
    func findings(_ package: Package, _ kept: [AdvisoryDatabase.Kept]) -> [VulnerabilityFinding] {
        let machine = String(decoding: package.architecture, as: UTF8.self)
        var found: [String: VulnerabilityFinding] = [:]
        for advisory in kept {
            for entry in advisory.advisory.entries where applies(entry, to: machine) {
                for vulnerability in entry.vulnerabilities {
                    let id = vulnerability.id.isEmpty ? advisory.id : vulnerability.id
                    // An advisory of the vendor's own, which tells what it mends.
                    let vendorIDs = vulnerability.id.isEmpty || advisory.id == id ? [] : [advisory.id]
                    add(id, vendorIDs, entry, vulnerability.severity, package, to: &found)
                }
            }
        }
        return Array(found.values)
    }

    private func applies(_ entry: Advisory.Entry, to machine: String) -> Bool {
        guard !numbers.isDisjoint(with: entry.affected) else { return false }
        return entry.architectures.isEmpty || machine == "noarch" || entry.architectures.contains(machine)
    }

    private func add(
        _ id: String, _ vendorIDs: [String], _ entry: Advisory.Entry, _ severity: Severity, _ package: Package,
        to found: inout [String: VulnerabilityFinding]
    ) {
        var finding = VulnerabilityFinding(
            id, installed: package.version, fixed: SystemMatching.shown(entry.fixedVersion), status: entry.status,
            severity: severity)
        guard !entry.fixedVersion.isEmpty else {
            // One with a fix counts more.
            if found[id] == nil { found[id] = finding }
            return
        }
        let fixed = Array(entry.fixedVersion.utf8)
        guard VersionOrder.rpm.compare(package.version, fixed) == .less else { return }
        finding.vendorIDs = vendorIDs
        if let other = found[id] {
            for vendorID in other.vendorIDs where !finding.vendorIDs.contains(vendorID) {
                finding.vendorIDs.append(vendorID)
            }
            if VersionOrder.rpm.compare(Array(other.fixed.utf8), fixed) == .greater { finding.fixed = other.fixed }
        }
        found[id] = finding
    }
}
