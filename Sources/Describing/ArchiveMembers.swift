// SPDX-License-Identifier: Apache-2.0

import Archive
import FileTree
import OCI
import Packages

/// The members of an archive that lies in a tree: names, sizes and digests.
struct ArchiveMembers {
    enum Kind {
        case tar, zip, ar
    }

    /// Members that are told.
    private static let countLimit = 100_000
    /// Bytes of a member of a zip that are inflated to be told by their digest.
    private static let inflateLimit = 64 << 20

    private var lines: [String] = []
    private var lineBytes = 0
    /// Why not all is told; nil where it is.
    private var gap: String?

    /// What kind of archive begins with these bytes; nil for anything else.
    static func kind(_ start: [UInt8]) -> Kind? {
        if start.starts(with: [0x50, 0x4B, 3, 4]) || start.starts(with: [0x50, 0x4B, 5, 6]) { return .zip }
        if start.starts(with: "!<arch>\n".utf8) { return .ar }
        return start.count >= 512 && start[257..<262].elementsEqual("ustar".utf8) ? .tar : nil
    }

    static func describe(_ file: RecordFile, _ kind: Kind, _ budget: inout Description.Budget) -> Description? {
        var members = ArchiveMembers()
        do {
            switch kind {
            case .tar: try members.readTar(file, &budget)
            case .zip: try members.readZip(file, &budget)
            case .ar: try members.readAr(file, &budget)
            }
        } catch {
            members.gap = "\(error)"
        }
        // What is none, but for its first bytes, is told as other bytes are.
        if members.lines.isEmpty, members.gap != nil { return nil }
        members.lines.sort()
        if let gap = members.gap { members.lines.append("(the rest is left out: \(gap.printable))") }
        return Description("members", lines: members.lines)
    }

    /// Adds a line; false where there are enough.
    private mutating func add(_ line: String) -> Bool {
        lineBytes += line.utf8.count
        guard lines.count < Self.countLimit, lineBytes <= Description.limit else {
            gap = "more than \(Self.countLimit) members, or too long names"
            return false
        }
        lines.append(line)
        return true
    }

    // MARK: - tar

    private mutating func readTar(_ file: RecordFile, _ budget: inout Description.Budget) throws {
        let input = RecordInput(file)
        var reader = TarReader(input)
        while let entry = try reader.next() {
            var line = Bytes.escaped(entry.path)
            switch entry.kind {
            case .hardLink(let target): line += " hard link to \(Bytes.escaped(target))"
            case .file(let attributes):
                line += " \(Self.octal(attributes.permissions)) \(attributes.uid):\(attributes.gid)"
                switch attributes.type {
                case .regular:
                    line += " \(attributes.size) bytes"
                    if budget.take(entry.storedSize) {
                        var hasher = DigestHasher()
                        try reader.readData { hasher.update($0) }
                        line += ", sha256:\(hasher.finish().hex)"
                    }
                case .symbolicLink: line += " link to \(Bytes.escaped(attributes.target))"
                default: line += " \(attributes.type)"
                }
            }
            guard add(line) else { return }
        }
    }

    private static func octal(_ mode: UInt16) -> String {
        let digits = String(mode, radix: 8)
        return String(repeating: "0", count: max(0, 4 - digits.utf8.count)) + digits
    }

    // MARK: - zip

    private mutating func readZip(_ file: RecordFile, _ budget: inout Description.Budget) throws {
        let archive = try ZipArchive(file)
        for member in archive.members {
            var line = member.name.isEmpty ? "(a member that cannot be read)" : Bytes.escaped(member.name)
            line += " \(member.size) bytes"
            if !member.name.isEmpty, member.size <= UInt64(Self.inflateLimit),
                // Members may share their bytes: a small archive can tell of as many as it likes.
                budget.take(member.size), budget.take(member.packedSize)
            {
                do throws(RecordError) {
                    let bytes = try archive.bytes(of: member, limit: Self.inflateLimit)
                    line += ", sha256:\(Digest(of: bytes).hex)"
                } catch {
                    line += ", damaged: \(error.cause)"
                }
            }
            guard add(line) else { return }
        }
    }

    // MARK: - ar

    private mutating func readAr(_ file: RecordFile, _ budget: inout Description.Budget) throws {
        var place: UInt64 = 8
        var names: [UInt8] = []
        while place < file.size {
            let header = try file.bytes(at: place, 60, of: "ar archive")
            guard header[58] == 0x60, header[59] == 0x0A,
                let size = UInt64(Self.field(header[48..<58])), size <= file.size - place - 60
            else { throw RecordError("ar archive", at: "byte \(place)", "has no header of a member") }
            let start = place + 60
            let name = Self.field(header[0..<16])
            if name == "//" {
                // Names that are too long stand together, and are told by their places.
                names = size <= 1 << 20 ? try file.bytes(at: start, Int(size), of: "ar archive") : []
            } else {
                var shown = name.hasSuffix("/") && name.count > 1 ? String(name.dropLast()) : name
                if name.hasPrefix("/"), let at = Int(name.dropFirst()), at < names.count {
                    shown = Bytes.escaped(names[at...].prefix(4096).prefix { $0 != 0x0A && $0 != 0x2F })
                }
                var line = "\(shown.printable) \(size) bytes"
                if budget.take(size) { line += ", sha256:\(try FileDigest.hex(file, start, size))" }
                guard add(line) else { return }
            }
            place = start + size + size % 2
        }
    }

    private static func field(_ bytes: ArraySlice<UInt8>) -> String {
        var text = String(decoding: bytes, as: UTF8.self)
        while text.hasSuffix(" ") { text.removeLast() }
        return text
    }
}

/// A file that is read a range at a time, as a tar reader wants it.
private final class RecordInput: TarInput {
    private let file: RecordFile
    private var offset: UInt64 = 0
    private let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 1 << 18, alignment: 512)

    init(_ file: RecordFile) { self.file = file }

    deinit { buffer.deallocate() }

    func next() throws -> UnsafeRawBufferPointer? {
        let count = Int(min(UInt64(buffer.count), file.size - offset))
        guard count > 0 else { return nil }
        buffer.copyBytes(from: try file.bytes(at: offset, count, of: "tar"))
        offset += UInt64(count)
        return UnsafeRawBufferPointer(rebasing: buffer[..<count])
    }

    func skip(_ count: UInt64) -> UInt64 {
        let skipped = min(count, file.size - offset)
        offset += skipped
        return skipped
    }
}
