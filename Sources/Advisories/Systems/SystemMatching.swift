// SPDX-License-Identifier: Apache-2.0

import OCI
package import Packages

/// How a distribution's packages are judged.
package enum SystemJudgement: Sendable, Equatable {
    /// By the advisories of a bucket.
    case judged
    /// The tree does not say what it is.
    case nameless
    /// Nobody collects advisories of this distribution.
    case uncollected(String)
    /// The database has none of this release.
    case missing(String)
}

/// Which advisories of its distribution apply to a package of the system.
package struct SystemMatching: Sendable {
    private let database: AdvisoryDatabase
    private let distribution: Distribution
    private let bucket: String
    private let source: AdvisorySource?
    private let products: RedHatProducts?

    /// Tells whether packages of a distribution can be judged, and how.
    ///
    /// - Parameters:
    ///   - database: the advisories; the matching keeps it open.
    ///   - distribution: what the packages are of; nil where nothing says it, which is judged as `nameless`.
    ///   - content: what a tree says of Red Hat's repositories it was made of.
    package static func make(
        _ database: AdvisoryDatabase, _ distribution: Distribution?, content: RedHatContent
    ) throws(AdvisoryError) -> (SystemMatching?, SystemJudgement) {
        guard let distribution else { return (nil, .nameless) }
        let name = "\(distribution.name) \(distribution.version)"
        guard let bucket = distribution.bucket else { return (nil, .uncollected(name)) }
        guard try database.has(bucket) else { return (nil, .missing(bucket)) }
        return (try SystemMatching(database, distribution, bucket, content), .judged)
    }

    private init(
        _ database: AdvisoryDatabase, _ distribution: Distribution, _ bucket: String, _ content: RedHatContent
    ) throws(AdvisoryError) {
        self.database = database
        self.distribution = distribution
        self.bucket = bucket
        source = try database.source(of: bucket)
        let isRedHat = distribution.family == .redhat || distribution.family == .centos
        products = isRedHat ? try RedHatProducts(database, content, distribution) : nil
    }

    /// What a package has; nothing for one that the distribution did not make.
    package func findings(_ package: Package) throws(AdvisoryError) -> [VulnerabilityFinding] {
        guard PackageMaker.isDistribution(package), package.name.first != UInt8(ascii: ".") else { return [] }
        let kept = try database.advisories(of: name(package), in: bucket)
        guard !kept.isEmpty else { return [] }
        var findings: [VulnerabilityFinding]
        if let products {
            findings = products.findings(package, kept)
        } else {
            findings = kept.compactMap { finding(package, $0) }
        }
        for place in findings.indices { try findings[place].complete(from: database, source) }
        return findings.sorted(by: VulnerabilityFinding.precedes)
    }

    /// The name under which advisories of a package are kept.
    private func name(_ package: Package) -> [UInt8] {
        switch distribution.family {
        case .alpine, .wolfi, .chainguard, .minimos, .debian, .ubuntu, .photon, .mariner, .azure:
            package.sourceName
        case .redhat, .centos, .rocky, .alma: Self.modular(package)
        default: package.name
        }
    }

    /// `MODULE:STREAM::NAME` for a package of a module.
    private static func modular(_ package: Package) -> [UInt8] {
        let parts = package.modularity.split(separator: UInt8(ascii: ":"))
        guard parts.count >= 2 else { return package.name }
        return parts[0] + [UInt8(ascii: ":")] + parts[1] + Array("::".utf8) + package.name
    }

    private var order: VersionOrder {
        switch distribution.family {
        case .alpine, .wolfi, .chainguard, .minimos: .apk
        // Amazon's advisories are compared so by trivy too.
        case .debian, .ubuntu, .amazon: .dpkg
        default: .rpm
        }
    }

    /// The version that advisories speak of.
    private func compared(_ package: Package) -> [UInt8] {
        switch distribution.family {
        case .alpine, .wolfi, .chainguard, .minimos, .debian, .ubuntu, .mariner, .azure: package.sourceVersion
        default: package.version
        }
    }

    private func finding(_ package: Package, _ kept: AdvisoryDatabase.Kept) -> VulnerabilityFinding? {
        let advisory = kept.advisory
        let version = compared(package)
        let fixed: String
        var vendorIDs = advisory.vendorIDs
        switch distribution.family {
        case .alma where package.modularity.isEmpty && package.version.contains(".module_el"): return nil
        case .rocky, .oracle:
            guard let entry = self.entry(package, advisory) else { return nil }
            fixed = entry.fixed
            vendorIDs = entry.vendorIDs.isEmpty ? vendorIDs : entry.vendorIDs
        default: fixed = advisory.fixedVersion
        }
        if distribution.family.isAlpineLike, !advisory.affectedVersion.isEmpty,
            order.compare(Array(advisory.affectedVersion.utf8), version) == .greater
        {
            return nil
        }
        // What has no fix is there in every version.
        if !fixed.isEmpty, order.compare(version, Array(fixed.utf8)) != .less { return nil }
        var finding = VulnerabilityFinding(
            kept.id, installed: package.version, fixed: order == .rpm ? Self.shown(fixed) : fixed,
            status: advisory.status,
            severity: distribution.family == .debian ? advisory.severity : .unknown)
        finding.vendorIDs = vendorIDs
        return finding
    }

    /// A version of rpm as it is told: without an epoch of 0.
    static func shown(_ version: String) -> String {
        version.hasPrefix("0:") ? String(version.dropFirst(2)) : version
    }

    /// The part of an advisory that is for a package's machine.
    private func entry(_ package: Package, _ advisory: Advisory) -> (fixed: String, vendorIDs: [String])? {
        if advisory.entries.isEmpty {
            return advisory.fixedVersion.isEmpty ? nil : (advisory.fixedVersion, advisory.vendorIDs)
        }
        let machine = String(decoding: package.architecture, as: UTF8.self)
        let flavor = Self.flavor(package.version)
        for entry in advisory.entries where entry.architectures.contains(machine) {
            if distribution.family == .oracle, Self.flavor(Array(entry.fixedVersion.utf8)) != flavor { continue }
            return (entry.fixedVersion, entry.vendorIDs)
        }
        return nil
    }

    /// Oracle's builds of one version for other purposes have numbers of their own.
    private static func flavor(_ version: [UInt8]) -> String {
        if version.contains(".ksplice") { return "ksplice" }
        return version.suffix(5).elementsEqual("_fips".utf8) ? "fips" : ""
    }
}

extension Distribution.Family {
    /// Whether it has Alpine's packages.
    var isAlpineLike: Bool { [.alpine, .wolfi, .chainguard, .minimos].contains(self) }
}

extension [UInt8] {
    /// Whether a text is in it.
    fileprivate func contains(_ text: StaticString) -> Bool {
        let wanted = UnsafeBufferPointer(start: text.utf8Start, count: text.utf8CodeUnitCount)
        return firstRange(of: wanted) != nil
    }
}
