// SPDX-License-Identifier: Apache-2.0

package import FileTree
package import OCI
import Synchronization

/// A tree source made of a literal list of entries, which can withhold digests, fail, and tell what it was asked.
package final class MemoryTree: TreeSource {
    /// Which digests a tree knows.
    package enum Knowledge: Sendable {
        /// None, as a directory on disk.
        case nothing
        /// Those of files.
        case contents
        /// Those of files and of whole directories, as a flattened image.
        case everything
    }

    /// What a tree was asked so far.
    package struct Questions: Sendable, Equatable {
        /// Calls of `children(of:)`.
        package var listings = 0
        /// Calls of `read(_:at:into:)`.
        package var reads = 0

        /// Makes counts.
        package init(listings: Int = 0, reads: Int = 0) {
            self.listings = listings
            self.reads = reads
        }
    }

    private struct File {
        var attributes: Attributes
        var content: [UInt8] = []
        var linkCount: UInt32 = 1
        var children: [[UInt8]: Int] = [:]
        var listing: [TreeChild] = []
        var subtreeDigest: Digest?
        var contentDigest: Digest?
    }

    private let files: [File]
    private let knowledge: Knowledge
    private let failures: [TreeNode: any Error]
    private let asked = Mutex(Questions())

    /// Builds a tree, with the parents that no entry describes.
    ///
    /// Those are made as by `MemoryEntry.directory`. A later entry for a path replaces an earlier one;
    /// a directory keeps its children then.
    ///
    /// - Parameter failures: errors by path: what asking anything about the file there throws, apart from its name.
    package init(
        _ entries: [MemoryEntry], knows knowledge: Knowledge = .nothing, failures: [String: any Error] = [:]
    ) {
        var files = [File(attributes: Attributes(type: .directory, permissions: 0o755))]
        func find(_ path: [UInt8], making: Bool) -> Int? {
            var current = 0
            for component in path.split(separator: UInt8(ascii: "/")).map(Array.init) {
                if let next = files[current].children[component] {
                    current = next
                } else if making {
                    files[current].children[component] = files.count
                    current = files.count
                    files.append(File(attributes: Attributes(type: .directory, permissions: 0o755)))
                } else {
                    return nil
                }
            }
            return current
        }
        for entry in entries {
            let components = entry.path.split(separator: UInt8(ascii: "/"))
            guard let name = components.last.map(Array.init) else {
                files[0].attributes = entry.attributes
                continue
            }
            let parentPath = Array(components.dropLast().joined(separator: [UInt8(ascii: "/")]))
            guard let parent = find(parentPath, making: true) else { continue }
            if let first = entry.hardLink {
                guard let file = find(first, making: false) else { preconditionFailure("hard link to nothing") }
                files[parent].children[name] = file
                files[file].linkCount += 1
            } else if let known = files[parent].children[name] {
                files[known].attributes = entry.attributes
                files[known].content = entry.content
            } else {
                files[parent].children[name] = files.count
                files.append(File(attributes: entry.attributes, content: entry.content))
            }
        }
        Self.finish(&files, knowledge)
        self.knowledge = knowledge
        self.failures = Dictionary(
            failures.compactMap { path, error in
                find(Array(path.utf8), making: false).map { (TreeNode(UInt64($0)), error) }
            }, uniquingKeysWith: { first, _ in first })
        self.files = files
    }

    /// Builds a chain of directories called `d`, each in the one before, with a regular file `leaf` in the last.
    package init(depth: Int, leaf: String, knows knowledge: Knowledge = .nothing) {
        var files = (1...depth).map { next in
            File(attributes: Attributes(type: .directory, permissions: 0o755), children: [Array("d".utf8): next])
        }
        files[depth - 1].children = [Array("leaf".utf8): depth]
        let content = Array(leaf.utf8)
        files.append(
            File(
                attributes: Attributes(type: .regular, permissions: 0o644, size: UInt64(content.count)),
                content: content))
        Self.finish(&files, knowledge)
        self.files = files
        self.knowledge = knowledge
        failures = [:]
    }

    /// Sorts listings, counts links of directories and computes digests, children before their parents.
    private static func finish(_ files: inout [File], _ knowledge: Knowledge) {
        var order = [0]
        var position = 0
        while position < order.count {
            let index = order[position]
            position += 1
            files[index].listing = files[index].children.sorted { Bytes.precedes($0.key, $1.key) }.map {
                TreeChild(name: $0.key, node: TreeNode(UInt64($0.value)), type: files[$0.value].attributes.type)
            }
            order += files[index].listing.filter { $0.type == .directory }.map { Int($0.node.rawValue) }
            if files[index].attributes.type == .directory {
                files[index].linkCount = 2 + UInt32(files[index].listing.count { $0.type == .directory })
            }
        }
        guard knowledge != .nothing else { return }
        for index in files.indices where files[index].attributes.type == .regular {
            files[index].contentDigest = Digest(of: files[index].content)
        }
        guard knowledge == .everything else { return }
        for index in order.reversed() {
            var text = "\(files[index].attributes)\n"
            for child in files[index].listing {
                let file = files[Int(child.node.rawValue)]
                text += "\(child.name) \(file.attributes) \(file.linkCount) \(String(describing: file.contentDigest)) "
                text += "\(String(describing: file.subtreeDigest))\n"
            }
            files[index].subtreeDigest = Digest(of: text.utf8)
        }
    }

    /// What the tree was asked so far.
    package var questions: Questions { asked.withLock { $0 } }

    package var root: TreeNode { TreeNode(0) }

    private func file(_ node: TreeNode) throws -> File {
        if let error = failures[node] { throw error }
        guard let index = Int(exactly: node.rawValue), files.indices.contains(index) else { throw VanishedFile() }
        return files[index]
    }

    package func attributes(of node: TreeNode) throws -> Attributes { try file(node).attributes }

    package func linkCount(of node: TreeNode) throws -> UInt32 { try file(node).linkCount }

    package func children(of directory: TreeNode) throws -> [TreeChild] {
        asked.withLock { $0.listings += 1 }
        return try file(directory).listing
    }

    package func contentDigest(of node: TreeNode) throws -> Digest? { try file(node).contentDigest }

    package func subtreeDigest(of node: TreeNode) throws -> Digest? { try file(node).subtreeDigest }

    package func read(
        _ node: TreeNode, at offset: UInt64, into buffer: UnsafeMutableRawBufferPointer
    ) throws -> Int {
        asked.withLock { $0.reads += 1 }
        let content = try file(node).content
        guard let start = Int(exactly: offset), start < content.count else { return 0 }
        let piece = content[start..<min(content.count, start + buffer.count)]
        buffer.copyBytes(from: piece)
        return piece.count
    }
}
