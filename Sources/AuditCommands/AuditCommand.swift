// SPDX-License-Identifier: Apache-2.0

package import ArgumentParser
import Auditing
import CommandOptions
import CommandTrees
import Console
import Glibc
import LinuxIO
import OCI
import Objects
import SystemPackage

/// `cimg audit`: whether objects are what rules ask.
package struct AuditCommand: ParsableCommand {
    package static let configuration = CommandConfiguration(
        commandName: "audit", abstract: "Check images and containers by rules of your own.",
        usage: "cimg audit [<options>] <rules> <object> ...",
        discussion: """
            RULES is a file in YAML: "rules", a list. Each has an id, perhaps a severity (info, low, medium, high, \
            critical; medium without one) and a reason, and one thing that it asks:

              files            path (or several, or patterns), exists, type, mode,
                               max-mode, owner, group, sha256, target, contains, lacks
              find             expression of "cimg find", path, except: nothing else
                               may be found
              packages         forbidden and required, as "cimg packages --find"
                               takes them; forbidden-licences, verified, owned
              config           equals, matches, present, absent, by the keys of
                               "cimg diff --config"
              vulnerabilities  severity, fixable, except, max, by the advisories of
                               "cimg db"
              signatures       "signatures: required": the policy demands signatures
                               and has them

            For example:

              rules:
                - id: shadow
                  severity: high
                  files: {path: /etc/shadow, max-mode: "0640", owner: root}
                - id: set-user-id
                  find: {expression: "-type f -perm -4000", except: [/usr/bin/su]}
                - id: openssl
                  packages: {forbidden: ["openssl < 3.0.13"], verified: true}
                - id: user
                  config: {matches: {User: "[1-9]*"}, absent: ["Env.*PASSWORD*"]}
                - id: flaws
                  vulnerabilities: {severity: high, fixable: true}
                - id: signed
                  signatures: required

            Files of container-structure-test (schemaVersion 2.0.0), which "cimg test" runs, are taken too: each test \
            is a rule of medium severity. commandTests are not run, so they are told as not answered.

            Nothing of the objects is run or mounted. A rule that cannot be asked of an object does not hold: that is \
            told, and the exit status is 2. What is not understood in the file is an error.

            \(OpenedTree.help)

            Examples:

              cimg audit rules.yaml app:1
              cimg audit --fail-on high rules.yaml my_container
              cimg audit --json rules.yaml --all
              cimg audit structure-tests.yaml app:1

            Exit status: 0 all rules hold, 1 some are broken that are at least as severe as --fail-on, 2 trouble.
            """)

    @OptionGroup var store: StoreOptions

    @OptionGroup var policy: PolicyOptions

    @OptionGroup var registry: RegistryOptions

    @Option(help: ArgumentHelp("The platform to take of several.", valueName: "os/arch[/variant]"))
    var platform: String?

    @Option(help: ArgumentHelp("The least severity that makes the exit status 1.", valueName: "severity"))
    var failOn = "info"

    @Option(help: ArgumentHelp("Another database of advisories.", valueName: "path"))
    var db: String?

    @Flag(help: "Print a JSON array.")
    var json = false

    @OptionGroup var fleet: FleetOptions

    @Argument(help: ArgumentHelp("The file of rules.", valueName: "rules"), completion: .file())
    var rules: String

    @Argument(help: ArgumentHelp("The objects.", valueName: "object"))
    var objects: [String] = []

    /// Makes the command for the parser.
    package init() {}

    package mutating func run() throws {
        try lookingIntoTrees {
            guard let least = AuditSeverity(rawValue: failOn.lowercased()) else {
                let known = AuditSeverity.allCases.map(\.rawValue).joined(separator: ", ")
                throw CommandError("--fail-on \"\(failOn.printable)\": none of \(known)")
            }
            let file = try read()
            let listed = try fleet.names(store, client: registry.client)
            let names = objects + listed.names
            var problems = listed.problems
            guard !names.isEmpty || fleet.isFleet else {
                throw CommandError("no object is named; --all takes the images of the store")
            }
            var finder = ObjectFinder(in: try policy.place(store))
            finder.platform = try platform.map { try Platform(parsing: $0) }
            finder.directoryHint = "./"
            finder.client = registry.client
            var report = AuditReport(asJSON: json)
            for name in names {
                // One object that cannot be opened does not hide what the others are.
                do {
                    let found = try file.answers(of: name, in: finder, db: db, now: Int64(time(nil)))
                    report.take(name, found.digest, found.answers)
                } catch  where names.count > 1 {
                    problems.append("\"\(name.printable)\": \(error)")
                }
            }
            try StandardOutput.write(report.bytes)
            for problem in problems + report.problems { StandardError.print("cimg: \(problem)") }
            if !problems.isEmpty || !report.problems.isEmpty { throw ExitCode(2) }
            if let worst = report.worst, worst >= least { throw ExitCode(1) }
        }
    }

    private func read() throws -> AuditFile {
        let bytes: [UInt8]
        do throws(Errno) {
            bytes = try SmallFile.read(FilePath(argument: rules), limit: AuditFile.byteLimit)
        } catch {
            throw CommandError("\"\(rules.printable)\": \(error)")
        }
        return try AuditFile(bytes, name: rules.printable)
    }
}
