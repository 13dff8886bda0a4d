// SPDX-License-Identifier: Apache-2.0

import FileTree
import Glibc

/// A file of one side, before anything was asked about it.
struct Place {
    let node: TreeNode
    let type: FileType
}

/// What each of two directories has under a name.
struct PathPair {
    let name: [UInt8]
    let left: Place?
    let right: Place?

    /// The names of two sorted listings, either of which may be empty, in byte order.
    static func merged(_ left: [TreeChild], _ right: [TreeChild]) -> [PathPair] {
        var pairs: [PathPair] = []
        pairs.reserveCapacity(max(left.count, right.count))
        var (one, two) = (0, 0)
        while one < left.count || two < right.count {
            let order =
                one == left.count ? 1 : two == right.count ? -1 : Self.order(left[one].name, right[two].name)
            pairs.append(
                PathPair(
                    name: order <= 0 ? left[one].name : right[two].name,
                    left: order <= 0 ? Place(node: left[one].node, type: left[one].type) : nil,
                    right: order >= 0 ? Place(node: right[two].node, type: right[two].type) : nil))
            if order <= 0 { one += 1 }
            if order >= 0 { two += 1 }
        }
        return pairs
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
