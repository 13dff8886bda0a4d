// SPDX-License-Identifier: Apache-2.0

import Glibc
import LinuxIO
import OCI
import SystemPackage

/// Files that say what is trusted: read whole, and only then not there when the system says so.
enum TrustFile {
    /// Bytes of a file of `registries.d`: 256 KiB.
    static let configurationByteLimit = 256 << 10
    /// Bytes of a file of keys: 16 MiB.
    static let keyByteLimit = 16 << 20

    /// Reads a file; nil if there is none.
    ///
    /// - Throws: `SignatureError` that names it.
    static func read(_ path: FilePath, limit: Int) throws(SignatureError) -> [UInt8]? {
        let name = path.string.printable
        do {
            let file = try Descriptor.open(path, O_RDONLY | O_NONBLOCK | O_NOCTTY)
            guard try file.status().st_mode & S_IFMT == S_IFREG else {
                throw SignatureError(name, "is no regular file")
            }
            let size = try file.size()
            guard size <= UInt64(limit) else { throw SignatureError(name, "has \(size) bytes, more than \(limit)") }
            var bytes = [UInt8](repeating: 0, count: Int(size))
            let count = try bytes.withUnsafeMutableBytes { try file.read(at: 0, into: $0) }
            return Array(bytes.prefix(count))
        } catch Errno.noSuchFileOrDirectory {
            return nil
        } catch let error as SignatureError {
            throw error
        } catch {
            throw SignatureError(name, "cannot be read: \(error)")
        }
    }

    /// The names in a directory, sorted; none where there is no directory.
    ///
    /// - Throws: `SignatureError` that names it.
    static func names(in directory: FilePath) throws(SignatureError) -> [String] {
        do throws(Errno) {
            let names = try Descriptor.open(directory, O_RDONLY | O_DIRECTORY).entryNames()
            return names.map { String(decoding: $0, as: UTF8.self) }.sorted()
        } catch .noSuchFileOrDirectory {
            return []
        } catch {
            throw SignatureError(directory.string.printable, "cannot be read: \(error)")
        }
    }

    /// The mode of a file of a directory; nil where it is not there.
    private static func mode(of name: [UInt8], in directory: Descriptor) throws(Errno) -> mode_t? {
        do throws(Errno) {
            return try directory.entryStatus(name).st_mode & 0o7777
        } catch .noSuchFileOrDirectory {
            return nil
        }
    }

    /// Puts a file in the place of another one, or of none, in a directory that is made where it is missing.
    ///
    /// - Parameters:
    ///   - mode: of a new file; one that was there keeps its own.
    ///   - hint: what helps who may not write there, as the end of a line.
    static func replace(
        _ path: FilePath, with bytes: [UInt8], mode: UInt32 = 0o644, hint: String = ""
    ) throws(SignatureError) {
        let name = path.string.printable
        do {
            guard let component = path.lastComponent else { throw Errno.invalidArgument }
            let parent = path.removingLastComponent()
            let directory = try Descriptor.openDirectory(parent.isEmpty ? "." : parent, making: 0o755)
            let mode = try Self.mode(of: component.bytes, in: directory) ?? mode_t(mode)
            try directory.replaceEntry(component.bytes, mode: mode) { new in
                // What the mask took away is given back.
                try new.setEntryMode([], mode)
                try new.write(bytes)
            }
            try directory.synchronizeDirectory()
        } catch {
            throw SignatureError(name, "cannot be written: \(error)\(hint)")
        }
    }
}

extension TrustFile {
    /// Removes a file.
    static func remove(_ path: FilePath) throws(SignatureError) {
        do throws(Errno) {
            guard let component = path.lastComponent else { throw .invalidArgument }
            let parent = path.removingLastComponent()
            let directory = try Descriptor.open(parent.isEmpty ? "." : parent, O_RDONLY | O_DIRECTORY)
            try directory.removeEntry(component.bytes)
            try directory.synchronizeDirectory()
        } catch {
            throw SignatureError(path.string.printable, "cannot be removed: \(error)")
        }
    }
}
