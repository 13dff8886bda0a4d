// SPDX-License-Identifier: Apache-2.0

import Console
import OCI
import Signatures
import SystemPackage
import Trust

/// A policy as rows: one for each requirement.
final class PolicyListing {
    /// A requirement of a scope.
    struct Row {
        /// The transport, `repository` for docker as podman has it; `all` for the default.
        var transport: String
        /// The scope; `default` for the policy's default.
        var name: String
        var requirement: PolicyRequirement
        /// Whose keys count.
        var keys: [KeyFacts] = []
        /// Where signatures are read.
        var store = ""

        /// What is asked for, in podman's words.
        var type: String {
            switch requirement {
            case .insecureAcceptAnything: "accept"
            case .reject, .signedBaseLayer: "reject"
            case .signedBy: "signed"
            case .sigstoreSigned: "sigstoreSigned"
            }
        }

        /// The mail addresses of the keys.
        var mails: String {
            if case .sigstoreSigned = requirement { return "N/A" }
            return keys.flatMap(\.mails).joined(separator: ", ")
        }

        /// What a signature must say the image is called; empty where nothing is said.
        var identity: String {
            switch requirement {
            case .signedBy(let signed): signed.identity.type
            case .sigstoreSigned(let signed): signed.identity.type
            default: ""
            }
        }
    }

    private let judge: ImageJudge
    private let policy: Policy
    private let file: String
    private let storage: SignatureStorage
    /// What could not be told, a line each.
    private(set) var problems: [String] = []

    /// Reads the policy and where signatures are.
    init(_ judge: ImageJudge) throws {
        self.judge = judge
        let (policy, file) = try judge.policy()
        self.policy = policy
        self.file = file?.string.printable ?? "built in"
        storage = try judge.settings.storage()
    }

    /// All rows: the default first, then by transport and scope.
    func rows() -> [Row] {
        var rows = policy.defaultRequirements.map { row("all", "default", $0, store: "") }
        for (transport, scopes) in policy.transports.sorted(by: { $0.key < $1.key }) {
            for (scope, requirements) in scopes.sorted(by: { $0.key < $1.key }) {
                let store = transport == "docker" ? self.store(of: scope) : ""
                let name = transport == "docker" ? "repository" : transport
                rows += requirements.map { row(name, scope, $0, store: store) }
            }
        }
        return rows
    }

    /// The rows of the rule that decides about an image.
    func rows(for subject: PolicySubject) -> [Row] {
        let rule = policy.rule(for: subject)
        let transport = rule.transport.map { $0 == "docker" ? "repository" : $0 } ?? "all"
        let name = rule.transport == nil ? "default" : rule.scope
        return rule.requirements.map { row(transport, name, $0, store: store(for: subject) ?? "") }
    }

    private func row(_ transport: String, _ name: String, _ requirement: PolicyRequirement, store: String) -> Row {
        var row = Row(transport: transport, name: name, requirement: requirement, store: store)
        guard case .signedBy(let signedBy) = requirement else { return row }
        do {
            row.keys = try judge.keyring(signedBy.keys).facts()
            if row.keys.isEmpty { problems.append("\(signedBy.keys.description): no public keys in it") }
        } catch {
            problems.append("\(error)")
        }
        return row
    }

    /// Where signatures of images of a scope are read; empty for where those of which nothing is said are.
    private func store(of scope: String) -> String {
        // What is no name has no place of its own.
        guard let reference = try? Reference(parsing: scope.contains("/") ? scope : scope + "/x") else { return "" }
        return storage.address(for: reference, writing: false)?.address ?? ""
    }

    private func store(for subject: PolicySubject) -> String? {
        guard subject.transport == "docker", let reference = subject.reference else { return nil }
        return storage.address(for: reference, writing: false)?.address ?? judge.settings.builtInStore
    }

    // MARK: - Output

    /// podman's table, with the identity and the file behind it.
    ///
    /// - Parameter columns: how many it may take; nil for any number.
    func table(_ rows: [Row], heading: Bool, columns: Int?) -> String {
        var lines = heading ? [["TRANSPORT", "NAME", "TYPE", "ID", "STORE", "IDENTITY", "FILE"]] : []
        lines += rows.map { row in
            [
                row.transport.printable, row.name.printable, row.type, row.mails.printable, row.store.printable,
                row.identity, file,
            ]
        }
        let cuts: [TextTable.Cut] = [
            .start(6, least: 12), .start(4, least: 12), .end(3, least: 10), .end(5, least: 9), .start(1, least: 20),
        ]
        return TextTable.text(lines, columns: columns, cuts: cuts)
    }

    /// podman's JSON, with the identity and the file.
    func json(_ rows: [Row]) -> [UInt8] {
        var text = JSONText()
        text.beginArray()
        for row in rows {
            text.beginObject()
            text.member("transport", row.transport)
            text.member("name", row.transport == "all" ? "* (default)" : row.name)
            text.member("repo_name", row.name)
            if !row.store.isEmpty { text.member("sigstore", row.store) }
            text.member("type", row.type)
            if !row.mails.isEmpty { text.member("gpg_id", row.mails) }
            text.member("identity", row.identity.isEmpty ? nil : row.identity)
            text.member("file", file)
            text.endObject()
        }
        text.endArray()
        return text.bytes
    }

    /// The rule that decides about an image.
    func text(for subject: PolicySubject) -> String {
        let rule = policy.rule(for: subject)
        var text = "\(subject.name.printable)\n  policy  \(file)\n"
        for scope in rule.passed { text += "  scope   \(subject.transport) \"\(scope.printable)\": nothing is said\n" }
        text += "  rule    \(rule.description)\n"
        for (position, row) in rows(for: subject).enumerated() {
            text += "  \(position + 1) \(row.requirement.type)"
            text += row.identity.isEmpty ? "\n" : ", \(row.identity)\n"
            if case .signedBy(let signedBy) = row.requirement {
                text += "    keys  \(signedBy.keys.description)\n"
                for key in row.keys {
                    let end = key.expires.map { "expires \(DateText.day($0))" } ?? "does not expire"
                    text += "    key   \(key.fingerprint) (\(key.users.joined(separator: ", ").printable)), \(end)\n"
                }
            }
        }
        if let store = store(for: subject) {
            text += "  sought  \(store.printable), unless the registry keeps signatures itself\n"
        }
        for problem in problems { text += "  trouble \(problem)\n" }
        return text
    }
}
