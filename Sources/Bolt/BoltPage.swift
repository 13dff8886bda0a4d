// SPDX-License-Identifier: Apache-2.0

/// A page of a B+ tree, whose elements are taken apart as they are asked for.
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
    /// How many elements it tells.
    let count: Int
    private let bytes: ArraySlice<UInt8>
    private let pages: BoltPages

    /// Looks at a page's header.
    init(_ bytes: ArraySlice<UInt8>, _ pages: BoltPages) throws(BoltError) {
        let fields = LittleEndian(bytes)
        guard let flags = fields.uint16(at: 8), let count = fields.uint16(at: 10) else {
            throw pages.damage("a page is cut off")
        }
        switch flags {
        case 0x01: isBranch = true
        case 0x02: isBranch = false
        default: throw pages.damage("a page of the tree is of kind \(flags)")
        }
        self.count = Int(count)
        self.bytes = bytes
        self.pages = pages
        try pages.count(1)
    }

    /// All elements, which the walk's budget must have room for.
    func elements() throws(BoltError) -> [Element] {
        try pages.count(count)
        var elements: [Element] = []
        elements.reserveCapacity(count)
        for number in 0..<count { elements.append(try element(number)) }
        return elements
    }

    /// An element by its number.
    func element(_ number: Int) throws(BoltError) -> Element {
        let start = BoltMeta.headerSize + number * 16
        guard let element = isBranch ? branch(start) : leaf(start) else {
            throw pages.damage("element \(number) of a page lies outside of it")
        }
        return element
    }

    /// The number of the last element whose key is not behind another; nil where all are.
    ///
    /// Elements are sorted by their keys, which is not checked.
    func lastPlace(notBehind key: [UInt8]) throws(BoltError) -> Int? {
        var (low, high) = (0, count)
        while low < high {
            let middle = low + (high - low) / 2
            if key.lexicographicallyPrecedes(try element(middle).key) {
                high = middle
            } else {
                low = middle + 1
            }
        }
        return low > 0 ? low - 1 : nil
    }

    /// An element of a branch: the key's place from here, its size, the page.
    private func branch(_ start: Int) -> Element? {
        let fields = LittleEndian(bytes)
        guard let place = fields.uint32(at: start), let size = fields.uint32(at: start + 4),
            let page = fields.uint64(at: start + 8), let key = slice(start, UInt64(place), size)
        else { return nil }
        return Element(key: key, page: page, value: [], isBucket: false)
    }

    /// An element of a leaf: its kind, the key's place from here, the sizes of the key and of the value behind it.
    private func leaf(_ start: Int) -> Element? {
        let fields = LittleEndian(bytes)
        guard let flags = fields.uint32(at: start), let place = fields.uint32(at: start + 4),
            let keySize = fields.uint32(at: start + 8), let valueSize = fields.uint32(at: start + 12),
            let key = slice(start, UInt64(place), keySize),
            let value = slice(start, UInt64(place) + UInt64(keySize), valueSize)
        else { return nil }
        return Element(key: key, page: 0, value: value, isBucket: flags & 1 != 0)
    }

    private func slice(_ start: Int, _ place: UInt64, _ size: UInt32) -> ArraySlice<UInt8>? {
        // Two numbers of 32 bits and an index of the page: far from overflowing.
        let begin = UInt64(start) + place
        guard begin + UInt64(size) <= UInt64(bytes.count) else { return nil }
        let first = bytes.startIndex + Int(begin)
        return bytes[first..<first + Int(size)]
    }
}
