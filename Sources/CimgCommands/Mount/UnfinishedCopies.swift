// SPDX-License-Identifier: Apache-2.0

import FuseServer
import Glibc
import LinuxIO
import Overlay
import SystemPackage

/// Large files that a writable mount still copies to its upper.
enum UnfinishedCopies {
    /// Waits until the upper of a mount has all that was written; not for a server that does not answer.
    static func finish(at mountpoint: [UInt8]) {
        guard (try? MountPoint.probe(mountpoint, milliseconds: 1000)) != nil,
            let root = try? Descriptor.open(FilePath(mountpoint), O_RDONLY | O_DIRECTORY)
        else { return }
        _ = try? root.entryXattr(OverlayFileSystem.finishedName, of: [])
    }

    /// Waits until an upper directory has all that was written to the mounts that use it.
    static func finish(in upper: Descriptor) {
        guard let path = try? MountPoint.path(of: upper), let servers = try? MountedServer.all() else { return }
        for server in servers {
            guard let identifier = server.identifier, let process = try? ServerProcess(identifier),
                let used = try? process.upper(), used.path == path
            else { continue }
            finish(at: server.mount.path)
        }
    }
}
