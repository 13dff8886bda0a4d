// SPDX-License-Identifier: Apache-2.0

/// Writes databases of bbolt: metas, an empty list of free pages, and a B+ tree for each bucket.
///
/// It goes by the description of the format and shares nothing with the reader.
package struct BoltWriter {
    /// What a key leads to.
    package indirect enum Value {
        case text(String)
        case bucket([String: Value])
    }

    private static let pageSize = 4096
    private var pages: [[UInt8]] = []
    /// The number of the first page behind metas and free list.
    private static let firstPage = 3

    private struct Element {
        var key: [UInt8]
        var value: [UInt8]
        var isBucket = false
    }

    /// The bytes of a database with these buckets.
    package static func database(_ root: [String: Value]) -> [UInt8] {
        var writer = BoltWriter()
        let rootPage = writer.tree(writer.elements(root))
        let count = UInt64(firstPage + writer.pages.count)
        var bytes = meta(0, root: rootPage, count: count, transaction: 1)
        bytes += meta(1, root: rootPage, count: count, transaction: 2)
        bytes += padded(header(2, flags: 0x10, count: 0, overflow: 0))
        for page in writer.pages { bytes += page }
        return bytes
    }

    // MARK: - Trees

    private mutating func elements(_ bucket: [String: Value]) -> [Element] {
        bucket.sorted { $0.key.utf8.lexicographicallyPrecedes($1.key.utf8) }.map { key, value in
            switch value {
            case .text(let text): return Element(key: Array(key.utf8), value: Array(text.utf8))
            case .bucket(let inner):
                let root = tree(elements(inner))
                // The page of the root, and a number that is counted up.
                return Element(
                    key: Array(key.utf8), value: Self.number(root, 8) + Self.number(0, 8), isBucket: true)
            }
        }
    }

    /// Writes a tree; gives the number of its root.
    private mutating func tree(_ elements: [Element]) -> UInt64 {
        var level: [(key: [UInt8], page: UInt64)] = []
        for part in Self.parts(elements, size: { 16 + $0.key.count + $0.value.count }) {
            level.append((part.first?.key ?? [], leaf(part)))
        }
        while level.count > 1 {
            level = Self.parts(level, size: { 16 + $0.key.count }).map { ($0[0].key, branch($0)) }
        }
        return level[0].page
    }

    /// Elements in pages of at least two where they are not too large for one.
    private static func parts<Item>(_ items: [Item], size: (Item) -> Int) -> [[Item]] {
        var parts: [[Item]] = [[]]
        var filled = 16
        for item in items {
            if !parts[parts.count - 1].isEmpty, filled + size(item) > pageSize {
                parts.append([])
                filled = 16
            }
            parts[parts.count - 1].append(item)
            filled += size(item)
        }
        return parts
    }

    private mutating func leaf(_ elements: [Element]) -> UInt64 {
        var table: [UInt8] = []
        var data: [UInt8] = []
        for (place, element) in elements.enumerated() {
            table += Self.number(element.isBucket ? 1 : 0, 4)
            table += Self.number(UInt64((elements.count - place) * 16 + data.count), 4)
            table += Self.number(UInt64(element.key.count), 4) + Self.number(UInt64(element.value.count), 4)
            data += element.key + element.value
        }
        return add(flags: 2, count: elements.count, table + data)
    }

    private mutating func branch(_ children: [(key: [UInt8], page: UInt64)]) -> UInt64 {
        var table: [UInt8] = []
        var data: [UInt8] = []
        for (place, child) in children.enumerated() {
            table += Self.number(UInt64((children.count - place) * 16 + data.count), 4)
            table += Self.number(UInt64(child.key.count), 4) + Self.number(child.page, 8)
            data += child.key
        }
        return add(flags: 1, count: children.count, table + data)
    }

    private mutating func add(flags: UInt64, count: Int, _ body: [UInt8]) -> UInt64 {
        let id = UInt64(Self.firstPage + pages.count)
        let more = (16 + body.count - 1) / Self.pageSize
        let whole = Self.padded(Self.header(id, flags: flags, count: count, overflow: UInt64(more)) + body)
        for start in stride(from: 0, to: whole.count, by: Self.pageSize) {
            pages.append(Array(whole[start..<start + Self.pageSize]))
        }
        return id
    }

    // MARK: - Bytes

    private static func number(_ value: UInt64, _ count: Int) -> [UInt8] {
        (0..<count).map { UInt8(truncatingIfNeeded: value >> UInt64(8 * $0)) }
    }

    private static func header(_ id: UInt64, flags: UInt64, count: Int, overflow: UInt64) -> [UInt8] {
        number(id, 8) + number(flags, 2) + number(UInt64(count), 2) + number(overflow, 4)
    }

    private static func meta(_ id: UInt64, root: UInt64, count: UInt64, transaction: UInt64) -> [UInt8] {
        var fields = number(0xED0C_DAED, 4) + number(2, 4) + number(UInt64(pageSize), 4) + number(0, 4)
        fields += number(root, 8) + number(0, 8) + number(2, 8) + number(count, 8) + number(transaction, 8)
        var hash: UInt64 = 0xCBF2_9CE4_8422_2325
        for byte in fields { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01B3 }
        return padded(header(id, flags: 4, count: 0, overflow: 0) + fields + number(hash, 8))
    }

    private static func padded(_ bytes: [UInt8]) -> [UInt8] {
        bytes + [UInt8](repeating: 0, count: (pageSize - bytes.count % pageSize) % pageSize)
    }
}
