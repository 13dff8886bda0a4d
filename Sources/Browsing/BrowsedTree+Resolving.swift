// SPDX-License-Identifier: Apache-2.0

import EROFS
import FileTree

extension BrowsedTree {
    /// How many links one path may lead through, as in Linux.
    package static let linkLimit = 40
    /// How many components one path may have, with those that links put into it.
    package static let stepLimit = 65_536

    /// Finds the file of a path as a process would whose root directory this is.
    ///
    /// A path without a leading `/` starts at the root too. Links are followed inside the tree; `..` in the root is the
    /// root. A `/` at the end asks for a directory, and lets a link at the end be followed.
    ///
    /// - Parameters:
    ///   - path: the path's bytes, without NUL.
    ///   - followsLast: whether a link at the end of the path is followed.
    /// - Throws: `BrowsingError`; `isMissing` where nothing is there.
    package func resolve(_ path: [UInt8], followsLast: Bool = true) throws(BrowsingError) -> BrowsedFile {
        guard !path.contains(0) else { throw error(.malformed, at: path) }
        var walked = [root]
        var waiting = Self.steps(of: path)
        let needsDirectory = path.last == UInt8(ascii: "/")
        var (linkCount, stepCount) = (0, 0)
        while let step = waiting.popLast() {
            stepCount += 1
            guard stepCount + waiting.count <= Self.stepLimit else { throw error(.tooManySteps, at: path) }
            // The root is always there.
            guard let directory = walked.last else { break }
            guard directory.type == .directory else { throw error(.notDirectory, at: path) }
            if step.elementsEqual([0x2E]) { continue }
            if step.elementsEqual([0x2E, 0x2E]) {
                if walked.count > 1 { walked.removeLast() }
                continue
            }
            guard let file = try child(step, of: directory) else { throw error(.missing, at: path) }
            guard file.type == .symbolicLink, followsLast || needsDirectory || !waiting.isEmpty else {
                walked.append(file)
                continue
            }
            linkCount += 1
            guard linkCount <= Self.linkLimit else { throw error(.tooManyLinks, at: path) }
            let target = try attributes(of: file).target
            guard !target.isEmpty else { throw error(.missing, at: path) }
            if target.first == UInt8(ascii: "/") { walked.removeSubrange(1...) }
            waiting += Self.steps(of: target)
        }
        let found = walked.last ?? root
        if needsDirectory, found.type != .directory { throw error(.notDirectory, at: path) }
        return found
    }

    /// Finds the file of a path; nil where there is none.
    ///
    /// See `resolve(_:followsLast:)`.
    package func find(_ path: [UInt8], followsLast: Bool = true) throws(BrowsingError) -> BrowsedFile? {
        do throws(BrowsingError) {
            return try resolve(path, followsLast: followsLast)
        } catch {
            if error.isMissing { return nil }
            throw error
        }
    }

    /// Finds the file of a path of the program's own; nil where there is none.
    ///
    /// See `resolve(_:followsLast:)`.
    package func find(_ path: String, followsLast: Bool = true) throws(BrowsingError) -> BrowsedFile? {
        try find(Array(path.utf8), followsLast: followsLast)
    }

    /// The file of a name in a directory; nil where there is none.
    ///
    /// Links are not followed.
    /// - Throws: `BrowsingError`.
    package func child(
        _ name: some Collection<UInt8>, of directory: BrowsedFile
    ) throws(BrowsingError) -> BrowsedFile? {
        guard directory.type == .directory else { throw error(.notDirectory, at: directory.path) }
        let path = directory.path(of: name)
        if let mapped {
            let bytes = Array(name)
            return try at(path) {
                let image = mapped.image
                let record = try image.record(directory.node.rawValue)
                guard let number = try bytes.withUnsafeBytes({ try image.lookup($0, in: record) }) else { return nil }
                return BrowsedFile(path: path, node: TreeNode(number), type: try image.record(number).type)
            }
        }
        let children = try at(directory.path) { try source.children(of: directory.node) }
        // They are sorted: a directory of a million names is searched by halves.
        var (low, high) = (0, children.count)
        while low < high {
            let middle = low + (high - low) / 2
            if Bytes.precedes(children[middle].name, name) { low = middle + 1 } else { high = middle }
        }
        guard low < children.count, children[low].name.elementsEqual(name) else { return nil }
        return BrowsedFile(path: path, node: children[low].node, type: children[low].type)
    }

    /// The components of a path, the last one first.
    private static func steps(of path: [UInt8]) -> [ArraySlice<UInt8>] {
        path.split(separator: UInt8(ascii: "/")).reversed()
    }
}
