// SPDX-License-Identifier: Apache-2.0

import CLinux
package import Glibc
package import SystemPackage
import Threads

/// Whether something is at a path, symbolic links followed.
///
/// The corresponding C function is access(2) with `F_OK`.
package func fileExists(_ path: FilePath) -> Bool {
    attempting { path.withPlatformString { access($0, F_OK) } } == 0
}

extension Descriptor {
    /// Opens a directory; where it is missing it is made, and those above it too.
    ///
    /// Symbolic links are followed; `mode` is of those that are made, less the umask.
    /// - Throws: the `Errno` of open(2) or mkdir(2).
    package static func openDirectory(_ path: FilePath, making mode: mode_t) throws(Errno) -> Descriptor {
        do throws(Errno) {
            return try open(path, O_RDONLY | O_DIRECTORY)
        } catch .noSuchFileOrDirectory {}
        var partial = path.isAbsolute ? FilePath("/") : FilePath(".")
        for component in path.components {
            partial.append(component)
            do throws(Errno) {
                _ = try retrying { partial.withPlatformString { mkdir($0, mode) } }
            } catch .fileExists {}
        }
        return try open(path, O_RDONLY | O_DIRECTORY)
    }

    /// Opens the directory above this one: openat(2) with `..`.
    ///
    /// - Throws: the call's `Errno`.
    package func openParent() throws(Errno) -> Descriptor {
        Descriptor(owning: try openForReading(".."))
    }

    /// Metadata of what is at a path below this directory; neither `..`, an absolute path nor a symbolic link on the way
    /// leaves or is followed, and the right to read it is not needed.
    ///
    /// Built on openat2(2) with `O_PATH`.
    /// - Throws: the call's `Errno`: `.tooManySymbolicLinkLevels` for a symbolic link, the last component included.
    package func statusBeneath(_ path: String) throws(Errno) -> stat {
        try openBeneath(path, clinux_O_PATH).status()
    }

    /// Renames from a path to another one, with the flags of renameat2(2).
    package static func rename(
        _ path: [UInt8], to newPath: [UInt8], flags: RenameFlags = []
    ) throws(Errno) {
        _ = try retrying {
            withCString(path) { path in
                withCString(newPath) { clinux_renameat2(AT_FDCWD, path, AT_FDCWD, $0, flags.rawValue) }
            }
        }
    }

    /// Makes a file without a name for reading and writing, gone with its last descriptor.
    ///
    /// Built on open(2) with `O_TMPFILE`, or mkstemp(3) and unlink(2) where the file system has no such files.
    /// - Parameter directory: where its bytes shall lie.
    /// - Throws: the call's `Errno`.
    package static func temporary(in directory: FilePath) throws(Errno) -> Descriptor {
        do throws(Errno) {
            return try open(directory, O_RDWR | clinux_O_TMPFILE, mode: 0o600)
        } catch .notSupported {
        } catch .isDirectory {}
        var template = directory.appending("cimg-" + String(repeating: "X", count: 6)).withPlatformString {
            Array(UnsafeRawBufferPointer(start: $0, count: strlen($0) + 1))
        }
        let number = try retrying {
            template.withUnsafeMutableBytes { raw in
                raw.assumingMemoryBound(to: CChar.self).baseAddress.map { mkstemp($0) } ?? -1
            }
        }
        let descriptor = Descriptor(owning: number)
        _ = try retrying { fcntl(number, F_SETFD, FD_CLOEXEC) }
        _ = try retrying {
            template.withUnsafeBytes { raw in
                raw.assumingMemoryBound(to: CChar.self).baseAddress.map { unlink($0) } ?? -1
            }
        }
        return descriptor
    }
}

extension FilePath.Component {
    /// The name's bytes.
    package var bytes: [UInt8] {
        withPlatformString { name in Array(UnsafeRawBufferPointer(start: name, count: strlen(name))) }
    }
}
