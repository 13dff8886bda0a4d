// SPDX-License-Identifier: Apache-2.0

package import ArgumentParser
import Browsing
import CommandOptions
import CommandTrees
import Console
import Glibc
import LinuxIO
import OCI
import Objects

/// `cimg find`: searches the files of objects as GNU find does.
package struct FindCommand: ParsableCommand {
    package static let configuration = CommandConfiguration(
        commandName: "find", abstract: "Search files of images and containers.",
        usage: "cimg find [<options>] <object> ... [/<path> ...] [<expression>]",
        discussion: """
            Searches below the root, or below the paths, and does with each file what the expression says, as find(1) \
            does: without an action the path is printed. Nothing is mounted, and a container need not run. With \
            several objects the object stands before each path. Options may stand anywhere.

            Tests: -name, -iname, -path, -ipath, -lname PATTERN; -type f,d,l,c,b,p,s; -perm MODE, -MODE, /MODE; -user, \
            -group NAME; -uid, -gid, -links N; -nouser, -nogroup; -size N[cwbkMG]; -newer FILE, -newermt TIME; -mtime, \
            -mmin N; -empty; -xattr PATTERN, which any attribute's name fits; -layer N, as "cimg layers" counts them: 0 \
            is the base, or top or a diff ID; -digest SHA256 or its beginning; -true, -false. N may be +N or -N.

            Users and groups are those of the object's own /etc/passwd and /etc/group, FILE is a file of the object, \
            TIME is UTC: 2026-01-31 or 2026-01-31T23:59:58.

            Operators: ( ), !, -not, -a, -o and the comma. Actions: -print, -print0, -ls, -prune, -quit. Bounds: \
            -maxdepth, -mindepth N.

            \(OpenedTree.help)

            Examples:

              cimg find alpine -perm -4000 -user root
              cimg find my_container / -newer /etc/hostname -type f -ls
              cimg find --all -name 'libssl.so.*' -size +100k
              cimg find --json app:1 /usr -layer top ! -type d

            Exit status: 0 searched, 2 trouble: what can be searched is.
            """)

    @OptionGroup var store: StoreOptions

    @OptionGroup var objectOptions: ObjectOptions

    @OptionGroup var unpacking: UnpackingOptions

    @OptionGroup var fleet: FleetOptions

    @Flag(help: "Print each file that passes as a line of JSON with all facts.")
    var json = false

    @Argument(
        parsing: .postTerminator,
        help: ArgumentHelp("Objects, paths in them, and an expression.", valueName: "objects-and-expression"))
    var words: [String] = []

    /// Makes the command for the parser.
    package init() {}

    package mutating func run() throws {
        try lookingIntoTrees {
            let bytes = RawArguments.bytes(of: words)
            let startCount = FindExpression.startCount(bytes)
            let expression = try FindExpression(Array(bytes[startCount...]))
            var finder = try objectOptions.finder(store)
            unpacking.apply(to: &finder)
            var targets = try FindTarget.all(Array(words[..<startCount]), hasOthers: fleet.isFleet)
            let paths = targets.isEmpty ? FindTarget.paths(in: words[..<startCount]) : [[UInt8(ascii: "/")]]
            let listed = try fleet.names(store, client: objectOptions.registry.client)
            targets += listed.names.map { FindTarget(object: $0, paths: paths) }
            var problems = listed.problems
            var search = FindSearch(expression: expression, isJSON: json, namesObjects: targets.count > 1)
            for target in targets { problems += try search.run(target, in: finder) }
            try search.flush()
            for problem in problems { StandardError.print("cimg: \(problem)") }
            if !problems.isEmpty { throw ExitCode(2) }
        }
    }

    /// Options that a value follows.
    private static let valued: Set<String> = [
        "--root", "--platform", "--pull", "--policy", "--registries.d", "--creds", "--authfile", "--tls-verify",
        "--as", "--repository",
    ]

    /// The arguments of the command with its own options before everything else, since a test like `-name` begins as an
    /// option does.
    ///
    /// - Throws: a `CommandError` for a test that is written with two dashes, which is no option.
    package static func arranged(_ arguments: [String]) throws -> [String] {
        var (options, rest): ([String], [String]) = ([], [])
        var waiting = arguments[...]
        while let word = waiting.popFirst() {
            if word == "--" {
                rest += waiting
                break
            }
            if word.utf8.starts(with: "--".utf8) || ["-v", "-h"].contains(word) {
                if FindExpression.argumentCount(of: RawArguments.bytes(of: String(word.dropFirst()))) != nil {
                    throw CommandError("find: \(word): tests have one dash: \(word.dropFirst())")
                }
                options.append(word)
                if Self.valued.contains(word), let value = waiting.popFirst() { options.append(value) }
                continue
            }
            rest.append(word)
            if FindExpression.argumentCount(of: RawArguments.bytes(of: word)) == 1, let argument = waiting.popFirst() {
                rest.append(argument)
            }
        }
        return rest.isEmpty ? options : options + ["--"] + rest
    }
}
