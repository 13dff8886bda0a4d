// SPDX-License-Identifier: Apache-2.0

import FileTree
import Synchronization

/// Counts the directories that the threads of a comparison list, so that none goes in circles.
final class DirectoryCounts: Sendable {
    private let leftLimit: UInt64
    private let rightLimit: UInt64
    private let left = Atomic<UInt64>(0)
    private let right = Atomic<UInt64>(0)

    /// Begins with none.
    init(left: any TreeSource, right: any TreeSource) {
        leftLimit = left.directoryLimit ?? .max
        rightLimit = right.directoryLimit ?? .max
    }

    /// Counts a directory of one side.
    ///
    /// - Throws: `CircularTree` if there are more than the tree can have.
    func add(on side: Side) throws(CircularTree) {
        let (count, limit) =
            switch side {
            case .left: (left.wrappingAdd(1, ordering: .relaxed).newValue, leftLimit)
            case .right: (right.wrappingAdd(1, ordering: .relaxed).newValue, rightLimit)
            }
        guard count <= limit else { throw CircularTree(limit: limit) }
    }
}

/// What is wrong with a tree in which more directories are met than it has.
package struct CircularTree: Error, Equatable, CustomStringConvertible {
    /// How many it has at the most.
    package let limit: UInt64

    package var description: String { "more than its \(limit) directories: some are in several places" }
}
