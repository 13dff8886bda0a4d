// SPDX-License-Identifier: Apache-2.0

package import ArgumentParser
import CommandOptions
import CommandTrees
import Console
import Exploring
import LayerCommands
import LinuxIO
import OCI
import Objects

/// `cimg explore`: an object, or two, in a terminal.
package struct ExploreCommand: ParsableCommand {
    package static let configuration = CommandConfiguration(
        commandName: "explore", abstract: "Look through an image, or two side by side, in a terminal.",
        discussion: """
            Shows the layers with what each costs, the tree of files as a layer leaves it or what it changed, the files \
            that nobody sees any more, and all files by size; files as text or as numbers, also those that a later \
            layer took away. Two objects are compared: what is only in one, what differs; c goes to either of them. A \
            container, a directory or a process has a tree alone. Keys are those of dive and vi; ? lists them.

            x writes a file into a new one of a name that you give, never over another. y hands a path to the terminal \
            (OSC 52). No name drives the terminal: what is not printable is shown escaped.

            Each view has a plain twin: cimg layers, cimg du --all and cimg ls for the tree, cimg waste, cimg find for \
            the files, cimg cat for their bytes, cimg diff for two. Where there is no terminal, cimg layers is what \
            comes, of no image cimg du.

            \(OpenedTree.help)

            Examples:

              cimg explore web
              cimg explore web:1 web:2
              cimg explore my_container

            Exit status: 0 ended, 2 trouble.
            """)

    @OptionGroup var options: FinderOptions

    @Option(help: ArgumentHelp("The image that it was built on, to mark its layers.", valueName: "image"))
    var base: String?

    @Option(help: ArgumentHelp("Colours: auto (on a terminal), always, never.", valueName: "when"))
    var color = ColorChoice.auto

    @Argument(help: "The object.")
    var object: String

    @Argument(help: "Another one, to compare with it.")
    var other: String?

    /// Makes the command for the parser.
    package init() {}

    package mutating func run() throws {
        try lookingIntoTrees {
            let finder = try options.finder()
            if let other, base != nil {
                throw CommandError("--base: of one image, not of \(other.printable) beside it")
            }
            guard Terminal.isThere else { return try writePlainly(finder) }
            var sources: [ExploredSource] = []
            if let other { sources.append(try .comparison(object, other, in: finder)) }
            for name in [object, other].compactMap({ $0 }) {
                sources.append(try .open(name, base: base, in: finder))
            }
            try ExploreLoop(sources).run(isColored: color.isColored)
        }
    }

    /// What comes where nobody can press keys.
    private func writePlainly(_ finder: ObjectFinder) throws {
        for name in [object, other].compactMap({ $0 }) {
            try StandardOutput.write(ExploredSource.plainText(name, base: base, in: finder))
        }
    }
}
