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
import SystemPackage

/// `cimg cp`: copies files of an object to this machine, or as a tar to standard output.
package struct CopyOutCommand: ParsableCommand {
    package static let configuration = CommandConfiguration(
        commandName: "cp", abstract: "Copy files out of an image or a container.",
        usage: "cimg cp [<options>] <object>:/<path> ... <dest>\ncimg cp [<options>] <object> <path> ... <dest>",
        discussion: """
            DEST is as docker cp and podman cp have it: a directory that is there gets the files under their names, of \
            a path that ends in /. what is in it; else DEST is the new name of a file or a directory. A directory that \
            is there already is filled up. If DEST is -, a tar is written to standard output.

            Modes, times, links, hard links, holes and extended attributes are kept, by root owners and devices too; \
            set-user-ID bits only where the owner is kept. Nothing is written through a link in DEST, and a file gets \
            its name when it is whole. A link at the end of a path is copied itself unless -L is given or a / stands \
            behind it. A path may be a pattern: * and ? and [a-z] within a component, ** for directories of any depth.

            \(OpenedTree.help)

            Examples:

              cimg cp my_container:/var/log .
              cimg cp alpine:/etc/. etc-of-alpine
              cimg cp app:1 /usr/bin/tool - | tar -x -C /tmp

            Exit status: 0 copied, 2 trouble: what can be copied is.
            """)

    @OptionGroup var store: StoreOptions

    @OptionGroup var objectOptions: ObjectOptions

    @OptionGroup var unpacking: UnpackingOptions

    @Flag(name: [.customShort("L"), .long], help: "Copy what a link at the end of a path leads to.")
    var followLink = false

    @Argument(help: ArgumentHelp("What to copy, and where to.", valueName: "object-paths-and-dest"))
    var words: [String]

    /// Makes the command for the parser.
    package init() {}

    package mutating func run() throws {
        try lookingIntoTrees {
            guard words.count > 1, let last = words.last else {
                throw CommandError("needs what is to be copied and where to: OBJECT:/PATH DEST, or - for a tar")
            }
            if ObjectPath(last) != nil, ObjectPath(words[0]) == nil,
                fileExists(FilePath(RawArguments.bytes(of: words[0])))
            {
                throw CommandError(
                    "\"\(last.printable)\": nothing is written into objects; \"cimg mount --rw\" makes one that can be written to"
                )
            }
            var finder = try objectOptions.finder(store)
            unpacking.apply(to: &finder)
            var sources = CopiedFile.Sources(isFollowing: followLink)
            for (object, paths) in try ObjectPath.all(words.dropLast(), fallback: nil) {
                try sources.add(paths, of: try OpenedTree.open(object, in: finder).tree)
            }
            var losses = sources.problems.map(contentsText)
            if last == "-" {
                guard isatty(STDOUT_FILENO) == 0 else {
                    throw CommandError("standard output is a terminal, which a tar is not for")
                }
                losses += try sources.writeTar()
            } else if !sources.files.isEmpty {
                losses += try CopyDestination(RawArguments.bytes(of: last)).take(sources.files)
            }
            for line in losses { StandardError.print("cimg: \(line)") }
            if !losses.isEmpty { throw ExitCode(2) }
        }
    }
}
