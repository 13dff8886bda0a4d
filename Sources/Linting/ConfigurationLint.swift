// SPDX-License-Identifier: Apache-2.0

import FileTree
package import OCI

/// What rules on a configuration look at.
package struct LintConfiguration: Sendable {
    /// The members of the configuration's `config`, as they are written.
    package var execution: [String: JSONValue] = [:]
    /// The commands of the history, oldest first.
    package var commands: [String] = []
    /// The configuration's author.
    package var author = ""
    /// Whether the image has Docker's media types.
    package var isDocker = false
    /// The image's name; empty where it has none.
    package var name = ""

    /// Says nothing.
    package init() {}
}

/// Rules on a configuration and its history.
struct ConfigurationLint {
    let configuration: LintConfiguration
    let requiredLabels: [String]
    private(set) var findings: [LintFinding] = []

    /// Judges a configuration.
    static func findings(of configuration: LintConfiguration, requiredLabels: [String]) -> [LintFinding] {
        var lint = ConfigurationLint(configuration: configuration, requiredLabels: requiredLabels)
        lint.judgeExecution()
        lint.judgeEnvironment()
        lint.judgeLabels()
        for (index, command) in configuration.commands.enumerated() { lint.judge(command, isFirst: index == 0) }
        if configuration.commands.contains(where: { $0.uppercased().contains("#(NOP) MAINTAINER") }) {
            lint.add(.authorDeprecated, "author", configuration.author.printable)
        }
        if configuration.name.hasSuffix(":latest") { lint.add(.tagLatest, "name", configuration.name.printable) }
        return lint.findings
    }

    private init(configuration: LintConfiguration, requiredLabels: [String]) {
        self.configuration = configuration
        self.requiredLabels = requiredLabels
    }

    private mutating func add(_ rule: LintRule, _ member: String, _ detail: String = "") {
        findings.append(LintFinding(rule, path: Array(member.utf8), detail: detail))
    }

    private func text(_ member: String) -> String {
        if case .string(let text)? = configuration.execution[member] { return text }
        return ""
    }

    private func words(_ member: String) -> [String] {
        guard case .array(let values)? = configuration.execution[member] else { return [] }
        return values.compactMap { if case .string(let text) = $0 { text } else { nil } }
    }

    private func keys(_ member: String) -> [String] {
        guard case .object(let members)? = configuration.execution[member] else { return [] }
        return members.keys.sorted()
    }

    private mutating func judgeExecution() {
        let user = text("User").split(separator: ":", omittingEmptySubsequences: false).first.map(String.init) ?? ""
        if ["", "root", "0"].contains(user) {
            add(.userRoot, "User", user.isEmpty ? "no user is set" : user.printable)
        } else if !user.allSatisfy({ $0.isASCII && $0.isNumber }) {
            add(.userNotNumeric, "User", user.printable)
        }
        if configuration.isDocker, configuration.execution["Healthcheck"] == nil {
            add(.healthcheckMissing, "Healthcheck")
        }
        let directory = text("WorkingDir")
        if !directory.isEmpty, !directory.hasPrefix("/") { add(.workdirRelative, "WorkingDir", directory.printable) }
        for port in keys("ExposedPorts") {
            let parts = port.split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false)
            let range = (parts.first ?? "").split(separator: "-", omittingEmptySubsequences: false)
            if range.isEmpty || !range.allSatisfy({ UInt16($0) != nil }) {
                add(.portOutOfRange, "ExposedPorts", port.printable)
            }
        }
        for volume in keys("Volumes") where ["/dev", "/proc", "/sys"].contains(volume) {
            add(.volumeOfSystem, "Volumes", volume)
        }
        for member in ["Entrypoint", "Cmd"] where words(member).starts(with: ["/bin/sh", "-c"]) {
            add(.entrypointShell, member, words(member).dropFirst(2).joined(separator: " ").printable)
        }
    }

    private mutating func judgeEnvironment() {
        let suspicious = ["PASS", "PASSWD", "PASSWORD", "SECRET", "KEY", "ACCESS", "TOKEN"]
        for variable in words("Env") {
            guard let equals = variable.firstIndex(of: "="), variable.index(after: equals) < variable.endIndex else {
                continue
            }
            let name = variable[..<equals].uppercased()
            let isPublic = ["GPG_KEY", "GPG_KEYS"].contains(name)
            let parts = name.split { !$0.isLetter && !$0.isNumber }.map(String.init)
            // A part of the name, not some letters within a word: MONKEY is no key.
            if !isPublic,
                parts.contains(where: suspicious.contains) || name.hasSuffix("PASSWORD") || name.hasSuffix("APIKEY")
            {
                add(.secretInEnvironment, "Env", String(variable[..<equals]).printable)
            }
        }
    }

    private mutating func judgeLabels() {
        guard case .object(let labels)? = configuration.execution["Labels"] else {
            for label in requiredLabels { add(.labelMissing, "Labels", label.printable) }
            return
        }
        for label in requiredLabels where labels[label] == nil { add(.labelMissing, "Labels", label.printable) }
        for (key, value) in labels.sorted(by: { $0.key < $1.key }) {
            let isPlain = key.unicodeScalars.allSatisfy {
                ("a"..."z").contains($0) || ("0"..."9").contains($0) || ".-/_".unicodeScalars.contains($0)
            }
            if !isPlain || key.isEmpty { add(.labelKey, "Labels", key.printable) }
            guard case .string(let text) = value else { continue }
            if text.isEmpty { add(.labelEmpty, "Labels", key.printable) }
            if !text.isEmpty, !Self.hasForm(key, text) {
                add(.labelForm, "Labels", "\(key.printable)=\(text.printable)")
            }
        }
    }

    /// Whether the value of a label of opencontainers.org is what the specification says.
    private static func hasForm(_ key: String, _ value: String) -> Bool {
        let prefix = "org.opencontainers.image."
        guard key.hasPrefix(prefix) else { return true }
        switch key.dropFirst(prefix.count) {
        case "created": return Moment(parsing: value) != nil
        case "url", "documentation", "source": return value.contains("://") && !value.contains(" ")
        case "revision": return !value.contains(" ")
        case "licenses":
            return value.split(whereSeparator: { " ()".contains($0) }).allSatisfy { word in
                word.allSatisfy { $0.isASCII && ($0.isLetter || $0.isNumber || ".-+:".contains($0)) }
            }
        case "base.digest": return (try? Digest(parsing: value)) != nil  // What is no digest is what is looked for.
        default: return true
        }
    }

    private mutating func judge(_ command: String, isFirst: Bool) {
        let text = command.split(whereSeparator: \.isWhitespace).joined(separator: " ")
        let upper = text.uppercased()
        let isMetadata = upper.contains("#(NOP)")
        let shown = String(text.prefix(120)).printable
        // The first ADD is the base's own.
        if !isFirst, upper.hasPrefix("ADD ") || upper.contains("#(NOP) ADD ") {
            add(.addInstruction, "history", shown)
        }
        guard !isMetadata else { return }
        let words = text.split { " ;&|".contains($0) }.map(String.init)
        if words.contains("sudo") { add(.sudoInCommand, "history", shown) }
        if words.contains("dist-upgrade") || words.contains("full-upgrade") { add(.distUpgrade, "history", shown) }
        let updates = text.contains("apt-get update") || text.contains("apt update")
        let installs = ["install", "upgrade", "dist-upgrade", "build-dep"].contains { words.contains($0) }
        if updates, !installs { add(.updateWithoutInstall, "history", shown) }
    }
}
