// SPDX-License-Identifier: Apache-2.0

package import ArgumentParser
import Browsing
import CommandOptions
import CommandTrees
import Console
import LinuxIO
import OCI
import Objects
import SystemPackage

/// `cimg cat`: the bytes of files of an object.
package struct CatCommand: ParsableCommand {
    package static let configuration = CommandConfiguration(
        commandName: "cat", abstract: "Print files of an image or a container.",
        usage: "cimg cat [<options>] <object> <path> ...\ncimg cat [<options>] <object>:/<path> ...",
        discussion: """
            Writes the files' bytes one after the other. Nothing is mounted, and a container need not run. Links are \
            followed inside the object, never out of it. A path may be a pattern: * and ? and [a-z] within a \
            component, ** for directories of any depth.

            \(OpenedTree.help)

            Examples:

              cimg cat alpine /etc/os-release
              cimg cat my_container:/etc/hosts
              cimg cat oci:images/alpine:3.20 '/etc/apk/keys/*'

            Exit status: 0 printed, 2 trouble: what can be printed is.
            """)

    @OptionGroup var store: StoreOptions

    @OptionGroup var objectOptions: ObjectOptions

    @OptionGroup var unpacking: UnpackingOptions

    @Argument(help: ArgumentHelp("The object, and paths in it.", valueName: "object-and-paths"))
    var words: [String]

    /// Makes the command for the parser.
    package init() {}

    package mutating func run() throws {
        try lookingIntoTrees {
            var finder = try objectOptions.finder(store)
            unpacking.apply(to: &finder)
            var isWhole = true
            for (object, paths) in try ObjectPath.all(words, fallback: nil) {
                let tree = try OpenedTree.open(object, in: finder).tree
                for path in paths {
                    do {
                        for file in try tree.files(path) {
                            try tree.forEachPiece(of: file) { try Self.write($0) }
                        }
                    } catch let error as BrowsingError {
                        StandardError.print("cimg: \(contentsText(error))")
                        isWhole = false
                    }
                }
            }
            if !isWhole { throw ExitCode(2) }
        }
    }

    private static func write(_ bytes: UnsafeRawBufferPointer) throws {
        do {
            try FileDescriptor.standardOutput.writeAll(bytes)
        } catch let error as Errno where error != .brokenPipe {
            throw CommandError("standard output: \(error)")
        }
    }
}
