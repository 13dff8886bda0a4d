// SPDX-License-Identifier: Apache-2.0

/// What a Go program was built from, as its linker wrote it into it.
package enum GoBuildInformation {
    private static let object = "Go program"
    /// Bytes of the list of modules.
    private static let limit = 4 << 20

    /// Reads the modules of a program; nil if it is no program of Go's linker.
    ///
    /// The compiler's library is the module `stdlib`. A module that was replaced is what replaced it.
    static func read(_ elf: ELFFile) throws(RecordError) -> PackageList? {
        let section = elf.section(".go.buildinfo")
        let segment = elf.segments.first { $0.type == 1 && $0.isWritable }
        guard let (offset, size) = section.map({ ($0.offset, $0.size) }) ?? segment.map({ ($0.offset, $0.size) }),
            offset < elf.file.size
        else { return nil }
        let start = try elf.file.bytes(
            at: offset, Int(min(size, 64 << 10, elf.file.size - offset)), of: object)
        let magic = Array("\u{FF} Go buildinf:".unicodeScalars.map { UInt8(truncatingIfNeeded: $0.value) })
        var place = 0
        while place + 32 <= start.count, !start[place...].starts(with: magic) { place += 16 }
        guard place + 32 <= start.count else { return nil }
        let pointerSize = Int(start[place + 14])
        let flags = start[place + 15]
        let texts: (version: [UInt8], modules: [UInt8])?
        if flags & 2 != 0 {
            texts = try inline(elf, at: offset + UInt64(place) + 32)
        } else {
            let endian: Endian = flags & 1 != 0 ? .big : .little
            guard pointerSize == 4 || pointerSize == 8,
                let version = start.number(at: place + 16, pointerSize, endian),
                let modules = start.number(at: place + 16 + pointerSize, pointerSize, endian)
            else { throw RecordError(object, "its build information has no pointers") }
            texts = (
                try string(elf, at: version, pointerSize, endian), try string(elf, at: modules, pointerSize, endian)
            )
        }
        guard let texts else { return nil }
        return try modules(texts.modules, compiler: texts.version)
    }

    /// Two texts, each with its length in front.
    private static func inline(
        _ elf: ELFFile, at start: UInt64
    ) throws(RecordError) -> (version: [UInt8], modules: [UInt8])? {
        var offset = start
        var texts: [[UInt8]] = []
        for _ in 0..<2 {
            guard offset < elf.file.size else { return nil }
            let head = try elf.file.bytes(at: offset, Int(min(10, elf.file.size - offset)), of: object)
            var length: UInt64 = 0
            var count = 0
            for (place, byte) in head.enumerated() where count == 0 {
                length |= UInt64(byte & 0x7F) << UInt64(min(63, 7 * place))
                if byte & 0x80 == 0 { count = place + 1 }
            }
            guard count > 0, length <= UInt64(limit) else {
                throw RecordError(object, "its build information is larger than \(limit) bytes")
            }
            texts.append(try elf.file.bytes(at: offset + UInt64(count), Int(length), of: object))
            offset += UInt64(count) + length
        }
        return (texts[0], texts[1])
    }

    private static func string(
        _ elf: ELFFile, at address: UInt64, _ pointerSize: Int, _ endian: Endian
    ) throws(RecordError) -> [UInt8] {
        guard address != 0, let header = try elf.bytes(atAddress: address, 2 * pointerSize),
            let pointer = header.number(at: 0, pointerSize, endian),
            let length = header.number(at: pointerSize, pointerSize, endian)
        else { return [] }
        guard length <= UInt64(limit) else {
            throw RecordError(object, "its build information is larger than \(limit) bytes")
        }
        return try elf.bytes(atAddress: pointer, Int(length)) ?? []
    }

    /// Reads the text of `runtime/debug.BuildInfo`.
    static func modules(_ text: [UInt8], compiler: [UInt8]) throws(RecordError) -> PackageList {
        var list = PackageList()
        var text = text[...]
        // Sixteen bytes on both sides let debuggers find it.
        if text.count >= 33, text[text.endIndex - 17] == 0x0A { text = text.dropFirst(16).dropLast(16) }
        var main: Int?
        var flags: ArraySlice<UInt8> = []
        for line in Lines(text) {
            let fields = line.split(separator: 0x09, omittingEmptySubsequences: false)
            guard let kind = fields.first else { continue }
            if kind.isName("build"), fields.count >= 2, fields[1].starts(with: "-ldflags=".utf8) {
                flags = fields[1].dropFirst(9)
            }
            guard fields.count >= 3 else { continue }
            let package = Package(.goModule, name: Array(fields[1]), version: Array(fields[2]))
            if kind.isName("mod") {
                main = list.records.count
                try list.add(PackageRecord(package), to: object)
            } else if kind.isName("dep") {
                try list.add(PackageRecord(package), to: object)
            } else if kind.isName("=>"), let last = list.records.indices.last {
                list.records[last].package = package
            }
        }
        if let main, list.records[main].package.version.elementsEqual("(devel)".utf8) {
            list.records[main].package.version = version(inFlags: flags) ?? Array("(devel)".utf8)
        }
        let version = ASCII.trimmed(compiler[...]).prefix { !ASCII.isBlank($0) }
        if version.starts(with: "go".utf8), version.count > 2 {
            let number = version.dropFirst(2).prefix { $0 != UInt8(ascii: "-") }
            try list.add(
                PackageRecord(Package(.goModule, name: Array("stdlib".utf8), version: Array(number))), to: object)
        }
        return list
    }

    /// The version that a program's author had the linker set: `-X PACKAGE.version=1.2.3`.
    private static func version(inFlags flags: ArraySlice<UInt8>) -> [UInt8]? {
        for word in flags.split(whereSeparator: { ASCII.isBlank($0) || $0 == 0x22 || $0 == 0x27 }) {
            guard let (name, value) = word.cut(at: UInt8(ascii: "=")) else { continue }
            let variable = name.lastIndex(of: UInt8(ascii: ".")).map { name[($0 + 1)...] } ?? name
            if variable.isName("version"), SemanticVersion(Array(value)) != nil { return Array(value) }
        }
        return nil
    }
}
