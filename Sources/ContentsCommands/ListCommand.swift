// SPDX-License-Identifier: Apache-2.0

package import ArgumentParser
import Browsing
import CommandOptions
import CommandTrees
import Console
import LinuxIO
import OCI
import Objects

/// `cimg ls`: lists directories of an object.
package struct ListCommand: ParsableCommand {
    package static let configuration = CommandConfiguration(
        commandName: "ls", abstract: "List files of an image or a container.",
        usage: "cimg ls [<options>] <object> [<path> ...]\ncimg ls [<options>] <object>:/<path> ...",
        discussion: """
            Lists the root directory, or what the paths name: a file itself, of a directory what is in it, one name a \
            line in the order of their bytes. Nothing is mounted, and a container need not run. Links are followed \
            inside the object, never out of it; a link at the end of a path is shown itself with -l or -d unless a / \
            stands behind it. A path may be a pattern: * and ? and [a-z] within a component, ** for directories of any \
            depth. With -l owners have the names of the object's own /etc/passwd and /etc/group, and times are UTC.

            \(OpenedTree.help)

            Examples:

              cimg ls -l alpine /etc
              cimg ls -la my_container:/var/log
              cimg ls --json oci:images/alpine:3.20 '/usr/bin/*' | jq -r '.[].digest'

            Exit status: 0 listed, 2 trouble: what can be listed is.
            """)

    @OptionGroup var store: StoreOptions

    @OptionGroup var objectOptions: ObjectOptions

    @OptionGroup var unpacking: UnpackingOptions

    @Argument(help: ArgumentHelp("The object, and paths in it.", valueName: "object-and-paths"))
    var words: [String]

    @Flag(name: .short, help: "Show mode, links, owner, group, size, time, and targets of links.")
    var long = false

    @Flag(name: .shortAndLong, help: "Show names that begin with a dot too.")
    var all = false

    @Flag(name: [.customShort("R"), .long], help: "List all directories below too.")
    var recursive = false

    @Flag(name: .shortAndLong, help: "List a directory itself, not what is in it.")
    var directory = false

    @Flag(name: [.customShort("n"), .long], help: "Show owners by their numbers, as with -l.")
    var numeric = false

    @Flag(help: "Print a JSON array of all facts, with digests and layers where they are known.")
    var json = false

    /// Makes the command for the parser.
    package init() {}

    package mutating func run() throws {
        try lookingIntoTrees {
            var finder = try objectOptions.finder(store)
            unpacking.apply(to: &finder)
            let groups = try ObjectPath.all(words, fallback: [UInt8(ascii: "/")])
            let style = Listing.Style(
                isLong: long || numeric, isNumeric: numeric, showsAll: all, isRecursive: recursive,
                showsDirectories: directory)
            var text = JSONText()
            if json { text.beginArray() }
            var isWhole = true
            for (object, paths) in groups {
                let tree = try OpenedTree.open(object, in: finder).tree
                var listing = try Listing(
                    tree, style, namesObject: groups.count > 1 ? object : nil, hasSeveral: groups.count > 1)
                do {
                    if json {
                        try listing.writeJSON(paths, to: &text)
                    } else {
                        try listing.writeLines(paths)
                    }
                } catch let error as BrowsingError {
                    listing.problems.append(error)
                }
                for problem in listing.problems { StandardError.print("cimg: \(contentsText(problem))") }
                if !listing.problems.isEmpty { isWhole = false }
            }
            if json {
                text.endArray()
                try StandardOutput.write(text.bytes)
            }
            if !isWhole { throw ExitCode(2) }
        }
    }
}
