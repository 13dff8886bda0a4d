// SPDX-License-Identifier: Apache-2.0

import FileTree
import OCI

/// What the files below a directory take, summed up for each directory.
package struct DirectorySizes: Sendable {
    /// A directory, or a file, with what is below it.
    package struct Entry: Sendable {
        /// Its path.
        package let path: [UInt8]
        /// Whether it is a directory.
        package let isDirectory: Bool
        /// Directories between it and the start: 0 for the start itself.
        package let depth: Int
        /// Bytes of regular files; of one with several names only where it is met first.
        package internal(set) var byteCount: UInt64 = 0
        /// Files of any type but directories.
        package internal(set) var fileCount = 0
        /// Its place among the entries of the directory that it is in.
        fileprivate let parent: Int?
    }

    /// In which order the files of a directory come.
    package enum Order: String, Sendable, CaseIterable {
        /// What takes most first.
        case size
        /// By the bytes of their names.
        case name
    }

    /// The start first, each directory before what is in it, names by their bytes.
    package private(set) var entries: [Entry] = []

    /// Sums up.
    ///
    /// - Parameters:
    ///   - tree: the tree that is walked.
    ///   - start: the directory or file in it whose sizes are wanted.
    ///   - depthLimit: below how many directories entries are kept; deeper ones only count.
    ///   - keepsFiles: whether files have entries too.
    ///   - layers: the layers whose files count; nil for all.
    /// - Throws: `BrowsingError`.
    package init(
        _ tree: BrowsedTree, from start: BrowsedFile, depthLimit: Int, keepsFiles: Bool, layers: ClosedRange<Int>? = nil
    ) throws {
        var seen = Set<FileKey>()
        /// For each depth the entry that sums up, the deepest last.
        var open: [Int] = []
        try tree.walk(from: start) { walked in
            let depth = walked.depth
            let isDirectory = walked.type == .directory
            open.removeLast(max(0, open.count - min(depth, depthLimit + 1)))
            let counts = try layers.map { range in
                try !isDirectory && tree.layer(of: walked.file).map { range.contains($0.index) } ?? false
            }
            if depth == 0 || depth <= depthLimit && (isDirectory || keepsFiles && counts != false) {
                entries.append(
                    Entry(path: Array(walked.path), isDirectory: isDirectory, depth: depth, parent: open.last))
                open.append(entries.count - 1)
            }
            guard !isDirectory, counts != false, try seen.insert(of: walked.node, in: tree) else { return .into }
            let size = walked.type == .regular ? try tree.facts(of: walked.node).size : 0
            for index in open {
                entries[index].byteCount &+= size
                entries[index].fileCount += 1
            }
            if keepsFiles, depth <= depthLimit, depth > 0 { open.removeLast() }
            return .into
        }
    }

    /// The entries in an order; each directory stays before what is in it.
    package func sorted(by order: Order) -> [Entry] {
        guard order == .size else { return entries }
        var children: [[Int]] = Array(repeating: [], count: entries.count)
        for (index, entry) in entries.enumerated() {
            if let parent = entry.parent { children[parent].append(index) }
        }
        var result: [Entry] = []
        var stack = entries.isEmpty ? [] : [0]
        while let index = stack.popLast() {
            result.append(entries[index])
            stack += children[index].sorted { first, second in
                // The one that comes first lies on top.
                let (one, other) = (entries[first].byteCount, entries[second].byteCount)
                return one == other ? first > second : one < other
            }
        }
        return result
    }

    /// What makes two names one file.
    fileprivate enum FileKey: Hashable {
        case node(TreeNode)
        case place(FileIdentity)
    }
}

extension Set<DirectorySizes.FileKey> {
    /// Whether a file is met for the first time; files with one name are not kept.
    fileprivate mutating func insert(of node: TreeNode, in tree: BrowsedTree) throws -> Bool {
        guard try tree.facts(of: node).linkCount > 1 else { return true }
        let place = try tree.source.contentIdentity(of: node)
        return insert(place.map { .place($0) } ?? .node(node)).inserted
    }
}
