// SPDX-License-Identifier: Apache-2.0

import FuseServer
package import LinuxIO
import OCI
package import SystemPackage

/// A mount of cimg as `cimg mounts` lists it.
package struct ListedMount: Sendable {
    /// The mount; of a live mount by root, the marker.
    package var entry: MountEntry
    /// Who answers: `fuse` for a process of cimg, `kernel` for the kernel, also where it only writes.
    package var backend = "fuse"
    /// The process that serves it, where there is one and it can be seen.
    package var server: Int32?
    /// `serving`, `dead`, `mounted` or `empty`.
    package var state: String
    /// Options of the mount and of its file system.
    package var options: [String]
    /// Where the changes go of one that can be written to, if its server lets this user know.
    package var upper: ServedUpper?
    /// What the upper takes of its disk, in bytes, where that can be told.
    package var upperByteCount: UInt64?

    /// Why the kernel did not mount it, where it was asked first and the server lets this user know.
    package var kernelRefusal: String?

    /// All of them, in the order of mounting; copies that lie inside of a live mount are part of that one.
    package static func all() throws -> [ListedMount] {
        let live = try AttachedLiveMount.all()
        let inside = live.reduce(into: Set<Int32>()) {
            $0.formUnion($1.identifiers.subtracting([$1.marker.identifier]))
        }
        let table = try MountTable.read()
        let served = try MountedServer.all().map { server in
            ListedMount(
                entry: server.mount,
                backend: KernelOverlay.cover(of: server.mount, in: table) == nil ? "fuse" : "kernel",
                server: server.identifier, state: server.isDead ? "dead" : "serving",
                options: server.mount.options + server.mount.superOptions)
        }
        let trees = table.filter(KernelTree.isTree).map { mount in
            ListedMount(
                entry: mount, backend: "kernel", state: "mounted", options: mount.options + mount.superOptions)
        }
        let attached = live.map { mount in
            ListedMount(
                entry: mount.marker, backend: "kernel", state: mount.root == nil ? "empty" : "mounted",
                options: (mount.root ?? mount.marker).options)
        }
        let order = table.map(\.identifier).enumerated()
        let positions = Dictionary(order.map { ($1, $0) }) { first, _ in first }
        func position(_ mount: ListedMount) -> Int { positions[mount.entry.identifier] ?? .max }
        return (served + trees + attached).filter { !inside.contains($0.entry.identifier) }.sorted {
            position($0) < position($1)
        }
    }

    /// The mounts as the mount table has them; no server is asked.
    package static func places() throws(Errno) -> [MountEntry] {
        try MountTable.read().filter {
            $0.type == MountedServer.type || KernelTree.isTree($0) || LiveMarker.isMarker($0)
        }
    }

    /// Asks the server where the changes go, and measures that; and why it serves at all.
    package mutating func findUpper() {
        // Another user's server tells nothing; the mount is listed without.
        guard entry.type == MountedServer.type, let process = try? MountedServer.of(entry).process() else { return }
        kernelRefusal = process.record.kernelRefusal
        upper = try? process.upper()  // Of one that has ended meanwhile there is none.
        if upper != nil { upperByteCount = try? process.upperByteCount() }  // Then its size is not known.
    }

    /// `live`, or `image`.
    package var kind: String { source.hasPrefix(LiveMarker.prefix) ? "live" : "image" }

    /// What the user called the object.
    package var name: String {
        guard let mark = source.lastIndex(of: "@") else { return source }
        if kind == "live" { return String(source[..<mark].dropFirst(LiveMarker.prefix.count)) }
        return digest == nil ? source : String(source[..<mark])
    }

    /// The digest behind the last `@` of the source; nil where what is mounted has none.
    package var digest: String? {
        guard let mark = source.lastIndex(of: "@") else { return nil }
        let text = source[source.index(after: mark)...]
        return (try? Digest(parsing: text)) == nil ? nil : String(text)  // What is no digest belongs to the name.
    }

    /// What is mounted, as the user knows it: the mount table's text without what tells kernel mounts of ours from others.
    package static func source(of entry: MountEntry) -> [UInt8] {
        KernelTree.isTree(entry) ? Array(entry.source.dropFirst(KernelTree.prefix.utf8.count)) : entry.source
    }

    private var source: String { String(decoding: Self.source(of: entry), as: UTF8.self) }
}

extension ListedMount {
    /// A mount by its entry in the table, of which nothing else is known yet.
    package init(_ entry: MountEntry) { self.init(entry: entry, state: "", options: []) }
}
