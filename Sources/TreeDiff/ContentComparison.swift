// SPDX-License-Identifier: Apache-2.0

import FileTree
import Glibc

/// Compares the bytes of two files through a pair of buffers that serve one thread.
final class ContentComparison {
    /// Both halves together fit into the cache that a core has to itself.
    private static let chunkSize = 128 << 10
    /// What is read into; of no meaning in between.
    let room: UnsafeMutableRawBufferPointer
    private var leftBuffer: UnsafeMutableRawBufferPointer { .init(rebasing: room[..<Self.chunkSize]) }
    private var rightBuffer: UnsafeMutableRawBufferPointer { .init(rebasing: room[Self.chunkSize...]) }

    init() {
        // SAFETY: freed in `deinit`, lent to one call at a time.
        room = .allocate(byteCount: 2 * Self.chunkSize, alignment: 4096)
    }

    deinit { room.deallocate() }

    /// Reads both files in step until they disagree or end.
    ///
    /// Where both have holes nothing is read: once zeros were met, the trees are asked where data comes next.
    ///
    /// - Parameter size: the size that both are said to have; 0 also of files that are made while they are read.
    func differ(
        _ left: TreeNode, of leftTree: any TreeSource, _ right: TreeNode, of rightTree: any TreeSource, size: UInt64
    ) throws(SideFailure) -> Bool {
        var offset: UInt64 = 0
        /// Up to here nothing is asked.
        var limit = size
        var mayHaveHoles = true
        while true {
            if offset == limit, offset < size {
                let next = try Self.earlier(
                    SideFailure.on(.left) { try leftTree.nextData(of: left, from: offset) },
                    SideFailure.on(.right) { try rightTree.nextData(of: right, from: offset) })
                switch next {
                case .none: return false
                case .run(let run): (offset, limit) = (min(run.lowerBound, size), min(run.upperBound, size))
                case .unknown: (limit, mayHaveHoles) = (size, false)
                }
                if offset == size { return false }
            }
            // What is asked for is no more than there should be: one read tells all of a small file.
            let wanted = size > offset ? Int(min(UInt64(Self.chunkSize), limit - offset)) : Self.chunkSize
            let (leftPart, rightPart) = (part(leftBuffer, wanted), part(rightBuffer, wanted))
            let leftCount = try SideFailure.on(.left) { try leftTree.read(left, at: offset, into: leftPart) }
            let rightCount = try SideFailure.on(.right) { try rightTree.read(right, at: offset, into: rightPart) }
            let count = min(leftCount, wanted)
            if leftCount != rightCount { return true }
            if count > 0, let first = leftPart.baseAddress, let second = rightPart.baseAddress,
                memcmp(first, second, count) != 0
            {
                return true
            }
            offset += UInt64(count)
            if count < wanted || offset == size { return false }
            if mayHaveHoles, limit == size, offset < size, Self.isZero(leftPart) { limit = offset }
        }
    }

    /// The next run in which both files are data or hole throughout, and not both a hole.
    private static func earlier(_ left: NextData, _ right: NextData) -> NextData {
        switch (left, right) {
        case (.unknown, _), (_, .unknown): return .unknown
        case (.none, let only), (let only, .none): return only
        case (.run(let left), .run(let right)):
            let start = min(left.lowerBound, right.lowerBound)
            let ends = [left.lowerBound, left.upperBound, right.lowerBound, right.upperBound]
            return .run(start..<(ends.filter { $0 > start }.min() ?? start))
        }
    }

    private static func isZero(_ bytes: UnsafeMutableRawBufferPointer) -> Bool {
        guard let first = bytes.first, first == 0, let start = bytes.baseAddress else { return false }
        // Each byte is the same as the one before.
        return memcmp(start, start + 1, bytes.count - 1) == 0
    }

    private func part(_ buffer: UnsafeMutableRawBufferPointer, _ count: Int) -> UnsafeMutableRawBufferPointer {
        UnsafeMutableRawBufferPointer(rebasing: buffer[..<count])
    }
}

/// A tree's error, with the side that it came from.
struct SideFailure: Error {
    let side: Side
    let cause: any Error

    /// Runs a call to one side's tree; its errors come out as `SideFailure`.
    @inline(__always)
    static func on<Result>(_ side: Side, _ call: () throws -> Result) throws(SideFailure) -> Result {
        do {
            return try call()
        } catch {
            throw SideFailure(side: side, cause: error)
        }
    }
}
