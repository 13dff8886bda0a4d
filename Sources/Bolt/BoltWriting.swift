// SPDX-License-Identifier: Apache-2.0

/// Writes a database of bbolt once, from the leaves up: what readers of the format take for one that was closed well.
///
/// Pages go to whoever makes it, from the third on; the first three are known at the end.
package struct BoltWriting {
    /// What a key leads to.
    package enum Content {
        case value([UInt8])
        /// The root page of a bucket that was written before.
        case bucket(UInt64)
    }

    /// Bytes of a page, and of the three that come first.
    private static let pageSize = 4096
    /// Where what is written begins, in bytes.
    package static let start: UInt64 = 3 * 4096

    private let write: ([UInt8]) throws -> Void
    private var nextPage: UInt64 = 3

    /// Starts a database.
    ///
    /// - Parameter write: takes pages, one after the other from `start` on.
    package init(write: @escaping ([UInt8]) throws -> Void) { self.write = write }

    /// Writes a bucket.
    ///
    /// - Parameter entries: sorted by the bytes of their keys, each key once.
    /// - Returns: the number of its root page.
    package mutating func bucket(_ entries: [(key: [UInt8], content: Content)]) throws -> UInt64 {
        var level: [(key: [UInt8], page: UInt64)] = []
        var leaf = Page(isLeaf: true)
        for (key, content) in entries {
            let (flags, value): (UInt32, [UInt8]) =
                switch content {
                case .value(let bytes): (0, bytes)
                case .bucket(let root): (1, Self.bytes(root) + Self.bytes(UInt64(0)))
                }
            if leaf.count > 0, leaf.byteCount + 16 + key.count + value.count > Self.pageSize {
                level.append((leaf.firstKey, try add(leaf)))
                leaf = Page(isLeaf: true)
            }
            leaf.add(key, value, flags)
        }
        level.append((leaf.firstKey, try add(leaf)))
        while level.count > 1 {
            var above: [(key: [UInt8], page: UInt64)] = []
            var branch = Page(isLeaf: false)
            for (key, page) in level {
                if branch.count > 1, branch.byteCount + 16 + key.count > Self.pageSize {
                    above.append((branch.firstKey, try add(branch)))
                    branch = Page(isLeaf: false)
                }
                branch.add(key, page)
            }
            above.append((branch.firstKey, try add(branch)))
            level = above
        }
        return level[0].page
    }

    /// The first three pages of a database whose outermost bucket was written.
    package func head(root: UInt64) -> [UInt8] {
        let free = Self.padded(Self.header(2, flags: 0x10, count: 0, overflow: 0))
        return meta(0, root: root) + meta(1, root: root) + free
    }

    /// The elements of a page and their bytes.
    private struct Page {
        let isLeaf: Bool
        private var elements: [(head: [UInt8], key: Int, offset: Int)] = []
        private var data: [UInt8] = []
        private(set) var firstKey: [UInt8] = []

        init(isLeaf: Bool) { self.isLeaf = isLeaf }

        var count: Int { elements.count }
        var byteCount: Int { 16 + elements.count * 16 + data.count }

        mutating func add(_ key: [UInt8], _ value: [UInt8], _ flags: UInt32) {
            if elements.isEmpty { firstKey = key }
            elements.append((BoltWriting.bytes(flags), key.count, data.count))
            data += key + value
            valueCounts.append(value.count)
        }

        mutating func add(_ key: [UInt8], _ page: UInt64) {
            if elements.isEmpty { firstKey = key }
            elements.append((BoltWriting.bytes(page), key.count, data.count))
            data += key
        }

        private var valueCounts: [Int] = []

        var body: [UInt8] {
            var table: [UInt8] = []
            for (place, element) in elements.enumerated() {
                let offset = UInt32(truncatingIfNeeded: (elements.count - place) * 16 + element.offset)
                let keyCount = UInt32(truncatingIfNeeded: element.key)
                if isLeaf {
                    table += element.head + BoltWriting.bytes(offset) + BoltWriting.bytes(keyCount)
                    table += BoltWriting.bytes(UInt32(truncatingIfNeeded: valueCounts[place]))
                } else {
                    table += BoltWriting.bytes(offset) + BoltWriting.bytes(keyCount) + element.head
                }
            }
            return table + data
        }
    }

    private mutating func add(_ page: Page) throws -> UInt64 {
        let body = page.body
        let number = nextPage
        let more = (16 + body.count - 1) / Self.pageSize
        try write(
            Self.padded(
                Self.header(number, flags: page.isLeaf ? 2 : 1, count: page.count, overflow: UInt32(more)) + body))
        nextPage += UInt64(more) + 1
        return number
    }

    private static func header(_ id: UInt64, flags: UInt16, count: Int, overflow: UInt32) -> [UInt8] {
        bytes(id) + bytes(flags) + bytes(UInt16(truncatingIfNeeded: count)) + bytes(overflow)
    }

    private func meta(_ id: UInt64, root: UInt64) -> [UInt8] {
        var fields = Self.bytes(UInt32(0xED0C_DAED)) + Self.bytes(UInt32(2)) + Self.bytes(UInt32(Self.pageSize))
        fields += Self.bytes(UInt32(0)) + Self.bytes(root) + Self.bytes(UInt64(0)) + Self.bytes(UInt64(2))
        fields += Self.bytes(nextPage) + Self.bytes(id + 1)
        // FNV-1a over all fields.
        let hash = fields.reduce(UInt64(0xCBF2_9CE4_8422_2325)) { ($0 ^ UInt64($1)) &* 0x100_0000_01B3 }
        return Self.padded(Self.header(id, flags: 4, count: 0, overflow: 0) + fields + Self.bytes(hash))
    }

    private static func padded(_ bytes: [UInt8]) -> [UInt8] {
        bytes + [UInt8](repeating: 0, count: (pageSize - bytes.count % pageSize) % pageSize)
    }

    private static func bytes(_ number: some FixedWidthInteger) -> [UInt8] {
        withUnsafeBytes(of: number.littleEndian) { Array($0) }
    }
}
