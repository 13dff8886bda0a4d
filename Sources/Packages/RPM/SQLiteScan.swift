// SPDX-License-Identifier: Apache-2.0

/// One table of an SQLite database, read from its first row to its last, with what its write-ahead log adds.
///
/// Knows tables with row numbers only, no indexes and no SQL: the schema is asked for the table's root page alone.
struct SQLiteScan {
    private static let object = "SQLite database"
    private let pages: SQLitePages
    /// Pages that may still be read.
    private var pagesLeft: Int

    init(_ file: RecordFile, log: RecordFile?) throws(RecordError) {
        pages = try SQLitePages(file, log: log)
        pagesLeft = pages.count + 1
    }

    /// Calls `body` with the first blob of each row of a table.
    func forEachBlob(
        ofTable name: String, _ body: ([UInt8]) throws(RecordError) -> Void
    ) throws(RecordError) {
        var scan = self
        var root: Int?
        try scan.forEachRow(root: 1) { (row) throws(RecordError) in
            let columns = try SQLiteRecord.columns(row)
            guard columns.count >= 4, case .text(let type) = columns[0], case .text(let table) = columns[1],
                case .integer(let page) = columns[3], type.elementsEqual("table".utf8), table.elementsEqual(name.utf8)
            else { return }
            guard root == nil, let page = Int(exactly: page) else {
                throw RecordError(Self.object, "its schema has the table \(name) twice, or nowhere")
            }
            root = page
        }
        guard let root else { throw RecordError(Self.object, "has no table \(name)") }
        scan.pagesLeft = pages.count
        try scan.forEachRow(root: root) { (row) throws(RecordError) in
            for case .blob(let blob) in try SQLiteRecord.columns(row) {
                try body(Array(blob))
                return
            }
            throw RecordError(Self.object, "a row of \(name) has no blob")
        }
    }

    private mutating func page(_ number: Int) throws(RecordError) -> [UInt8] {
        pagesLeft -= 1
        guard pagesLeft >= 0 else { throw RecordError(Self.object, "its pages lead in circles") }
        return try pages.page(number)
    }

    /// Calls `body` with the record of each row below a page, in their order.
    private mutating func forEachRow(
        root: Int, _ body: ([UInt8]) throws(RecordError) -> Void
    ) throws(RecordError) {
        var waiting = [root]
        while let number = waiting.popLast() {
            let page = try page(number)
            // The first page has the file's header in front.
            let start = number == 1 ? 100 : 0
            guard let count = page.half(at: start + 3, .big) else { break }
            switch page[start] {
            case 5:
                guard let right = page.word(at: start + 8, .big) else { break }
                var children: [Int] = []
                for cell in 0..<count {
                    guard let place = page.half(at: start + 12 + 2 * cell, .big), let child = page.word(at: place, .big)
                    else { throw damaged(number) }
                    children.append(child)
                }
                waiting.append(right)
                waiting += children.reversed()
                guard waiting.count <= pages.count + 1 else { throw damaged(number) }
            case 13:
                for cell in 0..<count {
                    guard let place = page.half(at: start + 8 + 2 * cell, .big) else { throw damaged(number) }
                    try body(try record(page, at: place, number))
                }
            default: throw RecordError(Self.object, at: "page \(number)", "is no page of a table")
            }
        }
    }

    private func damaged(_ page: Int) -> RecordError {
        RecordError(Self.object, at: "page \(page)", "has cells outside of it")
    }

    /// The record of a cell, with what lies on overflow pages.
    private mutating func record(_ page: [UInt8], at place: Int, _ number: Int) throws(RecordError) -> [UInt8] {
        var place = place
        guard let size = SQLiteRecord.variable(page, &place), SQLiteRecord.variable(page, &place) != nil else {
            throw damaged(number)
        }
        guard size <= UInt64(PackageLimit.headerByteCount) else {
            throw RecordError(
                Self.object, at: "page \(number)", "a row is larger than \(PackageLimit.headerByteCount) bytes")
        }
        let whole = Int(size)
        let usable = pages.usableSize
        let most = usable - 35
        var here = whole
        if whole > most {
            let least = (usable - 12) * 32 / 255 - 23
            let fitting = least + (whole - least) % (usable - 4)
            here = fitting <= most ? fitting : least
        }
        guard place + here <= page.count else { throw damaged(number) }
        var record = Array(page[place..<(place + here)])
        if here == whole { return record }
        guard var next = page.word(at: place + here, .big) else { throw damaged(number) }
        record.reserveCapacity(whole)
        while record.count < whole {
            guard next != 0 else { throw RecordError(Self.object, at: "page \(number)", "a row is cut off") }
            let overflow = try self.page(next)
            record += overflow[4..<min(usable, 4 + whole - record.count)]
            next = overflow.word(at: 0, .big) ?? 0
        }
        return record
    }
}

/// Records of SQLite: a header with the type of each column, then the columns.
enum SQLiteRecord {
    /// A column; numbers that are not whole are none of interest.
    enum Column {
        case other
        case integer(Int64)
        case text(ArraySlice<UInt8>)
        case blob(ArraySlice<UInt8>)
    }

    /// A number of one to nine bytes; nil at the end.
    static func variable(_ bytes: [UInt8], _ place: inout Int) -> UInt64? {
        var value: UInt64 = 0
        for step in 0..<9 {
            guard place >= 0, place < bytes.count else { return nil }
            let byte = bytes[place]
            place += 1
            if step == 8 { return value << 8 | UInt64(byte) }
            value = value << 7 | UInt64(byte & 0x7F)
            if byte & 0x80 == 0 { return value }
        }
        return nil
    }

    /// The columns of a record.
    static func columns(_ record: [UInt8]) throws(RecordError) -> [Column] {
        let damaged = RecordError("SQLite database", "a row's columns are not what its header tells")
        var place = 0
        guard let size = variable(record, &place), size <= UInt64(record.count) else { throw damaged }
        let headerEnd = Int(size)
        var data = headerEnd
        var columns: [Column] = []
        while place < headerEnd {
            guard let type = variable(record, &place), columns.count < 100 else { throw damaged }
            let width: UInt64
            switch type {
            case 0, 8, 9: width = 0
            case 1...4: width = type
            case 5: width = 6
            case 6, 7: width = 8
            case 10, 11: throw damaged
            default: width = (type - 12) / 2
            }
            guard width <= UInt64(record.count - data) else { throw damaged }
            let value = record[data..<(data + Int(width))]
            data += Int(width)
            switch type {
            case 1...6: columns.append(.integer(signed(value)))
            case 8: columns.append(.integer(0))
            case 9: columns.append(.integer(1))
            case 0, 7: columns.append(.other)
            default: columns.append(type % 2 == 0 ? .blob(value) : .text(value))
            }
        }
        return columns
    }

    private static func signed(_ bytes: ArraySlice<UInt8>) -> Int64 {
        var value: Int64 = (bytes.first ?? 0) & 0x80 == 0 ? 0 : -1
        for byte in bytes { value = value << 8 | Int64(byte) }
        return value
    }
}
