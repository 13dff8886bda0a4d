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

    /// The most entries of a bucket that are given as a whole.
    private static let maximumCount = 100_000
    /// The most levels of a bucket's tree.
    private static let maximumDepth = 64
    /// Bytes of a bucket's own record before what may be its only page.
    private static let recordSize = 16

    private let pages: BoltPages
    private let root: BoltPage

    /// Opens the bucket whose tree begins at a page.
    init(_ pages: BoltPages, root: UInt64) throws(BoltError) {
        self.pages = pages
        self.root = try pages.page(root)
    }

    /// Opens the bucket of a value: the number of its page, or where that is 0 the page itself behind the record.
    private init(_ pages: BoltPages, value: ArraySlice<UInt8>) throws(BoltError) {
        self.pages = pages
        guard let number = LittleEndian(value.prefix(8)).uint64(at: 0), value.count >= Self.recordSize else {
            throw pages.damage("a bucket is cut off")
        }
        root =
            try number == 0
            ? BoltPage(value.dropFirst(Self.recordSize), pages) : pages.page(number)
    }

    /// The bucket of a key; nil where there is none.
    package func bucket(_ key: String) throws(BoltError) -> BoltBucket? { try bucket(Array(key.utf8)) }

    /// The bucket of a key; nil where there is none.
    package func bucket(_ key: [UInt8]) throws(BoltError) -> BoltBucket? {
        guard let element = try find(key), element.isBucket else { return nil }
        return try BoltBucket(pages, value: element.value)
    }

    /// The value of a key; nil where there is none.
    package func value(_ key: String) throws(BoltError) -> [UInt8]? {
        guard let element = try find(Array(key.utf8)), !element.isBucket else { return nil }
        return Array(element.value)
    }

    /// The value of a key as text; nil where there is none.
    package func text(_ key: String) throws(BoltError) -> String? {
        try value(key).map { String(decoding: $0, as: UTF8.self) }
    }

    /// Everything in the bucket in the order of its keys, at most 100,000 entries.
    package func entries() throws(BoltError) -> [(key: [UInt8], content: Content)] {
        var result: [(key: [UInt8], content: Content)] = []
        // Each level's elements that are still to be visited.
        var levels = [root.isBranch ? try root.elements()[...] : [][...]]
        var leaf: BoltPage? = root.isBranch ? nil : root
        while true {
            for element in try leaf?.elements() ?? [] {
                guard result.count < Self.maximumCount else {
                    throw BoltError(pages.object, "has more than \(Self.maximumCount) entries in a bucket")
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
                levels.append(try page.elements()[...])
            } else {
                leaf = page
            }
        }
    }

    /// The names of the buckets in this one that begin with a text, in their order, without a look into them.
    package func bucketNames(startingWith prefix: String) throws(BoltError) -> [[UInt8]] {
        let prefix = Array(prefix.utf8)
        var names: [[UInt8]] = []
        var pending = [root]
        var depth = 0
        while let page = pending.popLast() {
            depth += 1
            guard depth < Self.maximumCount else { throw pages.damage("its tree leads in circles") }
            let elements = try page.elements()
            guard page.isBranch else {
                for element in elements where element.isBucket && element.key.starts(with: prefix) {
                    names.append(Array(element.key))
                }
                continue
            }
            // What is wholly before the prefix or behind it is not looked at.
            for (place, element) in elements.enumerated().reversed() {
                let isBehind = prefix.lexicographicallyPrecedes(element.key) && !element.key.starts(with: prefix)
                let isBefore =
                    place + 1 < elements.count && elements[place + 1].key.lexicographicallyPrecedes(prefix)
                if !isBehind && !isBefore { pending.append(try pages.page(element.page)) }
            }
        }
        return names
    }

    private func find(_ key: [UInt8]) throws(BoltError) -> BoltPage.Element? {
        var page = root
        for _ in 0..<Self.maximumDepth {
            let place = try page.lastPlace(notBehind: key)
            guard page.isBranch else {
                guard let place else { return nil }
                let element = try page.element(place)
                return element.key.elementsEqual(key) ? element : nil
            }
            // One before the first key can only be in the first page.
            guard page.count > 0 else { return nil }
            page = try pages.page(try page.element(place ?? 0).page)
        }
        throw pages.damage("its tree is too deep")
    }
}
