// SPDX-License-Identifier: Apache-2.0

/// The values of `Packages`: a hash table of Berkeley DB.
struct BerkeleyScan {
    private static let object = "rpm database (Berkeley DB)"
    private let file: RecordFile
    private let pageSize: Int
    private let lastPage: Int
    private let endian: Endian
    /// Pages that may still be read: each is read once.
    private var pagesLeft: Int

    init(_ file: RecordFile) throws(RecordError) {
        self.file = file
        let header = try file.bytes(at: 0, 512, of: Self.object)
        if header.word(at: 12, .little) == 0x061561 {
            endian = .little
        } else if header.word(at: 12, .big) == 0x061561 {
            endian = .big
        } else {
            throw RecordError(Self.object, "is no hash table")
        }
        guard let size = header.word(at: 20, endian), size >= 512, size <= 65536, size.nonzeroBitCount == 1 else {
            throw RecordError(Self.object, "has no size of pages between 512 and 65536")
        }
        guard header[24] == 0 else { throw RecordError(Self.object, "is encrypted") }
        guard header[25] == 8 else { throw RecordError(Self.object, "does not begin with the page of a hash table") }
        guard let last = header.word(at: 32, endian), UInt64(last) < file.size / UInt64(size) else {
            throw RecordError(Self.object, "tells more pages than it has")
        }
        pageSize = size
        lastPage = last
        pagesLeft = 2 * (last + 1)
    }

    private mutating func page(_ number: Int) throws(RecordError) -> [UInt8] {
        guard number <= lastPage else { throw RecordError(Self.object, at: "page \(number)", "is behind the last one") }
        pagesLeft -= 1
        guard pagesLeft >= 0 else { throw RecordError(Self.object, "its pages lead in circles") }
        return try file.bytes(at: UInt64(number) * UInt64(pageSize), pageSize, of: Self.object)
    }

    func forEachBlob(_ body: ([UInt8]) throws(RecordError) -> Void) throws(RecordError) {
        var scan = self
        var number = 1
        while number <= lastPage {
            let page = try scan.page(number)
            // Hash pages, of today and of old; others are buckets' overflow, free or of no interest.
            if page[25] == 13 || page[25] == 2 {
                guard let entries = page.half(at: 20, endian), 26 + 2 * entries <= pageSize else {
                    throw RecordError(Self.object, at: "page \(number)", "tells more entries than it has")
                }
                for entry in stride(from: 1, to: entries, by: 2) {
                    guard let offset = page.half(at: 26 + 2 * entry, endian), offset < pageSize else {
                        throw RecordError(Self.object, at: "page \(number)", "an entry lies outside of it")
                    }
                    // Headers are larger than what fits in a page; what is kept in one is the table's own.
                    guard page[offset] == 3 else { continue }
                    guard let first = page.word(at: offset + 4, endian), let length = page.word(at: offset + 8, endian),
                        length <= PackageLimit.headerByteCount
                    else {
                        throw RecordError(Self.object, at: "page \(number)", "a value is too large or cut off")
                    }
                    try body(try scan.value(first, length))
                }
            }
            number += 1
        }
    }

    /// The value of a chain of overflow pages.
    private mutating func value(_ first: Int, _ length: Int) throws(RecordError) -> [UInt8] {
        var value: [UInt8] = []
        var number = first
        while number != 0, value.count < length {
            let page = try page(number)
            guard page[25] == 7, let next = page.word(at: 16, endian), let filled = page.half(at: 22, endian) else {
                throw RecordError(Self.object, at: "page \(number)", "is no overflow page")
            }
            let count = next == 0 ? min(filled, pageSize - 26) : pageSize - 26
            value += page[26..<(26 + count)]
            number = next
        }
        guard value.count >= length else { throw RecordError(Self.object, at: "page \(first)", "a value is cut off") }
        return Array(value.prefix(length))
    }
}
