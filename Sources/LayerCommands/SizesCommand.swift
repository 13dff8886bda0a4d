// SPDX-License-Identifier: Apache-2.0

package import ArgumentParser
import Browsing
import CommandOptions
package import CommandTrees
import Console
import FileTree
import OCI
import Objects

/// `cimg du`: what the directories of an object take.
package struct SizesCommand: ParsableCommand {
    package static let configuration = CommandConfiguration(
        commandName: "du", abstract: "Show what the directories of an image or a container take.",
        usage: "cimg du [<options>] <object> [<path>]\ncimg du [<options>] <object>:/<path>",
        discussion: """
            Sums up the bytes of the regular files below each directory, holes included; a file with several names \
            counts where it is met first, in the order of names. Directories come with those in them below, what takes \
            most first. With --layer only files that these layers brought count: 0 is the base, 2..4 a range; that is \
            known of images.

            \(OpenedTree.help)

            Examples:

              cimg du web
              cimg du --depth 3 --all web /usr
              cimg du --layer 2 --json web | jq -r '.[] | [.size, .path] | @tsv'

            Exit status: 0 shown, 2 trouble.
            """)

    @OptionGroup var options: FinderOptions

    @OptionGroup var unpacking: UnpackingOptions

    @Option(
        name: .shortAndLong, help: ArgumentHelp("Show directories down to this depth below the start.", valueName: "n"))
    var depth = 2

    @Option(help: ArgumentHelp("The order within a directory: size or name.", valueName: "order"))
    var sort = "size"

    @Option(help: ArgumentHelp("Count only files of these layers: N or A..B.", valueName: "layers"))
    var layer: String?

    @Flag(name: .shortAndLong, help: "Show files too.")
    var all = false

    @Flag(help: "Print a JSON array with all digits.")
    var json = false

    @Argument(help: ArgumentHelp("The object, and a path in it.", valueName: "object-and-path"))
    var words: [String]

    /// Makes the command for the parser.
    package init() {}

    package mutating func run() throws {
        try lookingIntoTrees {
            guard let order = DirectorySizes.Order(rawValue: sort) else {
                throw CommandError("--sort \"\(sort.printable)\": neither size nor name")
            }
            guard depth >= 0 else { throw CommandError("--depth \(depth): is below 0") }
            let range = try layer.map { try Self.layers($0) }
            let asked = try ObjectPath.all(words, fallback: [UInt8(ascii: "/")])
            guard let first = asked.first, asked.count == 1, let path = first.paths.first, first.paths.count == 1 else {
                throw CommandError("one object and one path in it can be named")
            }
            var finder = try options.finder()
            unpacking.apply(to: &finder)
            let object = try OpenedTree.open(first.object, in: finder)
            if let range {
                guard let layers = object.tree.layers else {
                    throw CommandError("\"\(first.object.printable)\": does not tell which layer brought a file")
                }
                guard range.upperBound < layers.count else {
                    throw CommandError("--layer \(range.upperBound): the image has \(counted(layers.count, "layer"))")
                }
            }
            let sizes = try DirectorySizes(
                object.tree, from: object.tree.resolve(path), depthLimit: depth, keepsFiles: all, layers: range)
            let entries = sizes.sorted(by: order).filter { range == nil || $0.fileCount > 0 || $0.depth == 0 }
            try StandardOutput.write(json ? Self.json(entries) : Array(Self.text(entries).utf8))
        }
    }

    /// The table of an object.
    package static func text(of object: OpenedTree) throws -> String {
        text(
            try DirectorySizes(object.tree, from: object.tree.root, depthLimit: 2, keepsFiles: false).sorted(by: .size))
    }

    private static func layers(_ text: String) throws -> ClosedRange<Int> {
        let parts = text.split(separator: ".", omittingEmptySubsequences: false)
        let numbers = parts.filter { !$0.isEmpty }.compactMap { Int($0) }
        if parts.count == 1, let number = numbers.first, number >= 0 { return number...number }
        guard parts.count == 3, parts[1].isEmpty, numbers.count == 2, numbers[0] >= 0, numbers[0] <= numbers[1] else {
            throw CommandError("--layer \"\(text.printable)\": neither a number nor a range such as 2..4")
        }
        return numbers[0]...numbers[1]
    }

    private static func text(_ entries: [DirectorySizes.Entry]) -> String {
        let whole = entries.first?.byteCount ?? 0
        return TextTable.text(
            [["SIZE", "PART", "FILES", "PATH"]]
                + entries.map { entry in
                    let share = whole == 0 ? 1 : Double(entry.byteCount) / Double(whole)
                    return [
                        TextTable.size(entry.byteCount), CostLine.percent(share), "\(entry.fileCount)",
                        Bytes.escaped(entry.path) + (entry.isDirectory && entry.path.count > 1 ? "/" : ""),
                    ]
                })
    }

    private static func json(_ entries: [DirectorySizes.Entry]) -> [UInt8] {
        var text = JSONText()
        text.beginArray()
        for entry in entries {
            text.beginObject()
            text.key("path")
            text.string(entry.path)
            text.key("directory")
            text.bool(entry.isDirectory)
            text.key("size")
            text.number(entry.byteCount)
            text.key("files")
            text.number(entry.fileCount)
            text.endObject()
        }
        text.endArray()
        return text.bytes
    }
}
