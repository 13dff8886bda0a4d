// SPDX-License-Identifier: Apache-2.0

/// A bucket of a bbolt database: values and further buckets by their keys.
package struct BoltBucket {
    /// What a key leads to.
    package enum Content {
        /// Bytes.
        case value([UInt8])
        /// A bucket.
        case bucket(BoltBucket)
    }

    /// The most levels of a bucket's tree.
    private static let maximumDepth = 64
    /// Bytes of a bucket's own record before what may be its only page.
    private static let recordSize = 16

    private let pages: BoltPages
    private let root: BoltPage

    /// Opens the bucket whose tree begins at a page.
    init(_ pages: BoltPages, root: UInt64) throws(EngineError) {
        self.pages = pages
        self.root = try pages.page(root)
    }

    /// Opens the bucket of a value: the number of its page, or where that is 0 the page itself behind the record.
    private init(_ pages: BoltPages, value: ArraySlice<UInt8>) throws(EngineError) {
        self.pages = pages
        guard let number = LittleEndian(Array(value.prefix(8))).uint64(at: 0), value.count >= Self.recordSize else {
            throw pages.damage("a bucket is cut off")
        }
        root =
            try number == 0
            ? BoltPage(Array(value.dropFirst(Self.recordSize)), pages) : pages.page(number)
    }

    /// The bucket of a key; nil where there is none.
    package func bucket(_ key: String) throws(EngineError) -> BoltBucket? {
        guard let element = try find(Array(key.utf8)), element.isBucket else { return nil }
        return try BoltBucket(pages, value: element.value)
    }

    /// The value of a key; nil where there is none.
    package func value(_ key: String) throws(EngineError) -> [UInt8]? {
        guard let element = try find(Array(key.utf8)), !element.isBucket else { return nil }
        return Array(element.value)
    }

    /// The value of a key as text; nil where there is none.
    package func text(_ key: String) throws(EngineError) -> String? {
        try value(key).map { String(decoding: $0, as: UTF8.self) }
    }

    /// Everything in the bucket in the order of its keys, at most 100,000 entries.
    package func entries() throws(EngineError) -> [(key: [UInt8], content: Content)] {
        var result: [(key: [UInt8], content: Content)] = []
        // Each level's elements that are still to be visited.
        var levels = [root.isBranch ? root.elements[...] : [][...]]
        var leaf: BoltPage? = root.isBranch ? nil : root
        while true {
            for element in leaf?.elements ?? [] {
                guard result.count < EngineLimit.count else {
                    throw EngineError(pages.object, "has more than \(EngineLimit.count) entries in a bucket")
                }
                let content: Content =
                    element.isBucket
                    ? .bucket(try BoltBucket(pages, value: element.value)) : .value(Array(element.value))
                result.append((Array(element.key), content))
            }
            leaf = nil
            while let level = levels.last, level.isEmpty { levels.removeLast() }
            guard let next = levels.last?.first else { return result }
            levels[levels.count - 1].removeFirst()
            let page = try pages.page(next.page)
            if page.isBranch {
                guard levels.count < Self.maximumDepth else { throw pages.damage("its tree is too deep") }
                levels.append(page.elements[...])
            } else {
                leaf = page
            }
        }
    }

    private func find(_ key: [UInt8]) throws(EngineError) -> BoltPage.Element? {
        var page = root
        for _ in 0..<Self.maximumDepth {
            guard page.isBranch else { return page.elements.first { $0.key.elementsEqual(key) } }
            // The last whose key is not behind; one before the first key can only be in the first page.
            guard
                let next = page.elements.last(where: { !key.lexicographicallyPrecedes($0.key) }) ?? page.elements.first
            else { return nil }
            page = try pages.page(next.page)
        }
        throw pages.damage("its tree is too deep")
    }
}
