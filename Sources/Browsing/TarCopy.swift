// SPDX-License-Identifier: Apache-2.0

import Archive
import FileTree

/// Copies parts of a tree into a tar.
package final class TarCopy {
    private let tree: BrowsedTree
    private var tar: TarWriter
    /// The names in the tar of files that have several in the tree.
    private var names: [TreeNode: [UInt8]] = [:]
    /// What is not in the tar as it is in the tree.
    package private(set) var losses = CopyLosses()

    /// Starts a tar.
    ///
    /// - Parameters:
    ///   - tree: what is copied from.
    ///   - write: gets the tar's bytes in order, valid during the call.
    package init(_ tree: BrowsedTree, write: @escaping (UnsafeRawBufferPointer) throws -> Void) {
        self.tree = tree
        tar = TarWriter(write)
    }

    /// Adds a file and all below it.
    ///
    /// - Parameters:
    ///   - file: a file of the tree.
    ///   - name: what it is called in the tar: components without a slash around them, or `.`.
    /// - Throws: what `write` throws; what cannot be had of the tree is counted among the losses.
    package func add(_ file: BrowsedFile, as name: [UInt8]) throws {
        let startCount = file.path.count > 1 ? file.path.count : 0
        do {
            try tree.walk(from: file) { walked in
                let entry = walked.depth == 0 ? name : name + Array(walked.path[startCount...])
                do {
                    try self.add(walked.file, named: entry)
                } catch let error as BrowsingError {
                    losses.add(error)
                }
                return .into
            }
        } catch let error as BrowsingError {
            losses.add(error)
        }
    }

    /// Ends the tar.
    package func finish() throws { try tar.finish() }

    private func add(_ file: BrowsedFile, named name: [UInt8]) throws {
        let attributes = try tree.attributes(of: file)
        guard attributes.type != .socket else { return losses.add("a tar has no sockets", at: file.path) }
        if attributes.type != .directory, try tree.linkCount(of: file) > 1 {
            if let first = names[file.node] { return try tar.link(name, to: first, attributes) }
            names[file.node] = name
        }
        try tar.begin(name, attributes)
        guard attributes.type == .regular else { return }
        do {
            try tree.forEachPiece(of: file) { try tar.data($0) }
        } catch let error as BrowsingError {
            losses.add(error)
        }
        if try tar.end() > 0 { losses.add("became shorter while it was read; what is missing is zeros", at: file.path) }
    }
}

/// What a copy of a part of a tree does not have of it.
package struct CopyLosses: Sendable {
    /// How many are kept in full.
    package static let limit = 20

    /// What could not be copied, a line each: the first ones.
    package private(set) var lines: [String] = []
    /// How many there are.
    package private(set) var count = 0
    /// Files whose owner could not be set.
    package internal(set) var ownerCount = 0
    /// Extended attributes that could not be set.
    package internal(set) var attributeCount = 0

    mutating func add(_ error: BrowsingError) { add(line: "\(error)") }

    mutating func add(_ reason: String, at path: [UInt8]) { add(line: "\"\(Bytes.escaped(path))\": \(reason)") }

    private mutating func add(line: String) {
        count += 1
        if lines.count < Self.limit { lines.append(line) }
    }
}
