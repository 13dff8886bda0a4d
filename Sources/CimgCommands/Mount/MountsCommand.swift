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
            is unknown if it cannot be seen from here.
            """)

    @Flag(help: "Print a JSON array.")
    var json = false

    /// Makes the command for the parser.
    package init() {}

    package mutating func run() throws {
        try reportingTrouble {
            let servers = try MountedServer.all()
            try StandardOutput.write(json ? Self.json(servers) : Array(Self.table(servers).utf8))
        }
    }

    private static func state(_ server: MountedServer) -> String { server.isDead ? "dead" : "serving" }

    private static func table(_ servers: [MountedServer]) -> String {
        guard !servers.isEmpty else { return "" }
        let rows =
            [["MOUNTPOINT", "SOURCE", "PROCESS", "STATE"]]
            + servers.map { server in
                [
                    Bytes.escaped(server.mount.path), Bytes.escaped(server.mount.source),
                    server.identifier.map { "\($0)" } ?? "-", state(server),
                ]
            }
        let widths = (0..<3).map { column in rows.map { $0[column].count }.max() ?? 0 }
        return rows.map { row in
            zip(row, widths).map { cell, width in
                cell + String(repeating: " ", count: width - cell.count + 2)
            }.joined() + row[3] + "\n"
        }.joined()
    }

    private static func json(_ servers: [MountedServer]) -> [UInt8] {
        var text = JSONText()
        text.beginArray()
        for server in servers {
            text.beginObject()
            name(server.mount.path, as: "mountpoint", in: &text)
            name(server.mount.source, as: "source", in: &text)
            let (object, digest) = parts(of: String(decoding: server.mount.source, as: UTF8.self))
            text.key("name")
            text.string(object)
            text.key("digest")
            if let digest { text.string(digest) } else { text.null() }
            text.key("pid")
            if let identifier = server.identifier { text.number(identifier) } else { text.null() }
            text.key("state")
            text.string(state(server))
            text.key("options")
            text.string((server.mount.options + server.mount.superOptions).joined(separator: ","))
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

    /// The object's name, and its digest behind the last `@`.
    private static func parts(of source: String) -> (name: String, digest: String?) {
        guard let mark = source.lastIndex(of: "@") else { return (source, nil) }
        let digest = source[source.index(after: mark)...]
        guard (try? Digest(parsing: digest)) != nil else { return (source, nil) }
        return (String(source[..<mark]), String(digest))
    }
}
