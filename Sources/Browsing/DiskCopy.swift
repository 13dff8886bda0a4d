// SPDX-License-Identifier: Apache-2.0

import FileTree
import Glibc
package import LinuxIO
import SystemPackage

/// Why a copy to this machine's disk ended.
package struct DiskCopyError: Error, CustomStringConvertible {
    /// The path on the disk, as the user would write it.
    package let place: [UInt8]
    /// What is wrong.
    package let reason: String

    package var description: String { "\"\(Bytes.escaped(place))\": \(reason)" }
}

/// Copies parts of a tree into a directory of this machine.
///
/// Nothing is written through a link: a name is made in a directory that is held open, and what has it is replaced by a
/// rename, once the new file is whole. What is no directory stays where a directory should go. Owners are kept by the
/// superuser, set-user-ID bits only with their owners, attributes as far as the file system lets them be set.
package struct DiskCopy {
    /// A directory that is being filled.
    struct Frame {
        let source: BrowsedFile
        var rest: ArraySlice<TreeChild>
        /// Which directory of this machine it is: the way back up must lead there.
        let place: PlaceIdentity
        /// Bytes of the path on the disk.
        let pathCount: Int
        /// Whether the directory was made by this copy, so that nothing can be in the way.
        let isNew: Bool
    }

    let tree: BrowsedTree
    let root: Descriptor
    /// The path on the disk of what is copied now, for messages.
    var path: [UInt8]
    let keepsOwners: Bool
    /// Where on the disk files are that have several names in the tree: components below the root.
    var copies: [TreeNode: (names: [[UInt8]], place: PlaceIdentity)] = [:]
    /// What is not on the disk as it is in the tree.
    package internal(set) var losses = CopyLosses()

    /// Prepares to copy into a directory.
    ///
    /// - Parameters:
    ///   - directory: an open directory.
    ///   - path: what the user calls it.
    package init(_ tree: BrowsedTree, into directory: Descriptor, called path: [UInt8]) {
        self.tree = tree
        root = directory
        self.path =
            path == [UInt8(ascii: ".")] ? [] : path.last == UInt8(ascii: "/") ? path : path + [UInt8(ascii: "/")]
        keepsOwners = geteuid() == 0
    }

    /// Copies a file with all below it to a name in the directory.
    ///
    /// A directory that is there already gets what it does not have, and the metadata of the one that is copied.
    /// - Throws: `DiskCopyError`: of a new directory or a single file nothing is left then; what cannot be had of the
    ///   tree, or has something in its way, is counted among the losses.
    package mutating func copy(_ file: BrowsedFile, as name: [UInt8]) throws {
        guard file.type == .directory else {
            return try place(TreeChild(name: name, node: file.node, type: file.type), file.path, in: root, isNew: false)
        }
        let start = path.count
        path += name
        defer { path.removeSubrange(start...) }
        if let status = try status(of: name, in: root) {
            guard status.st_mode & S_IFMT == S_IFDIR else {
                throw error("is there and no directory; a link there is not followed")
            }
            return try fill(file, named: name, isNew: false)
        }
        let aside = Array(Descriptor.unfinishedName().utf8)
        do {
            try disk { () throws(Errno) in try root.makeEntryDirectory(aside, mode: 0o700) }
            try fill(file, named: aside, isNew: true)
            try disk { () throws(Errno) in try root.renameEntry(aside, to: root, as: name, flags: .noReplace) }
        } catch {
            // What cannot be removed has a name that says what it is.
            try? root.removeTree(aside)
            throw error
        }
        // Names that come later are links to what now lies elsewhere.
        for (node, copy) in copies where copy.names.first == aside {
            copies[node] = ([name] + copy.names.dropFirst(), copy.place)
        }
    }

    /// Copies what is in a directory into the directory itself, whose own metadata stay.
    ///
    /// See `copy(_:as:)`.
    package mutating func copyContents(of directory: BrowsedFile) throws {
        try fill(directory, named: [], isNew: false)
    }

    /// Copies what is in a directory to a name in the root, or to the root itself for no name.
    private mutating func fill(_ source: BrowsedFile, named name: [UInt8], isNew: Bool) throws {
        var (current, frame) = try enter(source, root, name, isNew: isNew)
        var frames: [Frame] = []
        var names: [[UInt8]] = name.isEmpty ? [] : [name]
        var count: UInt64 = 0
        while true {
            guard let child = frame.rest.popFirst() else {
                guard let above = frames.popLast() else {
                    if !name.isEmpty { try setAttributes(of: frame.source, [], in: current) }
                    return
                }
                // The way up first: the directory's own mode may close it.
                let parent = try disk { () throws(Errno) in try current.openParent() }
                guard try disk({ () throws(Errno) in try PlaceIdentity(of: parent) }).isSameFile(as: above.place) else {
                    throw error("was moved while it was copied to")
                }
                try setAttributes(of: frame.source, [], in: current)
                (current, frame) = (parent, above)
                names.removeLast()
                path.removeSubrange(frame.pathCount...)
                continue
            }
            let childPath = frame.source.path(of: child.name)
            guard child.type == .directory else {
                try place(child, childPath, in: current, isNew: frame.isNew, below: names)
                continue
            }
            count += 1
            guard count <= tree.source.directoryLimit ?? .max else { throw tree.error(.goesInCircles, at: childPath) }
            let start = path.count
            if start > 0, path.last != UInt8(ascii: "/") { path.append(UInt8(ascii: "/")) }
            path += child.name
            do {
                let isNew = try makeDirectory(child.name, in: current)
                let file = BrowsedFile(path: childPath, node: child.node, type: .directory)
                let (directory, next) = try enter(file, current, child.name, isNew: isNew)
                frames.append(frame)
                (current, frame) = (directory, next)
                names.append(child.name)
            } catch let error as BrowsingError {
                losses.add(error)
                path.removeSubrange(start...)
            } catch let error as InTheWay {
                losses.add(error.reason, at: path)
                path.removeSubrange(start...)
            }
        }
    }

    /// Opens a directory on the disk and lists the one of the tree that is copied to it.
    private func enter(
        _ source: BrowsedFile, _ parent: Descriptor, _ name: [UInt8], isNew: Bool
    ) throws -> (Descriptor, Frame) {
        let directory =
            name.isEmpty
            ? parent : try disk { () throws(Errno) in try parent.openBeneath(name, O_RDONLY | O_DIRECTORY) }
        let place = try disk { () throws(Errno) in try PlaceIdentity(of: directory) }
        let children = try tree.at(source.path) { try tree.source.children(of: source.node) }
        return (
            directory, Frame(source: source, rest: children[...], place: place, pathCount: path.count, isNew: isNew)
        )
    }

    /// Makes a directory unless one is there; whether it was made.
    private func makeDirectory(_ name: [UInt8], in directory: Descriptor) throws -> Bool {
        do throws(Errno) {
            try directory.makeEntryDirectory(name, mode: 0o700)
            return true
        } catch .fileExists {
        } catch { throw self.error("\(error)") }
        guard let status = try status(of: name, in: directory), status.st_mode & S_IFMT == S_IFDIR else {
            throw InTheWay(reason: "is there and no directory; a link there is not followed")
        }
        return false
    }

    func status(of name: [UInt8], in directory: Descriptor) throws -> stat? {
        do throws(Errno) {
            return try directory.entryStatus(name)
        } catch .noSuchFileOrDirectory {
            return nil
        } catch { throw self.error("\(error)") }
    }

    /// Runs a call to the disk; its error gets the path.
    func disk<Result>(_ call: () throws(Errno) -> Result) throws(DiskCopyError) -> Result {
        do throws(Errno) {
            return try call()
        } catch { throw self.error("\(error)") }
    }

    func error(_ reason: String) -> DiskCopyError { DiskCopyError(place: path, reason: reason) }
}

/// Something on the disk that a file cannot take the place of.
struct InTheWay: Error {
    let reason: String
}
