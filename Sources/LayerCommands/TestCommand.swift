// SPDX-License-Identifier: Apache-2.0

package import ArgumentParser
import Browsing
import CommandOptions
import CommandTrees
import Console
import Expectations
import LinuxIO
import OCI
import Objects
import SystemPackage

/// In which form results of tests are printed.
enum TestForm: String, ExpressibleByArgument, CaseIterable {
    case text, json, junit
}

/// `cimg test`: whether an image is as its author expects it.
package struct TestCommand: ParsableCommand {
    package static let configuration = CommandConfiguration(
        commandName: "test", abstract: "Run the tests of container-structure-test files, without starting anything.",
        discussion: """
            Files are those of container-structure-test, in YAML or JSON, schemaVersion 2.0.0. fileExistenceTests, \
            fileContentTests, metadataTest and licenseTests are judged on the object's files and on the configuration of \
            its image: no container is made, no engine is needed. Owners are always known, links are followed within the \
            object. commandTests are not run, as nothing of an image is ever started: each is told as SKIP, and fails \
            with --require-all. metadataTest fails for an object that has no configuration, such as a directory.

            Patterns are RE2's. Of \\p{…} the general categories are known (L, Lu, Nd), not the names of scripts. \
            permissions may also be written as ls does (-rwsr-xr-x) or in octal (4755).

            \(OpenedTree.help)

            \(ObjectFinder.containerHelp)

            Examples:

              cimg test -c tests.yaml web
              cimg test -c files.yaml -c metadata.json --output junit web > junit.xml
              cimg test -c tests.yaml --test-report report.json my_container

            Exit status: 0 all tests pass, 1 one fails or there is none, 2 trouble.
            """)

    @OptionGroup var options: FinderOptions

    @Option(
        name: .shortAndLong, help: ArgumentHelp("A file of tests; may be given several times.", valueName: "file"),
        completion: .file())
    var config: [String] = []

    @Option(name: .shortAndLong, help: ArgumentHelp("How to print results: text, json or junit.", valueName: "form"))
    var output = TestForm.text

    @Option(
        help: ArgumentHelp(
            "A file that gets the results as json or junit, whichever --output says; the text is printed.",
            valueName: "file"),
        completion: .file())
    var testReport: String?

    @Option(help: ArgumentHelp("What the suite is called in junit.", valueName: "name"))
    var junitSuiteName = "container-structure-test.test"

    @Flag(help: "Let what cannot be tested fail.")
    var requireAll = false

    @Flag(help: "Print a JSON object, as --output json.")
    var json = false

    @Argument(help: "What to test.")
    var object: String

    /// Makes the command for the parser.
    package init() {}

    package mutating func run() throws {
        try lookingIntoTrees {
            guard !config.isEmpty else { throw CommandError("--config: no file of tests is named") }
            let files = try config.map { try (name: $0, tests: Self.read($0)) }
            let opened = try ConfiguredTree.open(object, in: options.finder())
            let run = ExpectationRun(
                tree: opened.tree, configuration: opened.configuration, requiresAll: requireAll, now: Self.clock())
            let results = files.map { (name: $0.name, results: run.results(of: $0.tests)) }
            let report = TestReport(files: results, suiteName: junitSuiteName)
            let form = json ? .json : output
            if let testReport {
                try OutputFile.write(report.bytes(form == .text ? .json : form), to: testReport)
                try StandardOutput.write(report.bytes(.text))
            } else {
                try StandardOutput.write(report.bytes(form))
            }
            if !report.isPassed { throw ExitCode(1) }
        }
    }

    private static func read(_ name: String) throws -> ExpectationFile {
        let bytes: [UInt8]
        do {
            bytes = try SmallFile.read(FilePath(RawArguments.bytes(of: name)), limit: ExpectationFile.byteLimit)
        } catch {
            throw CommandError("--config \(name.printable): \(error)")
        }
        return try ExpectationFile(bytes, name: name.printable)
    }

    private static func clock() -> () -> Int64 {
        let start = ContinuousClock.now
        return {
            let passed = (ContinuousClock.now - start).components
            return passed.seconds &* 1_000_000_000 &+ passed.attoseconds / 1_000_000_000
        }
    }
}
