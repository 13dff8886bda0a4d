// SPDX-License-Identifier: Apache-2.0

import FileTree
import LinuxIO
import OCI
import SystemPackage

/// A live mount as the mount table shows it: the marker, and on it what is mounted.
struct AttachedLiveMount: Sendable {
    /// The marker.
    let marker: MountEntry
    /// The process's root directory on top of it; nil where somebody unmounted it by hand.
    let root: MountEntry?
    /// The numbers of the mounts that belong to it, the marker's included.
    let identifiers: Set<Int32>

    /// All of them, in the order of mounting.
    static func all() throws(Errno) -> [AttachedLiveMount] {
        all(in: try MountTable.read())
    }

    /// All of them in a mount table.
    static func all(in table: [MountEntry]) -> [AttachedLiveMount] {
        table.filter(LiveMarker.isMarker).map { AttachedLiveMount($0, in: table) }
    }

    /// The one that a mount is, or lies on top of at the same place; nil where there is none.
    static func with(_ mount: MountEntry) throws(Errno) -> AttachedLiveMount? {
        try all().last { $0.marker.path == mount.path && $0.identifiers.contains(mount.identifier) }
    }

    private init(_ marker: MountEntry, in table: [MountEntry]) {
        self.marker = marker
        root = table.first { $0.parent == marker.identifier && $0.path == marker.path }
        identifiers = table.subtree(of: marker.identifier)
    }

    /// Takes the whole of it away.
    ///
    /// The kernel has no unmount of a tree that refuses when the tree is in use: what uses it is looked for before.
    /// - Parameter lazily: whether to take it out of sight although something uses it.
    func unmount(lazily: Bool) throws {
        if !lazily {
            let error = MountInUse(of: identifiers, at: marker.path)
            if error.isCertain { throw error }
        }
        do throws(Errno) {
            // Each takes the uppermost of what lies at the path, with all below it: the process may itself have mounted
            // on its root directory.
            let place = try MountPlace(marker.path)
            for _ in 0..<64 {
                let table = try MountTable.read()
                let seen = try place.identity().mount
                guard table.subtree(of: marker.identifier).contains(seen),
                    let top = table.first(where: { $0.identifier == seen })
                else { throw .invalidArgument }
                try place.unmount(top, lazily: true)
                if try !Self.isThere(marker) { return }
            }
            throw .resourceBusy
        } catch .notPermitted {
            throw MountError(at: marker.path, "not permitted: only root may unmount what root has mounted")
        } catch {
            // Somebody else may have been faster.
            guard try Self.isThere(marker) else { return }
            throw MountError(at: marker.path, "cannot unmount: \(error)")
        }
    }

    private static func isThere(_ marker: MountEntry) throws(Errno) -> Bool {
        try MountTable.read().contains { $0.identifier == marker.identifier && LiveMarker.isMarker($0) }
    }
}

extension [MountEntry] {
    /// The numbers of a mount and of all mounts on top of it or inside of it.
    func subtree(of top: Int32) -> Set<Int32> {
        let children = Dictionary(grouping: self, by: \.parent)
        var found: Set<Int32> = [top]
        var open = [top]
        while let next = open.popLast() {
            for child in children[next] ?? [] where found.insert(child.identifier).inserted {
                open.append(child.identifier)
            }
        }
        return found
    }
}
