// SPDX-License-Identifier: Apache-2.0

import FileTree
import OCI

/// Compares what two trees have under one path; for one thread.
struct PairComparison {
    let left: any TreeSource
    let right: any TreeSource
    let fields: ChangedFields
    let contents = ContentComparison()
    let counts: DirectoryCounts

    /// Prepares for a thread; all of a comparison share `counts`.
    init(left: any TreeSource, right: any TreeSource, fields: ChangedFields, counts: DirectoryCounts? = nil) {
        self.left = left
        self.right = right
        self.fields = fields
        self.counts = counts ?? DirectoryCounts(left: left, right: right)
    }

    /// What a comparison found at one path, and the names that are to be compared below it.
    struct Finding {
        var change: Change?
        var left: [TreeChild] = []
        var right: [TreeChild] = []
        /// The names below in place of `left` and `right`, where the trees tell them together.
        var paired: (any PairedDirectories)?
    }

    /// Compares what the sides have at a path; a side's file that is gone by now counts as missing.
    ///
    /// - Parameter path: empty for the root, else every component after a `/`.
    /// - Returns: nil where nothing differs and nothing below can.
    func look(_ left: Place?, _ right: Place?, at path: [UInt8]) throws(TreeDiffError) -> Finding? {
        var (left, right) = (left, right)
        while true {
            do {
                switch (left, right) {
                case (nil, nil): return nil
                case (let left?, nil): return try only(.left, left, path)
                case (nil, let right?): return try only(.right, right, path)
                case (let left?, let right?): return try both(left, right, path)
                }
            } catch {
                guard error.cause is VanishedFile else {
                    throw TreeDiffError(side: error.side, path: Self.printable(path), cause: error.cause)
                }
                switch error.side {
                case .left: left = nil
                case .right: right = nil
                }
            }
        }
    }

    /// A path as reports have it.
    static func printable(_ path: [UInt8]) -> [UInt8] { path.isEmpty ? [UInt8(ascii: "/")] : path }

    private func only(_ side: Side, _ place: Place, _ path: [UInt8]) throws(SideFailure) -> Finding {
        let children = try children(side, place)
        let attributes = try attributes(side, place)
        let file = try file(side, place, attributes)
        return switch side {
        case .left: Finding(change: change(path, .removed, left: file), left: children)
        case .right: Finding(change: change(path, .added, right: file), right: children)
        }
    }

    private func both(_ left: Place, _ right: Place, _ path: [UInt8]) throws(SideFailure) -> Finding? {
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
        var finding = Finding()
        if left.type == .directory && right.type == .directory {
            finding.paired = self.left.paired(
                left.node, with: self.right, right.node, comparesTimes: fields.contains(.mtime))
        }
        if finding.paired == nil {
            finding.left = try children(.left, left)
            finding.right = try children(.right, right)
        }
        if !differing.isEmpty {
            finding.change = try change(
                path, .modified, differing, left: file(.left, left, leftAttributes),
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
    ) throws(SideFailure) -> Bool {
        if let leftDigest = try contentDigest(.left, left), let rightDigest = try contentDigest(.right, right) {
            return leftDigest != rightDigest
        }
        if leftAttributes.size != rightAttributes.size { return true }
        if let identity = try contentIdentity(.left, left), try identity == contentIdentity(.right, right) {
            return false
        }
        return try contents.differ(
            left.node, of: self.left, right.node, of: self.right, size: leftAttributes.size)
    }
}

// MARK: - Asking the trees

extension PairComparison {
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
        return try SideFailure.on(side) {
            try counts.add(on: side)
            return try tree(side).children(of: place.node)
        }
    }

    private func file(_ side: Side, _ place: Place, _ attributes: Attributes) throws(SideFailure) -> ChangedFile {
        ChangedFile(
            node: place.node, attributes: attributes, linkCount: try linkCount(side, place),
            contentDigest: place.type == .regular ? try contentDigest(side, place) : nil)
    }

    private func change(
        _ path: [UInt8], _ kind: Change.Kind, _ fields: ChangedFields = [], left: ChangedFile? = nil,
        right: ChangedFile? = nil
    ) -> Change {
        Change(path: Self.printable(path), kind: kind, fields: fields, left: left, right: right)
    }
}
