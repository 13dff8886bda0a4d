// SPDX-License-Identifier: Apache-2.0

import Browsing
import Console
import FileTree
import Glibc
import LinuxIO
import SystemPackage

/// Where files go that are copied to this machine.
struct CopyDestination {
    private let path: [UInt8]
    /// The directory that the path is; nil where it is none.
    private let directory: Descriptor?

    /// Looks at a path as the user gave it: a link to a directory is that directory.
    init(_ path: [UInt8]) throws {
        guard !path.isEmpty, !path.contains(0) else { throw CommandError("\"\(Bytes.escaped(path))\": no path") }
        self.path = path
        do throws(Errno) {
            directory = try Descriptor.open(FilePath(path), O_RDONLY | O_DIRECTORY)
        } catch {
            guard error == .noSuchFileOrDirectory || error == .notDirectory else {
                throw CommandError("\"\(Bytes.escaped(path))\": \(error)")
            }
            directory = nil
        }
    }

    /// Copies files here.
    ///
    /// - Returns: what could not be copied, a line each.
    func take(_ files: [CopiedFile]) throws -> [String] {
        var losses: [String] = []
        if let directory {
            for group in Self.byTree(files) {
                var copy = DiskCopy(group[0].tree, into: directory, called: path)
                for source in group {
                    if source.isContents {
                        try copy.copyContents(of: source.file)
                    } else {
                        try copy.copy(source.file, as: source.name)
                    }
                }
                losses += told(copy.losses)
            }
            return losses
        }
        guard files.count == 1, let source = files.first else {
            throw CommandError("\"\(Bytes.escaped(path))\": not a directory, which several files need")
        }
        guard source.file.type == .directory || path.last != UInt8(ascii: "/") else {
            throw CommandError("\"\(Bytes.escaped(path))\": no such directory")
        }
        let (parent, name) = try self.parent()
        var copy = DiskCopy(source.tree, into: try open(parent), called: parent)
        try copy.copy(source.file, as: name)
        return told(copy.losses)
    }

    /// The directory that the path's last component is in, and that component.
    private func parent() throws -> (parent: [UInt8], name: [UInt8]) {
        var whole = path
        while whole.count > 1, whole.last == UInt8(ascii: "/") { whole.removeLast() }
        guard let slash = whole.lastIndex(of: UInt8(ascii: "/")) else { return (Array(".".utf8), whole) }
        return (slash == 0 ? Array("/".utf8) : Array(whole[..<slash]), Array(whole[(slash + 1)...]))
    }

    private func open(_ parent: [UInt8]) throws -> Descriptor {
        do throws(Errno) {
            return try Descriptor.open(FilePath(parent), O_RDONLY | O_DIRECTORY)
        } catch { throw CommandError("\"\(Bytes.escaped(parent))\": \(error)") }
    }

    private func told(_ losses: CopyLosses) -> [String] {
        if let note = losses.note { StandardError.print("cimg: \"\(Bytes.escaped(path))\": \(note)") }
        return losses.text
    }

    /// The files in their order, those that follow one another in one tree together.
    private static func byTree(_ files: [CopiedFile]) -> [[CopiedFile]] {
        var groups: [[CopiedFile]] = []
        for file in files {
            if let last = groups.last?.last, last.tree.source === file.tree.source {
                groups[groups.count - 1].append(file)
            } else {
                groups.append([file])
            }
        }
        return groups
    }
}
