// SPDX-License-Identifier: Apache-2.0

import Archive
package import ArgumentParser
import Browsing
import CommandOptions
import CommandTrees
import Console
import FileTree
import LayerStore
import Linting
import LinuxIO
import OCI
import Objects
import SystemPackage

/// In which form findings are printed.
enum LintForm: String, ExpressibleByArgument, CaseIterable {
    case text, json, sarif, github
}

/// `cimg lint`: what is wrong with an image, and where engines disagree on it.
package struct LintCommand: ParsableCommand {
    package static let configuration = CommandConfiguration(
        commandName: "lint", abstract: "Find what is wrong with an image, and where engines disagree on it.",
        usage: "cimg lint [<options>] <image>\ncimg lint --explain <rule>",
        discussion: """
            Judges the entries of all layers, the configuration and the history. Errors are where some engine refuses \
            the image or shows other files than another, and what everybody who has the image can read though it is \
            secret; warnings where attributes differ, or something should be better. --explain tells of a rule what \
            each engine shows and what to do; "--explain all" lists the rules. Rules of dockle (CIS-DI-0001), hadolint \
            (DL3009) and of the CIS benchmark (CIS-4.1) that can be judged in an image have their names as aliases.

            .cimg-lint.yaml of this directory is read, or the file of --rules: ignore, a list of rules or of mappings \
            with rule, path (a pattern) and reason; severity, a mapping of rules to info, warning or error; labels, \
            with a list required. Rules in .dockleignore are left out too, and those of --ignore.

            \(ObjectFinder.help)

            Examples:

              cimg lint web
              cimg lint --fail-on warning --ignore user-root web
              cimg lint --format sarif web > lint.sarif
              cimg lint --explain whiteout-and-directory

            Exit status: 0 nothing as severe as --fail-on, 1 something, 2 trouble.
            """)

    @OptionGroup var options: FinderOptions

    @Option(
        help: ArgumentHelp("A file of settings; may be given several times.", valueName: "file"), completion: .file())
    var rules: [String] = []

    @Option(help: ArgumentHelp("Leave a rule out; may be given several times.", valueName: "rule"))
    var ignore: [String] = []

    @Option(
        help: ArgumentHelp("From which severity on it fails: info, warning, error or never.", valueName: "severity"))
    var failOn = "error"

    @Option(help: ArgumentHelp("How to print it: text, json, sarif or github.", valueName: "form"))
    var format = LintForm.text

    @Flag(help: "Print a JSON object.")
    var json = false

    @Option(help: ArgumentHelp("How many findings of a rule to print as text; 0 for all.", valueName: "n"))
    var limit = 10

    @Option(help: ArgumentHelp("Tell of a rule, or of all.", valueName: "rule"))
    var explain: String?

    @Argument(help: "The image.")
    var image: String?

    /// Makes the command for the parser.
    package init() {}

    package mutating func run() throws {
        try lookingIntoTrees {
            if let explain { return try StandardOutput.write(try LintExplanation.text(explain)) }
            guard let image else { throw CommandError("no image is named") }
            guard limit >= 0 else { throw CommandError("--limit \(limit): is below 0") }
            let threshold = LintSeverity(rawValue: failOn)
            guard threshold != nil || failOn == "never" else {
                throw CommandError("--fail-on \"\(failOn.printable)\": none of info, warning, error, never")
            }
            let settings = try readSettings()
            let layered = try LayeredImage.open(image, in: options.finder())
            let report = try Self.report(layered, settings)
            let output = LintOutput(image: image, digest: "\(layered.object.digest)", report: report, limit: limit)
            try StandardOutput.write(output.text(json ? .json : format))
            if let threshold, report.findings.contains(where: { settings.severity(of: $0.rule) >= threshold }) {
                throw ExitCode(1)
            }
        }
    }

    private func readSettings() throws -> LintSettings {
        var settings = LintSettings()
        let names = rules.isEmpty && fileExists(FilePath(".cimg-lint.yaml")) ? [".cimg-lint.yaml"] : rules
        for name in names { try settings.add(try Self.read(name), name: name.printable) }
        if fileExists(FilePath(".dockleignore")) { settings.add(dockleIgnore: try Self.read(".dockleignore")) }
        for rule in ignore { try settings.ignore(rule, name: "--ignore") }
        return settings
    }

    private static func read(_ name: String) throws -> [UInt8] {
        do {
            return try SmallFile.read(FilePath(RawArguments.bytes(of: name)), limit: 256 << 10)
        } catch {
            throw CommandError("\(name.printable): \(error)")
        }
    }

    private static func report(_ image: LayeredImage, _ settings: LintSettings) throws -> LintReport {
        let manifest = image.object.manifest
        var layers: [LintLayer] = []
        for (index, layer) in image.layers.enumerated() {
            let descriptor = manifest.layers.indices.contains(index) ? manifest.layers[index] : nil
            layers.append(
                LintLayer(
                    entries: layer.index, mediaType: descriptor?.mediaType ?? "",
                    compression: try descriptor.flatMap { try compression(of: $0.digest, in: image.object.store) }))
        }
        let source = try mappedTree(image.object.tree)
        let tree = BrowsedTree(source, name: RawArguments.bytes(of: image.name))
        var accounts: [String: [UInt8]] = [:]
        for path in ["/etc/passwd", "/etc/group", "/etc/shadow"] {
            guard let file = try tree.find(path), file.type == .regular else { continue }
            accounts[path] = try tree.bytes(of: file, limit: 4 << 20)
        }
        var patterns: [String: NamePattern] = [:]
        for pattern in settings.patterns { patterns[pattern] = NamePattern(Array(pattern.utf8)) }
        return try LintReport(
            layers: layers, configuration: configuration(of: image), accounts: accounts, settings: settings
        ) { patterns[$0]?.matches($1) ?? false }
    }

    /// How a layer's blob is compressed, where the store has it as it came.
    private static func compression(of digest: Digest, in store: Store) throws -> String? {
        guard let blob = try store.openBlob(digest) else { return nil }
        var head = [UInt8](repeating: 0, count: Compression.headByteCount)
        let count = try head.withUnsafeMutableBytes { try blob.read(at: 0, into: $0) }
        return Compression(firstBytes: head.prefix(count)).rawValue
    }

    private static func configuration(of image: LayeredImage) -> LintConfiguration {
        var result = LintConfiguration()
        let configuration = image.object.configuration
        result.execution = image.object.execution
        result.commands = (configuration.history ?? []).compactMap(\.createdBy)
        result.author = configuration.author ?? ""
        result.isDocker = image.object.manifest.mediaType == MediaType.dockerManifest
        result.name = image.name
        return result
    }
}
