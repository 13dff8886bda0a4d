// SPDX-License-Identifier: Apache-2.0

package import FileTree
import Glibc
package import LinuxIO
import Synchronization
package import SystemPackage

/// What the upper remembers of lower files that have several names.
///
/// Their directory has one more name for each copy of such a file, and, for one that lost names before it was copied, a
/// symbolic link `removed-NAME` that says how many.
package struct KnownLinks {
    /// The inode numbers of the copies, by what they are called.
    private(set) var copies: [[UInt8]: UInt64] = [:]
    /// What the copies are called, by inode number.
    private(set) var names: [UInt64: [UInt8]] = [:]
    /// How many names a file lost that has no copy.
    package var removed: [[UInt8]: UInt32] = [:]

    /// Reads a directory of links; what is not of `UpperLayer.copyName`'s form is somebody else's.
    package init(_ links: Descriptor) throws(Errno) {
        for name in try links.entryNames() {
            let status = try links.entryStatus(name)
            if let file = Self.file(ofCount: name) {
                guard status.st_mode & S_IFMT == S_IFLNK, Self.isCopyName(file) else { continue }
                let text = String(decoding: try links.entryTarget(name), as: UTF8.self)
                removed[file] = UInt32(text) ?? 0
            } else if status.st_mode & S_IFMT != S_IFDIR, Self.isCopyName(name) {
                add(name, inode: UInt64(status.st_ino))
            }
        }
    }

    /// Whether a name is two or three numbers with dashes between them.
    private static func isCopyName(_ name: [UInt8]) -> Bool {
        let parts = name.split(separator: UInt8(ascii: "-"), omittingEmptySubsequences: false)
        return (2...3).contains(parts.count)
            && parts.allSatisfy { part in
                !part.isEmpty && part.allSatisfy { (0x30...0x39).contains($0) || (0x61...0x66).contains($0) }
            }
    }

    /// Takes note of a copy.
    package mutating func add(_ name: [UInt8], inode: UInt64) {
        copies[name] = inode
        names[inode] = name
    }

    /// Forgets a copy.
    package mutating func remove(_ name: [UInt8]) {
        if let inode = copies.removeValue(forKey: name) { names[inode] = nil }
    }

    private static let prefix = Array("removed-".utf8)

    /// The name of the link that counts for a file.
    package static func countName(of file: [UInt8]) -> [UInt8] { prefix + file }

    private static func file(ofCount name: [UInt8]) -> [UInt8]? {
        name.starts(with: prefix) ? Array(name.dropFirst(prefix.count)) : nil
    }
}

extension UpperLayer {
    /// What the copy of a lower file is called in `links`: the same as long as the layers below are.
    ///
    /// - Parameters:
    ///   - depth: how many layers lie below the file's.
    ///   - device: the device of that layer's own directory.
    package static func copyName(_ identity: FileIdentity, depth: Int, device: UInt64) -> [UInt8] {
        let other = identity.device == device ? "" : "-\(String(identity.device, radix: 16))"
        return Array("\(depth)-\(String(identity.inode, radix: 16))\(other)".utf8)
    }

    /// Where a lower file's copy is; nil where it has none.
    package func copy(called name: [UInt8]) -> LayerPlace? {
        known.withLock { $0.copies[name] } == nil ? nil : LayerPlace(layer: 0, kind: .disk(linksDirectory, name))
    }

    /// What a file of the upper is called among the copies; nil for one that is none.
    package func copyName(of identity: FileIdentity) -> [UInt8]? {
        known.withLock { $0.names.isEmpty ? nil : $0.names[identity.inode] }
    }

    /// Whether files of a type whose names share one in a lower layer share their copy: those that may have marks.
    package func mayLink(_ type: FileTree.FileType) -> Bool { type == .regular || prefix.first == UInt8(ascii: "t") }

    /// How many names a lower file without a copy has lost.
    package func removedNames(of name: [UInt8]) -> UInt32 { known.withLock { $0.removed[name] } ?? 0 }

    /// Writes down that a lower file without a copy is about to lose a name.
    ///
    /// Then `nameIsLost(of:)` or `recordRemoved(of:)` says whether it did.
    package func prepareLoss(of name: [UInt8]) throws(Errno) {
        try write(removed: removedNames(of: name) &+ 1, of: name)
    }

    /// Takes note that a lower file without a copy has lost a name, which is written down.
    package func nameIsLost(of name: [UInt8]) { known.withLock { $0.removed[name, default: 0] &+= 1 } }

    /// Writes down how many names a lower file has lost that has no copy.
    package func recordRemoved(of name: [UInt8]) throws(Errno) {
        let count = removedNames(of: name)
        guard count == 0 else { return try write(removed: count, of: name) }
        do throws(Errno) {
            try links.removeEntry(KnownLinks.countName(of: name))
        } catch .noSuchFileOrDirectory {}
    }

    private func write(removed count: UInt32, of name: [UInt8]) throws(Errno) {
        let spare = temporaryName()
        do throws(Errno) {
            try temporary.makeEntryLink(spare, to: Array("\(count)".utf8))
            try temporary.renameEntry(spare, to: links, as: KnownLinks.countName(of: name))
        } catch {
            removeRemains(spare)
            throw error
        }
    }

    /// Takes an upper file as the copy of a lower file that has none so far.
    package func addCopy(
        _ name: [UInt8], of file: [UInt8], in directory: Descriptor, inode: UInt64
    ) throws(Errno) {
        do throws(Errno) {
            try directory.linkEntry(file, to: links, as: name)
        } catch .fileExists {
            // What an earlier try left, which nothing leads to.
            try links.removeEntry(name)
            try directory.linkEntry(file, to: links, as: name)
        }
        known.withLock { $0.add(name, inode: inode) }
    }

    /// Forgets the names that a file lost before it was copied: the copy's count has them now.
    package func forgetRemoved(_ name: [UInt8]) {
        guard known.withLock({ $0.removed.removeValue(forKey: name) }) != nil else { return }
        settle { [self] () throws(Errno) in
            if removedNames(of: name) == 0 { try recordRemoved(of: name) }
        }
    }

    /// Forgets a lower file's copy that no name leads to any more, or that did not come to be.
    package func removeCopy(_ name: [UInt8]) {
        known.withLock { $0.remove(name) }
        settle { [self] () throws(Errno) in
            guard copy(called: name) == nil else { return }
            do throws(Errno) {
                try links.removeEntry(name)
            } catch .noSuchFileOrDirectory {}
        }
    }
}

/// How many names a copy is shown with: lower layers have names that the upper's file system does not count.
///
/// The mark says by how much the counts differ (`U+2`), or, while a copy gets names, how many are shown whatever the file
/// system counts (`T3`): so that each step leaves the right count.
extension UpperLayer {
    /// The link count that a file of the upper is shown with: a copy counts names that lower layers have.
    package func shownLinkCount(_ status: LayerStatus, of place: LayerPlace, _ core: OverlayCore) throws(Errno)
        -> UInt32
    {
        guard place.layer == 0, status.type != .directory, copyName(of: status.identity) != nil else {
            return status.linkCount
        }
        let (directory, name) = try core.reach(place)
        return try Self.shownLinkCount(status.linkCount, of: name, in: directory, marks: prefix)
    }

    /// - Parameters:
    ///   - real: what the upper's file system counts.
    ///   - prefix: what the names of marks begin with.
    static func shownLinkCount(
        _ real: UInt32, of name: [UInt8], in directory: Descriptor, marks prefix: [UInt8]
    ) throws(Errno) -> UInt32 {
        let value = try directory.entryXattr(prefix + Array("nlink".utf8), of: name) ?? []
        let text = String(decoding: value.dropFirst(), as: UTF8.self)
        switch value.first {
        case UInt8(ascii: "U"): return UInt32(clamping: Int64(real) + Int64(Int32(text) ?? 0))
        case UInt8(ascii: "T"): return UInt32(text) ?? real
        default: return real
        }
    }

    /// Says how many names are shown, whatever the upper's file system counts.
    package func setLinkTotal(_ total: Int64, of name: [UInt8], in directory: Descriptor) throws(Errno) {
        try mark("nlink", Array("T\(UInt32(clamping: total))".utf8), name, in: directory)
    }

    /// Says by how much the shown count differs from what the upper's file system has, `change` more or less than now.
    ///
    /// Before names come and go in the upper it must be said so.
    package func relateLinkCount(of name: [UInt8], in directory: Descriptor, change: Int64 = 0) throws(Errno) {
        let real = UInt32(clamping: try directory.entryStatus(name).st_nlink)
        let shown = try Self.shownLinkCount(real, of: name, in: directory, marks: prefix)
        let difference = Int32(clamping: Int64(shown) + change - Int64(real))
        try mark("nlink", Array("U\(difference < 0 ? "" : "+")\(difference)".utf8), name, in: directory)
    }

    /// Says so of a file that is a copy and of which something else is said.
    package func relateLinkCount(of place: LayerPlace, _ core: OverlayCore) throws(Errno) {
        guard place.layer == 0, !known.withLock({ $0.names.isEmpty }) else { return }
        let (directory, name) = try core.reach(place)
        guard copyName(of: FileIdentity(try directory.entryStatus(name))) != nil, try isTotal(of: name, in: directory)
        else { return }
        try relateLinkCount(of: name, in: directory)
    }

    /// Says so of a copy, by the name that it keeps as long as it is one, now or when it can be said.
    package func settleLinkCount(of copyName: [UInt8]) {
        settle { [self] () throws(Errno) in
            do throws(Errno) {
                if try isTotal(of: copyName, in: links) { try relateLinkCount(of: copyName, in: links) }
            } catch .noSuchFileOrDirectory {}
        }
    }

    private func isTotal(of name: [UInt8], in directory: Descriptor) throws(Errno) -> Bool {
        try directory.entryXattr(prefix + Array("nlink".utf8), of: name)?.first == UInt8(ascii: "T")
    }
}
