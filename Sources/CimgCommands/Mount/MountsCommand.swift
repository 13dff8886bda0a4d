// SPDX-License-Identifier: Apache-2.0

package import ArgumentParser
import FileTree
import FuseServer
import LinuxIO
import OCI
import SystemPackage

/// `cimg mounts`: lists what is mounted.
package struct MountsCommand: ParsableCommand {
    package static let configuration = CommandConfiguration(
        commandName: "mounts", abstract: "List the mounts of cimg.",
        discussion: """
            The state is "serving", or "dead" if the server is gone: then "cimg umount" removes the mount. The process \
            is unknown if it cannot be seen from here. A live mount by root needs no process: its state is "mounted", \
            or "empty" if something else than cimg has unmounted its files.
            """)

    @Flag(help: "Print a JSON array.")
    var json = false

    /// Makes the command for the parser.
    package init() {}

    package mutating func run() throws {
        try reportingTrouble {
            let mounts = try ListedMount.all()
            try StandardOutput.write(json ? Self.json(mounts) : Array(Self.table(mounts).utf8))
        }
    }

    private static func table(_ mounts: [ListedMount]) -> String {
        guard !mounts.isEmpty else { return "" }
        let rows =
            [["MOUNTPOINT", "SOURCE", "PROCESS", "STATE"]]
            + mounts.map { mount in
                [
                    Bytes.escaped(mount.entry.path), Bytes.escaped(mount.entry.source),
                    mount.server.map { "\($0)" } ?? "-", mount.state,
                ]
            }
        let widths = (0..<3).map { column in rows.map { $0[column].count }.max() ?? 0 }
        return rows.map { row in
            zip(row, widths).map { cell, width in
                cell + String(repeating: " ", count: width - cell.count + 2)
            }.joined() + row[3] + "\n"
        }.joined()
    }

    private static func json(_ mounts: [ListedMount]) -> [UInt8] {
        var text = JSONText()
        text.beginArray()
        for mount in mounts {
            text.beginObject()
            name(mount.entry.path, as: "mountpoint", in: &text)
            name(mount.entry.source, as: "source", in: &text)
            text.key("kind")
            text.string(mount.kind)
            text.key("name")
            text.string(mount.name)
            text.key("digest")
            if let digest = mount.digest { text.string(digest) } else { text.null() }
            text.key("pid")
            if let server = mount.server { text.number(server) } else { text.null() }
            text.key("state")
            text.string(mount.state)
            text.key("options")
            text.string(mount.options.joined(separator: ","))
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
