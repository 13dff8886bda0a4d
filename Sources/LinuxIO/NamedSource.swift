// SPDX-License-Identifier: Apache-2.0

import CLinux
import Glibc
import SystemPackage
import Threads

/// A text as the name of an open file, for what is shown as the source of a mount.
///
/// The kernel opens what a file system lies in by the mount's source, and shows that text in the mount table ever after.
/// So the text becomes a relative path that leads to the file, in a file system that is in no directory tree and ends
/// with the thread that uses it.
package enum NamedSource {
    /// Runs `body` where `name`, as a relative path, leads to the file.
    ///
    /// - Parameters:
    ///   - file: what the name leads to.
    ///   - name: any text without NUL and of at most 255 bytes; slashes are fine.
    ///   - body: runs on a thread of its own, whose working directory the name is in.
    /// - Throws: what `body` throws, or the error of making the name: needs the superuser.
    package static func naming<Result: Sendable>(
        _ file: Descriptor, as name: String, _ body: @escaping @Sendable () throws -> Result
    ) throws -> Result {
        let context = try FileSystemContext(type: "tmpfs")
        try context.set("source", "cimg")
        try context.set("size", "1M")
        try context.set("mode", "0700")
        let directory = try context.mount([.noSetID, .noDevices, .noExecution])
        return try WorkerThread.started {
            _ = try retrying { clinux_change_own_directory(directory.rawValue) }
            let path = Array(name.utf8)
            // The root of a mount that is nowhere is its own parent, so `..` leads nowhere else.
            for slash in path.indices where path[slash] == UInt8(ascii: "/") && slash > 0 {
                try makeDirectory(Array(path[..<slash]))
            }
            let link = "/proc/self/fd/\(file.rawValue)"
            _ = try retrying { withCString(path) { symlink(link, $0) } }
            return try body()
        }.join()
    }

    private static func makeDirectory(_ path: [UInt8]) throws(Errno) {
        do throws(Errno) {
            _ = try retrying { withCString(path) { mkdir($0, 0o700) } }
        } catch .fileExists {}
    }
}
