// SPDX-License-Identifier: Apache-2.0

package import FileTree

/// The figures of dive: efficiency, wasted bytes, and their part of what was added to the base.
///
/// Counted as dive counts, so that thresholds carry over. Where it is mistaken, and that changes the figures, there is a
/// remark; without `isCompatible` these mistakes are not made:
/// - a whiteout of nothing ends the counting of its layer; here it counts nothing and the layer is counted on;
/// - of an image of one layer the part is a division by zero; here it is 0.
package struct DiveFigures: Sendable {
    /// A path that several layers have.
    package struct File: Hashable, Sendable {
        /// The path.
        package let path: [UInt8]
        /// How many layers have it, or take it away.
        package let count: Int
        /// Its bytes in all of them.
        package let byteCount: UInt64
    }

    /// Where dive's way of counting leads astray.
    package enum Remark: Hashable, Sendable {
        /// The layer has a whiteout of nothing: what follows it in the order of names is not counted.
        case whiteoutOfNothing(layer: Int, path: [UInt8])
        /// There is one layer: the part of what was added to the base is a division by zero.
        case singleLayer
    }

    /// Bytes of all entries of all layers.
    package private(set) var byteCount: UInt64 = 0
    /// The same of each layer.
    package private(set) var layerByteCounts: [UInt64] = []
    /// Bytes of all paths that several layers have.
    package private(set) var wastedByteCount: UInt64 = 0
    /// The smallest of each path's sizes of all bytes: 1 where there are none.
    package private(set) var efficiency = 1.0
    /// Wasted bytes as a part of the bytes of all layers but the first; not a number where dive divides by zero.
    package private(set) var userWastedShare = 0.0
    /// The paths, the largest first.
    package private(set) var files: [File] = []
    /// Mistakes that change the figures.
    package private(set) var remarks: [Remark] = []

    private struct Reference {
        var count = 0
        var sum: UInt64 = 0
        var least: UInt64 = .max
    }

    /// Counts layers, base first.
    ///
    /// - Throws: what reading their entries does.
    package init(_ layers: [any LayerEntries], isCompatible: Bool) throws {
        let trees = try layers.map(Self.tree)
        layerByteCounts = trees.map(\.byteCount)
        byteCount = layerByteCounts.reduce(0, &+)
        var references: [[UInt8]: Reference] = [:]
        var order: [[UInt8]] = []
        // What dive looks whiteouts up in: the layers below; for the first layer that layer itself.
        let stacked = DiveTree(root: trees.first?.root.copied() ?? DiveTree.Node([]))
        for (index, tree) in trees.enumerated() {
            tree.visit { node, components in
                guard node.children.isEmpty else { return true }
                var size = node.size
                if node.isWhiteout {
                    guard let previous = stacked.node(components) else {
                        remarks.append(.whiteoutOfNothing(layer: index, path: Bytes.path(of: components)))
                        return !isCompatible
                    }
                    size = previous.isDirectory ? previous.sum : 0
                }
                let path = Bytes.path(of: components)
                var reference = references[path, default: Reference()]
                reference.count += 1
                reference.sum &+= size
                reference.least = min(reference.least, size)
                if reference.count == 2 { order.append(path) }
                references[path] = reference
                return true
            }
            stacked.stack(tree)
        }
        let (least, all) = references.values.reduce((UInt64(0), UInt64(0))) { ($0.0 &+ $1.least, $0.1 &+ $1.sum) }
        if all > 0 { efficiency = Double(least) / Double(all) }
        files = order.compactMap { path in
            references[path].map { File(path: path, count: $0.count, byteCount: $0.sum) }
        }
        files.sort { ($1.byteCount, $0.path) < ($0.byteCount, $1.path) }
        wastedByteCount = files.reduce(0) { $0 &+ $1.byteCount }
        let user = layerByteCounts.dropFirst().reduce(UInt64(0), &+)
        if user == 0 {
            remarks.append(.singleLayer)
            userWastedShare = isCompatible ? Double(wastedByteCount) / Double(user) : 0
        } else {
            userWastedShare = Double(wastedByteCount) / Double(user)
        }
    }

    private static func tree(_ layer: any LayerEntries) throws -> DiveTree {
        let tree = DiveTree()
        try layer.forEach { entry, _ in
            var components: [[UInt8]] = []
            for component in entry.path.split(separator: UInt8(ascii: "/")) where !component.elementsEqual(".".utf8) {
                if component.elementsEqual("..".utf8), components.popLast() != nil { continue }
                components.append(Array(component))
            }
            var (size, isDirectory) = (UInt64(0), false)
            if case .file(let attributes, _, _) = entry.kind {
                isDirectory = attributes.type == .directory
                if attributes.type == .regular { size = attributes.size }
            }
            tree.byteCount &+= size
            tree.add(components, size: size, isDirectory: isDirectory)
        }
        layer.release()
        return tree
    }
}

private func < (left: (UInt64, [UInt8]), right: (UInt64, [UInt8])) -> Bool {
    left.0 == right.0 ? Bytes.precedes(left.1, right.1) : left.0 < right.0
}
