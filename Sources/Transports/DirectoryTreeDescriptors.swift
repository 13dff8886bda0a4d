// SPDX-License-Identifier: Apache-2.0

import FileTree
import Glibc
import LinuxIO
import SystemPackage

/// The open directories of a directory tree: the ones used last, and one in 128 levels of what lies above them.
///
/// A walk that comes back from far below finds an open directory at most 127 levels above the next one, so that no
/// shape of tree makes it start from the root again and again. At most 200 descriptors are open.
struct DirectoryTreeDescriptors {
    private static let recentLimit = 24
    private static let stepLimit = 176
    private static let stepDepth: UInt32 = 128
    /// Bytes of a path that one call takes, well below `PATH_MAX`.
    private static let pathLimit = 3800

    let root: Descriptor
    /// The directories opened or used last, the last one at the end.
    private var recent: [(node: UInt32, descriptor: Descriptor)] = []
    /// Directories at a depth that is a multiple of `stepDepth`, oldest first.
    private var steps: [(node: UInt32, descriptor: Descriptor)] = []

    init(root: Descriptor) { self.root = root }

    /// Opens a directory of the table, through the nearest open one above it.
    mutating func open(_ directory: UInt32, in table: DirectoryTreeTable) throws(Errno) -> Descriptor {
        var missing: [UInt32] = []
        var node = directory
        var descriptor = cached(node)
        while descriptor == nil {
            missing.append(node)
            guard let entry = table.entry(TreeNode(UInt64(node))) else { throw .badFileDescriptor }
            node = entry.parent
            descriptor = cached(node)
        }
        guard var current = descriptor else { throw .badFileDescriptor }
        var path: [UInt8] = []
        for (position, node) in missing.reversed().enumerated() {
            guard let entry = table.entry(TreeNode(UInt64(node))) else { throw .badFileDescriptor }
            if !path.isEmpty { path.append(UInt8(ascii: "/")) }
            path += table.name(of: entry)
            let isStep = entry.depth % Self.stepDepth == 0
            let isLast = position == missing.count - 1
            guard isStep || isLast || path.count >= Self.pathLimit - 256 else { continue }
            current = try current.openBeneath(path, O_RDONLY | O_DIRECTORY | O_NONBLOCK)
            path.removeAll(keepingCapacity: true)
            if isStep {
                if steps.count >= Self.stepLimit { steps.removeFirst() }
                steps.append((node, current))
            }
        }
        if !missing.isEmpty {
            if recent.count >= Self.recentLimit { recent.removeFirst() }
            recent.append((directory, current))
        }
        return current
    }

    /// Opens a directory of the table with a position that nobody else moves.
    mutating func openForListing(_ directory: UInt32, in table: DirectoryTreeTable) throws(Errno) -> Descriptor {
        if let open = cached(directory) {
            return try open.openBeneath([UInt8(ascii: ".")], O_RDONLY | O_DIRECTORY | O_NONBLOCK)
        }
        // It is kept for what lies below it, too, which does not need its position.
        return try open(directory, in: table)
    }

    private mutating func cached(_ node: UInt32) -> Descriptor? {
        if node == 0 { return root }
        if let position = recent.lastIndex(where: { $0.node == node }) {
            let found = recent.remove(at: position)
            recent.append(found)
            return found.descriptor
        }
        return steps.last { $0.node == node }?.descriptor
    }
}
