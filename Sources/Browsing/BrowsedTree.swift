// SPDX-License-Identifier: Apache-2.0

import EROFS
package import FileTree
package import OCI

/// A tree that can be looked into by paths.
///
/// May be used from several threads, as its source may.
package struct BrowsedTree: Sendable {
    /// The tree.
    package let source: any TreeSource
    /// What the user calls it, for errors.
    package let name: [UInt8]
    /// The source where it is a mapped image, whose names and attributes can be had without copies.
    let mapped: MappedTree?

    /// Makes a tree that can be looked into.
    ///
    /// - Parameter name: what the user calls it.
    package init(_ source: any TreeSource, name: [UInt8]) {
        self.source = source
        self.name = name
        mapped = source as? MappedTree
    }

    /// The root directory.
    package var root: BrowsedFile { BrowsedFile(path: [UInt8(ascii: "/")], node: source.root, type: .directory) }

    /// Metadata of a file.
    ///
    /// - Throws: `BrowsingError`.
    package func attributes(of file: BrowsedFile) throws(BrowsingError) -> Attributes {
        try at(file.path) { try source.attributes(of: file.node) }
    }

    /// How many names a file has.
    ///
    /// - Throws: `BrowsingError`.
    package func linkCount(of file: BrowsedFile) throws(BrowsingError) -> UInt32 {
        try at(file.path) { try source.linkCount(of: file.node) }
    }

    /// SHA-256 of a regular file's content where it is known without reading; else nil.
    ///
    /// - Throws: `BrowsingError`.
    package func knownDigest(of file: BrowsedFile) throws(BrowsingError) -> Digest? {
        guard file.type == .regular else { return nil }
        return try at(file.path) { try source.contentDigest(of: file.node) }
    }

    /// The files of a directory, sorted by the bytes of their names.
    ///
    /// - Throws: `BrowsingError`, also for what is no directory.
    package func children(of directory: BrowsedFile) throws(BrowsingError) -> [BrowsedFile] {
        guard directory.type == .directory else { throw error(.notDirectory, at: directory.path) }
        let children = try at(directory.path) { try source.children(of: directory.node) }
        return children.map { BrowsedFile(path: directory.path(of: $0.name), node: $0.node, type: $0.type) }
    }

    /// The layer that brought a file, where the tree knows it: a mapped image does.
    ///
    /// - Throws: `BrowsingError`.
    package func layer(of file: BrowsedFile) throws(BrowsingError) -> FileLayer? {
        guard let mapped, let notes = mapped.notes else { return nil }
        let index = try at(file.path) { notes.layer(of: try mapped.image.record(file.node.rawValue).ordinal) }
        guard let index, let number = Int(exactly: index), mapped.image.devices.indices.contains(number) else {
            return nil
        }
        return FileLayer(index: number, diffID: mapped.image.devices[number].diffID)
    }

    /// The layers of the tree, base layer first; nil where the tree does not know them.
    package var layers: [DiffID]? { mapped.flatMap { $0.notes == nil ? nil : $0.image.devices.map(\.diffID) } }

    /// Runs a call to the source; its errors get the path.
    func at<Result>(_ path: [UInt8], _ call: () throws -> Result) throws(BrowsingError) -> Result {
        do {
            return try call()
        } catch let error as BrowsingError {
            throw error
        } catch is VanishedFile {
            throw self.error(.missing, at: path)
        } catch {
            throw self.error(.failed(error), at: path)
        }
    }

    func error(_ cause: BrowsingError.Cause, at path: [UInt8]) -> BrowsingError {
        BrowsingError(tree: name, path: path, cause: cause)
    }
}

/// A file found in a tree.
package struct BrowsedFile: Hashable, Sendable {
    /// Its absolute path: `/` for the root, else components, each after a `/`; no link, `.` or `..` in it.
    package let path: [UInt8]
    /// Its number in the tree.
    package let node: TreeNode
    /// Its type.
    package let type: FileType

    /// Makes a file.
    package init(path: [UInt8], node: TreeNode, type: FileType) {
        self.path = path
        self.node = node
        self.type = type
    }

    /// The last component of the path; empty for the root.
    package var name: ArraySlice<UInt8> {
        path[(path.lastIndex(of: UInt8(ascii: "/")).map { $0 + 1 } ?? 0)...]
    }

    /// The path of a name in this directory.
    package func path(of name: some Collection<UInt8>) -> [UInt8] {
        var whole: [UInt8] = []
        whole.reserveCapacity(path.count + 1 + name.count)
        if path.count > 1 { whole += path }
        whole.append(UInt8(ascii: "/"))
        whole += name
        return whole
    }
}

/// The layer of an image that brought a file.
package struct FileLayer: Hashable, Sendable {
    /// Its place among the image's layers: 0 is the base.
    package let index: Int
    /// Which it is.
    package let diffID: DiffID

    /// Makes a layer.
    package init(index: Int, diffID: DiffID) {
        self.index = index
        self.diffID = diffID
    }
}
