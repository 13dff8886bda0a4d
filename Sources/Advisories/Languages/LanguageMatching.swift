// SPDX-License-Identifier: Apache-2.0

import OCI
package import Packages

/// Which advisories apply to packages of a language.
package struct LanguageMatching: Sendable {
    /// A language's advisories: all buckets whose names begin so.
    private struct Ecosystem: Sendable {
        let order: ConstraintOrder
        let sources: [(bucket: String, source: AdvisorySource?)]
    }

    private let database: AdvisoryDatabase
    private let ecosystems: [PackageKind: Ecosystem]

    private static let names: [PackageKind: (prefix: String, order: ConstraintOrder)] = [
        .python: ("pip::", .pep440), .npm: ("npm::", .npm), .gem: ("rubygems::", .gem),
        .goModule: ("go::", .generic(.semantic)), .rustCrate: ("cargo::", .generic(.semantic)),
        .java: ("maven::", .maven), .composer: ("composer::", .generic(.composer)),
        .dotnet: ("nuget::", .generic(.nuget)),
    ]

    /// Finds the buckets of some languages.
    package init(_ database: AdvisoryDatabase, _ kinds: Set<PackageKind>) throws(AdvisoryError) {
        self.database = database
        var ecosystems: [PackageKind: Ecosystem] = [:]
        for kind in kinds {
            guard let (prefix, order) = Self.names[kind] else { continue }
            var sources: [(bucket: String, source: AdvisorySource?)] = []
            for bucket in try database.names(startingWith: prefix) {
                sources.append((bucket, try database.source(of: bucket)))
            }
            ecosystems[kind] = Ecosystem(order: order, sources: sources)
        }
        self.ecosystems = ecosystems
    }

    /// Whether the database has advisories of a kind of packages.
    package func hasData(of kind: PackageKind) -> Bool { ecosystems[kind].map { !$0.sources.isEmpty } ?? false }

    /// Whether anybody collects advisories of a kind of packages.
    package static func isCollected(_ kind: PackageKind) -> Bool { names[kind] != nil }

    /// What a package has.
    ///
    /// - Parameter warn: told an advisory whose versions cannot be understood: it does not apply.
    package func findings(_ package: Package, warn: (String) -> Void = { _ in }) throws(AdvisoryError)
        -> [VulnerabilityFinding]
    {
        guard let ecosystem = ecosystems[package.kind], let version = Self.version(package) else { return [] }
        var findings: [VulnerabilityFinding] = []
        var seen: Set<String> = []
        for (bucket, source) in ecosystem.sources {
            for kept in try database.advisories(of: Self.name(package), in: bucket) where !seen.contains(kept.id) {
                guard let applies = kept.advisory.applies(to: version, ecosystem.order) else {
                    warn(
                        "\(bucket.printable): \(kept.id.printable): its versions cannot be compared with \(Self.text(package.version))"
                    )
                    continue
                }
                guard applies else { continue }
                seen.insert(kept.id)
                var finding = VulnerabilityFinding(
                    kept.id, installed: package.version, fixed: kept.advisory.fixedVersions,
                    status: kept.advisory.status)
                finding.vendorIDs = kept.advisory.vendorIDs
                try finding.complete(from: database, source)
                findings.append(finding)
            }
        }
        return findings.sorted(by: VulnerabilityFinding.precedes)
    }

    private static func text(_ bytes: [UInt8]) -> String { String(decoding: bytes, as: UTF8.self).printable }

    /// The name under which advisories of a package are kept.
    private static func name(_ package: Package) -> [UInt8] {
        func lower(_ bytes: [UInt8]) -> [UInt8] { bytes.map { $0 >= 0x41 && $0 <= 0x5A ? $0 + 0x20 : $0 } }
        switch package.kind {
        case .goModule: return package.name
        case .python:
            return lower(package.name).map { $0 == UInt8(ascii: "_") ? UInt8(ascii: "-") : $0 }
        case .java:
            return lower(package.group.isEmpty ? package.name : package.group + [UInt8(ascii: ":")] + package.name)
        default: return lower(package.name)
        }
    }

    /// The version that is compared; nil where there is none.
    private static func version(_ package: Package) -> [UInt8]? {
        guard !package.version.isEmpty else { return nil }
        guard package.kind == .goModule || package.kind == .composer else { return package.version }
        if package.version.first == UInt8(ascii: "(") { return nil }
        return package.version.first == UInt8(ascii: "v") ? Array(package.version.dropFirst()) : package.version
    }
}

extension Advisory {
    /// Whether a version is one that it tells of; nil where its versions cannot be understood.
    func applies(to version: [UInt8], _ order: ConstraintOrder) -> Bool? {
        // Whoever leaves one empty means all.
        if vulnerableVersions.contains("") || patchedVersions.contains("") { return true }
        var isTold = false
        if !vulnerableVersions.isEmpty {
            guard let matches = order.matches(version, vulnerableVersions) else { return nil }
            guard matches else { return false }
            isTold = true
        }
        let secure = patchedVersions + unaffectedVersions
        guard !secure.isEmpty else { return isTold }
        guard let isSecure = order.matches(version, secure) else { return nil }
        return !isSecure
    }

    /// The versions in which it is fixed: those it tells, else the upper ends of what is vulnerable.
    var fixedVersions: String {
        var found: [String] = []
        func add(_ text: String) { if !text.isEmpty, !found.contains(text) { found.append(text) } }
        if !patchedVersions.isEmpty {
            for version in patchedVersions { add(version) }
        } else {
            for part in vulnerableVersions.joined(separator: ",").split(separator: ",") {
                let text = part.drop { $0 == " " }
                guard text.hasPrefix("<"), !text.hasPrefix("<=") else { continue }
                add(text.dropFirst().split(separator: " ").joined(separator: " "))
            }
        }
        return found.joined(separator: ", ")
    }
}
