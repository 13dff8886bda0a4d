// SPDX-License-Identifier: Apache-2.0

package import EROFS
package import FileTree
import LinuxIO
import OCI
import Synchronization
package import SystemPackage

/// A flattened tree as a file system: never changes, needs no state, so that all of it may be cached and shared.
///
/// A file's number is its number in the EROFS image (the same that a kernel mount of the image shows), but for the
/// root, which is 1. Damage of the image is an `.ioError` of the request that met it and a line of the log.
package final class ReadOnlyTree: FileSystem {
    private let tree: MappedTree
    private let image: EROFSImage
    private let log: @Sendable (String) -> Void
    /// What was read of the tree need not stay in our memory.
    private let memory = FileMemory(limit: 1 << 20)
    private let readCount = Atomic(0)
    /// Reads between two looks at the memory; each may have brought some hundred kilobytes of the tree.
    private static let lookInterval = 16

    /// Makes the file system of a tree.
    ///
    /// - Parameter log: gets one line, without its end, for each request that failed for damage or a read error.
    package init(_ tree: MappedTree, log: @escaping @Sendable (String) -> Void) {
        self.tree = tree
        self.image = tree.image
        self.log = log
    }

    package var caching: CachePolicy { .forever }

    package func rest() { tree.release() }

    /// The number that a file has in the tree itself.
    package func node(of file: FileNumber) -> TreeNode {
        if file == .root { return TreeNode(image.rootNumber) }
        let displaced = file.rawValue ^ Self.displacement
        return TreeNode(displaced <= 1 ? displaced : file.rawValue)
    }

    package func lookup(_ name: UnsafeRawBufferPointer, in directory: FileNumber) throws(Errno) -> FileAttributes {
        guard name.count <= 255 else { throw .fileNameTooLong }
        return try answering(directory) {
            let parent = try record(directory, as: .directory, orElse: .notDirectory)
            guard let number = try image.lookup(name, in: parent) else { throw Errno.noSuchFileOrDirectory }
            return try attributes(image.record(number))
        }
    }

    /// The file of a name in a directory; see `lookup(_:in:)`.
    package func find(_ name: [UInt8], in directory: FileNumber) throws(Errno) -> FileAttributes {
        do {
            return try name.withUnsafeBytes { try lookup($0, in: directory) }
        } catch let error as Errno { throw error } catch { throw .ioError }
    }

    package func attributes(of file: FileNumber) throws(Errno) -> FileAttributes {
        try answering(file) { try attributes(record(file)) }
    }

    package func target(of link: FileNumber) throws(Errno) -> [UInt8] {
        try answering(link) { try image.target(record(link, as: .symbolicLink, orElse: .invalidArgument)) }
    }

    package func read(
        _ file: FileNumber, _ handle: FileHandle, at offset: UInt64, into buffer: UnsafeMutableRawBufferPointer
    ) throws(Errno) -> Int {
        try answering(file) { try tree.read(regular(file), at: offset, into: buffer) }
    }

    package func readDirectory(
        _ directory: FileNumber, _ handle: FileHandle, from cookie: UInt64, wantsAttributes: Bool,
        _ take: (DirectoryEntry) -> Bool
    ) throws(Errno) {
        try answering(directory) {
            let parent = try record(directory, as: .directory, orElse: .notDirectory)
            try image.readDirectory(parent, from: cookie) { entry in
                if wantsAttributes { countRead() }
                return take(
                    DirectoryEntry(
                        name: entry.name, number: fileNumber(entry.number), type: entry.type,
                        nextCookie: entry.nextCookie,
                        attributes: wantsAttributes ? attributesIfSound(entry.number) : nil))
            }
        }
    }

    package func seek(
        _ file: FileNumber, _ handle: FileHandle, from offset: UInt64, to goal: SeekGoal
    ) throws(Errno) -> UInt64 {
        try answering(file) {
            let inode = try regular(file)
            guard offset < inode.size else { throw Errno.noSuchAddressOrDevice }
            var position = offset
            while position < inode.size {
                let (isHole, length) = try piece(of: inode, at: position)
                if isHole == (goal == .hole) { return position }
                position += min(length, inode.size - position)
            }
            guard goal == .hole else { throw Errno.noSuchAddressOrDevice }
            return inode.size
        }
    }

    package func statistics() throws(Errno) -> FileSystemStatistics {
        let blocks = image.devices.reduce(UInt64(image.bytes.count / 512)) { sum, device in
            let (total, overflow) = sum.addingReportingOverflow(device.blockCount)
            return overflow ? .max : total
        }
        return FileSystemStatistics(fragmentSize: 512, fragmentCount: blocks, fileCount: image.inodeCount)
    }
}

extension ReadOnlyTree {
    package func mayHaveXattr(_ name: [UInt8]) -> Bool {
        image.attributeKinds.isSuperset(of: AttributeKinds(of: name))
    }

    package func ownXattr(_ name: [UInt8], of file: FileNumber, isOwner: Bool) throws(Errno) -> [UInt8] {
        try answering(file) {
            let inode = try record(file)
            let value =
                switch name {
                case OwnAttribute.layer: layer(of: inode)?.description
                case OwnAttribute.digest: contentDigest(of: inode)?.description
                default: nil as String?
                }
            guard let value else { throw Errno.noData }
            return Array(value.utf8)
        }
    }

    package func xattr(_ name: [UInt8], of file: FileNumber) throws(Errno) -> [UInt8] {
        try answering(file) {
            guard let value = try image.xattr(name, of: record(file)) else { throw Errno.noData }
            return value
        }
    }

    package func xattrNames(of file: FileNumber) throws(Errno) -> [[UInt8]] {
        try answering(file) {
            try image.xattrs(of: record(file)).map(\.name)
        }
    }

    private func layer(of inode: InodeRecord) -> DiffID? {
        guard inode.type == .regular || inode.type == .directory, let index = tree.notes?.layer(of: inode.ordinal),
            image.devices.indices.contains(Int(index))
        else { return nil }
        return image.devices[Int(index)].diffID
    }

    private func contentDigest(of inode: InodeRecord) -> Digest? {
        inode.type == .regular ? tree.notes?.digest(of: inode.ordinal) : nil
    }
}

extension ReadOnlyTree {
    /// Kept apart from all numbers of an image: their inodes' offsets, 32 times the number, fit in 63 bits.
    private static let displacement: UInt64 = 1 << 62

    private func fileNumber(_ number: UInt64) -> FileNumber {
        if number == image.rootNumber { return .root }
        return FileNumber(number <= 1 ? number | Self.displacement : number)
    }

    private func record(_ file: FileNumber) throws(EROFSError) -> InodeRecord {
        try image.record(node(of: file).rawValue)
    }

    private func record(_ file: FileNumber, as type: FileTree.FileType, orElse error: Errno) throws -> InodeRecord {
        let inode = try record(file)
        guard inode.type == type else { throw error }
        return inode
    }

    private func regular(_ file: FileNumber) throws -> InodeRecord {
        let inode = try record(file)
        switch inode.type {
        case .regular: return inode
        case .directory: throw Errno.isDirectory
        default: throw Errno.invalidArgument
        }
    }

    private func attributes(_ inode: InodeRecord) -> FileAttributes {
        FileAttributes(
            number: fileNumber(inode.number), type: inode.type, permissions: inode.permissions, uid: inode.uid,
            gid: inode.gid, linkCount: inode.linkCount, size: inode.size, blockCount: blockCount(inode),
            time: inode.mtime, device: inode.device)
    }

    /// A listing shows the names around a damaged inode; who looks at that one itself gets the error.
    private func attributesIfSound(_ number: UInt64) -> FileAttributes? {
        do {
            return try attributes(image.record(number))
        } catch {
            log("inode \(number): \(error)")
            return nil
        }
    }

    /// Bytes that are there, in units of 512: holes count nothing.
    private func blockCount(_ inode: InodeRecord) -> UInt64 {
        if inode.type == .regular { return inode.dataBlocks }
        return inode.size / 512 + (inode.size % 512 == 0 ? 0 : 1)
    }

    /// What lies at an offset below the size, and how far it goes: at least 1 byte.
    private func piece(of inode: InodeRecord, at offset: UInt64) throws(EROFSError) -> (isHole: Bool, length: UInt64) {
        switch try image.map(inode, at: offset) {
        case .hole(let length): (true, max(length, 1))
        case .layer(_, _, let length): (false, max(length, 1))
        case .metadata(_, let length): (false, max(length, 1))
        }
    }

    /// Gives memory back where it is much.
    ///
    /// To do so costs as much as many answers, as it interrupts the other processors;
    /// how much it is, is asked because the kernel decides how much comes with what is touched.
    private func countRead() {
        guard readCount.wrappingAdd(1, ordering: .relaxed).newValue % Self.lookInterval == 0, memory.isOverLimit else {
            return
        }
        tree.release()
        memory.beginAgain()
    }

    private func answering<Answer>(_ file: FileNumber, _ body: () throws -> Answer) throws(Errno) -> Answer {
        countRead()
        do {
            return try body()
        } catch let error as Errno {
            if error == .ioError { log("file \(file.rawValue): \(error)") }
            throw error
        } catch {
            log("file \(file.rawValue): \(error)")
            throw .ioError
        }
    }
}
