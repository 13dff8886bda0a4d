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
    /// - Parameter size: the size that both are said to have; 0 also of files that are made while they are read.
    func differ(
        _ left: TreeNode, of leftTree: any TreeSource, _ right: TreeNode, of rightTree: any TreeSource, size: UInt64
    ) throws(SideFailure) -> Bool {
        var offset: UInt64 = 0
        while true {
            // What is asked for is no more than there should be: one read tells all of a small file.
            let wanted = size > offset ? Int(min(UInt64(Self.chunkSize), size - offset)) : Self.chunkSize
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
        }
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
