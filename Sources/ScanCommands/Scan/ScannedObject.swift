// SPDX-License-Identifier: Apache-2.0

import Advisories
import Browsing
import CommandTrees
import Console
import FileTree
import Inventory
import LayerStore
import OCI
import Packages

/// What a scan of one object found, and what it could not tell.
struct ScannedObject {
    /// A vulnerability and the package that has it.
    struct Located {
        let entry: BillOfMaterials.Entry
        let finding: VulnerabilityFinding
    }

    /// Packages that are told together, with what they have.
    struct Result {
        let group: TrivyText.Group
        let entries: [BillOfMaterials.Entry]
        var findings: [Located]
        /// Why they could not be judged; nil where they were.
        let gap: String?
    }

    let bill: BillOfMaterials
    /// The image that this one was made from; nil where nothing tells of one.
    let base: BaseImage?
    /// The places of the packages of each version in the bill.
    private let versions: [Version: [Int]]
    var results: [Result] = []
    /// What was left out, with what left it out.
    var suppressed: [(located: Located, status: String, reason: String)] = []
    /// When the distribution's support ended; nil where it has not, or nobody knows.
    private(set) var ended: String?
    /// Remarks that do not make the answer incomplete.
    var notes: [String] = []
    /// Why the answer is incomplete.
    private(set) var gaps: [String] = []

    /// All findings in the order of the results.
    var findings: [Located] { results.flatMap(\.findings) }

    /// Scans an object.
    ///
    /// - Parameters:
    ///   - inventory: its packages with owners, and the files of `paths`.
    ///   - base: the image that it was made from.
    ///   - expectsSystem: whether packages of the system were looked for.
    ///   - includes: which of its packages are judged.
    ///   - now: for the end of support.
    /// - Throws: what a damaged database throws.
    init(
        name: String, digest: String?, image: ImageDescription?, _ advisories: OpenedAdvisories,
        inventory: TreeInventory,
        base: BaseImage? = nil, at now: Moment, expectsSystem: Bool = true,
        includes: (InstalledPackage) -> Bool = { _ in true }
    ) throws {
        self.base = base
        var inventory = inventory
        let hadPackages = !inventory.packages.isEmpty
        let lacksSystem = expectsSystem && !inventory.packages.contains { $0.package.kind.isSystem }
        inventory.packages = inventory.packages.filter(includes)
        let files = inventory.recorded
        let system = Distribution(inventory.distribution, files: files.bytes)
        bill = BillOfMaterials(
            name: name, digest: digest, image: image, inventory: inventory, system: system, sourceDate: now.seconds)
        versions = Dictionary(grouping: bill.entries.indices) { [entries = bill.entries] in Version(entries[$0].package)
        }
        gaps = (inventory.problems + files.problems).map(\.description)
        // A distribution has packages; that their record is not where it belongs does not make them none.
        if lacksSystem, gaps.isEmpty, let system = bill.system {
            let name = "\(system.name) \(system.version)".printable
            gaps.append("it says that it is \(name), but has no record of its packages: its system could not be judged")
        }
        if !hadPackages, gaps.isEmpty { notes.append("no record of any package is in it") }
        try judge(advisories.database, files, at: now)
    }

    /// Small files of a tree that say which advisories count.
    static let paths = Distribution.files + contentManifests

    private static let contentManifests = ["/root/buildinfo/content_manifests", "/usr/share/buildinfo"]

    private mutating func judge(_ database: AdvisoryDatabase, _ files: RecordedFiles, at now: Moment) throws {
        let systemEntries = bill.entries.filter { $0.package.kind.isSystem }
        var matching: SystemMatching?
        var systemGap: String?
        if !systemEntries.isEmpty {
            var content = RedHatContent()
            for (path, bytes) in files.bytes.sorted(by: { $0.key < $1.key })
            where Self.contentManifests.contains(where: { path.hasPrefix($0 + "/") }) && path.hasSuffix(".json") {
                try content.add(bytes, name: "\(bill.name.printable): \(path.printable)")
            }
            let judgement: SystemJudgement
            (matching, judgement) = try SystemMatching.make(database, bill.system, content: content)
            systemGap = Self.gap(judgement, counted(systemEntries.count, "package"))
            if let system = bill.system { note(EndOfLife(system, at: now), system) }
        }
        gaps += [systemGap].compactMap(\.self)
        let languages = Set(bill.entries.map(\.package.kind).filter { !$0.isSystem })
        let languageMatching = try LanguageMatching(database, languages)
        for kind in languages.sorted() where !languageMatching.hasData(of: kind) {
            let count = counted(bill.entries.count { $0.package.kind == kind }, "package")
            if LanguageMatching.isCollected(kind) {
                gaps.append(Self.gap(kind, count))
            } else {
                notes.append("nobody collects advisories of \(kind.rawValue): \(count) of it were not judged")
            }
        }
        for (group, entries) in TrivyText.groups(bill) {
            var findings: [Located] = []
            for entry in entries {
                let found: [VulnerabilityFinding]
                if entry.package.kind.isSystem {
                    found = try matching?.findings(entry.package) ?? []
                } else if entry.installed.owner != nil {
                    // The distribution judges what it packaged itself.
                    continue
                } else {
                    var warnings: [String] = []
                    found = try languageMatching.findings(entry.package) { warnings.append($0) }
                    notes += warnings
                }
                findings += found.map { Located(entry: entry, finding: $0) }
            }
            let isSystem = entries.first?.package.kind.isSystem == true
            let gap = isSystem ? systemGap : entries.first.flatMap { languageGap($0.package.kind, languageMatching) }
            results.append(Result(group: group, entries: entries, findings: Self.unique(findings), gap: gap))
        }
    }

    private static func gap(_ judgement: SystemJudgement, _ count: String) -> String? {
        switch judgement {
        case .judged: nil
        case .nameless: "it does not say which distribution it is: \(count) of the system could not be judged"
        case .uncollected(let name):
            "nobody collects advisories of \(name.printable): \(count) of the system could not be judged"
        case .missing(let bucket):
            "the database has no advisories of \"\(bucket.printable)\": \(count) of the system could not be judged"
        }
    }

    private static func gap(_ kind: PackageKind, _ count: String) -> String {
        "the database has no advisories of \(kind.rawValue): \(count) of it could not be judged"
    }

    private func languageGap(_ kind: PackageKind, _ matching: LanguageMatching) -> String? {
        guard LanguageMatching.isCollected(kind), !matching.hasData(of: kind) else { return nil }
        return Self.gap(kind, counted(bill.entries.count { $0.package.kind == kind }, "package"))
    }

    private mutating func note(_ end: EndOfLife, _ system: Distribution) {
        let name = "\(system.name) \(system.version)".printable
        switch end {
        case .ended(let day):
            ended = day
            notes.append(
                "\(name) IS PAST ITS END: it gets no mends since \(day); what was found later may not be told here")
        case .unknown where system.bucket != nil: notes.append("it is not known until when \(name) is maintained")
        case .unknown, .maintained: break
        }
    }

    /// One finding of each vulnerability of a package at a place, in the order in which they are told.
    private static func unique(_ findings: [Located]) -> [Located] {
        var seen: Set<[[UInt8]]> = []
        let kept = findings.filter { located in
            seen.insert([
                Array(located.finding.id.utf8), TrivyText.name(located.entry.package), located.finding.installed,
                located.entry.package.kind.isSystem
                    ? located.entry.package.architecture : located.entry.installed.record,
            ]).inserted
        }
        return kept.sorted { (one: Located, other: Located) -> Bool in
            let names = (TrivyText.name(one.entry.package), TrivyText.name(other.entry.package))
            if names.0 != names.1 { return names.0.lexicographicallyPrecedes(names.1) }
            if one.finding.installed != other.finding.installed {
                return one.finding.installed.lexicographicallyPrecedes(other.finding.installed)
            }
            if one.finding.severity != other.finding.severity { return one.finding.severity > other.finding.severity }
            if one.finding.id != other.finding.id { return one.finding.id < other.finding.id }
            return one.entry.installed.record.lexicographicallyPrecedes(other.entry.installed.record)
        }
    }

    /// Whether a package came with the image that this one was made from; nil where that is not known.
    func isOfBase(_ entry: BillOfMaterials.Entry) -> Bool? {
        guard let base, let layer = entry.installed.layer else { return nil }
        return layer.index < base.layerCount
    }

    /// What else of a package's version is there: others of the same source, or the same at other places.
    func companions(of entry: BillOfMaterials.Entry) -> [BillOfMaterials.Entry] {
        (versions[Version(entry.package)] ?? []).map { bill.entries[$0] }.filter { $0.reference != entry.reference }
    }

    /// What packages of one version have in common.
    private struct Version: Hashable {
        let kind: PackageKind
        let group: [UInt8]
        let source: [UInt8]
        let version: [UInt8]

        init(_ package: Package) {
            kind = package.kind
            group = package.group
            source = package.sourceName
            version = package.sourceVersion
        }
    }

    /// Counts of findings by severity, the least bad first.
    static func counts(_ findings: [Located]) -> [(severity: Severity, count: Int)] {
        Severity.allCases.map { severity in (severity, findings.count { $0.finding.severity == severity }) }
    }
}
