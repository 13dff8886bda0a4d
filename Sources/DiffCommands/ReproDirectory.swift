// SPDX-License-Identifier: Apache-2.0

import Browsing
import CommandTrees
import Console
import FileTree
import Glibc
import LayerStore
import LinuxIO
import OCI
import SystemPackage
import TreeDiff

/// What differs between two builds, as two directories that any tool can compare.
///
/// Names of the image are used below `a/files` and `b/files` only, in directories that are made here and have no links.
enum ReproDirectory {
    /// Writes it.
    ///
    /// - Parameters:
    ///   - report: the report in JSON.
    ///   - name: the directory, which must not be there.
    static func write(_ reproduction: Reproduction, _ report: [UInt8], to name: String) throws {
        do {
            let path = FilePath(RawArguments.bytes(of: name))
            guard let last = path.lastComponent else { throw Errno.fileExists }
            let parent = path.removingLastComponent()
            let outer = try Descriptor.open(parent.isEmpty ? "." : parent, O_RDONLY | O_DIRECTORY)
            try outer.makeEntryDirectory(last.bytes, mode: 0o777)
            let root = try outer.openEntry(last.bytes, O_RDONLY | O_DIRECTORY)
            try write(report, to: "report.json", in: root)
            let sides = [
                ("a", reproduction.left, BrowsedTree(reproduction.pair.left.tree, name: []), true),
                ("b", reproduction.right, BrowsedTree(reproduction.pair.right.tree, name: []), false),
            ]
            for (side, image, tree, isLeft) in sides {
                let directory = try root.makeDirectory(side)
                try write(image.manifestBytes, to: "manifest.json", in: directory)
                try write(image.configurationBytes, to: "config.json", in: directory)
                try write(try listing(reproduction, isLeft), to: "metadata.txt", in: directory)
                let files = try directory.makeDirectory("files")
                // Of a file with several names the first is enough.
                var written: Set<TreeNode> = []
                for file in reproduction.files {
                    let isContent =
                        file.change.kind != .modified || !file.change.fields.isDisjoint(with: [.content, .type])
                    guard isContent, let found = isLeft ? file.change.left : file.change.right,
                        found.attributes.type == .regular, written.insert(found.node).inserted
                    else { continue }
                    try copy(BrowsedFile(path: file.change.path, node: found.node, type: .regular), of: tree, to: files)
                }
            }
        } catch let error as Errno {
            throw CommandError("--report-dir \(name.printable): \(error)")
        }
    }

    private static func write(_ bytes: [UInt8], to name: String, in directory: Descriptor) throws {
        try directory.openEntry(Array(name.utf8), O_WRONLY | O_CREAT | O_EXCL, mode: 0o666).write(bytes)
    }

    private static func copy(_ file: BrowsedFile, of tree: BrowsedTree, to root: Descriptor) throws {
        let names = file.path.split(separator: UInt8(ascii: "/")).map(Array.init)
        guard let last = names.last else { return }
        let directory = try names.dropLast().reduce(root) { try subdirectory($1, of: $0) }
        let copy = try directory.openEntry(last, O_WRONLY | O_CREAT | O_EXCL, mode: 0o666)
        try tree.forEachPiece(of: file) { try copy.write($0) }
    }

    private static func subdirectory(_ name: [UInt8], of directory: Descriptor) throws(Errno) -> Descriptor {
        do throws(Errno) {
            try directory.makeEntryDirectory(name, mode: 0o777)
        } catch .fileExists {}
        return try directory.openEntry(name, O_RDONLY | O_DIRECTORY)
    }

    /// A line for each file that differs and is there: type, mode, owner, size, time, path, target, attributes.
    private static func listing(_ reproduction: Reproduction, _ isLeft: Bool) throws -> [UInt8] {
        var text = ""
        for file in reproduction.files {
            guard let attributes = (isLeft ? file.change.left : file.change.right)?.attributes else { continue }
            text += "\(attributes.type) \(String(attributes.permissions, radix: 8)) \(attributes.uid):\(attributes.gid)"
            text += " \(attributes.size) \(attributes.mtime.seconds).\(attributes.mtime.nanoseconds)"
            text += " \(Bytes.escaped(file.change.path))"
            if attributes.type == .symbolicLink { text += " -> \(Bytes.escaped(attributes.target))" }
            for attribute in attributes.xattrs {
                text += " \(Bytes.escaped(attribute.name))=\(Bytes.escaped(attribute.value))"
            }
            text += "\n"
        }
        return Array(text.utf8)
    }
}
