// SPDX-License-Identifier: Apache-2.0

import Synchronization

/// The pages of one state of a database, read as they are needed.
final class BoltPages: Sendable {
    /// The most entries that the pages which are asked for may have together, a page itself counted as one.
    ///
    /// What leads in circles ends here.
    private static let maximumCount = 1_000_000
    /// The most bytes of a page with those that continue it.
    private static let maximumSize = 64 << 20

    private let source: BoltFile.Source
    private let meta: BoltMeta
    private let count = Mutex(0)
    let object: String

    init(source: @escaping BoltFile.Source, meta: BoltMeta, object: String) {
        self.source = source
        self.meta = meta
        self.object = object
    }

    /// A page by its number, with the pages that continue it.
    func page(_ number: UInt64) throws(EngineError) -> BoltPage {
        let (offset, overflow) = number.multipliedReportingOverflow(by: UInt64(meta.pageSize))
        guard number < meta.pageCount, !overflow else {
            throw EngineError(object, "is damaged: page \(number) is beyond its end")
        }
        var bytes = try source(offset, meta.pageSize)
        guard let more = LittleEndian(bytes).uint32(at: 12) else { throw damage("page \(number) is cut off") }
        if more > 0 {
            let (size, overflow) = (Int(more) + 1).multipliedReportingOverflow(by: meta.pageSize)
            guard !overflow, size <= Self.maximumSize else { throw damage("page \(number) is too large") }
            bytes = try source(offset, size)
            guard bytes.count == size else { throw damage("page \(number) is cut off") }
        }
        guard LittleEndian(bytes).uint64(at: 0) == number else { throw damage("page \(number) has another number") }
        return try BoltPage(bytes, self)
    }

    /// Counts what a page has.
    func count(_ elements: UInt16) throws(EngineError) {
        let isTooMany = count.withLock { count in
            count += Int(elements) + 1
            return count > Self.maximumCount
        }
        guard !isTooMany else { throw EngineError(object, "has more than \(Self.maximumCount) entries to read") }
    }

    /// An error of what is written in the file.
    func damage(_ what: String) -> EngineError { EngineError(object, "is damaged: \(what)") }
}

/// A page of a B+ tree, taken apart.
struct BoltPage {
    /// An entry: of a branch with a page, of a leaf with a value.
    struct Element {
        let key: ArraySlice<UInt8>
        /// The page that holds this key and those up to the next element's.
        let page: UInt64
        let value: ArraySlice<UInt8>
        /// Whether the value is a bucket.
        let isBucket: Bool
    }

    let isBranch: Bool
    let elements: [Element]

    /// Takes a page apart; elements are sorted by their keys, which is not checked.
    init(_ bytes: [UInt8], _ pages: BoltPages) throws(EngineError) {
        let fields = LittleEndian(bytes)
        guard let flags = fields.uint16(at: 8), let count = fields.uint16(at: 10) else {
            throw pages.damage("a page is cut off")
        }
        try pages.count(count)
        switch flags {
        case 0x01: isBranch = true
        case 0x02: isBranch = false
        default: throw pages.damage("a page of the tree is of kind \(flags)")
        }
        var elements: [Element] = []
        elements.reserveCapacity(Int(count))
        for number in 0..<Int(count) {
            let start = BoltMeta.headerSize + number * 16
            let element = isBranch ? Self.branch(bytes, fields, start) : Self.leaf(bytes, fields, start)
            guard let element else { throw pages.damage("element \(number) of a page lies outside of it") }
            elements.append(element)
        }
        self.elements = elements
    }

    /// An element of a branch: the key's place from here, its size, the page.
    private static func branch(_ bytes: [UInt8], _ fields: LittleEndian, _ start: Int) -> Element? {
        guard let place = fields.uint32(at: start), let size = fields.uint32(at: start + 4),
            let page = fields.uint64(at: start + 8), let key = slice(bytes, start, UInt64(place), size)
        else { return nil }
        return Element(key: key, page: page, value: [], isBucket: false)
    }

    /// An element of a leaf: its kind, the key's place from here, the sizes of the key and of the value behind it.
    private static func leaf(_ bytes: [UInt8], _ fields: LittleEndian, _ start: Int) -> Element? {
        guard let flags = fields.uint32(at: start), let place = fields.uint32(at: start + 4),
            let keySize = fields.uint32(at: start + 8), let valueSize = fields.uint32(at: start + 12),
            let key = slice(bytes, start, UInt64(place), keySize),
            let value = slice(bytes, start, UInt64(place) + UInt64(keySize), valueSize)
        else { return nil }
        return Element(key: key, page: 0, value: value, isBucket: flags & 1 != 0)
    }

    private static func slice(_ bytes: [UInt8], _ start: Int, _ place: UInt64, _ size: UInt32) -> ArraySlice<UInt8>? {
        // Two numbers of 32 bits and an index of the page: far from overflowing.
        let begin = UInt64(start) + place
        guard begin + UInt64(size) <= UInt64(bytes.count) else { return nil }
        return bytes[Int(begin)..<Int(begin + UInt64(size))]
    }
}
