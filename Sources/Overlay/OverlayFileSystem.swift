// SPDX-License-Identifier: Apache-2.0

package import FileSystems
import FileTree
import Glibc
import LinuxIO
package import OverlayLayers
package import SystemPackage

/// Stacked layers as a file system, with the meaning that kernel overlayfs gives them.
///
/// A file's number is made of its device and inode number where they fit in 62 bits together; names that share a file
/// in a layer share the number. A merged directory has a link count of 1, as the kernel's.
package final class OverlayFileSystem: FileSystem {
    let core: OverlayCore
    let nodes: OverlayNodes
    let handles = OverlayHandles()
    /// Copies to the upper that are being made.
    let copies = DeferredCopies()
    /// Where changes go; nil where nothing can be changed.
    let upper: UpperLayer?

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
        upper = nil
    }

    /// Stacks layers, the highest first, under an upper that changes go to; neither may change in another way.
    ///
    /// The process must not mask modes of files that it makes: see umask(2).
    /// - Throws: as the other initializer; the `Errno` of preparing the work directory; `.improperLink` (EXDEV) where
    ///   upper and work directory are not on one file system.
    package init(
        _ layers: [OverlayLayer], upper: OverlayUpper, options: OverlayOptions,
        log: @escaping @Sendable (String) -> Void
    ) throws(Errno) {
        var options = options
        options.isChanging = false
        core = try OverlayCore([.directory(upper.directory)] + layers, hasUpper: true, options: options, log: log)
        guard case .disk(let root) = core.layers[0] else { throw .notDirectory }
        let layer = try UpperLayer(upper, root: root, options)
        self.upper = layer
        let found = try core.root()
        nodes = OverlayNodes(root: found)
        guard upper.isNew, found.stack.count > 1 else { return }
        let below = found.stack[1].place
        try copyAttributes(of: below, core.status(of: below), to: [], in: upper.directory, layer)
    }

    package var caching: CachePolicy {
        if core.options.isChanging { return CachePolicy(seconds: 1, keepsPages: false, needsOpen: true) }
        var policy = CachePolicy(seconds: 1e9, keepsPages: true, needsOpen: true)
        policy.isWritable = upper != nil
        return policy
    }

    package func lookup(_ name: UnsafeRawBufferPointer, in directory: FileNumber) throws(Errno) -> FileAttributes {
        guard name.count <= 255 else { throw .fileNameTooLong }
        return try take(Array(name), in: directoryNode(directory), from: 0)
    }

    package func forget(_ file: FileNumber, count: UInt64) { nodes.forget(file, count: count) }

    package func attributes(of file: FileNumber) throws(Errno) -> FileAttributes {
        try withNode(file) { node throws(Errno) in
            var status = try status(of: node.place)
            // Something else has the name now. The kernel looks the name up again and asks for that.
            guard status.identity == node.identity, status.type == node.type else { throw .staleNFSFileHandle }
            if let data = node.data { status.blockCount = try core.status(of: data).blockCount }
            return attributes(status, node)
        }
    }

    package func target(of link: FileNumber) throws(Errno) -> [UInt8] {
        try withNode(link) { node throws(Errno) in
            guard node.type == .symbolicLink else { throw .invalidArgument }
            return try core.target(of: node.place)
        }
    }

    package func open(_ file: FileNumber, flags: Int32) throws(Errno) -> FileHandle {
        let type = try nodes.node(file).type
        switch type {
        case .directory: return handles.add(.directory(DirectoryListing()))
        case .regular:
            return try nodes.opening(file, flags) { caching throws(Errno) in
                if flags & O_ACCMODE != O_RDONLY || flags & O_TRUNC != 0 {
                    return try openForWriting(file, flags, caching)
                }
                return try withNode(file) { node throws(Errno) in
                    let isNoted = flags & Descriptor.leavingTimes == 0
                    let open = try core.open(node.data ?? node.place, isNoted: isNoted)
                    let isLower = upper != nil && !node.isUpper || node.data != nil
                    let isDue = isNoted && upper != nil && !isLower && core.isAccessDue(open)
                    return handles.add(.file(FileUse(open, isLower: isLower, caching, isAccessDue: isDue)))
                }
            }
        default: throw .invalidArgument
        }
    }

    package func close(_ handle: FileHandle, of file: FileNumber) {
        if let caching = handles.remove(handle) { nodes.closed(file, caching) }
    }

    package func isDirect(_ handle: FileHandle) -> Bool {
        upper != nil && handles.use(handle)?.caching ?? .cached != .cached
    }

    package func isAccessDue(_ handle: FileHandle) -> Bool { handles.use(handle)?.isAccessDue == true }

    package func read(
        _ file: FileNumber, _ handle: FileHandle, at offset: UInt64, into buffer: UnsafeMutableRawBufferPointer
    ) throws(Errno) -> Int {
        if let copy = try pendingCopy(file, handle) { return try copy.read(at: offset, into: buffer) }
        return try openFile(file, handle).read(at: offset, into: buffer)
    }

    package func seek(
        _ file: FileNumber, _ handle: FileHandle, from offset: UInt64, to goal: SeekGoal
    ) throws(Errno) -> UInt64 {
        try finishCopy(of: file)
        return try openFile(file, handle).seek(from: offset, to: goal)
    }

    /// The open file of a handle: the copy where the file was copied to the upper meanwhile.
    func openFile(_ file: FileNumber, _ handle: FileHandle) throws(Errno) -> LayerFile {
        let use = try handles.file(handle)
        guard use.isLower else { return use.current }
        let node = try nodes.node(file)
        guard node.isUpper, node.data == nil else { return use.current }
        let copy = try core.open(node.place)
        use.replace(by: copy)
        return copy
    }

    package func readDirectory(
        _ directory: FileNumber, _ handle: FileHandle, from cookie: UInt64, wantsAttributes: Bool,
        _ take: (DirectoryEntry) -> Bool
    ) throws(Errno) {
        let node = try directoryNode(directory)
        let listing = handles.directory(handle) ?? DirectoryListing()
        let names = try listing.names(fromStart: cookie == 0) { () throws(Errno) in
            try core.list(node.stack, isNoted: true)
        }
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

    package func finish() {
        do throws(Errno) {
            try copies.finish()
        } catch {
            core.log("what was written last is not in the upper: \(error)")
        }
        if let error = upper?.settle() { core.log("the work directory is not clean: \(error)") }
    }

    package func rest() {
        upper?.settle()
        copies.retry()
        for case .tree(let tree, _) in core.layers { tree.rest() }
    }

    package func ownXattr(_ name: [UInt8], of file: FileNumber, isOwner: Bool) throws(Errno) -> [UInt8] {
        if file == .root, name == OwnAttribute.finished {
            if isOwner { try copies.finish() }
            throw .noData
        }
        return try withNode(file) { node throws(Errno) in
            // Of a file in the upper, or in a directory of an engine, nothing is known.
            guard node.pending == nil, case .tree(let number) = node.place.kind, let tree = core.tree(node.place.layer)
            else { throw .noData }
            return try tree.ownXattr(name, of: number, isOwner: isOwner)
        }
    }

    package func xattr(_ name: [UInt8], of file: FileNumber) throws(Errno) -> [UInt8] {
        let value = try withNode(file) { node throws(Errno) in
            // Asked for at each first write, and at each look at a directory.
            if node.isUpper, node.type == .regular, core.plainFiles?.contains(node.identity) == true {
                return nil as [UInt8]?
            }
            return try core.xattr(name, of: node.place)
        }
        if let value { return value }
        // The kernel lets a plain user set no list of a file that is shown as another's. A program that copies one, where
        // there is none, sets the mode if it hears that there are no lists.
        let hasNoLists = upper?.settings.recordsOverrides == true && name.starts(with: Self.accessLists)
        throw hasNoLists ? .notSupported : .noData
    }

    package func xattrNames(of file: FileNumber) throws(Errno) -> [[UInt8]] {
        try withNode(file) { node throws(Errno) in try core.xattrNames(of: node.place) }
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
    private static let accessLists = Array("system.posix_acl_".utf8)

    /// The node of a directory.
    func directoryNode(_ number: FileNumber) throws(Errno) -> OverlayNode {
        let node = try nodes.node(number)
        guard node.type == .directory else { throw .notDirectory }
        return node
    }

    /// Runs `body` with a file's node, once more if the file is not where it was: a change may have moved it.
    func withNode<Result>(
        _ number: FileNumber, _ body: (OverlayNode) throws(Errno) -> Result
    ) throws(Errno) -> Result {
        let node = try nodes.node(number)
        do throws(Errno) {
            return try body(node)
        } catch {
            guard let upper, error == .noSuchFileOrDirectory || error == .staleNFSFileHandle else { throw error }
            return try upper.changing { () throws(Errno) in try body(try nodes.node(number)) }
        }
    }

    /// Finds a name and gives the caller one reference of its file.
    func take(_ name: [UInt8], in directory: OverlayNode, from position: Int) throws(Errno) -> FileAttributes {
        guard let file = try find(name, in: directory, from: position) else { throw .noSuchFileOrDirectory }
        return take(file, name, in: directory.number)
    }

    /// Gives the caller one reference of a file that was found.
    func take(_ file: OverlayFile, _ name: [UInt8], in directory: FileNumber) -> FileAttributes {
        let number = nodes.take(file, name, in: directory, isWritable: upper != nil)
        var attributes = file.status.attributes(number: number)
        if file.stack.count > 1 { attributes.linkCount = 1 }
        if !copies.isEmpty, let copy = nodes.pending(number) { attributes.show(copy.facts) }
        return attributes
    }

    /// The file that a name means; of a lower file with several names the copy that the upper has.
    func find(_ name: [UInt8], in directory: OverlayNode, from position: Int = 0) throws(Errno) -> OverlayFile? {
        guard var file = try core.find(name, in: directory.stack, from: position) else { return nil }
        guard let upper, file.stack.isEmpty else { return file }
        if file.place.layer == 0 {
            file.status.linkCount = try upper.shownLinkCount(file.status, of: file.place, core)
        }
        guard file.place.layer > 0, file.status.linkCount > 1, upper.mayLink(file.status.type) else { return file }
        let called = UpperLayer.copyName(
            file.status.identity, depth: core.layers.count - file.place.layer, device: core.device(of: file.place.layer)
        )
        file.copyName = called
        guard let copy = upper.copy(called: called) else {
            file.status.linkCount -= min(file.status.linkCount - 1, upper.removedNames(of: called))
            return file
        }
        file.place = copy
        file.data = nil
        file.status = try status(of: copy)
        return file
    }

    /// What is shown of a file at a place.
    func status(of place: LayerPlace) throws(Errno) -> LayerStatus {
        var status = try core.status(of: place)
        if let upper { status.linkCount = try upper.shownLinkCount(status, of: place, core) }
        return status
    }

    func attributes(_ status: LayerStatus, _ node: OverlayNode) -> FileAttributes {
        var result = status.attributes(number: node.number)
        if node.stack.count > 1 { result.linkCount = 1 }
        if let upper, !node.isUpper, let name = node.copyName {
            result.linkCount -= min(result.linkCount, upper.removedNames(of: name))
        }
        if node.isRemoved { result.linkCount = 0 }
        if let copy = node.pending { result.show(copy.facts) }
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
            freeFragmentCount: UInt64(status.f_bfree), fileCount: UInt64(status.f_files),
            freeFileCount: UInt64(status.f_ffree))
        availableFragmentCount = UInt64(status.f_bavail)
    }
}
