// SPDX-License-Identifier: Apache-2.0

import FileTree
import OCI

/// A walk over two trees that finds the entries of the layer between them.
struct LayerWalk {
    /// A directory on the way to where the walk is.
    private struct Frame {
        let path: [UInt8]
        let node: TreeNode
        let attributes: Attributes
        /// Whether it has its entry.
        var isWritten = false
        /// Names still to come, the next one last, with what is below.
        var rest: [(child: TreeChild, lower: TreeChild?)]
    }

    let comparison: FileComparison
    private let below: any TreeSource
    private let whole: any TreeSource
    private let options: LayerPlan.Options
    private let isLeftOut: ([UInt8], Attributes) -> Bool
    private(set) var plan = LayerPlan()
    /// Whether a file was looked at that has several names.
    private(set) var metLinks = false
    /// Names that are written even if they are equal, and the directories above them.
    private var forced: Set<[UInt8]> = []
    private var forcedDirectories: Set<[UInt8]> = []
    /// The first names of files that have several.
    private var firstNames: [FileIdentity: [UInt8]] = [:]
    private var frames: [Frame] = []

    init(
        below: any TreeSource, whole: any TreeSource, options: LayerPlan.Options,
        isLeftOut: @escaping ([UInt8], Attributes) -> Bool
    ) {
        (self.below, self.whole, self.options, self.isLeftOut) = (below, whole, options, isLeftOut)
        comparison = FileComparison(below: below, whole: whole)
    }

    /// Sees to it that names are written.
    mutating func force(_ names: Set<[UInt8]>) {
        forced = names
        for name in names {
            var path = name[...]
            while let slash = path.lastIndex(of: UInt8(ascii: "/")) {
                path = path[..<slash]
                guard forcedDirectories.insert(Array(path)).inserted else { break }
            }
        }
        forcedDirectories.insert([])
    }

    mutating func run() throws {
        try enter([], below.root, whole.root, try whole.attributes(of: whole.root))
        while let last = frames.indices.last {
            guard let (child, lower) = frames[last].rest.popLast() else {
                frames.removeLast()
                continue
            }
            let path = frames[last].path.isEmpty ? child.name : frames[last].path + [UInt8(ascii: "/")] + child.name
            do {
                try visit(child, lower, path)
            } catch is VanishedFile {
                // Gone meanwhile, if it is not listed any more; what is still there must never be taken for gone.
                let parent = frames[last].node
                guard try !whole.children(of: parent).contains(where: { $0.name == child.name }) else {
                    throw AuthoringError(path, "is listed, and cannot be found")
                }
                if lower != nil { try write(.whiteout(path: Self.whiteout(path))) }
            }
        }
    }

    private mutating func visit(_ child: TreeChild, _ lower: TreeChild?, _ path: [UInt8]) throws {
        if child.type == .directory {
            let lowerNode = lower?.type == .directory ? lower?.node : nil
            if let lowerNode, !forcedDirectories.contains(path), let one = try below.subtreeDigest(of: lowerNode),
                let other = try whole.subtreeDigest(of: child.node), one == other
            {
                return
            }
            return try enter(path, lowerNode, child.node, try whole.attributes(of: child.node))
        }
        let hasSeveralNames = try whole.linkCount(of: child.node) > 1
        if hasSeveralNames { metLinks = true }
        if let lower, lower.type == child.type, !forced.contains(path) {
            if try below.linkCount(of: lower.node) > 1 { metLinks = true }
            if try comparison.areEqual(lower.node, child.node) { return }
        }
        let attributes = try written(whole.attributes(of: child.node), path)
        if attributes.type == .characterDevice, attributes.device == DeviceNumber() {
            throw AuthoringError(path, "is a character device 0:0, which is a whiteout to every overlay")
        }
        if hasSeveralNames {
            let identity = try whole.identity(of: child.node)
            if let first = firstNames[identity] {
                return try write(.link(path: path, target: first, attributes: attributes))
            }
            firstNames[identity] = path
        }
        if attributes.type == .regular { plan.byteCount &+= attributes.size }
        try write(.file(path: path, node: child.node, attributes: attributes))
    }

    /// Begins with a directory: takes away what it does not have any more, and puts the rest before the walk.
    private mutating func enter(
        _ path: [UInt8], _ lower: TreeNode?, _ node: TreeNode, _ attributes: Attributes
    ) throws {
        guard frames.count < EntryPath.maximumDepth else { throw AuthoringError(path, "lies too deep") }
        let lowerChildren = try lower.map { try below.children(of: $0) } ?? []
        var names = Dictionary(uniqueKeysWithValues: lowerChildren.map { ($0.name, $0) })
        var kept: [(child: TreeChild, lower: TreeChild?)] = []
        for child in try whole.children(of: node) {
            switch try standing(of: child, in: path) {
            case .kept: kept.append((child, names.removeValue(forKey: child.name)))
            case .asBelow: names[child.name] = nil
            case .missing: break
            }
        }
        let isChanged = try lower.map {
            FileComparison.portable(try below.attributes(of: $0)) != FileComparison.portable(attributes)
        }
        frames.append(Frame(path: path, node: node, attributes: attributes, rest: kept.reversed()))
        if isChanged ?? true { try writeDirectories() }
        let gone = lowerChildren.filter { names[$0.name] != nil }
        // A marker would hide what is below of a directory that both have.
        if options.opaque == .marker, !gone.isEmpty, try kept.allSatisfy({ try isWritten($0, in: path) }) {
            return try write(.opaque(directory: path))
        }
        for child in gone {
            let name = path.isEmpty ? child.name : path + [UInt8(ascii: "/")] + child.name
            try write(.whiteout(path: Self.whiteout(name)))
        }
    }

    /// Whether a name has an entry of its own that needs nothing of what is below.
    private func isWritten(_ kept: (child: TreeChild, lower: TreeChild?), in path: [UInt8]) throws -> Bool {
        guard let lower = kept.lower, lower.type == kept.child.type else { return true }
        guard lower.type != .directory else { return false }
        let name = path.isEmpty ? kept.child.name : path + [UInt8(ascii: "/")] + kept.child.name
        return try forced.contains(name) || !comparison.areEqual(lower.node, kept.child.node)
    }

    /// What a name of the whole tree counts for.
    private enum Standing {
        case kept
        /// What is below shows.
        case asBelow
        case missing
    }

    private mutating func standing(of child: TreeChild, in path: [UInt8]) throws -> Standing {
        let name = path.isEmpty ? child.name : path + [UInt8(ascii: "/")] + child.name
        if child.type == .socket {
            plan.socketCount += 1
            return .missing
        }
        guard !child.name.starts(with: Whiteout.prefix) else {
            throw AuthoringError(name, "begins with \".wh.\", which is a whiteout in a layer")
        }
        do {
            return isLeftOut([UInt8(ascii: "/")] + name, try whole.attributes(of: child.node)) ? .asBelow : .kept
        } catch is VanishedFile {
            return .missing
        }
    }

    /// `a/b` as `a/.wh.b`.
    private static func whiteout(_ path: [UInt8]) -> [UInt8] {
        let start = path.lastIndex(of: UInt8(ascii: "/")).map { $0 + 1 } ?? 0
        return path[..<start] + Whiteout.prefix + path[start...]
    }

    private mutating func write(_ item: LayerPlan.Item) throws {
        try writeDirectories(withRoot: false)
        plan.items.append(item)
    }

    /// Writes the directories down to where the walk is that have no entry yet.
    ///
    /// - Parameter withRoot: whether the root gets one too, if it is where the walk is.
    private mutating func writeDirectories(withRoot: Bool = true) throws {
        for index in frames.indices where !frames[index].isWritten {
            guard index > 0 || withRoot && frames.count == 1 else { continue }
            frames[index].isWritten = true
            let attributes = try written(frames[index].attributes, frames[index].path)
            plan.items.append(.file(path: frames[index].path, node: frames[index].node, attributes: attributes))
        }
    }

    /// Metadata as it is written.
    private func written(_ attributes: Attributes, _ path: [UInt8]) throws -> Attributes {
        var result = FileComparison.portable(attributes)
        if options.cutsTimes { result.mtime.nanoseconds = 0 }
        if let latest = options.latest, result.mtime > Timestamp(seconds: latest) {
            result.mtime = Timestamp(seconds: latest)
        }
        if options.dropsEmptyAttributes {
            result.xattrs.removeAll { $0.value.isEmpty }
        } else if let empty = result.xattrs.first(where: { $0.value.isEmpty }) {
            throw AuthoringError(
                path, "its attribute \(Bytes.escaped(empty.name)) has no value, which a tar cannot hold")
        }
        return result
    }
}
