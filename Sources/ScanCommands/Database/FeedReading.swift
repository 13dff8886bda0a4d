// SPDX-License-Identifier: Apache-2.0

import AdvisoryFeeds
import Console
import FileTree
import Glibc
import LinuxIO
import OCI
import Packages
import SystemPackage

/// Reads advisories as collectors publish them: documents in JSON, archives of these, folders of both.
struct FeedReading {
    /// What was read.
    private(set) var collection = AdvisoryCollection()
    /// When the newest document was written, in seconds since 1970.
    private(set) var time: Int64 = 0
    /// Documents that were read.
    private(set) var documentCount = 0

    /// Files of one folder, with those below it.
    private static let fileLimit = 1_000_000
    /// Bytes up to which an archive may inflate to whatever it is, and how many times its size beyond.
    private static let (freeInflation, inflationRatio): (UInt64, UInt64) = (256 << 20, 50)
    /// Folders within each other.
    private static let depthLimit = 8

    /// Whether the beginning of a file is that of such a document or archive.
    static func isFeed(_ head: [UInt8]) -> Bool {
        head.starts(with: "{".utf8) || head.starts(with: [0x50, 0x4B, 3, 4])
    }

    /// Reads a file.
    mutating func read(_ file: Descriptor, name: String) throws {
        let status = try file.status()
        guard status.st_mode & S_IFMT == S_IFREG else { throw CommandError("\(name): is not a regular file") }
        time = max(time, Int64(status.st_mtim.tv_sec))
        let size = UInt64(max(0, status.st_size))
        let record = RecordFile(size: size) { offset, count in try Self.bytes(of: file, at: offset, count) }
        let head = try Self.bytes(of: file, at: 0, 4)
        if head.starts(with: [0x50, 0x4B, 3, 4]) {
            // Lists of advisories are a tenth of their size at the least.
            let limit = max(Self.freeInflation, Self.inflationRatio * min(size, 1 << 40))
            var inflated: UInt64 = 0
            do {
                try ZipMembers.forEach(in: record, endingWith: ".json", limit: AdvisoryCollection.recordLimit) {
                    documentCount += 1
                    inflated += UInt64($1.count)
                    guard inflated <= limit else {
                        throw CommandError("\(name): inflates to more than \(limit) bytes")
                    }
                    try collection.addOSV($1, name: "\(name): \(Bytes.escaped($0))")
                }
            } catch let error as RecordError {
                throw CommandError("\(name): \(error)")
            }
            return
        }
        guard size <= UInt64(AdvisoryCollection.listLimit) else {
            throw CommandError("\(name): is larger than \(AdvisoryCollection.listLimit) bytes")
        }
        documentCount += 1
        try collection.add(try Self.bytes(of: file, at: 0, Int(size)), name: name)
    }

    /// Reads the documents and archives of a folder and those below it; what has another ending is passed over.
    mutating func readFolder(_ path: FilePath, name: String) throws {
        var pending = [(path: path, depth: 0)]
        var count = 0
        while let (path, depth) = pending.popLast() {
            let directory = try Descriptor.open(path, O_RDONLY | O_DIRECTORY)
            for entry in try directory.entryNames().sorted(by: { $0.lexicographicallyPrecedes($1) }) {
                count += 1
                guard count <= Self.fileLimit else {
                    throw CommandError("\(name): has more than \(Self.fileLimit) files")
                }
                let place = path.appending(FilePath(entry).components)
                let status = try directory.entryStatus(entry)
                switch status.st_mode & S_IFMT {
                case S_IFDIR:
                    guard depth < Self.depthLimit else {
                        throw CommandError("\(name): has more than \(Self.depthLimit) folders within each other")
                    }
                    pending.append((place, depth + 1))
                case S_IFREG:
                    guard [".json", ".zip"].contains(where: { entry.suffix($0.utf8.count).elementsEqual($0.utf8) })
                    else { continue }
                    try read(try directory.openBeneath(entry, O_RDONLY), name: "\"\(place.string.printable)\"")
                default: continue
                }
            }
        }
        guard documentCount > 0 else { throw CommandError("\(name): has neither trivy.db nor advisories in JSON") }
    }

    private static func bytes(of file: Descriptor, at offset: UInt64, _ count: Int) throws -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: count)
        let read = try bytes.withUnsafeMutableBytes { try file.read(at: offset, into: $0) }
        return Array(bytes.prefix(read))
    }
}
