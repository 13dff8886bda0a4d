// SPDX-License-Identifier: Apache-2.0

import Glibc
import LinuxIO
import OCI
import SystemPackage

/// The most bytes and entries that are read of an engine's storage; what is larger is an error.
enum EngineLimit {
    /// Bytes of a list that an engine keeps of everything it has: 64 MiB, room for 100,000 layers.
    static let list = 64 << 20
    /// Bytes of a file about one container or image: 16 MiB.
    static let record = 16 << 20
    /// Bytes of a file that holds a word or a line: 64 KiB.
    static let line = 64 << 10
    /// Containers, images or layers of a storage.
    static let count = 100_000
    /// Layers on top of each other: more than overlayfs takes.
    static let depth = 1024
}

/// A directory of an engine's, opened; what is below it is opened without following symbolic links.
struct StorageFolder: Sendable {
    /// Its absolute path.
    let path: FilePath
    /// How messages call it: `podman /var/lib/containers/storage`.
    let name: String
    let descriptor: Descriptor
    /// The user whose files alone count besides root's; nil where all do.
    private let owner: UInt32?

    /// Opens a directory as a configuration names it, following symbolic links.
    init(_ path: FilePath, name: String) throws(EngineError) {
        self.path = path
        self.name = name
        owner = nil
        do throws(Errno) {
            descriptor = try Descriptor.open(path, O_RDONLY | O_DIRECTORY)
        } catch {
            throw EngineError(name, reading: error)
        }
    }

    /// Opens a directory that lies where others may have made it, in `/tmp` for one.
    ///
    /// It must be a user's or root's, and neither group nor others may write to it. Of its files only those of the two
    /// count, others are as good as none.
    /// - Returns: nil where there is none of that kind.
    init?(_ path: FilePath, name: String, ownedBy owner: UInt32) throws(EngineError) {
        guard fileExists(path) else { return nil }
        let status: stat
        do throws(Errno) {
            descriptor = try Descriptor.open(path, O_RDONLY | O_DIRECTORY)
            status = try descriptor.status()
        } catch .noSuchFileOrDirectory {
            return nil
        } catch .notDirectory {
            return nil
        } catch {
            throw EngineError(name, reading: error)
        }
        guard status.st_uid == owner || status.st_uid == 0, status.st_mode & 0o022 == 0 else { return nil }
        self.path = path
        self.name = name
        self.owner = owner
    }

    /// Whether the directory that is open belongs to a user.
    ///
    /// - Parameter orOpenOfRoot: whether one of root's that everybody may read and search counts too.
    func isOwned(by user: UInt32, orOpenOfRoot: Bool) throws(EngineError) -> Bool {
        do throws(Errno) {
            let status = try descriptor.status()
            return status.st_uid == user || orOpenOfRoot && status.st_uid == 0 && status.st_mode & 0o005 == 0o005
        } catch {
            throw EngineError(name, reading: error)
        }
    }

    /// All bytes of a regular file below the directory; nil where there is none.
    ///
    /// - Parameter file: components that the program chose or checked, with slashes between.
    func read(_ file: String, limit: Int) throws(EngineError) -> [UInt8]? {
        let object = "\(name): \(file.printable)"
        do throws(Errno) {
            let opened = try descriptor.openBeneath(file, O_RDONLY | O_NONBLOCK | O_NOCTTY)
            let status = try opened.status()
            guard status.st_mode & S_IFMT == S_IFREG else { throw Errno.invalidArgument }
            if let owner, status.st_uid != owner, status.st_uid != 0 { return nil }
            guard status.st_size <= limit else { throw Errno.fileTooLarge }
            let bytes = try opened.read(atMost: limit + 1)
            guard bytes.count <= limit else { throw Errno.fileTooLarge }
            return bytes
        } catch .noSuchFileOrDirectory {
            return nil
        } catch .notDirectory {
            return nil
        } catch .invalidArgument, .isDirectory, .noSuchAddressOrDevice {
            throw EngineError(object, "is not a regular file")
        } catch .fileTooLarge {
            throw EngineError(object, "is larger than \(limit) bytes")
        } catch {
            throw EngineError(object, reading: error)
        }
    }

    /// A JSON document below the directory; nil where there is none.
    func document<Value: Decodable>(_ type: Value.Type, _ file: String, limit: Int) throws(EngineError) -> Value? {
        guard let bytes = try read(file, limit: limit) else { return nil }
        do {
            return try decode(type, bytes, name: "\(name): \(file.printable)", limit: limit)
        } catch {
            throw EngineError(error)
        }
    }

    /// The text of a file of one line, without the blanks around it; nil where there is none.
    func line(_ file: String) throws(EngineError) -> String? {
        guard let bytes = try read(file, limit: EngineLimit.line) else { return nil }
        let isBlank = { (byte: UInt8) in byte <= 0x20 }
        let text = bytes.drop(while: isBlank).reversed().drop(while: isBlank).reversed()
        return String(decoding: text, as: UTF8.self)
    }

    /// A number in a file of one line; nil where there is none.
    func number(_ file: String) throws(EngineError) -> Int32? {
        guard let line = try line(file), let number = Int32(line), number > 0 else { return nil }
        return number
    }

    /// What is at a path below the directory: `S_IFDIR` and so on; nil for nothing.
    ///
    /// - Throws: `EngineError`: a symbolic link is there or on the way, or it cannot be looked at.
    func fileType(_ file: String) throws(EngineError) -> mode_t? {
        do throws(Errno) {
            return try descriptor.statusBeneath(file).st_mode & S_IFMT
        } catch .noSuchFileOrDirectory {
            return nil
        } catch .notDirectory {
            return nil
        } catch {
            throw EngineError("\(name): \(file.printable)", reading: error)
        }
    }

    /// Whether there is a directory at a path below the directory.
    ///
    /// - Throws: `EngineError`; see `fileType`.
    func hasDirectory(_ file: String) throws(EngineError) -> Bool { try fileType(file) == S_IFDIR }
}

extension Descriptor {
    /// Reads from the start of the file, at most so many bytes.
    func read(atMost limit: Int) throws(Errno) -> [UInt8] {
        var bytes: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: min(limit, 1 << 16))
        while bytes.count < limit {
            var count = 0
            do {
                count = try buffer.withUnsafeMutableBytes { try read(into: $0) }
            } catch let error as Errno { throw error } catch { throw .ioError }
            if count == 0 { break }
            bytes += buffer[..<min(count, limit - bytes.count)]
        }
        return bytes
    }
}

extension FilePath {
    /// The path with control characters escaped: fit for a message.
    var printable: String { string.printable }
}

/// Whether a text of a document may stand for a name in a directory: 1…255 letters, digits, `_`, `.`, `-` and `:`, not
/// beginning with a point.
func isIdentifier(_ text: String) -> Bool {
    guard let first = text.utf8.first, first != UInt8(ascii: "."), text.utf8.count <= 255 else { return false }
    return text.utf8.allSatisfy { byte in
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "a")...UInt8(ascii: "z"),
            UInt8(ascii: "A")...UInt8(ascii: "Z"):
            true
        default: "_.-:".utf8.contains(byte)
        }
    }
}

/// An absolute path of a document; nil for a text that is none or holds a NUL.
func absolutePath(_ text: String?) -> FilePath? {
    guard let text, text.hasPrefix("/"), text.utf8.count < 4096, !text.utf8.contains(0) else { return nil }
    return FilePath(text)
}
