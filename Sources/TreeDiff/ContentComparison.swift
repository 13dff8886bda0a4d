// SPDX-License-Identifier: Apache-2.0

import FileTree
import Glibc

/// Compares the bytes of two files through a pair of buffers that serve one walk.
final class ContentComparison {
    private static let chunkSize = 1 << 20
    private let leftBuffer: UnsafeMutableRawBufferPointer
    private let rightBuffer: UnsafeMutableRawBufferPointer

    init() {
        // SAFETY: freed in `deinit`, lent to one `read` at a time.
        leftBuffer = .allocate(byteCount: Self.chunkSize, alignment: 16)
        rightBuffer = .allocate(byteCount: Self.chunkSize, alignment: 16)
    }

    deinit {
        leftBuffer.deallocate()
        rightBuffer.deallocate()
    }

    /// Reads both files in step until they disagree or end.
    ///
    /// - Throws: `SideFailure` if a side cannot be read.
    func differ(
        _ left: TreeNode, of leftTree: any TreeSource, _ right: TreeNode, of rightTree: any TreeSource
    ) throws -> Bool {
        var offset: UInt64 = 0
        while true {
            let leftCount = try SideFailure.on(.left) { try leftTree.read(left, at: offset, into: leftBuffer) }
            let rightCount = try SideFailure.on(.right) { try rightTree.read(right, at: offset, into: rightBuffer) }
            let count = min(leftCount, leftBuffer.count)
            if leftCount != rightCount { return true }
            if count > 0, let first = leftBuffer.baseAddress, let second = rightBuffer.baseAddress,
                memcmp(first, second, count) != 0
            {
                return true
            }
            if count < leftBuffer.count { return false }
            offset += UInt64(count)
        }
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
