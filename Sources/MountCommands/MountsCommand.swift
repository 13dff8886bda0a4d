// SPDX-License-Identifier: Apache-2.0

package import ArgumentParser
import CommandOptions
import Console
import FileTree
import FuseServer
import LinuxIO
import Mounting
import OCI
import SystemPackage

/// `cimg mounts`: lists what is mounted.
package struct MountsCommand: ParsableCommand {
    package static let configuration = CommandConfiguration(
        commandName: "mounts", abstract: "List the mounts of cimg.",
        discussion: """
            The state is "serving", or "dead" if the server is gone: then "cimg umount" removes the mount. The process \
            is unknown if it cannot be seen from here. What the kernel mounts for root, images with --backend kernel and \
            live mounts, needs no process: its state is "mounted"; a live mount whose files something else than cimg has \
            unmounted is "empty".

            Of mounts that can be written to the upper directory is shown, and what it takes of its disk; "discarded" is \
            what is removed when the mount ends. Both are unknown of another user's mount and of one that is served in \
            the foreground. Of a mount with --backend auto that the kernel did not take it is told why.

            --format takes docker's templates with the fields Mountpoint, Source, Kind, Name, Digest, Backend, Pid, State, \
            Options, Upper, UpperSize, KernelRefusal and Discarded; cimg-templates(7) tells all.

            Examples:

              cimg mounts
              cimg mounts --format '{{.Mountpoint}} {{.Name}}'

            Exit status: 0 listed, 2 trouble.
            """)

    @Flag(help: "Print a JSON array.")
    var json = false

    @Flag(help: "Shorten neither digests nor what is too wide for the terminal.")
    var noTrunc = false

    @Option(
        help: ArgumentHelp(
            "A Go template for each mount: {{.Mountpoint}} {{.Source}}; \"table \" before it makes a table.",
            valueName: "template"))
    var format: String?

    /// Makes the command for the parser.
    package init() {}

    package mutating func run() throws {
        try reportingTrouble {
            try refuse(together: [("--json", json), ("--format", format != nil)])
            let format = try format.map { try FormatOption($0) }
            var mounts = try ListedMount.all()
            for index in mounts.indices { mounts[index].findUpper() }
            if let format { return try StandardOutput.write(format.lines(mounts.map(\.templateValue))) }
            try StandardOutput.write(json ? Self.json(mounts) : Array(Self.table(mounts, isShort: !noTrunc).utf8))
        }
    }

    private static func table(_ mounts: [ListedMount], isShort: Bool) -> String {
        guard !mounts.isEmpty else { return "" }
        let hasUppers = mounts.contains { $0.upper != nil }
        let hasRefusals = mounts.contains { $0.kernelRefusal != nil }
        let rows =
            [
                ["MOUNTPOINT", "SOURCE", "PROCESS", "STATE"]
                    + (hasUppers ? ["UPPER"] : []) + (hasRefusals ? ["WHY NOT THE KERNEL"] : [])
            ]
            + mounts.map { mount in
                [
                    Bytes.escaped(mount.entry.path), source(mount, isShort: isShort),
                    mount.server.map { "\($0)" } ?? "-", mount.state,
                ] + (hasUppers ? [upper(mount) ?? ""] : [])
                    + (hasRefusals ? [mount.kernelRefusal?.printable ?? ""] : [])
            }
        let cuts: [TextTable.Cut] =
            (hasRefusals ? [.end(hasUppers ? 5 : 4, least: 18)] : []) + (hasUppers ? [.start(4, least: 20)] : [])
        return TextTable.text(rows, columns: isShort ? StandardOutput.columns : nil, cuts: cuts)
    }

    /// What is mounted; of a digest so many digits as tell images apart, which every command takes.
    private static func source(_ mount: ListedMount, isShort: Bool) -> String {
        let source = ListedMount.source(of: mount.entry)
        let isLong = mount.digest?.hasPrefix("sha256:") ?? false
        return Bytes.escaped(isShort && isLong ? source.dropLast(64 - Self.digitCount) : source)
    }

    private static let digitCount = 12

    /// The upper's path and size; nil for a mount that cannot be written to.
    private static func upper(_ mount: ListedMount) -> String? {
        guard let upper = mount.upper else { return nil }
        let size = mount.upperByteCount.map { TextTable.size($0) }
        let remarks = [size, upper.isDiscarded ? "discarded" : nil].compactMap { $0 }
        return Bytes.escaped(upper.path) + (remarks.isEmpty ? "" : " (\(remarks.joined(separator: ", ")))")
    }

    private static func json(_ mounts: [ListedMount]) -> [UInt8] {
        var text = JSONText()
        text.beginArray()
        for mount in mounts {
            text.beginObject()
            name(mount.entry.path, as: "mountpoint", in: &text)
            name(ListedMount.source(of: mount.entry), as: "source", in: &text)
            text.key("kind")
            text.string(mount.kind)
            text.key("name")
            text.string(mount.name)
            text.key("digest")
            if let digest = mount.digest { text.string(digest) } else { text.null() }
            text.key("backend")
            text.string(mount.backend)
            text.key("pid")
            if let server = mount.server { text.number(server) } else { text.null() }
            text.key("state")
            text.string(mount.state)
            text.key("options")
            text.string(mount.options.joined(separator: ","))
            if let upper = mount.upper {
                name(upper.path, as: "upper", in: &text)
            } else {
                text.key("upper")
                text.null()
            }
            text.key("upper_bytes")
            if let count = mount.upperByteCount { text.number(count) } else { text.null() }
            text.key("kernel_refusal")
            if let reason = mount.kernelRefusal { text.string(reason) } else { text.null() }
            text.key("discarded")
            if let upper = mount.upper { text.bool(upper.isDiscarded) } else { text.null() }
            text.endObject()
        }
        text.endArray()
        return text.bytes
    }

    private static func name(_ bytes: [UInt8], as key: String, in text: inout JSONText) {
        text.key(key)
        text.string(String(validating: bytes, as: UTF8.self) ?? Bytes.escaped(bytes))
        guard String(validating: bytes, as: UTF8.self) == nil else { return }
        text.key(key + "_base64")
        text.base64(bytes)
    }
}
