// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import Packages

private func text(_ bytes: [UInt8]) -> String { String(decoding: bytes, as: UTF8.self) }

/// The three kinds of databases, each with the same header.
@Suite(.timeLimit(.minutes(15))) struct RPMTests {
    @Test func `a header has its package and files`() throws {
        let header = try RPMHeader(RPMBuilder.header())
        let package = try #require(try header.package())
        #expect(text(package.name) == "bash")
        #expect(text(package.version) == "1:5.1.8-6.el9")
        #expect(text(package.architecture) == "x86_64")
        #expect(package.licences.map(text) == ["GPLv3+"])
        #expect(package.source.map { text($0.name) + " " + text($0.version) } == "bash-src 1:5.1.8-6.el9")
        let files = try header.files()
        #expect(files.map { text($0.path) } == ["/usr/bin/bash", "/etc/bashrc"])
        #expect(files[0].checksum == .sha256([UInt8](repeating: 0xAB, count: 32)))
        #expect(files.map(\.isConfiguration) == [false, true])
    }

    @Test(arguments: [RPMDatabase.Kind.sqlite, .ndb, .berkeley])
    func `a database of each kind gives its packages`(kind: RPMDatabase.Kind) throws {
        let file = RecordFile(RPMBuilder.database(kind, of: RPMBuilder.header(padding: 9000)))
        let list = RPMDatabase.read(file, kind: kind)
        #expect(list.problems.isEmpty)
        #expect(list.records.map { text($0.package.name) } == ["bash"])
        #expect(list.records.first?.files.count == 2)
    }

    @Test(arguments: [RPMDatabase.Kind.sqlite, .ndb, .berkeley])
    func `a database that is cut anywhere gives a problem or its packages, and never a trap`(
        kind: RPMDatabase.Kind
    ) throws {
        let whole = RPMBuilder.database(kind, of: RPMBuilder.header(padding: 9000))
        for count in stride(from: 0, to: whole.count, by: 509) {
            let list = RPMDatabase.read(RecordFile(Array(whole.prefix(count))), kind: kind)
            #expect(list.records.count == 1 || !list.problems.isEmpty, "\(count)")
        }
    }

    @Test func `what a log has committed counts, and what it has not does not`() throws {
        let header = RPMBuilder.header(padding: 9000)
        var renamed = header
        let place = try #require(renamed.indices.first { renamed[$0...].starts(with: Array("bash\0".utf8)) })
        renamed[place] = UInt8(ascii: "d")
        let old = RPMBuilder.database(.sqlite, of: header, journal: 2)
        let new = RPMBuilder.database(.sqlite, of: renamed, journal: 2)
        let committed = RPMBuilder.log(of: new, pageSize: 4096, commits: true)
        let pending = RPMBuilder.log(of: new, pageSize: 4096, commits: false)
        func name(_ file: [UInt8], _ log: [UInt8]) -> String? {
            RPMDatabase.read(RecordFile(file), kind: .sqlite, log: RecordFile(log)).records.first
                .map { text($0.package.name) }
        }
        #expect(name(old, committed) == "dash")
        #expect(name(old, pending) == "bash")
        var damaged = committed
        damaged[damaged.count - 1] ^= 1
        #expect(name(old, damaged) == "bash")
        #expect(name(RPMBuilder.database(.sqlite, of: header, journal: 1), committed) == "bash")
    }

    @Test func `pages that lead in circles end`() {
        var file = RPMBuilder.database(.sqlite, of: RPMBuilder.header(padding: 9000))
        // The table's page becomes one that has itself below it.
        file.replaceSubrange(4096..<4108, with: [5, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2])
        let list = RPMDatabase.read(RecordFile(file), kind: .sqlite)
        #expect(list.records.isEmpty)
        #expect(list.problems.map(\.description) == ["SQLite database: its pages lead in circles"])
    }

    @Test func `a manifest of a distribution without rpm is read`() {
        let list = RPMDatabase.readManifest(
            Array(
                "bash\t5.1.8-1.cm2\t1\t2\tMicrosoft Corporation\t(none)\t9\tx86_64\t1\tbash-5.1.8-1.cm2.src.rpm\n".utf8)
        )
        #expect(list.records.map { text($0.package.version) } == ["1:5.1.8-1.cm2"])
        #expect(list.records.map { text($0.package.sourceName) } == ["bash"])
    }
}

/// Builds headers and databases.
enum RPMBuilder {
    private static func big(_ value: Int, _ count: Int = 4) -> [UInt8] {
        (0..<count).map { UInt8(truncatingIfNeeded: value >> (8 * (count - 1 - $0))) }
    }

    private static func little(_ value: Int, _ count: Int = 4) -> [UInt8] { big(value, count).reversed() }

    /// A header of a package with two files.
    static func header(padding: Int = 0) -> [UInt8] {
        var index: [UInt8] = []
        var data: [UInt8] = []
        var count = 0
        func add(_ tag: Int, _ type: Int, _ entries: Int, _ bytes: [UInt8]) {
            if type == 4 { data += [UInt8](repeating: 0, count: (4 - data.count % 4) % 4) }
            index += big(tag) + big(type) + big(data.count) + big(entries)
            data += bytes
            count += 1
        }
        func string(_ tag: Int, _ value: String) { add(tag, 6, 1, Array(value.utf8) + [0]) }
        string(1000, "bash")
        string(1001, "5.1.8")
        string(1002, "6.el9")
        add(1003, 4, 1, big(1))
        string(1014, "GPLv3+")
        string(1022, "x86_64")
        string(1044, "bash-src-5.1.8-6.el9.src.rpm")
        add(1030, 3, 3, big(0o100755, 2) + big(0o100644, 2) + big(0o040755, 2))
        let digest = Array(String(repeating: "ab", count: 32).utf8)
        add(1035, 8, 3, digest + [0] + digest + [0, 0])
        add(1037, 4, 3, big(0) + big(1) + big(0))
        add(1116, 4, 3, big(0) + big(1) + big(0))
        add(1117, 8, 3, Array("bash\0bashrc\0dir\0".utf8))
        add(1118, 8, 2, Array("/usr/bin/\0/etc/\0".utf8))
        add(5011, 4, 1, big(8))
        add(9999, 7, padding, [UInt8](repeating: 7, count: padding))
        return big(count) + big(data.count) + index + data
    }

    static func database(_ kind: RPMDatabase.Kind, of header: [UInt8], journal: UInt8 = 1) -> [UInt8] {
        switch kind {
        case .sqlite: sqlite(header, journal)
        case .ndb: ndb(header)
        case .berkeley: berkeley(header)
        }
    }

    private static func padded(_ bytes: [UInt8], _ size: Int = 4096) -> [UInt8] {
        bytes + [UInt8](repeating: 0, count: (size - bytes.count % size) % size)
    }

    private static func variable(_ value: Int) -> [UInt8] {
        var bytes = [UInt8(value & 0x7F)]
        var rest = value >> 7
        while rest > 0 {
            bytes.insert(UInt8(rest & 0x7F) | 0x80, at: 0)
            rest >>= 7
        }
        return bytes
    }

    /// Three kinds of pages: the schema, the table's leaf, and what of its row overflows.
    private static func sqlite(_ header: [UInt8], _ journal: UInt8) -> [UInt8] {
        let schema = Array("tablePackagesPackages".utf8)
        let row = [6, 13 + 2 * 5, 13 + 2 * 8, 13 + 2 * 8, 1, 0] + schema + [2]
        let cell = variable(row.count) + [1] + row
        var first = Array("SQLite format 3\0".utf8) + big(4096, 2) + [journal, journal, 0, 64, 32, 32]
        first += [UInt8](repeating: 0, count: 56 - first.count) + big(1)
        first += [UInt8](repeating: 0, count: 100 - first.count)
        first += [13] + big(0, 2) + big(1, 2) + big(4096 - cell.count, 2) + [0] + big(4096 - cell.count, 2)
        first += [UInt8](repeating: 0, count: 4096 - cell.count - first.count) + cell

        let types = variable(12 + 2 * header.count)
        let record = variable(2 + types.count) + [0] + types + header
        let least = (4096 - 12) * 32 / 255 - 23
        let fitting = least + (record.count - least) % 4092
        let here = record.count <= 4061 ? record.count : fitting <= 4061 ? fitting : least
        var overflow: [UInt8] = []
        var rest = record[here...]
        var next = 3
        while !rest.isEmpty {
            let piece = rest.prefix(4092)
            rest = rest.dropFirst(4092)
            next += 1
            overflow += padded(big(rest.isEmpty ? 0 : next) + piece)
        }
        let leafCell = variable(record.count) + [1] + record.prefix(here) + (here < record.count ? big(3) : [])
        var leaf: [UInt8] = [13] + big(0, 2) + big(1, 2) + big(4096 - leafCell.count, 2) + [0]
        leaf += big(4096 - leafCell.count, 2)
        leaf += [UInt8](repeating: 0, count: 4096 - leafCell.count - leaf.count) + leafCell
        return first + leaf + overflow
    }

    /// A log that rewrites all pages of a database.
    static func log(of file: [UInt8], pageSize: Int, commits: Bool) -> [UInt8] {
        var sums: (UInt32, UInt32) = (0, 0)
        func add(_ bytes: [UInt8]) {
            for start in stride(from: 0, to: bytes.count, by: 8) {
                func word(_ place: Int) -> UInt32 {
                    bytes[place..<(place + 4)].reduce(0) { $0 << 8 | UInt32($1) }
                }
                sums.0 = sums.0 &+ word(start) &+ sums.1
                sums.1 = sums.1 &+ word(start + 4) &+ sums.0
            }
        }
        var log = big(0x377F_0683) + big(3_007_000) + big(pageSize) + big(0) + big(17) + big(19)
        add(log)
        log += big(Int(sums.0)) + big(Int(sums.1))
        let count = file.count / pageSize
        for number in 1...count {
            let page = Array(file[((number - 1) * pageSize)..<(number * pageSize)])
            let head = big(number) + big(commits && number == count ? count : 0)
            add(head)
            add(page)
            log += head + big(17) + big(19) + big(Int(sums.0)) + big(Int(sums.1)) + page
        }
        return log
    }

    private static func ndb(_ header: [UInt8]) -> [UInt8] {
        let blob = padded(Array("BlbS".utf8) + little(1) + little(0) + little(header.count) + header, 16)
        var slots = Array("RpmP".utf8) + little(0) + little(1) + little(1) + [UInt8](repeating: 0, count: 16)
        slots += Array("Slot".utf8) + little(1) + little(256) + little(blob.count / 16)
        while slots.count < 4096 { slots += Array("Slot".utf8) + little(0) + little(0) + little(0) }
        return slots + blob
    }

    private static func berkeley(_ header: [UInt8]) -> [UInt8] {
        let room = 4096 - 26
        let pieces = (header.count + room - 1) / room
        var first = [UInt8](repeating: 0, count: 12) + little(0x061561) + little(9) + little(4096) + [0, 8, 0, 0]
        first += little(0) + little(1 + pieces)
        let value = [3, 0, 0, 0] + little(2) + little(header.count)
        var hash = [UInt8](repeating: 0, count: 8) + little(1) + little(0) + little(0) + little(2, 2) + little(0, 2)
        hash += [0, 13] + little(4091, 2) + little(4079, 2)
        hash += [UInt8](repeating: 0, count: 4079 - hash.count) + value + [1, 1, 0, 0, 0]
        var file = padded(first) + padded(hash)
        for piece in 0..<pieces {
            let bytes = header[(piece * room)..<min(header.count, (piece + 1) * room)]
            let isLast = piece == pieces - 1
            file += padded(
                [UInt8](repeating: 0, count: 8) + little(2 + piece) + little(0) + little(isLast ? 0 : 3 + piece)
                    + little(1, 2) + little(bytes.count, 2) + [0, 7] + bytes)
        }
        return file
    }
}
