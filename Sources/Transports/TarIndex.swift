// SPDX-License-Identifier: Apache-2.0

import LinuxIO
import OCI
import SystemPackage

/// What is at a path of a tar.
enum TarMember: Sendable, Hashable {
    /// A regular file's bytes.
    case file(Range<UInt64>)
    /// A link to another path of the tar; its target as it is written, for a symbolic link relative to its directory.
    case symbolicLink([UInt8])
    /// Another name of an earlier path.
    case hardLink([UInt8])
    /// A file stored with holes, which cannot be read in place.
    case sparse
    /// A directory, a device and so on.
    case other
}

/// Walks the headers of an uncompressed tar: ustar, pax and GNU (tar(5)), any version of each.
struct TarWalk {
    /// Bytes of a pax header or a GNU long name: 1 MiB.
    static let extensionLimit: UInt64 = 1 << 20
    /// Members of an archive: a million.
    static let memberLimit = 1_000_000

    private let descriptor: Descriptor
    private let end: UInt64
    private let name: String
    private var offset: UInt64 = 0

    /// Starts at the first header.
    ///
    /// `name` begins the messages of errors.
    init(_ descriptor: Descriptor, name: String) throws(SourceError) {
        self.descriptor = descriptor
        self.name = name
        do throws(Errno) {
            end = try descriptor.size()
        } catch {
            throw SourceError(name, "\(error)")
        }
    }

    /// The next member with its path as written; nil at the end of the archive.
    mutating func next() throws(SourceError) -> (path: [UInt8], member: TarMember)? {
        var extended = Extended()
        while true {
            guard let header = try header() else { return nil }
            let isLink = "123456".utf8.contains(header.type)
            let size = isLink ? 0 : extended.size ?? header.size
            let start = offset
            guard size <= end - offset else {
                throw SourceError(name, "ends within the member at offset \(offset - 512)")
            }
            // The end is rounded up: the last member's padding may be missing.
            offset = min(end, (start + size + 511) / 512 * 512)
            switch header.type {
            case UInt8(ascii: "x"): try extended.add(records: try bytes(start..<start + size), name: name)
            case UInt8(ascii: "g"), UInt8(ascii: "V"), UInt8(ascii: "M"): extended = Extended()
            case UInt8(ascii: "L"): extended.path = try bytes(start..<start + size).prefix { $0 != 0 } + []
            case UInt8(ascii: "K"): extended.link = try bytes(start..<start + size).prefix { $0 != 0 } + []
            default:
                let path = extended.path ?? header.path
                let link = extended.link ?? header.link
                return (path, Self.member(header.type, extended.isSparse, start..<start + size, link, path))
            }
        }
    }

    private static func member(
        _ type: UInt8, _ isSparse: Bool, _ range: Range<UInt64>, _ link: [UInt8], _ path: [UInt8]
    ) -> TarMember {
        switch type {
        case UInt8(ascii: "0"), UInt8(ascii: "7"), 0:
            if path.last == UInt8(ascii: "/") { return .other }
            return isSparse ? .sparse : .file(range)
        case UInt8(ascii: "S"): return .sparse
        case UInt8(ascii: "1"): return .hardLink(link)
        case UInt8(ascii: "2"): return .symbolicLink(link)
        default: return .other
        }
    }

    private struct Header {
        var path: [UInt8]
        var type: UInt8
        var size: UInt64
        var link: [UInt8]
    }

    /// Reads the header at `offset` and moves behind it; nil for a block of zeros or the end of the file.
    private mutating func header() throws(SourceError) -> Header? {
        guard offset < end else { return nil }
        guard end - offset >= 512 else { throw SourceError(name, "ends within the header at offset \(offset)") }
        let block = try bytes(offset..<offset + 512)
        if block.allSatisfy({ $0 == 0 }) { return nil }
        let unsigned = block.indices.reduce(0) { $0 + Int((148..<156).contains($1) ? 32 : block[$1]) }
        let signed = block.indices.reduce(0) { $0 + ((148..<156).contains($1) ? 32 : Int(Int8(bitPattern: block[$1]))) }
        guard let sum = Self.number(block[148..<156]), sum == unsigned || sum == signed else {
            throw SourceError(name, "has no tar header at offset \(offset)")
        }
        guard let size = Self.number(block[124..<136]), size >= 0 else {
            throw SourceError(name, "has a bad size in the header at offset \(offset)")
        }
        var path = Array(block[..<100].prefix { $0 != 0 })
        if block[257..<263].elementsEqual("ustar\u{0}".utf8), block[345] != 0 {
            path = block[345..<500].prefix { $0 != 0 } + [UInt8(ascii: "/")] + path
        }
        offset += 512
        if block[156] == UInt8(ascii: "S"), block[482] != 0 { try skipSparseMap() }
        return Header(
            path: path, type: block[156], size: UInt64(size), link: Array(block[157..<257].prefix { $0 != 0 }))
    }

    private mutating func skipSparseMap() throws(SourceError) {
        while true {
            guard end - offset >= 512 else { throw SourceError(name, "ends within the header at offset \(offset)") }
            let block = try bytes(offset..<offset + 512)
            offset += 512
            if block[504] == 0 { return }
        }
    }

    private func bytes(_ range: Range<UInt64>) throws(SourceError) -> [UInt8] {
        try StoredFile(descriptor: descriptor, range: range)
            .bytes(limit: Int(Self.extensionLimit), object: "\(name): header at offset \(range.lowerBound)")
    }

    /// A number field: octal digits between spaces and a NUL or space, or base 256; nil for what is neither.
    static func number(_ field: ArraySlice<UInt8>) -> Int64? {
        guard let first = field.first else { return nil }
        if first & 0x80 != 0 {
            var value = Int64(Int8(bitPattern: first << 1) >> 1)
            for byte in field.dropFirst() {
                let shifted = value.multipliedReportingOverflow(by: 256)
                guard !shifted.overflow else { return nil }
                value = shifted.partialValue | Int64(byte)
            }
            return value
        }
        var value: Int64 = 0
        var digits = field.drop { $0 == UInt8(ascii: " ") }
        digits = digits.prefix { $0 != 0 && $0 != UInt8(ascii: " ") }
        for digit in digits {
            guard (UInt8(ascii: "0")...UInt8(ascii: "7")).contains(digit), value < Int64.max >> 3 else { return nil }
            value = value << 3 | Int64(digit - UInt8(ascii: "0"))
        }
        return value
    }
}

/// What pax records and GNU long names say about the next header.
private struct Extended {
    var path: [UInt8]?
    var link: [UInt8]?
    var size: UInt64?
    var isSparse = false

    /// Takes what matters from pax records: `LENGTH KEY=VALUE\n` each.
    mutating func add(records: [UInt8], name: String) throws(SourceError) {
        var rest = records[...]
        while !rest.isEmpty {
            guard let space = rest.firstIndex(of: UInt8(ascii: " ")),
                let length = Int(String(decoding: rest[..<space], as: UTF8.self)), length > space - rest.startIndex,
                length <= rest.count
            else {
                throw SourceError(name, "has a bad pax record")
            }
            let record = rest[(space + 1)..<(rest.startIndex + length)]
            rest = rest.dropFirst(length)
            guard let equals = record.firstIndex(of: UInt8(ascii: "=")), record.last == UInt8(ascii: "\n") else {
                throw SourceError(name, "has a bad pax record")
            }
            let key = String(decoding: record[..<equals], as: UTF8.self)
            let value = Array(record[(equals + 1)...].dropLast())
            switch key {
            case "path": path = value
            case "linkpath": link = value
            case "size":
                guard let number = UInt64(String(decoding: value, as: UTF8.self)), number <= UInt64(Int64.max) else {
                    throw SourceError(name, "has a bad size in a pax record")
                }
                size = number
            default: isSparse = isSparse || key.hasPrefix("GNU.sparse.")
            }
        }
    }
}
