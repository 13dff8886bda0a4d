// SPDX-License-Identifier: Apache-2.0

import Auditing
import Browsing
import CommandTrees
import Console
import DiffCommands
import FileTree
import Inventory
import InventoryCache
import LayerStore
import OCI
import Objects
import PackageCommands
import Packages
import Registry
import ScanCommands

/// An object that rules are asked of; what several of them need is read once.
struct AuditedObject {
    let opened: OpenedTree
    /// The documents; nil for what is no image.
    let image: ImageDescription?
    let finder: ObjectFinder
    /// Another database of advisories; nil for that of the store.
    let db: String?
    let now: Int64
    private var inventory: TreeInventory?
    private var vulnerabilities: Result<VulnerabilityList, any Error>?
    private var files: AuditedFiles?

    /// Opens an object.
    init(_ name: String, in finder: ObjectFinder, db: String?, now: Int64) throws {
        opened = try OpenedTree.open(name, in: finder)
        image = opened.digest == nil ? nil : try finder.describeIfImage(name)
        self.finder = finder
        self.db = db
        self.now = now
    }

    /// Asks a rule.
    mutating func answer(_ rule: AuditRule) -> AuditAnswer {
        var answer = AuditAnswer(rule)
        do {
            switch rule.subject {
            case .files(let files): try ask(files, &answer)
            case .find(let find): try ask(find, &answer)
            case .packages(let packages): try ask(packages, &answer)
            case .configuration(let configuration): try ask(configuration, &answer)
            case .vulnerabilities(let vulnerabilities): ask(vulnerabilities, &answer)
            case .signatures: try askSignatures(&answer)
            }
        } catch let error as BrowsingError {
            answer.gaps.append(contentsText(error))
        } catch {
            answer.gaps.append("\(error)")
        }
        return answer
    }

    // MARK: - Files

    private mutating func ask(_ rule: AuditRule.FileRule, _ answer: inout AuditAnswer) throws {
        let files = try self.files ?? AuditedFiles(opened.tree)
        self.files = files
        for path in rule.paths { try files.ask(rule, path, &answer) }
    }

    private func ask(_ rule: AuditRule.FindRule, _ answer: inout AuditAnswer) throws {
        let expression = try FindExpression(rule.expression.map { Array($0.utf8) })
        let finding = try Finding(expression, in: opened.tree, now: now)
        let excepted = rule.except.map { NamePattern(Array($0.utf8)) }
        for path in rule.paths {
            for start in try opened.tree.files(Array(path.utf8), followsLast: false) {
                let outcome = try finding.run(from: start) { _, walked in
                    guard !excepted.contains(where: { $0.matches(walked.path) }) else { return }
                    answer.add(
                        Bytes.escaped(walked.path), "is found by \(rule.expression.joined(separator: " ").printable)")
                }
                answer.gaps += outcome.problems.map(contentsText)
            }
        }
    }

    // MARK: - Packages

    /// The packages with their files; what cannot be read of them is a gap.
    private mutating func packages(_ answer: inout AuditAnswer) -> [InstalledPackage] {
        let found = inventory ?? TreeInventory(of: opened.tree, .init(files: true))
        inventory = found
        answer.gaps += found.problems.map(\.description)
        return found.packages
    }

    private mutating func ask(_ rule: AuditRule.PackageRule, _ answer: inout AuditAnswer) throws {
        let packages = packages(&answer)
        func text(_ package: Package) -> String {
            "\(package.kind.rawValue) \(Bytes.escaped(package.name)) \(Bytes.escaped(package.version))"
        }
        for question in rule.forbidden {
            let query = try PackageQuery(question)
            for package in packages where try query.matches(package.package) {
                answer.add(text(package.package), "is forbidden: \(question.printable)")
            }
        }
        for question in rule.required {
            let query = try PackageQuery(question)
            guard try !packages.contains(where: { try query.matches($0.package) }) else { continue }
            answer.add(question.printable, "is required, and not installed")
        }
        for pattern in rule.forbiddenLicences {
            let pattern = NamePattern(Array(pattern.utf8))
            for package in packages {
                guard let licence = package.package.licences.first(where: { pattern.matches($0) }) else { continue }
                answer.add(text(package.package), "has the licence \(Bytes.escaped(licence))")
            }
        }
        if rule.isVerified {
            let verification = PackageVerification(of: packages, in: opened.tree)
            answer.gaps += verification.problems.map(\.description)
            for deviation in verification.deviations where !deviation.isConfiguration {
                answer.add(
                    Bytes.escaped(deviation.path),
                    "is \(deviation.kind.rawValue), not as \(Bytes.escaped(deviation.package.name)) promised")
            }
        }
        if rule.isOwned {
            let owners = try FileOwners(opened.tree, packages.filter { $0.package.kind.isSystem })
            try owners.forEachUnownedProgram(in: opened.tree) {
                answer.add(Bytes.escaped($0.path), "is a program that no package owns")
            }
        }
    }

    // MARK: - Documents

    private func ask(_ rule: AuditRule.ConfigurationRule, _ answer: inout AuditAnswer) throws {
        guard let image else {
            answer.gaps.append("has no configuration; only images have one")
            return
        }
        let facts = try DiffConfiguration.facts(of: image)
        for (key, value) in rule.equals.sorted(by: { $0.key < $1.key }) where facts[key] != value {
            answer.add(key.printable, "is \(facts[key]?.printable ?? "not set"), not \(value.printable)")
        }
        for (key, pattern) in rule.matches.sorted(by: { $0.key < $1.key }) {
            let value = facts[key]
            guard value.map({ NamePattern(Array(pattern.utf8)).matches(Array($0.utf8)) }) != true else { continue }
            answer.add(key.printable, "is \(value?.printable ?? "not set"), which \(pattern.printable) does not fit")
        }
        let keys = facts.keys.sorted()
        func fitting(_ pattern: String) -> [String] {
            let pattern = NamePattern(Array(pattern.utf8))
            return keys.filter { pattern.matches(Array($0.utf8)) }
        }
        for pattern in rule.present where fitting(pattern).isEmpty { answer.add(pattern.printable, "is not set") }
        for pattern in rule.absent {
            for key in fitting(pattern) { answer.add(key.printable, "is set") }
        }
    }

    private mutating func ask(_ rule: AuditRule.VulnerabilityRule, _ answer: inout AuditAnswer) {
        let result = vulnerabilities ?? Result { try VulnerabilityList(opened, image, in: finder, db: db) }
        vulnerabilities = result
        switch result {
        case .failure(let error): answer.gaps.append("\(error)")
        case .success(let list):
            answer.gaps += list.gaps
            let found = list.entries.filter { entry in
                entry.isAtLeast(rule.severity) && (!rule.isFixable || entry.isFixable)
                    && !rule.except.contains(entry.id)
            }
            guard found.count > rule.maximum else { return }
            for entry in found { answer.add("\(entry.id.printable) \(entry.package)", entry.text) }
        }
    }

    private func askSignatures(_ answer: inout AuditAnswer) throws {
        guard !isDirectoryName(opened.name) else {
            answer.gaps.append("is a directory, which has no signatures")
            return
        }
        let check = TrustCheck(judge: finder.place.judge, client: try finder.client())
        for refusal in try check.signatureRefusals(of: opened.name) { answer.add("", refusal) }
    }
}
