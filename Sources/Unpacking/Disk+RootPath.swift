// SPDX-License-Identifier: Apache-2.0

import FileTree

extension Disk {
    /// Whose way of following links it is.
    enum Following {
        /// continuity's `RootPath`: a link's text is put in as text, and all is gone through again until none is left.
        case containerd
        /// `SecureJoin`: component by component, what is missing taken as it is.
        case umoci
    }

    private static let maximumLinkCount = 255

    /// A path without symbolic links that a path leads to within the root; what is missing on the way stays as it is.
    func rootPath(_ path: ArraySlice<ArraySlice<UInt8>>, like following: Following) throws -> [ArraySlice<UInt8>] {
        if let plain = try plainPath(path, following) { return plain }
        return following == .umoci ? try securePath(path) : try continuedPath(path)
    }

    /// The path where it has no links; nil where it may.
    private func plainPath(_ path: ArraySlice<ArraySlice<UInt8>>, _ following: Following) throws -> [ArraySlice<UInt8>]?
    {
        var node: UInt32? = 0
        for name in path {
            if name.first == UInt8(ascii: "."), name.count <= 2 { return nil }
            guard let parent = node else { continue }
            guard isDirectory(parent) else {
                if following == .umoci { continue }
                throw DiskError(.notDirectory)
            }
            guard name.count <= EntryPath.maximumNameByteCount else { throw DiskError(.nameTooLong) }
            node = child(name, of: parent)
            if let node, type(node) == .symbolicLink { return nil }
        }
        return Array(path)
    }

    /// What lstat finds; nil for nothing.
    private func found(_ path: [ArraySlice<UInt8>], _ following: Following) throws -> UInt32? {
        try files.budget.take(1 + UInt64(path.count), of: .linkSteps)
        do {
            return try place(path).node
        } catch let error as DiskError {
            if error.code == .noEntry || (following == .umoci && error.code == .notDirectory) { return nil }
            throw error
        }
    }

    private func continuedPath(_ path: ArraySlice<ArraySlice<UInt8>>) throws -> [ArraySlice<UInt8>] {
        var linkCount = 0
        var parts = Array(path)
        while true {
            let before = linkCount
            var current: [ArraySlice<UInt8>] = []
            for part in parts {
                let above = current
                current.go(part)
                guard linkCount <= Self.maximumLinkCount else { throw DiskError(.loop) }
                guard !current.isEmpty, let node = try found(current, .containerd), type(node) == .symbolicLink else {
                    continue
                }
                linkCount += 1
                let target = try target(node)
                current = target.first == UInt8(ascii: "/") ? [] : above
                for piece in target.split(separator: UInt8(ascii: "/")) { current.go(piece) }
            }
            if linkCount == before { return current }
            parts = current
        }
    }

    private func securePath(_ path: ArraySlice<ArraySlice<UInt8>>) throws -> [ArraySlice<UInt8>] {
        var linkCount = 0
        var rest = Array(path.reversed())
        var current: [ArraySlice<UInt8>] = []
        while let part = rest.popLast() {
            guard linkCount <= Self.maximumLinkCount else { throw DiskError(.loop) }
            var next = current
            next.go(part)
            guard !next.isEmpty, let node = try found(next, .umoci), type(node) == .symbolicLink else {
                current = next
                continue
            }
            linkCount += 1
            let target = try target(node)
            if target.first == UInt8(ascii: "/") { current = [] }
            rest += target.split(separator: UInt8(ascii: "/")).reversed()
        }
        return current
    }
}
