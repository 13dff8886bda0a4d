// SPDX-License-Identifier: Apache-2.0

/// A tree of names as dive keeps one for each layer, with its peculiarities.
final class DiveTree {
    /// A name.
    final class Node {
        let name: [UInt8]
        var size: UInt64 = 0
        var isDirectory = false
        var children: [[UInt8]: Node] = [:]

        init(_ name: [UInt8]) { self.name = name }

        /// Whether it takes away what is below.
        var isWhiteout: Bool { name.starts(with: ".wh.".utf8) }

        /// The name of what it takes away, else its own.
        var ownName: [UInt8] { isWhiteout ? Array(name.dropFirst(4)) : name }

        var sortedChildren: [Node] {
            children.values.sorted { $0.name.lexicographicallyPrecedes($1.name) }
        }

        /// The sizes of everything below, and its own.
        var sum: UInt64 {
            var total: UInt64 = 0
            var stack = [self]
            while let node = stack.popLast() {
                total &+= node.size
                stack.append(contentsOf: node.children.values)
            }
            return total
        }

        func copied() -> Node {
            let copy = Node(name)
            var stack = [(self, copy)]
            while let (from, to) = stack.popLast() {
                (to.size, to.isDirectory) = (from.size, from.isDirectory)
                for (name, child) in from.children {
                    let own = Node(name)
                    to.children[name] = own
                    stack.append((child, own))
                }
            }
            return copy
        }
    }

    let root: Node
    /// Bytes of all entries, those that others replaced included.
    var byteCount: UInt64 = 0

    init(root: Node = Node([])) { self.root = root }

    /// Adds a name; it keeps its children, whatever it becomes.
    func add(_ components: [[UInt8]], size: UInt64, isDirectory: Bool) {
        var node = root
        for name in components {
            if let child = node.children[name] {
                node = child
                continue
            }
            guard !name.starts(with: ".wh..wh..".utf8) else { return }
            let child = Node(name)
            node.children[name] = child
            node = child
        }
        guard node !== root else { return }
        (node.size, node.isDirectory) = (size, isDirectory)
    }

    func node(_ components: [[UInt8]]) -> Node? {
        components.reduce(Optional(root)) { $0?.children[$1] }
    }

    /// Takes a name away, with all below it.
    func remove(_ components: [[UInt8]]) {
        guard let name = components.last, let parent = node(components.dropLast()) else { return }
        parent.children[name] = nil
    }

    /// Visits every name but the root, children before their parents, in the order of names.
    ///
    /// - Parameter body: gets the path with the name of what a whiteout takes away; false ends the visit.
    func visit(_ body: (Node, [[UInt8]]) -> Bool) {
        var stack: [(node: Node, rest: ArraySlice<Node>)] = [(root, root.sortedChildren[...])]
        var path: [[UInt8]] = []
        while let (node, remaining) = stack.popLast() {
            var rest = remaining
            if let child = rest.popFirst() {
                stack.append((node, rest))
                path.append(child.name)
                stack.append((child, child.children.isEmpty ? [] : child.sortedChildren[...]))
                continue
            }
            guard !stack.isEmpty else { return }
            path.removeLast()
            guard body(node, path + [node.ownName]) else { return }
        }
    }

    /// Lays another tree on top.
    func stack(_ upper: DiveTree) {
        upper.visit { node, path in
            if node.isWhiteout {
                remove(path)
            } else {
                add(path, size: node.size, isDirectory: node.isDirectory)
            }
            return true
        }
    }
}
