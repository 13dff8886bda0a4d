// SPDX-License-Identifier: Apache-2.0

package import ArgumentParser
import Browsing
import CommandOptions
import CommandTrees
import Console
import FileTree
import LayerStore
import Layering
import LinuxIO
import OCI
import Objects
import SystemPackage

/// `cimg check`: whether an image keeps to its budgets.
package struct CheckCommand: ParsableCommand {
    package static let configuration = CommandConfiguration(
        commandName: "check", abstract: "Judge what an image costs by rules, for CI.",
        discussion: """
            Rules come from files in YAML, each a mapping "rules": dive's .dive-ci works as it is. Without --rules, \
            .dive-ci of this directory is taken if there is one. --rule NAME=VALUE sets one more, --rule NAME one with \
            the value that it has where nothing is said. NAME may be dive's older one, as highestUserWastedPercent. \
            Sizes are 20MB or 20MiB, shares 0.05 or 5%; disabled, off and false switch a rule off. Each rule, with the \
            value where nothing is said, and what it measures:

              lowest-efficiency (0.9)
                           dive's: the smallest copy of each path as a part of all copies
              highest-wasted-bytes (off)
                           dive's: all copies of each path that several layers have, also
                           the one that is shown
              highest-user-wasted-percent (0.1)
                           these as a part of what the layers above the first have; may
                           be more than 1
              highest-dead-bytes (off)
                           bytes of files that the image does not show, as a later layer
                           deletes or replaces them
              highest-dead-percent (off)
                           these as a part of the bytes of all layers' files
              highest-layer-count (off)
                           layers
              highest-size (off)
                           bytes of files in all layers
              highest-growth (off)
                           with --against: bytes of files more than the older image has
              highest-dead-growth (1MB)
                           with --against: dead bytes more than the older image has
              blocked-paths (off)
                           patterns of paths that no layer may have, even if a later one
                           takes them away
              blocked-waste (off)
                           patterns of paths that must not be dead

            dive's three are counted without its mistakes unless --dive-compatible is given.

            An image may have few dead bytes and break dive's rules; highest-user-wasted-percent=off asks for no such \
            thing. For example:

              rules:
                highest-user-wasted-percent: off
                highest-dead-percent: 5%
                blocked-paths: ["*/.git/*", "*/id_rsa"]

            The last line is the verdict: ok, noop (the same image as the older one), fail or regression with the \
            rules that are broken.

            \(ObjectFinder.help)

            Examples:

              cimg check web:2
              cimg check --against web:1 --rules .dive-ci web:2
              cimg check --rule highest-size=200MB --markdown web >> "$GITHUB_STEP_SUMMARY"

            Exit status: 0 all rules are kept, 1 one is broken, 2 trouble.
            """)

    @OptionGroup var options: FinderOptions

    @Option(help: ArgumentHelp("The image that this one replaces.", valueName: "image"))
    var against: String?

    @Option(help: ArgumentHelp("A file of rules; may be given several times.", valueName: "file"), completion: .file())
    var rules: [String] = []

    @Option(help: ArgumentHelp("A rule; may be given several times.", valueName: "name[=value]"))
    var rule: [String] = []

    @Flag(help: "Count dive's figures with dive's mistakes.")
    var diveCompatible = false

    @Flag(help: "Print a JSON object.")
    var json = false

    @Flag(help: "Print tables of Markdown.")
    var markdown = false

    @Option(help: ArgumentHelp("The form: text, json, markdown, html (one page).", valueName: "form"))
    var format: ReportForm?

    @Argument(help: "The image.")
    var image: String

    /// Makes the command for the parser.
    package init() {}

    package mutating func run() throws {
        try reportingTrouble {
            let form = try ReportForm(json: json, markdown: markdown, format: format)
            let (rules, files) = try readRules()
            let finder = try options.finder()
            let patterns = try Self.patterns(rules)
            let subject = try Self.subject(try .open(image, in: finder), patterns, isCompatible: diveCompatible)
            let older = try against.map { name in
                let image = try LayeredImage.open(name, in: finder)
                return CheckVerdict.Older(digest: image.object.digest, costs: try image.costs())
            }
            let verdict = CheckVerdict(subject, older: older, rules: rules) { pattern, path in
                patterns[pattern]?.matches(path) ?? false
            }
            let report = CheckReport(
                name: image, older: against, subject: subject, olderSubject: older, verdict: verdict, files: files)
            try StandardOutput.write(report.text(form))
            if !verdict.isPassed { throw ExitCode(1) }
        }
    }

    private func readRules() throws -> (CheckRules, [String]) {
        var checked = CheckRules()
        let names = rules.isEmpty && fileExists(FilePath(".dive-ci")) ? [".dive-ci"] : rules
        for name in names {
            let file = FilePath(RawArguments.bytes(of: name))
            let bytes: [UInt8]
            do {
                bytes = try SmallFile.read(file, limit: 256 << 10)
            } catch {
                throw CommandError("--rules \(name.printable): \(error)")
            }
            try checked.add(bytes, name: name.printable)
        }
        for text in rule {
            guard let equals = text.firstIndex(of: "=") else {
                try checked.setDefault(text, name: "--rule")
                continue
            }
            try checked.set(String(text[..<equals]), to: String(text[text.index(after: equals)...]), name: "--rule")
        }
        return (checked, names)
    }

    private static func patterns(_ rules: CheckRules) throws -> [String: NamePattern] {
        var patterns: [String: NamePattern] = [:]
        for rule in [CheckRule.blockedPaths, .blockedWaste] {
            guard case .patterns(let texts)? = rules[rule] else { continue }
            for text in texts {
                guard text.utf8.count <= NamePattern.maximumByteCount else {
                    throw CommandError(
                        "\(rule.rawValue): a pattern is longer than \(NamePattern.maximumByteCount) bytes")
                }
                patterns[text] = NamePattern(Array(text.utf8))
            }
        }
        return patterns
    }

    private static func subject(
        _ image: LayeredImage, _ patterns: [String: NamePattern], isCompatible: Bool
    ) throws -> CheckVerdict.Subject {
        var blocked: [String: [[UInt8]]] = [:]
        if !patterns.isEmpty {
            for layer in image.layers {
                try layer.index.forEach { entry, _ in
                    let path = LayerPath.shown(entry.path)
                    for (text, pattern) in patterns where pattern.matches(path) {
                        blocked[text, default: []].append(path)
                    }
                }
            }
        }
        return CheckVerdict.Subject(
            digest: image.object.digest, costs: try image.costs(),
            figures: try image.figures(isCompatible: isCompatible), blocked: blocked)
    }
}
