// SPDX-License-Identifier: Apache-2.0

import Synchronization

/// The pages of one state of a database, read as they are needed.
final class BoltPages: Sendable {
    /// The most pages and entries that one walk may look at.
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
    func page(_ number: UInt64) throws(BoltError) -> BoltPage {
        let (offset, overflow) = number.multipliedReportingOverflow(by: UInt64(meta.pageSize))
        guard number < meta.pageCount, !overflow else {
            throw BoltError(object, "is damaged: page \(number) is beyond its end")
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
        return try BoltPage(bytes[...], self)
    }

    /// Counts pages and their elements as they are looked at.
    func count(_ elements: Int) throws(BoltError) {
        let isTooMany = count.withLock { count in
            count += elements
            return count > Self.maximumCount
        }
        guard !isTooMany else { throw BoltError(object, "has more than \(Self.maximumCount) entries to read") }
    }

    /// An error of what is written in the file.
    func damage(_ what: String) -> BoltError { BoltError(object, "is damaged: \(what)") }
}
