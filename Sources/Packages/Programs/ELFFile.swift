// SPDX-License-Identifier: Apache-2.0

/// Where sections and segments of a program lie (elf(5)); nothing else of it is read.
package struct ELFFile {
    /// A range of the file.
    package struct Segment {
        /// What is in it: 1 is loaded to an address.
        package let type: Int
        /// Where it begins in the file.
        package let offset: UInt64
        let address: UInt64
        /// Its bytes in the file.
        package let size: UInt64
        let isWritable: Bool
    }

    /// A named range of the file.
    package struct Section {
        /// Its name.
        package let name: [UInt8]
        /// What is in it: 8 has no bytes in the file.
        package let type: Int
        /// Where it begins in the file.
        package let offset: UInt64
        /// Its bytes.
        package let size: UInt64
    }

    private static let object = "ELF program"
    /// Sections or segments of one program.
    private static let limit = 65_535
    /// Bytes of a section's name: names may overlap, and would be larger together than the file.
    private static let nameLimit = 256

    /// The program.
    package let file: RecordFile
    /// The order of the bytes of its numbers.
    package let endian: Endian
    /// Whether addresses have 64 bits, else 32.
    package let is64: Bool
    /// What it is: 2 is a program, 3 a shared object.
    package let type: Int
    /// The processor that it is for.
    package let machine: Int
    /// Its segments.
    package private(set) var segments: [Segment] = []
    /// Its sections, where it tells of them.
    package private(set) var sections: [Section] = []

    /// Whether bytes are the beginning of one.
    package static func isProgram(_ start: [UInt8]) -> Bool { start.starts(with: "\u{7F}ELF") }

    /// Reads the tables.
    package init(_ file: RecordFile) throws(RecordError) {
        let header = try file.bytes(at: 0, Int(min(file.size, 64)), of: Self.object)
        guard Self.isProgram(header), header.count >= 52, let order = [1: Endian.little, 2: .big][header[5]],
            header[4] == 1 || (header[4] == 2 && header.count == 64)
        else { throw RecordError(Self.object, "has no header of one") }
        self.file = file
        endian = order
        is64 = header[4] == 2
        (type, machine) = (header.half(at: 16, order) ?? 0, header.half(at: 18, order) ?? 0)
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
        for start in stride(from: 0, to: table.count, by: size) {
            guard let type = table.word(at: start, endian), let flags = table.word(at: start + (is64 ? 4 : 24), endian),
                let offset = table.number(at: start + (is64 ? 8 : 4), width, endian),
                let address = table.number(at: start + (is64 ? 16 : 8), width, endian),
                let length = table.number(at: start + (is64 ? 32 : 16), width, endian)
            else { break }
            segments.append(
                Segment(type: type, offset: offset, address: address, size: length, isWritable: flags & 2 != 0))
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
            guard let place = table.word(at: start, endian), place < text.count, let (offset, length) = range(start),
                let type = table.word(at: start + 4, endian)
            else { continue }
            let name = Array(text[place...].prefix(Self.nameLimit).prefix { $0 != 0 })
            sections.append(Section(name: name, type: type, offset: offset, size: length))
        }
    }

    /// The section of a name.
    func section(_ name: StaticString) -> Section? {
        sections.first { $0.name.count == name.utf8CodeUnitCount && $0.name.starts(with: name) }
    }

    /// Up to `count` bytes that are loaded to an address; nil where nothing of the file is.
    package func bytes(atAddress address: UInt64, _ count: Int) throws(RecordError) -> [UInt8]? {
        guard
            let segment = segments.first(where: {
                $0.type == 1 && $0.address <= address && address - $0.address < $0.size
            })
        else {
            return nil
        }
        let step = address - segment.address
        let (offset, overflows) = segment.offset.addingReportingOverflow(step)
        guard !overflows, UInt64(count) <= segment.size - step else { return nil }
        return try file.bytes(at: offset, count, of: Self.object)
    }
}
