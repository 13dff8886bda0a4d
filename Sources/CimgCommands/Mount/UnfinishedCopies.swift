// SPDX-License-Identifier: Apache-2.0

import FileTree
import FuseServer
import Glibc
import LinuxIO
import SystemPackage

/// Large files that a writable mount still copies to its upper.
enum UnfinishedCopies {
    /// Waits until the upper of a mount has all that was written; not for a server that does not answer.
    ///
    /// - Parameter mount: one whose server is believed.
    static func finish(in mount: MountEntry) {
        guard let place = try? LocatedMount(mount).place, (try? place.probe(mount, milliseconds: 1000)) != nil,
            let root = try? place.openRoot(of: mount).opened(O_RDONLY | O_DIRECTORY)
        else { return }
        _ = try? root.entryXattr(OwnAttribute.finished, of: [])
    }

    /// Waits until an upper directory has all that was written to the mounts that use it.
    static func finish(in upper: Descriptor) {
        guard let identity = try? WritableUpper.identity(of: upper), let servers = try? MountedServer.all() else {
            return
        }
        for server in servers where server.process()?.record.upperIdentity == identity { finish(in: server.mount) }
    }
}
