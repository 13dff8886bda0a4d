// SPDX-License-Identifier: Apache-2.0

import Browsing
import Console
import FileTree
import LinuxIO
import SystemPackage

/// A file that is to be copied out of a tree.
struct CopiedFile {
    let tree: BrowsedTree
    let file: BrowsedFile
    /// What it is called where it goes; empty for the root, which has no name.
    let name: [UInt8]
    /// Whether what is in it is meant rather than the directory.
    let isContents: Bool

    /// The files that a command line names.
    struct Sources {
        private let isFollowing: Bool
        private(set) var files: [CopiedFile] = []
        /// Paths that lead nowhere.
        private(set) var problems: [BrowsingError] = []

        init(isFollowing: Bool) { self.isFollowing = isFollowing }

        /// Finds the files of paths in a tree.
        mutating func add(_ paths: [[UInt8]], of tree: BrowsedTree) throws {
            for path in paths {
                let components = path.split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false)
                let isContents = components.last?.elementsEqual([UInt8(ascii: ".")]) ?? false
                do throws(BrowsingError) {
                    let found = try tree.files(path, followsLast: isFollowing)
                    let written = components.last { !$0.isEmpty }.map(Array.init) ?? []
                    let isName = ![[], [0x2E], [0x2E, 0x2E]].contains(written) && !NamePattern.isPattern(written)
                    for file in found {
                        let name = isName && found.count == 1 ? written : Array(file.name)
                        files.append(
                            CopiedFile(
                                tree: tree, file: file, name: name,
                                isContents: file.type == .directory && (isContents || name.isEmpty)))
                    }
                } catch { problems.append(error) }
            }
        }

        /// Writes a tar of the files to standard output.
        ///
        /// - Returns: what is not in it, a line each.
        func writeTar() throws -> [String] {
            var losses: [String] = []
            var trees: [(tree: BrowsedTree, copy: TarCopy)] = []
            for source in files {
                // Names of one file are found again within one object.
                let known = trees.last.flatMap { $0.tree.source === source.tree.source ? $0.copy : nil }
                let copy = known ?? TarCopy(source.tree) { try Self.write($0) }
                if known == nil { trees.append((source.tree, copy)) }
                try copy.add(source.file, as: source.isContents ? [UInt8(ascii: ".")] : source.name)
            }
            for (_, copy) in trees { losses += copy.losses.text }
            try trees.last?.copy.finish()
            return losses
        }

        private static func write(_ bytes: UnsafeRawBufferPointer) throws {
            do {
                try FileDescriptor.standardOutput.writeAll(bytes)
            } catch let error as Errno where error != .brokenPipe {
                throw CommandError("standard output: \(error)")
            }
        }
    }
}

extension CopyLosses {
    /// What a copy does not have, a line each.
    var text: [String] {
        lines + (count > lines.count ? ["and \(count - lines.count) more of this kind"] : [])
    }

    /// What was not kept and is no reason to call a copy failed; nil where there is nothing.
    var note: String? {
        let parts = [
            ownerCount > 0 ? "the owners of \(counted(ownerCount, "file"))" : nil,
            attributeCount > 0 ? counted(attributeCount, "extended attribute") : nil,
        ].compactMap { $0 }
        return parts.isEmpty ? nil : parts.joined(separator: " and ") + " could not be kept"
    }
}
