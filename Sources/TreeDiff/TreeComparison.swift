// SPDX-License-Identifier: Apache-2.0

package import FileTree

/// What a comparison looks at.
package struct ComparisonOptions: Sendable {
    /// The fields that make a modified file; added and removed paths are reported whatever it holds.
    package var fields: ChangedFields
    /// The parts of the trees to compare: paths from the root, a leading `/` or none; empty means everything.
    package var paths: [[UInt8]]
    /// How many threads compare, the one that reports included.
    package var threadCount: Int

    /// Chooses everything but times, in the whole trees, compared by one thread.
    package init(fields: ChangedFields = .timeless, paths: [[UInt8]] = [], threadCount: Int = 1) {
        self.fields = fields
        self.paths = paths
        self.threadCount = threadCount
    }
}

/// Two trees side by side.
///
/// Changes come in tree order: byte order of the paths with `/` before any other byte, so that whatever is below a
/// directory follows it at once. What is reported:
///
/// - An added or removed directory, and every path below it.
/// - A directory that both have is modified only if its own attributes differ, not for what happened below it.
/// - A file of another type is modified in its `type`, nothing else of it is compared; the children of a directory
///   that replaced something, or was replaced, are added or removed.
/// - `content` differs only if bytes do. Digests decide where both trees know them, then sizes, then the bytes.
/// - Link counts of directories and modes of symbolic links never differ: they say nothing of their own.
///
/// Directories with equal subtree digests are not entered. Memory is bounded by the directories on the path from the
/// root to where the walk is and by how far threads are ahead of what is reported, not by the number of changes.
package struct TreeComparison: Sendable {
    private let left: any TreeSource
    private let right: any TreeSource
    private let options: ComparisonOptions

    /// Prepares the comparison; nothing is read before `forEachChange(_:)`.
    package init(left: any TreeSource, right: any TreeSource, options: ComparisonOptions = ComparisonOptions()) {
        self.left = left
        self.right = right
        self.options = options
    }

    /// Compares, and calls `body` on the caller's thread for one change after the other, in tree order, no path twice.
    ///
    /// A file that vanishes from a changing tree meanwhile counts as missing.
    /// - Throws: `TreeDiffError` if a tree cannot be read or a path of the options is in neither tree (found before the
    ///   first change), or whatever `body` throws.
    package func forEachChange(_ body: (Change) throws -> Void) throws {
        let comparison = PairComparison(left: left, right: right, fields: options.fields)
        let walk = TreeWalk(comparison, threadCount: options.threadCount)
        guard !options.paths.isEmpty else { return try walk.run(from: [comparison.whole], body) }
        let selection = try PathSelection(options.paths)
        for path in selection.nested { _ = try comparison.start(at: path) }
        try walk.run(from: selection.paths.map { try comparison.start(at: $0) }, body)
    }
}
