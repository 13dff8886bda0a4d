// SPDX-License-Identifier: Apache-2.0

import FileTree
import OCI

/// A walk over two trees in step, with a stack of its own: trees may be deeper than the thread's stack.
struct TreeWalk {
    /// A file of one side, before anything was asked about it.
    struct Place {
        let node: TreeNode
        let type: FileType
    }

    /// Where a walk begins: a path and what each tree has there.
    struct Start {
        let path: [UInt8]
        let left: Place?
        let right: Place?
    }

    let left: any TreeSource
    let right: any TreeSource
    let fields: ChangedFields
    /// The path of the visited file: empty for the root, else every component after a `/`.
    private var path: [UInt8] = []
    private var frames: [ChildMerge] = []
    private let contents = ContentComparison()

    init(left: any TreeSource, right: any TreeSource, fields: ChangedFields) {
        self.left = left
        self.right = right
        self.fields = fields
    }

    /// The start that covers both trees whole.
    var whole: Start {
        Start(
            path: [], left: Place(node: left.root, type: .directory), right: Place(node: right.root, type: .directory))
    }

    /// Visits everything from a start on.
    mutating func run(from start: Start, _ body: (Change) throws -> Void) throws {
        path = start.path
        frames.removeAll()
        try visit(start.left, start.right, body)
        while !frames.isEmpty {
            let top = frames.count - 1
            path.removeSubrange(frames[top].pathCount...)
            guard let (left, right) = frames[top].next() else {
                frames.removeLast()
                continue
            }
            path.append(UInt8(ascii: "/"))
            path.append(contentsOf: (left ?? right)?.name ?? [])
            try visit(
                left.map { Place(node: $0.node, type: $0.type) }, right.map { Place(node: $0.node, type: $0.type) },
                body)
        }
    }

    private mutating func visit(_ left: Place?, _ right: Place?, _ body: (Change) throws -> Void) throws {
        guard let finding = try look(left, right) else { return }
        if let change = finding.change { try body(change) }
        if !finding.left.isEmpty || !finding.right.isEmpty {
            frames.append(ChildMerge(left: finding.left, right: finding.right, pathCount: path.count))
        }
    }

    /// Compares what the sides have at the path; a side's file that is gone by now counts as missing.
    private func look(_ left: Place?, _ right: Place?) throws -> Finding? {
        var (left, right) = (left, right)
        while true {
            do {
                switch (left, right) {
                case (nil, nil): return nil
                case (let left?, nil): return try only(.left, left)
                case (nil, let right?): return try only(.right, right)
                case (let left?, let right?): return try both(left, right)
                }
            } catch let failure as SideFailure {
                guard failure.cause is VanishedFile else { throw error(failure) }
                switch failure.side {
                case .left: left = nil
                case .right: right = nil
                }
            }
        }
    }

    private func only(_ side: Side, _ place: Place) throws -> Finding {
        let children = try children(side, place)
        let attributes = try attributes(side, place)
        let file = try file(side, place, attributes)
        return switch side {
        case .left: Finding(change: change(.removed, left: file), left: children)
        case .right: Finding(change: change(.added, right: file), right: children)
        }
    }

    private func both(_ left: Place, _ right: Place) throws -> Finding? {
        if left.node == right.node && self.left === self.right { return nil }
        if left.type == right.type, let digest = try subtreeDigest(.left, left),
            try digest == subtreeDigest(.right, right)
        {
            return nil
        }
        let leftAttributes = try attributes(.left, left)
        let rightAttributes = try attributes(.right, right)
        var differing: ChangedFields
        if left.type == right.type {
            differing = fields.intersection(Self.differing(leftAttributes, rightAttributes))
            if fields.contains(.nlink), left.type != .directory,
                try linkCount(.left, left) != linkCount(.right, right)
            {
                differing.insert(.nlink)
            }
            if left.type == .regular, fields.contains(.content),
                try contentDiffers(left, leftAttributes, right, rightAttributes)
            {
                differing.insert(.content)
            }
        } else {
            differing = fields.intersection(.type)
        }
        if differing.isEmpty && left.type != .directory && right.type != .directory { return nil }
        var finding = Finding(left: try children(.left, left), right: try children(.right, right))
        if !differing.isEmpty {
            finding.change = try change(
                .modified, differing, left: file(.left, left, leftAttributes),
                right: file(.right, right, rightAttributes))
        }
        return finding
    }

    private static func differing(_ left: Attributes, _ right: Attributes) -> ChangedFields {
        var fields: ChangedFields = []
        if left.permissions != right.permissions && left.type != .symbolicLink { fields.insert(.mode) }
        if left.uid != right.uid { fields.insert(.uid) }
        if left.gid != right.gid { fields.insert(.gid) }
        if left.size != right.size && left.type == .regular { fields.insert(.size) }
        if left.mtime != right.mtime { fields.insert(.mtime) }
        if left.xattrs != right.xattrs { fields.insert(.xattrs) }
        if left.target != right.target { fields.insert(.target) }
        if left.device != right.device && (left.type == .characterDevice || left.type == .blockDevice) {
            fields.insert(.device)
        }
        return fields
    }

    private func contentDiffers(
        _ left: Place, _ leftAttributes: Attributes, _ right: Place, _ rightAttributes: Attributes
    ) throws -> Bool {
        if let leftDigest = try contentDigest(.left, left), let rightDigest = try contentDigest(.right, right) {
            return leftDigest != rightDigest
        }
        if leftAttributes.size != rightAttributes.size { return true }
        if let identity = try contentIdentity(.left, left), try identity == contentIdentity(.right, right) {
            return false
        }
        return try contents.differ(left.node, of: self.left, right.node, of: self.right)
    }
}

// MARK: - Asking the trees

extension TreeWalk {
    private func tree(_ side: Side) -> any TreeSource {
        switch side {
        case .left: left
        case .right: right
        }
    }

    private func attributes(_ side: Side, _ place: Place) throws(SideFailure) -> Attributes {
        try SideFailure.on(side) { try tree(side).attributes(of: place.node) }
    }

    private func linkCount(_ side: Side, _ place: Place) throws(SideFailure) -> UInt32 {
        try SideFailure.on(side) { try tree(side).linkCount(of: place.node) }
    }

    private func contentDigest(_ side: Side, _ place: Place) throws(SideFailure) -> Digest? {
        try SideFailure.on(side) { try tree(side).contentDigest(of: place.node) }
    }

    private func subtreeDigest(_ side: Side, _ place: Place) throws(SideFailure) -> Digest? {
        try SideFailure.on(side) { try tree(side).subtreeDigest(of: place.node) }
    }

    private func contentIdentity(_ side: Side, _ place: Place) throws(SideFailure) -> FileIdentity? {
        try SideFailure.on(side) { try tree(side).contentIdentity(of: place.node) }
    }

    private func children(_ side: Side, _ place: Place) throws(SideFailure) -> [TreeChild] {
        guard place.type == .directory else { return [] }
        return try SideFailure.on(side) { try tree(side).children(of: place.node) }
    }

    private func file(_ side: Side, _ place: Place, _ attributes: Attributes) throws(SideFailure) -> ChangedFile {
        ChangedFile(
            node: place.node, attributes: attributes, linkCount: try linkCount(side, place),
            contentDigest: place.type == .regular ? try contentDigest(side, place) : nil)
    }

    private func change(
        _ kind: Change.Kind, _ fields: ChangedFields = [], left: ChangedFile? = nil, right: ChangedFile? = nil
    ) -> Change {
        Change(path: printablePath(path), kind: kind, fields: fields, left: left, right: right)
    }

    private func error(_ failure: SideFailure) -> TreeDiffError {
        TreeDiffError(side: failure.side, path: printablePath(path), cause: failure.cause)
    }

    func printablePath(_ path: [UInt8]) -> [UInt8] { path.isEmpty ? [UInt8(ascii: "/")] : path }
}

/// What a walk found at one path, and what is to be walked below it.
private struct Finding {
    var change: Change?
    var left: [TreeChild] = []
    var right: [TreeChild] = []
}
