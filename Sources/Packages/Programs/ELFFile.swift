// SPDX-License-Identifier: Apache-2.0

/// Where sections and segments of a program lie (elf(5)); nothing else of it is read.
struct ELFFile {
    /// A range of the file that is loaded to an address.
    struct Segment {
        let offset: UInt64
        let address: UInt64
        let size: UInt64
        let isWritable: Bool
    }

    /// A named range of the file.
    struct Section {
        let name: [UInt8]
        let offset: UInt64
        let size: UInt64
    }

    private static let object = "ELF program"
    /// Sections or segments of one program.
    private static let limit = 65_535

    let file: RecordFile
    let endian: Endian
    let is64: Bool
    private(set) var segments: [Segment] = []
    private(set) var sections: [Section] = []

    /// Whether bytes are the beginning of one.
    static func isProgram(_ start: [UInt8]) -> Bool { start.starts(with: "\u{7F}ELF") }

    /// Reads the tables.
    init(_ file: RecordFile) throws(RecordError) {
        let header = try file.bytes(at: 0, Int(min(file.size, 64)), of: Self.object)
        guard Self.isProgram(header), header.count >= 52, let order = [1: Endian.little, 2: .big][header[5]],
            header[4] == 1 || (header[4] == 2 && header.count == 64)
        else { throw RecordError(Self.object, "has no header of one") }
        self.file = file
        endian = order
        is64 = header[4] == 2
        let width = is64 ? 8 : 4
        let last = is64 ? 52 : 40
        guard let segmentsAt = header.number(at: is64 ? 32 : 28, width, order),
            let sectionsAt = header.number(at: is64 ? 40 : 32, width, order),
            let segmentSize = header.half(at: last + 2, order), let segmentCount = header.half(at: last + 4, order),
            let sectionSize = header.half(at: last + 6, order), let sectionCount = header.half(at: last + 8, order),
            let names = header.half(at: last + 10, order)
        else { throw RecordError(Self.object, "has no header of one") }
        if segmentCount > 0 { try readSegments(at: segmentsAt, segmentCount, segmentSize) }
        if sectionCount > 0 { try readSections(at: sectionsAt, sectionCount, sectionSize, names) }
    }

    private mutating func readSegments(at offset: UInt64, _ count: Int, _ size: Int) throws(RecordError) {
        guard size >= (is64 ? 56 : 32) else { throw RecordError(Self.object, "its segments are too small") }
        let table = try file.bytes(at: offset, count * size, of: Self.object)
        let width = is64 ? 8 : 4
        for start in stride(from: 0, to: table.count, by: size) where table.word(at: start, endian) == 1 {
            guard let flags = table.word(at: start + (is64 ? 4 : 24), endian),
                let offset = table.number(at: start + (is64 ? 8 : 4), width, endian),
                let address = table.number(at: start + (is64 ? 16 : 8), width, endian),
                let length = table.number(at: start + (is64 ? 32 : 16), width, endian)
            else { break }
            segments.append(Segment(offset: offset, address: address, size: length, isWritable: flags & 2 != 0))
        }
    }

    private mutating func readSections(
        at offset: UInt64, _ count: Int, _ size: Int, _ names: Int
    ) throws(RecordError) {
        guard size >= (is64 ? 64 : 40), names < count else { return }
        let table = try file.bytes(at: offset, count * size, of: Self.object)
        let width = is64 ? 8 : 4
        func range(_ start: Int) -> (UInt64, UInt64)? {
            guard let offset = table.number(at: start + (is64 ? 24 : 16), width, endian),
                let length = table.number(at: start + (is64 ? 32 : 20), width, endian)
            else { return nil }
            return (offset, length)
        }
        guard let (textAt, textSize) = range(names * size), textSize <= 1 << 20 else { return }
        let text = try file.bytes(at: textAt, Int(textSize), of: Self.object)
        for start in stride(from: 0, to: table.count, by: size) {
            guard let place = table.word(at: start, endian), place < text.count, let (offset, length) = range(start)
            else { continue }
            sections.append(Section(name: Array(text[place...].prefix { $0 != 0 }), offset: offset, size: length))
        }
    }

    /// The section of a name.
    func section(_ name: StaticString) -> Section? {
        sections.first { $0.name.count == name.utf8CodeUnitCount && $0.name.starts(with: name) }
    }

    /// Up to `count` bytes that are loaded to an address; nil where nothing of the file is.
    func bytes(atAddress address: UInt64, _ count: Int) throws(RecordError) -> [UInt8]? {
        guard let segment = segments.first(where: { $0.address <= address && address - $0.address < $0.size }) else {
            return nil
        }
        let step = address - segment.address
        let (offset, overflows) = segment.offset.addingReportingOverflow(step)
        guard !overflows, UInt64(count) <= segment.size - step else { return nil }
        return try file.bytes(at: offset, count, of: Self.object)
    }
}
