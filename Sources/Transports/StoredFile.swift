// SPDX-License-Identifier: Apache-2.0

import FileTree
import Glibc
import LinuxIO
import OCI
import SystemPackage

/// A run of bytes of an open regular file: a file of a directory, or a member of an archive.
struct StoredFile: Sendable {
    let descriptor: Descriptor
    let range: Range<UInt64>

    /// Bytes in the run.
    var size: UInt64 { range.upperBound - range.lowerBound }

    /// A new stream of the bytes.
    func stream() -> FileStream { FileStream(descriptor, range: range) }

    /// All bytes, where they are no more than `limit`.
    ///
    /// - Throws: `SourceError` that begins with `object`.
    func bytes(limit: Int, object: String) throws(SourceError) -> [UInt8] {
        guard let count = Int(exactly: size), count <= limit else {
            throw SourceError(object, "is \(size) bytes, more than the limit of \(limit)")
        }
        var bytes = [UInt8](repeating: 0, count: count)
        do {
            let done = try bytes.withUnsafeMutableBytes { try descriptor.read(at: range.lowerBound, into: $0) }
            guard done == count else { throw SourceError(object, "ends after \(done) of \(count) bytes") }
        } catch let error as SourceError {
            throw error
        } catch {
            throw SourceError(object, "\(error)")
        }
        return bytes
    }
}

/// The files of a source by their paths: a directory or an archive.
protocol SourceFiles: Sendable {
    /// The source for messages: `oci:/images`.
    var name: String { get }

    /// Opens a regular file by its path below the source.
    ///
    /// - Throws: `SourceError`: there is none, it is no regular file, or the path leads out of the source.
    func open(_ path: String) throws(SourceError) -> StoredFile

    /// Whether there is something at a path.
    func contains(_ path: String) -> Bool
}

/// The files below a directory.
///
/// No symbolic link is followed, no fifo waited for.
struct DirectoryFiles: SourceFiles {
    let name: String
    private let directory: Descriptor

    /// Opens a directory.
    init(_ path: FilePath, name: String) throws(SourceError) {
        self.name = name
        do throws(Errno) {
            directory = try Descriptor.open(path, O_RDONLY | O_DIRECTORY)
        } catch {
            throw SourceError(name, "\(error)")
        }
    }

    /// The files below an open directory.
    init(_ directory: Descriptor, name: String) {
        self.directory = directory
        self.name = name
    }

    func open(_ path: String) throws(SourceError) -> StoredFile {
        let object = "\(name): \(path.printable)"
        do throws(Errno) {
            let file = try directory.openBeneath(path, O_RDONLY | O_NONBLOCK | O_NOCTTY)
            let status = try file.status()
            guard status.st_mode & S_IFMT == S_IFREG else { throw Errno.invalidArgument }
            return StoredFile(descriptor: file, range: 0..<UInt64(max(0, status.st_size)))
        } catch .invalidArgument, .isDirectory, .noSuchAddressOrDevice {
            throw SourceError(object, "is not a regular file")
        } catch .tooManySymbolicLinkLevels {
            throw SourceError(object, "is a symbolic link or lies behind one")
        } catch .noSuchFileOrDirectory {
            throw SourceError(object, "is missing")
        } catch {
            throw SourceError(object, "\(error)")
        }
    }

    func contains(_ path: String) -> Bool {
        do throws(Errno) {
            _ = try directory.openBeneath(path, O_RDONLY | O_NONBLOCK | O_NOCTTY)
            return true
        } catch {
            return error != .noSuchFileOrDirectory
        }
    }
}
