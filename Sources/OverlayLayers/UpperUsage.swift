// SPDX-License-Identifier: Apache-2.0

import FileTree
import Glibc
package import LinuxIO
package import SystemPackage

/// What an upper directory takes of its disk.
package enum UpperUsage {
    /// The bytes of all that lies in a directory and of the directory itself: of a file with several names once, holes
    /// not counted.
    ///
    /// What comes or goes meanwhile may count or not.
    package static func bytes(of directory: Descriptor) throws(Errno) -> UInt64 {
        let cache = DirectoryCache(capacity: 64)
        var blocks = UInt64(clamping: try directory.status().st_blocks)
        var seen: Set<FileIdentity> = []
        var waiting = [try DiskDirectory(root: directory)]
        while let next = waiting.popLast() {
            do throws(Errno) {
                let open = try cache.descriptor(of: next)
                for entry in try open.entries() {
                    guard let status = try status(of: entry.name, in: open) else { continue }
                    let identity = FileIdentity(device: UInt64(status.st_dev), inode: UInt64(status.st_ino))
                    if status.st_mode & S_IFMT == S_IFDIR {
                        waiting.append(DiskDirectory(entry.name, in: next, identity))
                    } else if status.st_nlink > 1, !seen.insert(identity).inserted {
                        continue
                    }
                    blocks &+= UInt64(clamping: status.st_blocks)
                }
            } catch .noSuchFileOrDirectory {} catch .staleNFSFileHandle {}
        }
        return blocks.multipliedReportingOverflow(by: 512).partialValue
    }

    private static func status(of name: [UInt8], in directory: Descriptor) throws(Errno) -> stat? {
        do throws(Errno) {
            return try directory.entryStatus(name)
        } catch .noSuchFileOrDirectory { return nil }
    }
}
