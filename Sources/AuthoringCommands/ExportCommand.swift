// SPDX-License-Identifier: Apache-2.0

import Archive
package import ArgumentParser
import Authoring
import Browsing
import CommandOptions
import CommandTrees
import Console
import Glibc
import LinuxIO
import OCI
import Objects
import SystemPackage
import Threads

/// `cimg export`: the files of an object, or what was changed in it, as a tar.
package struct ExportCommand: ParsableCommand {
    package static let configuration = CommandConfiguration(
        commandName: "export", abstract: "Write the files of an image or a container, or its changes, as a tar.",
        discussion: """
            Writes all files as one tar, as docker export does, names by their bytes; nothing is lost but sockets. With \
            --layer, what was changed in a writable mount, an upper or a container, as the layer that "cimg commit" makes \
            of it: "cimg import --onto IMAGE" takes it, on any machine.

            \(OpenedTree.help)

            Examples:

              cimg export alpine -o rootfs.tar
              cimg export ./m --layer -o changes.tar.gz --compress-format gzip
              cimg export my_container -o - | ssh host 'cd /srv/root && tar -x'

            Exit status: 0 written, 2 trouble.
            """)

    @OptionGroup var options: FinderOptions

    @OptionGroup var layerOptions: LayerOptions

    @Option(name: .shortAndLong, help: ArgumentHelp("The file to write; - is standard output.", valueName: "file"))
    var output: String

    @Flag(help: "Write the changes as a layer.")
    var layer = false

    @Option(
        name: [.long, .customLong("compression-format")],
        help: ArgumentHelp("How it is compressed: gzip, zstd or none.", valueName: "format"))
    var compressFormat = "none"

    @Argument(help: "What to export.")
    var object: String

    /// Makes the command for the parser.
    package init() {}

    package mutating func run() throws {
        try lookingIntoTrees {
            let compression = try LayerOptions.compression(compressFormat)
            let planOptions = try layerOptions.planOptions()
            if !layer, layerOptions.onto != nil { throw CommandError("--onto: is of no use without --layer") }
            let finder = try options.finder()
            if layer {
                let source = try CommitSource.open(object, onto: layerOptions.onto, in: finder)
                let plan = try source.plan(planOptions)
                PlanRemarks.tell(plan, source: object)
                return try ExportedFile.write(output, compression) { try LayerTar.write(plan, of: source.whole, $0) }
            }
            let tree = try OpenedTree.open(object, in: finder).tree
            var losses: CopyLosses?
            try ExportedFile.write(output, compression) { write in
                let copy = TarCopy(tree, write: write)
                try copy.add(tree.root, as: [UInt8(ascii: ".")])
                try copy.finish()
                losses = copy.losses
            }
            guard let losses else { return }
            for line in losses.lines { StandardError.print("cimg: \(object.printable): \(line)") }
            if losses.count > losses.lines.count {
                StandardError.print("cimg: \(object.printable): and \(losses.count - losses.lines.count) more")
            }
            if losses.count > 0 { throw ExitCode(2) }
        }
    }
}

/// A file that is there whole or not at all.
enum ExportedFile {
    /// Writes it.
    ///
    /// - Parameter name: its path; `-` for standard output.
    static func write(
        _ name: String, _ compression: Compression,
        _ body: (@escaping (UnsafeRawBufferPointer) throws -> Void) throws -> Void
    ) throws {
        if name == "-" {
            let writer = try compression.writer(threadCount: Processors.count) { bytes in
                _ = try FileDescriptor.standardOutput.writeAll(bytes)
            }
            try body { try writer.write($0) }
            return try writer.finish()
        }
        let path = FilePath(RawArguments.bytes(of: name))
        func fill(_ file: Descriptor) throws {
            let writer = try compression.writer(threadCount: Processors.count) { try file.write($0) }
            try body { try writer.write($0) }
            try writer.finish()
        }
        do {
            let parent = try Descriptor.open(path.parentDirectory, O_RDONLY | O_DIRECTORY)
            guard let last = path.lastComponent?.bytes else { throw Errno.isDirectory }
            // A device or a pipe is written to, not replaced. What is not there is made; all else fails there.
            if let status = try? parent.entryStatus(last), status.st_mode & S_IFMT != S_IFREG {
                return try fill(try Descriptor.open(path, O_WRONLY))
            }
            try parent.replaceEntry(last, mode: 0o666, fill)
        } catch let error as Errno {
            throw CommandError("\(name.printable): \(error)")
        }
    }
}

extension FilePath {
    /// The directory that a file is in: `.` for a bare name.
    fileprivate var parentDirectory: FilePath {
        let parent = removingLastComponent()
        return parent.isEmpty ? "." : parent
    }
}
