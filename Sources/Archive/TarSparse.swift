// SPDX-License-Identifier: Apache-2.0

/// Where the stored bytes of a sparse file belong.
struct SparseMap {
    /// A run of stored bytes.
    struct Piece: Hashable {
        var offset: UInt64
        var length: UInt64
    }

    /// The most pieces a file may have.
    static let maximumPieceCount = 262_144

    /// The runs, ascending, not overlapping, none empty.
    private(set) var pieces: [Piece] = []
    private var end: UInt64 = 0

    /// Adds the next run.
    mutating func add(offset: UInt64, length: UInt64) throws(ArchiveError) {
        let (next, overflow) = offset.addingReportingOverflow(length)
        guard !overflow, offset >= end else { throw ArchiveError(reason: "sparse file: pieces out of order") }
        end = next
        guard length > 0 else { return }
        guard pieces.count < Self.maximumPieceCount else {
            throw ArchiveError(reason: "sparse file: more than \(Self.maximumPieceCount) pieces")
        }
        pieces.append(Piece(offset: offset, length: length))
    }

    /// Checks that the runs lie within the file and are just what is stored.
    func validate(size: UInt64, storedSize: UInt64) throws(ArchiveError) {
        guard end <= size else { throw ArchiveError(reason: "sparse file: a piece beyond its size") }
        // The sum cannot overflow: the pieces do not overlap.
        guard pieces.reduce(0, { $0 + $1.length }) == storedSize else {
            throw ArchiveError(reason: "sparse file: the map does not fit what is stored")
        }
    }

    /// Adds the entries of an old GNU header or of the block behind it: 24 bytes each, offset and length; a NUL begins
    /// the unused ones.
    mutating func add(gnuEntries block: [UInt8], in range: Range<Int>) throws(ArchiveError) {
        var start = range.lowerBound
        while start + 24 <= range.upperBound, block[start] != 0 {
            let (offset, length): (Int64?, Int64?) = block.withUnsafeBytes {
                (TarHeader.number($0, start..<start + 12), TarHeader.number($0, start + 12..<start + 24))
            }
            guard let offset = offset.flatMap({ UInt64(exactly: $0) }),
                let length = length.flatMap({ UInt64(exactly: $0) })
            else { throw Self.malformed }
            try add(offset: offset, length: length)
            start += 24
        }
    }

    /// The map of the pax formats 0.0 (a record for each number) and 0.1 (all in one); nil if there is none.
    static func inRecords(_ pax: PaxRecords) throws(ArchiveError) -> SparseMap? {
        var numbers = pax.sparseNumbers
        if let map = pax[.sparseMap] {
            numbers = map.split(separator: UInt8(ascii: ","), omittingEmptySubsequences: false).map(Array.init)
        }
        guard pax[.sparseBlockCount] != nil || !numbers.isEmpty else { return nil }
        guard numbers.count.isMultiple(of: 2) else { throw malformed }
        if let count = try pax.integer(.sparseBlockCount), count != Int64(numbers.count / 2) { throw malformed }
        var map = SparseMap()
        for index in stride(from: 0, to: numbers.count, by: 2) {
            guard let offset = PaxRecords.decimal(numbers[index]), let length = PaxRecords.decimal(numbers[index + 1])
            else { throw malformed }
            try map.add(offset: offset, length: length)
        }
        return map
    }

    static let malformed = ArchiveError(reason: "sparse file: a malformed map")
}
