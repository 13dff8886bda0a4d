// SPDX-License-Identifier: Apache-2.0

import Bolt
import Packages
import TestSupport

@testable import Advisories

/// A database of a few advisories.
enum SampleDatabase {
    /// A database with these buckets, and with vulnerabilities where none are given.
    static func database(_ buckets: [String: BoltWriter.Value]) throws -> AdvisoryDatabase {
        let whole = buckets.merging(["vulnerability": .bucket(["CVE-0": .text("{}")])]) { own, _ in own }
        return try AdvisoryDatabase(file(BoltWriter.database(whole)), object: "db")
    }

    static func file(_ bytes: [UInt8]) -> BoltFile {
        BoltFile(object: "db") { (offset, count) throws(BoltError) in
            guard let start = Int(exactly: offset), start < bytes.count else { return [] }
            return Array(bytes[start..<min(bytes.count, start + count)])
        }
    }

    /// One bucket of one package's advisories.
    static func advisories(_ package: String, _ advisories: [String: String]) -> BoltWriter.Value {
        .bucket([package: .bucket(advisories.mapValues { .text($0) })])
    }

    static func package(
        _ kind: PackageKind, _ name: String, _ version: String, source: (String, String)? = nil,
        architecture: String = "x86_64", supplier: String = "", modularity: String = "", group: String = ""
    ) -> Package {
        var package = Package(kind, name: Array(name.utf8), version: Array(version.utf8))
        package.source = source.map { SourcePackage(name: Array($0.0.utf8), version: Array($0.1.utf8)) }
        package.architecture = Array(architecture.utf8)
        package.supplier = Array(supplier.utf8)
        package.modularity = Array(modularity.utf8)
        package.group = Array(group.utf8)
        return package
    }

    /// A distribution of lines of an os-release.
    static func distribution(_ lines: String, files: [String: String] = [:]) -> Distribution? {
        Distribution(OSRelease(Array(lines.utf8)), files: files.mapValues { Array($0.utf8) })
    }

    /// What a package has, as `ID installed -> fixed status severity`.
    static func findings(
        _ database: AdvisoryDatabase, _ release: String, _ package: Package, content: [String] = []
    ) throws -> [String] {
        var sets = RedHatContent()
        sets.sets = content
        let (matching, judgement) = try SystemMatching.make(database, distribution(release), content: sets)
        guard let matching else { return ["\(judgement)"] }
        return try matching.findings(package).map(text)
    }

    static func text(_ finding: VulnerabilityFinding) -> String {
        "\(finding.id) \(String(decoding: finding.installed, as: UTF8.self)) -> \(finding.fixed) "
            + "\(finding.status.name) \(finding.severity.name)"
    }
}
