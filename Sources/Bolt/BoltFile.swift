// SPDX-License-Identifier: Apache-2.0

package import LinuxIO

/// A database of bbolt, the key-value store that containerd keeps its records in, read while containerd writes to it.
///
/// Such a file is pages: two of them, the metas, name in turn the root of a B+ tree of pages. A change writes new pages
/// into ones that nothing needs, then one meta. So what a meta leads to is whole as long as no later change is finished;
/// containerd's lock, which it holds as long as it runs, is not needed. `read` checks for that and reads again; then it
/// copies files that are not large first, so that the time in which a change would matter is short.
///
/// Each `read` is a walk of its own: what it may look at is bounded, whatever was read before.
package struct BoltFile: Sendable {
    /// How often it is read again before giving up.
    private static let attempts = 100
    /// Bytes of a file that is copied before it is looked into: 32 MiB.
    private static let copyLimit = 32 << 20

    /// The bytes of a place of the file, fewer at its end.
    package typealias Source = @Sendable (_ offset: UInt64, _ count: Int) throws(BoltError) -> [UInt8]

    private let source: Source
    private let object: String

    /// Names a database by what gives its bytes.
    package init(object: String, source: @escaping Source) {
        self.object = object
        self.source = source
    }

    /// Names a database by its open file.
    package init(_ descriptor: Descriptor, object: String) {
        self.init(object: object) { (offset, count) throws(BoltError) in
            var bytes = [UInt8](repeating: 0, count: count)
            do {
                let done = try bytes.withUnsafeMutableBytes { try descriptor.read(at: offset, into: $0) }
                bytes.removeLast(count - done)
            } catch {
                throw BoltError(object, "\(error)")
            }
            return bytes
        }
    }

    /// Reads something of one state of the database.
    ///
    /// - Parameter body: may be called several times; what it gives or throws when nothing has changed meanwhile counts.
    /// - Throws: `BoltError`: what `body` throws of a state that stays, no database, or one that is changed too often.
    package func read<Result>(
        _ body: (BoltBucket) throws(BoltError) -> Result
    ) throws(BoltError) -> Result {
        for attempt in 0..<Self.attempts {
            let meta = try BoltMeta(of: source, object: object)
            // Mostly nothing changes, and a few pages are read of many.
            if attempt > 0, let copy = try copy(meta) {
                guard try isCurrent(meta) else { continue }
                let pages = BoltPages(source: Self.source(of: copy), meta: meta, object: object)
                return try body(try BoltBucket(pages, root: meta.root))
            }
            let result: Swift.Result<Result, BoltError>
            do throws(BoltError) {
                let pages = BoltPages(source: source, meta: meta, object: object)
                result = .success(try body(try BoltBucket(pages, root: meta.root)))
            } catch {
                result = .failure(error)
            }
            if try isCurrent(meta) { return try result.get() }
        }
        throw BoltError(object, "is changed again and again while it is read: try again later")
    }

    /// Whether no change was finished since a meta was read.
    private func isCurrent(_ meta: BoltMeta) throws(BoltError) -> Bool {
        try BoltMeta(of: source, object: object).transaction == meta.transaction
    }

    /// All pages of a state; nil where they are too many.
    private func copy(_ meta: BoltMeta) throws(BoltError) -> [UInt8]? {
        guard meta.pageCount <= UInt64(Self.copyLimit / meta.pageSize) else { return nil }
        return try source(0, Int(meta.pageCount) * meta.pageSize)
    }

    private static func source(of bytes: [UInt8]) -> Source {
        { (offset, count) throws(BoltError) in
            guard let start = Int(exactly: offset), start < bytes.count, count >= 0 else { return [] }
            return Array(bytes[start..<start + min(count, bytes.count - start)])
        }
    }
}

/// A meta page: where the tree of one state of the database begins.
struct BoltMeta {
    /// Bytes of a page.
    let pageSize: Int
    /// The page of the root bucket.
    let root: UInt64
    /// How many pages the state has: their numbers are below.
    let pageCount: UInt64
    /// Which change it was.
    let transaction: UInt64

    private static let magic: UInt32 = 0xED0C_DAED
    private static let version: UInt32 = 2
    /// Bytes of a page's header.
    static let headerSize = 16
    /// Bytes before the checksum, which is over them.
    private static let checkedSize = 56

    /// Finds the newer of the metas that are whole.
    init(of source: BoltFile.Source, object: String) throws(BoltError) {
        var found: [BoltMeta] = []
        if let first = Self.meta(in: try source(0, Self.headerSize + Self.checkedSize + 8)) {
            found.append(first)
            let second = try source(UInt64(first.pageSize), Self.headerSize + Self.checkedSize + 8)
            if let second = Self.meta(in: second), second.pageSize == first.pageSize { found.append(second) }
        } else {
            // The first was just being written: the second begins at one of the sizes that pages have.
            for shift in 9...16 {
                let place = try source(UInt64(1) << UInt64(shift), Self.headerSize + Self.checkedSize + 8)
                guard let meta = Self.meta(in: place), meta.pageSize == 1 << shift else { continue }
                found.append(meta)
                break
            }
        }
        guard let newest = found.max(by: { $0.transaction < $1.transaction }) else {
            throw BoltError(object, "is no bbolt database, or both its metas are damaged")
        }
        self = newest
    }

    private init(pageSize: Int, root: UInt64, pageCount: UInt64, transaction: UInt64) {
        self.pageSize = pageSize
        self.root = root
        self.pageCount = pageCount
        self.transaction = transaction
    }

    /// Reads a meta with its header; nil where the bytes are none.
    private static func meta(in bytes: [UInt8]) -> BoltMeta? {
        let fields = LittleEndian(bytes)
        guard let magic = fields.uint32(at: 16), magic == Self.magic, fields.uint32(at: 20) == version,
            let size = fields.uint32(at: 24), (512...65536).contains(size), size & (size - 1) == 0,
            let root = fields.uint64(at: 32), let pageCount = fields.uint64(at: 56),
            let transaction = fields.uint64(at: 64), let checksum = fields.uint64(at: 72)
        else { return nil }
        // FNV-1a with 64 bits.
        var hash: UInt64 = 0xCBF2_9CE4_8422_2325
        for byte in bytes[headerSize..<headerSize + checkedSize] {
            hash = (hash ^ UInt64(byte)) &* 0x100_0000_01B3
        }
        guard hash == checksum else { return nil }
        return BoltMeta(pageSize: Int(size), root: root, pageCount: pageCount, transaction: transaction)
    }
}
