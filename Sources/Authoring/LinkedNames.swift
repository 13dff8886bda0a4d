// SPDX-License-Identifier: Apache-2.0

import FileTree

/// Which names must be written for the names of one file to stay those of one file, and no others to become so.
///
/// A link in a layer can lead to a file of that layer only: where names of one file changed, or came, all of them are
/// written. Where a lower file's names were parted, those that are equal to it would stay together unless they are written.
struct LinkedNames {
    private struct Name {
        let path: [UInt8]
        let node: TreeNode
        let identity: FileIdentity
    }

    /// The names, without a slash at their start.
    private(set) var forced: Set<[UInt8]> = []

    init(below: any TreeSource, whole: any TreeSource, _ comparison: FileComparison) throws {
        let lower = try Self.names(of: below)
        var lowerByPath: [[UInt8]: Name] = [:]
        for name in lower { lowerByPath[name.path] = name }
        let upper = try Self.names(of: whole)
        var groups: [FileIdentity: [Name]] = [:]
        for name in upper { groups[name.identity, default: []].append(name) }
        let upperByPath = Dictionary(upper.map { ($0.path, $0.identity) }) { first, _ in first }
        for group in groups.values where group.count > 1 {
            let below = group.compactMap { lowerByPath[$0.path] }
            let isSame =
                try below.count == group.count && Set(below.map(\.identity)).count == 1
                && comparison.areEqual(below[0].node, group[0].node)
            if !isSame { forced.formUnion(group.map(\.path)) }
        }
        var parted: [FileIdentity: [Name]] = [:]
        for name in lower { parted[name.identity, default: []].append(name) }
        for group in parted.values where group.count > 1 {
            var kept: FileIdentity??
            for name in group.sorted(by: { Bytes.precedes($0.path, $1.path) }) where !forced.contains(name.path) {
                guard let node = try Self.find(name.path, in: whole), try whole.attributes(of: node).type != .directory,
                    try comparison.areEqual(name.node, node)
                else { continue }
                let identity = try upperByPath[name.path] ?? whole.identity(of: node)
                if let kept, kept != identity { forced.insert(name.path) }
                if kept == nil { kept = .some(identity) }
            }
        }
    }

    /// All names of files that have several.
    private static func names(of tree: any TreeSource) throws -> [Name] {
        var found: [Name] = []
        var stack: [(path: [UInt8], node: TreeNode)] = [([], tree.root)]
        while let (path, node) = stack.popLast() {
            do {
                for child in try tree.children(of: node) {
                    let name = path.isEmpty ? child.name : path + [UInt8(ascii: "/")] + child.name
                    if child.type == .directory {
                        stack.append((name, child.node))
                    } else if try tree.linkCount(of: child.node) > 1 {
                        found.append(Name(path: name, node: child.node, identity: try tree.identity(of: child.node)))
                    }
                }
            } catch is VanishedFile {
                // Gone meanwhile.
            }
        }
        return found
    }

    private static func find(_ path: [UInt8], in tree: any TreeSource) throws -> TreeNode? {
        var node = tree.root
        var type = FileType.directory
        for component in path.split(separator: UInt8(ascii: "/")) {
            guard type == .directory,
                let child = try tree.children(of: node).first(where: { $0.name.elementsEqual(component) })
            else { return nil }
            (node, type) = (child.node, child.type)
        }
        return node
    }
}
