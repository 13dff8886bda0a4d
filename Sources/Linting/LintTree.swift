// SPDX-License-Identifier: Apache-2.0

import FileTree

/// The names of layers laid over each other, as far as rules ask for them.
final class LintTree {
    /// A file that one or several names lead to.
    final class File {
        var names = 0
    }

    /// A name.
    final class Node {
        var type: FileType
        var layer: Int
        var entry: Int
        var file: File?
        var children: [[UInt8]: Node] = [:]

        init(_ type: FileType, layer: Int, entry: Int, file: File?) {
            (self.type, self.layer, self.entry, self.file) = (type, layer, entry, file)
        }
    }

    let root = Node(.directory, layer: -1, entry: -1, file: nil)

    /// What a path leads to, no link followed; nil where nothing is.
    func find(_ components: some Sequence<[UInt8]>) -> Node? {
        var node = root
        for name in components {
            guard let next = node.children[name] else { return nil }
            node = next
        }
        return node
    }

    /// Takes a name away, with all below it.
    ///
    /// - Returns: the file, if it is none of a directory.
    @discardableResult
    func remove(_ components: [[UInt8]]) -> File? {
        guard let name = components.last, let parent = find(components.dropLast()),
            let node = parent.children.removeValue(forKey: name)
        else { return nil }
        Self.forget(node)
        return node.file
    }

    /// Takes away all below a directory.
    func clear(_ components: [[UInt8]]) {
        guard let node = find(components) else { return }
        node.children.values.forEach(Self.forget)
        node.children = [:]
    }

    private static func forget(_ node: Node) {
        var stack = [node]
        while let next = stack.popLast() {
            next.file?.names -= 1
            stack.append(contentsOf: next.children.values)
        }
    }

    /// Puts something in the place of a name, directories on the way as they are needed.
    func put(_ components: [[UInt8]], _ type: FileType, layer: Int, entry: Int, file: File?) {
        guard let name = components.last else {
            (root.layer, root.entry) = (layer, entry)
            return
        }
        var parent = root
        for component in components.dropLast() {
            if let next = parent.children[component], next.type == .directory {
                parent = next
                continue
            }
            parent.children[component].map(Self.forget)
            let made = Node(.directory, layer: layer, entry: -1, file: nil)
            parent.children[component] = made
            parent = made
        }
        if let old = parent.children[name] {
            if old.type == .directory, type == .directory {
                (old.layer, old.entry) = (layer, entry)
                return
            }
            Self.forget(old)
        }
        file?.names += 1
        parent.children[name] = Node(type, layer: layer, entry: entry, file: file)
    }
}
