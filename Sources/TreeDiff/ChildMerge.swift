// SPDX-License-Identifier: Apache-2.0

import FileTree
import Glibc

/// A pair of directories whose children are being merged; either may be empty.
struct ChildMerge {
    let left: [TreeChild]
    let right: [TreeChild]
    /// How much of the walk's path is the directory's.
    let pathCount: Int
    private var leftIndex = 0
    private var rightIndex = 0

    init(left: [TreeChild], right: [TreeChild], pathCount: Int) {
        self.left = left
        self.right = right
        self.pathCount = pathCount
    }

    /// The next name in byte order with the child of each side that has it; nil at the end.
    mutating func next() -> (TreeChild?, TreeChild?)? {
        guard leftIndex < left.count else {
            guard rightIndex < right.count else { return nil }
            rightIndex += 1
            return (nil, right[rightIndex - 1])
        }
        guard rightIndex < right.count else {
            leftIndex += 1
            return (left[leftIndex - 1], nil)
        }
        let order = Self.order(left[leftIndex].name, right[rightIndex].name)
        if order <= 0 { leftIndex += 1 }
        if order >= 0 { rightIndex += 1 }
        return (order <= 0 ? left[leftIndex - 1] : nil, order >= 0 ? right[rightIndex - 1] : nil)
    }

    private static func order(_ left: [UInt8], _ right: [UInt8]) -> Int {
        let order = left.withUnsafeBytes { left in
            right.withUnsafeBytes { right -> Int32 in
                guard let first = left.baseAddress, let second = right.baseAddress else { return 0 }
                return memcmp(first, second, min(left.count, right.count))
            }
        }
        return order != 0 ? Int(order) : left.count - right.count
    }
}
