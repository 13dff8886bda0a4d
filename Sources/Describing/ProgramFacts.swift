// SPDX-License-Identifier: Apache-2.0

import FileTree
import OCI
import Packages

/// What a program in ELF says of itself: for which machine, what it needs, which build it is, and its sections.
struct ProgramFacts {
    private static let object = "ELF program"
    /// Bytes of a table, of strings, of a note.
    private static let tableLimit: UInt64 = 16 << 20
    /// Names that are told of one program.
    private static let nameLimit = 4096
    /// Bytes of one name.
    private static let textLimit = 4096

    private let elf: ELFFile
    private var lines: [String] = []

    static func describe(_ file: RecordFile, _ budget: inout Description.Budget) -> Description? {
        // What only begins as a program is told as other bytes are.
        guard let elf = try? ELFFile(file) else { return nil }
        var facts = ProgramFacts(elf)
        facts.describe(&budget)
        return Description("ELF", lines: facts.lines)
    }

    private init(_ elf: ELFFile) { self.elf = elf }

    private static let types = [1: "object", 2: "program", 3: "shared object", 4: "core"]
    private static let machines = [
        3: "i386", 8: "MIPS", 20: "PowerPC", 21: "PowerPC 64", 22: "S/390", 40: "ARM", 62: "x86-64", 183: "AArch64",
        243: "RISC-V", 258: "LoongArch",
    ]

    private mutating func describe(_ budget: inout Description.Budget) {
        lines.append("class: \(elf.is64 ? 64 : 32) bits, \(elf.endian == .big ? "big" : "little") endian")
        lines.append("type: \(Self.types[elf.type] ?? "\(elf.type)")")
        lines.append("machine: \(Self.machines[elf.machine] ?? "\(elf.machine)")")
        if let segment = elf.segments.first(where: { $0.type == 3 }) {
            part("interpreter", &budget) { facts, budget throws(RecordError) in
                let bytes = try facts.bytes(segment.offset, min(segment.size, UInt64(Self.textLimit)), &budget)
                facts.lines.append("interpreter: \(Bytes.escaped(bytes.prefix { $0 != 0 }))")
            }
        }
        part("dynamic section", &budget) { facts, budget throws(RecordError) in try facts.readNeeds(&budget) }
        part("build id", &budget) { facts, budget throws(RecordError) in try facts.readBuild(&budget) }
        for section in elf.sections where section.type != 0 {
            // What has no bytes in the file, and what a budget has no room for, has a size alone.
            var line = "section \(Bytes.escaped(section.name)): \(section.size) bytes"
            if section.type != 8 {
                if section.offset > elf.file.size || section.size > elf.file.size - section.offset {
                    line += ", which are not in the file"
                } else if budget.take(section.size) {
                    // What cannot be read any more has no digest.
                    let digest = try? FileDigest.hex(elf.file, section.offset, section.size)
                    line += digest.map { ", sha256:\($0)" } ?? ", which cannot be read"
                }
            }
            lines.append(line)
        }
    }

    /// Runs a part; what it throws is told instead.
    private mutating func part(
        _ name: String, _ budget: inout Description.Budget,
        _ read: (inout ProgramFacts, inout Description.Budget) throws(RecordError) -> Void
    ) {
        do throws(RecordError) {
            try read(&self, &budget)
        } catch {
            lines.append("\(name): damaged: \(error.cause)")
        }
    }

    private func bytes(
        _ offset: UInt64, _ count: UInt64, _ budget: inout Description.Budget
    ) throws(RecordError) -> [UInt8] {
        guard count <= Self.tableLimit, budget.take(count) else {
            throw RecordError(Self.object, "is larger than what is read")
        }
        return try elf.file.bytes(at: offset, Int(count), of: Self.object)
    }

    // MARK: - What it needs

    private mutating func readNeeds(_ budget: inout Description.Budget) throws(RecordError) {
        guard let segment = elf.segments.first(where: { $0.type == 2 }) else { return }
        let table = try bytes(segment.offset, segment.size, &budget)
        let width = elf.is64 ? 8 : 4
        var entries: [(tag: UInt64, value: UInt64)] = []
        for start in stride(from: 0, to: table.count, by: 2 * width) {
            guard let tag = table.number(at: start, width, elf.endian), tag != 0,
                let value = table.number(at: start + width, width, elf.endian)
            else { break }
            entries.append((tag, value))
        }
        func value(_ tag: UInt64) -> UInt64? { entries.first { $0.tag == tag }?.value }
        guard let address = value(5), let size = value(10) else { return }
        guard size <= Self.tableLimit, budget.take(size) else {
            throw RecordError(Self.object, "its names are larger than what is read")
        }
        guard let names = try elf.bytes(atAddress: address, Int(size)) else {
            throw RecordError(Self.object, "its names are not in the file")
        }
        // DT_SONAME, DT_NEEDED, DT_RPATH, DT_RUNPATH.
        for (tag, title) in [(14, "name"), (1, "needs"), (15, "rpath"), (29, "runpath")] as [(UInt64, String)] {
            for entry in entries where entry.tag == tag {
                guard lines.count < Self.nameLimit else { throw RecordError(Self.object, "it needs too much") }
                guard let place = Int(exactly: entry.value), place < names.count else {
                    throw RecordError(Self.object, "a name lies outside of them")
                }
                let name = names[place...].prefix(Self.textLimit).prefix { $0 != 0 }
                lines.append("\(title): \(Bytes.escaped(name))")
            }
        }
    }

    // MARK: - Notes

    private mutating func readBuild(_ budget: inout Description.Budget) throws(RecordError) {
        for segment in elf.segments.filter({ $0.type == 4 }).prefix(16) {
            let notes = try bytes(segment.offset, min(segment.size, 1 << 16), &budget)
            var place = 0
            while let nameSize = notes.number(at: place, 4, elf.endian).map({ Int($0) }),
                let size = notes.number(at: place + 4, 4, elf.endian).map({ Int($0) }),
                let type = notes.number(at: place + 8, 4, elf.endian)
            {
                let start = place + 12 + (nameSize + 3) / 4 * 4
                guard start <= notes.count, size <= notes.count - start else { break }
                if type == 3, notes[(place + 12)...].prefix(nameSize).elementsEqual([0x47, 0x4E, 0x55, 0]) {
                    lines.append("build id: \(FileDigest.hex(notes[start..<(start + size)]))")
                    return
                }
                place = start + (size + 3) / 4 * 4
            }
        }
    }
}

/// Digests of parts of files.
enum FileDigest {
    private static let pieceSize: UInt64 = 1 << 20

    /// SHA-256 of a range, in hexadecimal digits.
    static func hex(_ file: RecordFile, _ offset: UInt64, _ count: UInt64) throws(RecordError) -> String {
        guard offset <= file.size, count <= file.size - offset else {
            throw RecordError("file", "ends before a part of it")
        }
        var hasher = DigestHasher()
        var done: UInt64 = 0
        while done < count {
            let piece = min(count - done, pieceSize)
            hasher.update(try file.bytes(at: offset + done, Int(piece), of: "file"))
            done += piece
        }
        return hasher.finish().hex
    }

    /// Bytes in hexadecimal digits.
    static func hex(_ bytes: some Collection<UInt8>) -> String {
        bytes.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
    }
}
