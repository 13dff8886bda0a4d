// SPDX-License-Identifier: Apache-2.0

import Glibc
import LayerStore
import LinuxIO
import OCI
import SystemPackage

/// A directory that files are written into under names of the program's own: whole, or not at all.
struct BlobDirectory: Sendable {
    let directory: Descriptor
    /// The destination for messages.
    let name: String

    /// Opens a directory, making it first where there is none.
    init(_ path: FilePath, name: String) throws(SourceError) {
        self.name = name
        do throws(Errno) {
            try path.makeDirectoryIfMissing(mode: 0o755)
            directory = try Descriptor.open(path, O_RDONLY | O_DIRECTORY)
        } catch {
            throw SourceError(name, "\(error)")
        }
    }

    private init(_ directory: Descriptor, name: String) {
        self.directory = directory
        self.name = name
    }

    /// A directory in this one, made where it is missing, for whoever may read the files.
    func subdirectory(_ name: String) throws(SourceError) -> BlobDirectory {
        do throws(Errno) {
            return BlobDirectory(try directory.makeDirectory(name, mode: 0o777), name: self.name)
        } catch {
            throw SourceError("\(self.name): \(name)", "\(error)")
        }
    }

    /// Writes a small file in place of what has its name.
    func write(_ bytes: [UInt8], as file: String) throws {
        try replacing(file) { new in try new.write(bytes) }
    }

    /// Writes a blob, checked against its descriptor, unless a file of its size is there.
    ///
    /// - Returns: whether it had to be read.
    func write(
        _ blob: ContentDescriptor, as file: String, open: () throws -> any ByteStream
    ) throws -> Bool {
        // What cannot be read is written again.
        if let found = try? directory.openBeneath(file, O_RDONLY | O_NONBLOCK),
            (try? found.size()) == UInt64(clamping: blob.size)  // As above.
        {
            return false
        }
        let stream = try open()
        try replacing(file) { new in try VerifiedBlob.copy(blob, from: stream) { try new.write($0) } }
        return true
    }

    /// The names in it, without those of unfinished files.
    func names() throws(SourceError) -> [[UInt8]] {
        do throws(Errno) {
            return try directory.entryNames().filter { !$0.starts(with: Descriptor.unfinishedPrefix.utf8) }
        } catch {
            throw SourceError(name, "\(error)")
        }
    }

    /// Brings the names in it to the disk.
    func settle() throws(SourceError) {
        do throws(Errno) {
            try directory.synchronizeDirectory()
        } catch {
            throw SourceError(name, "\(error)")
        }
    }

    private func replacing(_ file: String, _ write: (Descriptor) throws -> Void) throws {
        do {
            try directory.replaceEntry(Array(file.utf8), mode: 0o644, write)
        } catch let error as Errno {
            throw SourceError("\(name): \(file)", "cannot be written: \(error)")
        }
    }
}
