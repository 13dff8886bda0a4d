// SPDX-License-Identifier: Apache-2.0

package import FileSystems
import FileTree
import Glibc
import LinuxIO
package import SystemPackage

/// Stacked layers as a file system, with the meaning that kernel overlayfs gives them.
///
/// A file's number is made of its device and inode number where they fit in 62 bits together; names that share a file
/// in a layer share the number. A merged directory has a link count of 1, as the kernel's.
package final class OverlayFileSystem: FileSystem {
    let core: OverlayCore
    let nodes: OverlayNodes
    let handles = OverlayHandles()

    /// Stacks layers, the highest first.
    ///
    /// - Parameter log: gets a line, without its end, for each request that failed for damage.
    /// - Throws: `.invalidArgument` without layers, or where a frozen tree is not the lowest; `.notDirectory`.
    package init(
        _ layers: [OverlayLayer], options: OverlayOptions = OverlayOptions(),
        log: @escaping @Sendable (String) -> Void
    ) throws(Errno) {
        core = try OverlayCore(layers, options: options, log: log)
        nodes = OverlayNodes(root: try core.root())
    }

    package var caching: CachePolicy {
        core.options.isChanging
            ? CachePolicy(seconds: 1, keepsPages: false, needsOpen: true)
            : CachePolicy(seconds: 1e9, keepsPages: true, needsOpen: true)
    }

    package func lookup(_ name: UnsafeRawBufferPointer, in directory: FileNumber) throws(Errno) -> FileAttributes {
        guard name.count <= 255 else { throw .fileNameTooLong }
        return try take(Array(name), in: directoryNode(directory), from: 0)
    }

    package func forget(_ file: FileNumber, count: UInt64) { nodes.forget(file, count: count) }

    package func attributes(of file: FileNumber) throws(Errno) -> FileAttributes {
        let node = try nodes.node(file)
        var status = try core.status(of: node.place)
        // Something else has the name now. The kernel looks the name up again and asks for that.
        guard status.identity == node.identity, status.type == node.type else { throw .staleNFSFileHandle }
        if let data = node.data { status.blockCount = try core.status(of: data).blockCount }
        return attributes(status, node.number, node.stack)
    }

    package func target(of link: FileNumber) throws(Errno) -> [UInt8] {
        let node = try nodes.node(link)
        guard node.type == .symbolicLink else { throw .invalidArgument }
        return try core.target(of: node.place)
    }

    package func open(_ file: FileNumber, flags: Int32) throws(Errno) -> FileHandle {
        let node = try nodes.node(file)
        switch node.type {
        case .directory: return handles.add(.directory(DirectoryListing()))
        case .regular:
            guard flags & O_ACCMODE == O_RDONLY else { throw .readOnlyFileSystem }
            return handles.add(.file(try core.open(node.data ?? node.place)))
        default: throw .invalidArgument
        }
    }

    package func close(_ handle: FileHandle, of file: FileNumber) { handles.remove(handle) }

    package func read(
        _ file: FileNumber, _ handle: FileHandle, at offset: UInt64, into buffer: UnsafeMutableRawBufferPointer
    ) throws(Errno) -> Int {
        try handles.file(handle).read(at: offset, into: buffer)
    }

    package func seek(
        _ file: FileNumber, _ handle: FileHandle, from offset: UInt64, to goal: SeekGoal
    ) throws(Errno) -> UInt64 {
        try handles.file(handle).seek(from: offset, to: goal)
    }

    package func readDirectory(
        _ directory: FileNumber, _ handle: FileHandle, from cookie: UInt64, wantsAttributes: Bool,
        _ take: (DirectoryEntry) -> Bool
    ) throws(Errno) {
        let node = try directoryNode(directory)
        let listing = handles.directory(handle) ?? DirectoryListing()
        let names = try listing.names(fromStart: cookie == 0) { () throws(Errno) in try core.list(node.stack) }
        for (position, dots) in [".", ".."].enumerated() where cookie <= UInt64(position) {
            let number = position == 0 ? directory : node.parent ?? .root
            guard give(Array(dots.utf8), .directory, number, UInt64(position + 1), nil, take) else { return }
        }
        var position = Int(clamping: max(cookie, 2) - 2)
        while position < names.count {
            let name = names[position]
            position += 1
            guard try give(name, in: node, next: UInt64(position + 2), wantsAttributes, take) else { return }
        }
    }

    package func xattr(_ name: [UInt8], of file: FileNumber) throws(Errno) -> [UInt8] {
        guard let value = try core.xattr(name, of: try nodes.node(file).place) else { throw .noData }
        return value
    }

    package func xattrNames(of file: FileNumber) throws(Errno) -> [[UInt8]] {
        try core.xattrNames(of: try nodes.node(file).place)
    }

    package func statistics() throws(Errno) -> FileSystemStatistics {
        switch core.layers[0] {
        case .tree(let tree, _): return try tree.statistics()
        case .disk(let directory):
            return FileSystemStatistics(try core.directories.descriptor(of: directory).fileSystemStatus())
        }
    }
}

extension OverlayFileSystem {
    /// The node of a directory.
    func directoryNode(_ number: FileNumber) throws(Errno) -> OverlayNode {
        let node = try nodes.node(number)
        guard node.type == .directory else { throw .notDirectory }
        return node
    }

    /// Finds a name and gives the caller one reference of its file.
    func take(_ name: [UInt8], in directory: OverlayNode, from position: Int) throws(Errno) -> FileAttributes {
        guard let file = try core.find(name, in: directory.stack, from: position) else {
            throw .noSuchFileOrDirectory
        }
        let number = nodes.take(file, name, in: directory.number)
        return attributes(file.status, number, file.stack)
    }

    func attributes(_ status: LayerStatus, _ number: FileNumber, _ stack: [LayerDirectory]) -> FileAttributes {
        var result = status.attributes(number: number)
        if stack.count > 1 { result.linkCount = 1 }
        return result
    }

    /// Hands out a listed name; false if it was not taken.
    private func give(
        _ listed: OverlayName, in directory: OverlayNode, next: UInt64, _ wantsAttributes: Bool,
        _ take: (DirectoryEntry) -> Bool
    ) throws(Errno) -> Bool {
        guard wantsAttributes else {
            let number = nodes.number(
                listed.identity, layer: directory.stack[listed.position].layer, name: listed.name,
                in: directory.number, isDirectory: listed.type == .directory)
            return give(listed.name, listed.type, number, next, nil, take)
        }
        var found: FileAttributes?
        do throws(Errno) {
            found = try self.take(listed.name, in: directory, from: listed.position)
        } catch .noSuchFileOrDirectory {
            // Gone since it was listed.
            return true
        } catch {
            // A listing shows the names around a damaged one; who looks at that one itself gets the error.
        }
        let number = found?.number ?? FileNumber(.max >> 1)
        let isTaken = give(listed.name, found?.type ?? listed.type, number, next, found, take)
        if !isTaken, let found { nodes.forget(found.number, count: 1) }
        return isTaken
    }

    private func give(
        _ name: [UInt8], _ type: FileTree.FileType, _ number: FileNumber, _ next: UInt64,
        _ attributes: FileAttributes?, _ take: (DirectoryEntry) -> Bool
    ) -> Bool {
        name.withUnsafeBytes {
            take(DirectoryEntry(name: $0, number: number, type: type, nextCookie: next, attributes: attributes))
        }
    }
}

extension FileSystemStatistics {
    init(_ status: statvfs) {
        self.init(
            fragmentSize: UInt32(clamping: status.f_frsize), fragmentCount: UInt64(status.f_blocks),
            freeFragmentCount: UInt64(status.f_bavail), fileCount: UInt64(status.f_files),
            freeFileCount: UInt64(status.f_favail))
    }
}
