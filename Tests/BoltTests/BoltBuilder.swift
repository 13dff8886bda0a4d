// SPDX-License-Identifier: Apache-2.0

import Synchronization

@testable import Bolt

/// A bbolt database made page by page, of 4096 bytes each.
struct BoltBuilder {
    /// An element of a leaf: a key with a value, or with a bucket's record.
    struct Element {
        var key: String
        var value: [UInt8]
        var isBucket = false

        static func value(_ key: String, _ value: String) -> Element { Element(key: key, value: Array(value.utf8)) }

        /// A bucket whose tree begins at a page.
        static func bucket(_ key: String, page: UInt64) -> Element {
            Element(key: key, value: BoltBuilder.number(page) + BoltBuilder.number(0), isBucket: true)
        }

        /// A bucket whose only page is in its record.
        static func inline(_ key: String, _ elements: [Element]) -> Element {
            Element(
                key: key, value: BoltBuilder.number(0) + BoltBuilder.number(0) + BoltBuilder.leaf(0, elements),
                isBucket: true)
        }
    }

    static let pageSize = 4096
    /// The whole file.
    var bytes: [UInt8] = []

    /// A database whose root bucket's tree begins at page 3, with two metas of the changes 1 and 2.
    init(_ pages: [[UInt8]] = []) {
        bytes = Self.meta(0, transaction: 2, count: 100) + Self.meta(1, transaction: 1, count: 100)
        bytes += Self.padded(Self.header(2, flags: 0x10, count: 0))
        for page in pages { bytes += Self.padded(page) }
    }

    static func number(_ value: UInt64, bytes count: Int = 8) -> [UInt8] {
        (0..<count).map { UInt8(truncatingIfNeeded: value >> UInt64(8 * $0)) }
    }

    static func header(_ id: UInt64, flags: UInt64, count: Int, overflow: UInt64 = 0) -> [UInt8] {
        number(id) + number(flags, bytes: 2) + number(UInt64(count), bytes: 2) + number(overflow, bytes: 4)
    }

    static func meta(_ page: UInt64, transaction: UInt64, count: UInt64, root: UInt64 = 3) -> [UInt8] {
        var fields = number(0xED0C_DAED, bytes: 4) + number(2, bytes: 4) + number(UInt64(pageSize), bytes: 4)
        fields += number(0, bytes: 4) + number(root) + number(0) + number(2) + number(count) + number(transaction)
        var hash: UInt64 = 0xCBF2_9CE4_8422_2325
        for byte in fields { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01B3 }
        return padded(header(page, flags: 0x04, count: 0) + fields + number(hash))
    }

    static func leaf(_ id: UInt64, _ elements: [Element], overflow: UInt64 = 0) -> [UInt8] {
        var table: [UInt8] = []
        var data: [UInt8] = []
        for (position, element) in elements.enumerated() {
            let place = (elements.count - position) * 16 + data.count
            table += number(element.isBucket ? 1 : 0, bytes: 4) + number(UInt64(place), bytes: 4)
            table += number(UInt64(element.key.utf8.count), bytes: 4) + number(UInt64(element.value.count), bytes: 4)
            data += Array(element.key.utf8) + element.value
        }
        return header(id, flags: 0x02, count: elements.count, overflow: overflow) + table + data
    }

    static func branch(_ id: UInt64, _ children: [(key: String, page: UInt64)]) -> [UInt8] {
        var table: [UInt8] = []
        var data: [UInt8] = []
        for (position, child) in children.enumerated() {
            table += number(UInt64((children.count - position) * 16 + data.count), bytes: 4)
            table += number(UInt64(child.key.utf8.count), bytes: 4) + number(child.page)
            data += Array(child.key.utf8)
        }
        return header(id, flags: 0x01, count: children.count) + table + data
    }

    static func padded(_ bytes: [UInt8]) -> [UInt8] {
        bytes + [UInt8](repeating: 0, count: (pageSize - bytes.count % pageSize) % pageSize)
    }

    /// Replaces a page of the file.
    mutating func replace(page: Int, with bytes: [UInt8]) {
        let start = page * Self.pageSize
        self.bytes.replaceSubrange(start..<start + Self.pageSize, with: Self.padded(bytes))
    }

    /// The database as a file that does not change.
    var file: BoltFile { Self.file { bytes } }

    /// A database whose bytes are asked for at every read.
    static func file(_ current: @escaping @Sendable () -> [UInt8]) -> BoltFile {
        BoltFile(object: "db") { (offset, count) throws(BoltError) in
            let bytes = current()
            guard let start = Int(exactly: offset), start < bytes.count else { return [] }
            return Array(bytes[start..<min(bytes.count, start + count)])
        }
    }
}
