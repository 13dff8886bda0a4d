// SPDX-License-Identifier: Apache-2.0

/// The pages of an SQLite database as its last committed change left them.
struct SQLitePages {
    private static let object = "SQLite database"
    private let file: RecordFile
    private let log: RecordFile?
    /// Where in the log the newest committed bytes of a page lie.
    private var logged: [Int: UInt64] = [:]
    private let pageSize: Int
    /// Bytes of a page that are the table's.
    let usableSize: Int
    /// How many pages there are.
    private(set) var count: Int

    init(_ file: RecordFile, log: RecordFile?) throws(RecordError) {
        self.file = file
        self.log = log
        let header = try file.bytes(at: 0, 100, of: Self.object)
        guard header.starts(with: "SQLite format 3\0"), let size = header.half(at: 16, .big) else {
            throw RecordError(Self.object, "is none of format 3")
        }
        pageSize = size == 1 ? 65536 : size
        guard pageSize >= 512, pageSize.nonzeroBitCount == 1 else {
            throw RecordError(Self.object, "has no size of pages between 512 and 65536")
        }
        usableSize = pageSize - Int(header[20])
        guard usableSize >= 480 else { throw RecordError(Self.object, "reserves too much of its pages") }
        guard header.word(at: 56, .big) ?? 0 <= 1 else { throw RecordError(Self.object, "is not in UTF-8") }
        count = Int(clamping: file.size / UInt64(pageSize))
        // A log counts only where the file says that there is one.
        if let log, header[18] == 2, log.size >= 32 { try readLog(log) }
    }

    func page(_ number: Int) throws(RecordError) -> [UInt8] {
        guard number >= 1, number <= count else {
            throw RecordError(Self.object, at: "page \(number)", "is not there")
        }
        if let log, let offset = logged[number] { return try log.bytes(at: offset, pageSize, of: Self.object) }
        return try file.bytes(at: UInt64(number - 1) * UInt64(pageSize), pageSize, of: Self.object)
    }

    /// Finds the newest pages of a log, up to the last commit whose checksums are right.
    private mutating func readLog(_ log: RecordFile) throws(RecordError) {
        let object = "SQLite write-ahead log"
        let header = try log.bytes(at: 0, 32, of: object)
        guard let magic = header.word(at: 0, .big), magic & ~1 == 0x377F_0682,
            header.word(at: 8, .big) == pageSize
        else { return }
        let endian: Endian = magic & 1 == 1 ? .big : .little
        var sums = Sums()
        sums.add(header[..<24], endian)
        guard sums.equal(header, at: 24) else { return }
        var pending: [Int: UInt64] = [:]
        var offset: UInt64 = 32
        while log.size >= UInt64(pageSize) + 24, offset <= log.size - UInt64(pageSize) - 24 {
            let frame = try log.bytes(at: offset, 24 + pageSize, of: object)
            guard frame[8..<16].elementsEqual(header[16..<24]) else { break }
            sums.add(frame[..<8], endian)
            sums.add(frame[24...], endian)
            guard sums.equal(frame, at: 16), let number = frame.word(at: 0, .big), number > 0 else { break }
            pending[number] = offset + 24
            if let pages = frame.word(at: 4, .big), pages > 0 {
                logged.merge(pending) { $1 }
                pending = [:]
                count = pages
            }
            offset += UInt64(24 + pageSize)
        }
    }

    /// The two running sums of a log.
    private struct Sums {
        var first: UInt32 = 0
        var second: UInt32 = 0

        mutating func add(_ bytes: ArraySlice<UInt8>, _ endian: Endian) {
            bytes.withUnsafeBytes { buffer in
                for place in stride(from: 0, to: buffer.count - 7, by: 8) {
                    var words = (
                        buffer.loadUnaligned(fromByteOffset: place, as: UInt32.self),
                        buffer.loadUnaligned(fromByteOffset: place + 4, as: UInt32.self)
                    )
                    words =
                        endian == .big
                        ? (words.0.bigEndian, words.1.bigEndian) : (words.0.littleEndian, words.1.littleEndian)
                    first = first &+ words.0 &+ second
                    second = second &+ words.1 &+ first
                }
            }
        }

        func equal(_ bytes: [UInt8], at place: Int) -> Bool {
            bytes.word(at: place, .big) == Int(first) && bytes.word(at: place + 4, .big) == Int(second)
        }
    }
}
