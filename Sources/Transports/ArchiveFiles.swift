// SPDX-License-Identifier: Apache-2.0

import Archive
import FileTree
import Glibc
import LinuxIO
import OCI
import SystemPackage

/// The files of a tar, read where they lie in it.
///
/// An archive that is compressed, or is no regular file, is first written uncompressed to a file without a name.
struct ArchiveFiles: SourceFiles {
    /// Bytes that a compressed archive may have when decompressed: 256 GiB.
    static let spoolLimit: UInt64 = 256 << 30
    /// Members of an archive: a million.
    static let memberLimit = 1_000_000

    let name: String
    private let descriptor: Descriptor
    private let members: [[UInt8]: ArchiveMember]

    /// Opens an archive and reads its headers.
    ///
    /// - Parameters:
    ///   - path: where it is; nil for standard input.
    ///   - temporaryDirectory: where a compressed archive is decompressed to.
    init(
        _ path: FilePath?, name: String, temporaryDirectory: FilePath, spoolLimit: UInt64 = Self.spoolLimit
    ) throws(SourceError) {
        self.name = name
        do {
            let file = try path.map { (path) throws(Errno) in try Descriptor.openStream(path) } ?? .standard(0)
            let kind = try file.status().st_mode & S_IFMT
            guard kind != S_IFDIR else { throw Errno.isDirectory }
            // Of standard input others may have read a part.
            if kind == S_IFREG, path != nil, try !Self.isCompressed(file) {
                descriptor = file
            } else {
                let stream: any ByteStream = kind == S_IFREG && path != nil ? FileStream(file) : PipeStream(file)
                descriptor = try Descriptor.temporary(in: temporaryDirectory)
                try Self.copy(
                    try decompressing(stream, undoesOthers: true), to: descriptor, limit: spoolLimit, object: name)
            }
        } catch let error as SourceError {
            throw error
        } catch {
            throw SourceError(name, "\(error)")
        }
        do {
            members = try Self.members(of: descriptor, name: name)
        } catch let error as SourceError {
            throw error
        } catch {
            throw SourceError(name, "is no whole tar: \(error)")
        }
    }

    /// What is at each path of a tar; of several members with one path the last.
    private static func members(of file: Descriptor, name: String) throws -> [[UInt8]: ArchiveMember] {
        var members: [[UInt8]: ArchiveMember] = [:]
        // Headers lie far apart: a small piece reads little of what is passed over.
        var reader = TarReader(try FileInput(file, pieceByteCount: 4096))
        while let entry = try reader.next() {
            guard let path = Self.normal(entry.path, below: []) else { continue }
            members[path] = ArchiveMember(entry)
            guard members.count <= Self.memberLimit else {
                throw SourceError(name, "has more than \(Self.memberLimit) members")
            }
        }
        return members
    }

    func open(_ path: String) throws(SourceError) -> StoredFile {
        let object = "\(name): \(path.printable)"
        guard var current = Self.normal(Array(path.utf8), below: []) else {
            throw SourceError(object, "leads out of the archive")
        }
        for _ in 0..<16 {
            guard let member = members[current] else { throw SourceError(object, "is missing") }
            let next: [UInt8]?
            switch member {
            case .file(let range): return StoredFile(descriptor: descriptor, range: range)
            case .hardLink(let target): next = Self.normal(target, below: [])
            case .symbolicLink(let target):
                let parent = current.lastIndex(of: UInt8(ascii: "/")).map { current[..<$0] } ?? []
                next = Self.normal(target, below: target.first == UInt8(ascii: "/") ? [] : parent)
            case .sparse: throw SourceError(object, "is stored as a sparse file, which archives of images never have")
            case .other: throw SourceError(object, "is not a regular file")
            }
            guard let next else { throw SourceError(object, "is a link that leads out of the archive") }
            current = next
        }
        throw SourceError(object, "is a link that leads nowhere")
    }

    func contains(_ path: String) -> Bool {
        Self.normal(Array(path.utf8), below: []).map { members[$0] != nil } ?? false
    }

    /// A path without empty, `.` and `..` components; nil where it leads out of the archive.
    private static func normal(_ path: [UInt8], below parent: ArraySlice<UInt8>) -> [UInt8]? {
        var components = parent.split(separator: UInt8(ascii: "/"))
        for component in path.split(separator: UInt8(ascii: "/")) where !component.elementsEqual(".".utf8) {
            if component.elementsEqual("..".utf8) {
                guard components.popLast() != nil else { return nil }
            } else {
                components.append(component)
            }
        }
        return Array(components.joined(separator: [UInt8(ascii: "/")]))
    }

    private static func isCompressed(_ file: Descriptor) throws -> Bool {
        var start = [UInt8](repeating: 0, count: Compression.headByteCount)
        let count = try start.withUnsafeMutableBytes { try file.read(at: 0, into: $0) }
        return Compression(firstBytes: start.prefix(count)) != .none
    }

    private static func copy(
        _ stream: any ByteStream, to file: Descriptor, limit: UInt64, object: String
    ) throws {
        let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 1 << 20, alignment: 4096)
        defer { buffer.deallocate() }
        var total: UInt64 = 0
        while true {
            let count = try stream.read(into: buffer)
            guard count > 0 else { return }
            total += UInt64(count)
            guard total <= limit else { throw SourceError(object, "is larger than \(limit) bytes when decompressed") }
            try file.write(UnsafeRawBufferPointer(rebasing: buffer[..<count]))
        }
    }
}

/// What is at a path of an archive.
private enum ArchiveMember: Sendable {
    /// A regular file's bytes.
    case file(Range<UInt64>)
    /// A link to another path of the archive; its target as it is written, relative to its directory.
    case symbolicLink([UInt8])
    /// Another name of an earlier path.
    case hardLink([UInt8])
    /// A file stored with holes, which cannot be read in place.
    case sparse
    /// A directory, a device and so on.
    case other

    init(_ entry: TarEntry) {
        switch entry.kind {
        case .hardLink(let target): self = .hardLink(target)
        case .file(let attributes):
            switch attributes.type {
            case .regular:
                let (end, overflow) = entry.dataOffset.addingReportingOverflow(entry.storedSize)
                let isDense = attributes.size == entry.storedSize && entry.extents.count <= 1 && !overflow
                self = isDense ? .file(entry.dataOffset..<end) : .sparse
            case .symbolicLink: self = .symbolicLink(attributes.target)
            default: self = .other
            }
        }
    }
}

/// The bytes of a pipe or another file without positions.
private final class PipeStream: ByteStream {
    private let descriptor: Descriptor

    init(_ descriptor: Descriptor) { self.descriptor = descriptor }

    func read(into buffer: UnsafeMutableRawBufferPointer) throws -> Int { try descriptor.read(into: buffer) }
}
