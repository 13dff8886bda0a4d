// SPDX-License-Identifier: Apache-2.0

import FileTree
import FuseServer
import Glibc
package import LinuxIO
import SystemPackage

/// Large files that a writable mount still copies to its upper.
package enum UnfinishedCopies {
    /// Waits until the upper of a mount has all that was written.
    ///
    /// - Parameter mount: one whose server is believed.
    /// - Throws: `MountError`: the server does not answer, or could not bring it there. The next call lets it try again.
    package static func finish(in mount: MountEntry) throws(MountError) {
        do throws(Errno) {
            // What the kernel writes to an upper it writes at once.
            guard try KernelOverlay.cover(of: mount, in: MountTable.read()) == nil else { return }
            let place = try LocatedMount(mount).place
            try place.probe(mount, milliseconds: 1000)
            let root = try place.openRoot(of: mount).opened(O_RDONLY | O_DIRECTORY)
            _ = try root.entryXattr(OwnAttribute.finished, of: [])
        } catch {
            throw MountError(
                at: mount.path,
                "what was written last could not be brought to the upper: \(error); try again, or give it up with "
                    + "umount --lazy")
        }
    }

    /// Waits until an upper directory has all that was written to the mounts that use it.
    ///
    /// - Throws: as `finish(in:)` for a mount; an `Errno` or a `FuseError` where the mounts are not to be had.
    static func finish(in upper: Descriptor) throws {
        let identity = try WritableUpper.identity(of: upper)
        for server in try MountedServer.all() where server.process()?.record.upperIdentity == identity {
            try finish(in: server.mount)
        }
    }
}
