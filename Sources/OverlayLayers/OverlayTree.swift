// SPDX-License-Identifier: Apache-2.0

import EROFS
import FileSystems
package import FileTree
package import LinuxIO
package import OCI
import Synchronization
package import SystemPackage

/// Stacked layers as a tree to walk and compare; see `OverlayFileSystem` for what they mean.
///
/// Two trees of this kind that share layers know it: files and directories to which only shared layers contribute have
/// equal `subtreeDigest`s, made of the places where they lie, and are neither opened nor asked for anything. What is
/// not shared is compared by `contentIdentity`, then by bytes.
///
/// Extended attributes are filtered as `MachineAttributes` tells. A file that goes away while the tree is walked throws
/// `VanishedFile`; what cannot be read throws `OverlayTreeError`. Memory grows with the names listed so far.
package final class OverlayTree: TreeSource {
    private let core: OverlayCore
    private let name: [UInt8]
    private let state: Mutex<OverlayTreeTable>
    private let places: PlaceDigests
    private let links: UpperCopies?

    /// Stacks layers, the highest first.
    ///
    /// - Parameters:
    ///   - name: what the user calls the tree, for errors.
    ///   - links: where the highest layer, an upper, has the copies of lower files with several names; nil for none.
    ///   - log: gets a line for damage of a frozen tree.
    /// - Throws: `OverlayTreeError`.
    package init(
        _ layers: [OverlayLayer], name: [UInt8], options: OverlayOptions = OverlayOptions(), links: Descriptor? = nil,
        log: @escaping @Sendable (String) -> Void = { _ in }
    ) throws(OverlayTreeError) {
        self.name = name
        do throws(Errno) {
            core = try OverlayCore(layers, options: options, log: log)
            let root = try core.root()
            self.links = try links.map { (links) throws(Errno) in try UpperCopies(links, options.marks) }
            places = PlaceDigests(core)
            state = Mutex(OverlayTreeTable(root: root))
        } catch {
            throw OverlayTreeError(tree: name, path: [], cause: error)
        }
    }

    package var root: TreeNode { TreeNode(0) }

    package func attributes(of node: TreeNode) throws -> Attributes {
        let file = try resolved(node)
        if case .tree(let number) = file.place.kind, case .tree(let tree, let mapped) = core.layers[file.place.layer] {
            return try mapped.attributes(of: tree.node(of: number))
        }
        let status = file.status
        var attributes = Attributes(
            type: status.type, permissions: status.permissions, uid: status.uid, gid: status.gid,
            mtime: status.modificationTime)
        switch status.type {
        case .regular: attributes.size = status.size
        case .symbolicLink:
            attributes.target = try attempt(node) { () throws(Errno) in try core.target(of: file.place) }
            attributes.size = UInt64(attributes.target.count)
        case .characterDevice, .blockDevice: attributes.device = status.device
        case .directory, .fifo, .socket: break
        }
        attributes.xattrs = try attempt(node) { () throws(Errno) in try xattrs(file.place) }
        return attributes
    }

    private func xattrs(_ place: LayerPlace) throws(Errno) -> [ExtendedAttribute] {
        var found: [ExtendedAttribute] = []
        for name in try core.xattrNames(of: place) where MachineAttributes.isOfFile(name) {
            if let value = try core.xattr(name, of: place) { found.append(ExtendedAttribute(name: name, value: value)) }
        }
        return found.sorted { Bytes.precedes($0.name, $1.name) }
    }

    package func linkCount(of node: TreeNode) throws -> UInt32 {
        let file = try resolved(node)
        return file.stack.count > 1 ? 1 : file.status.linkCount
    }

    package func children(of directory: TreeNode) throws -> [TreeChild] {
        let stack = try resolved(directory).stack
        guard !stack.isEmpty else { throw OverlayTreeError(tree: name, path: path(directory), cause: .notDirectory) }
        let names = try attempt(directory) { () throws(Errno) in try core.list(stack) }
            .sorted { Bytes.precedes($0.name, $1.name) }
        let children = state.withLock { $0.list(directory, names, layers: stack.map(\.layer)) }
        guard let children else { throw OverlayTreeError(tree: name, path: path(directory), cause: .fileTooLarge) }
        return children
    }

    package func contentDigest(of node: TreeNode) throws -> Digest? {
        let file = try resolved(node)
        let place = file.data ?? file.place
        guard case .tree(let number) = place.kind, case .tree(let tree, let mapped) = core.layers[place.layer] else {
            return nil
        }
        return try mapped.contentDigest(of: tree.node(of: number))
    }

    package func contentIdentity(of node: TreeNode) throws -> FileIdentity? {
        let file = try resolved(node)
        guard file.status.type == .regular else { return nil }
        let place = file.data ?? file.place
        guard case .disk = place.kind else { return nil }
        guard file.data != nil else { return file.status.identity }
        return try attempt(node) { () throws(Errno) in try core.status(of: place).identity }
    }

    package func identity(of node: TreeNode) throws -> FileIdentity { try resolved(node).status.identity }

    package func subtreeDigest(of node: TreeNode) throws -> Digest? {
        // A name of a lower file may lead to a copy, of which the directories that have the name know nothing.
        guard links?.isEmpty ?? true else { return nil }
        let entry = try entry(node)
        guard entry.type == .directory else {
            let parent = try resolved(TreeNode(UInt64(entry.parent)))
            return try places.digest(of: entry.identity, in: parent.stack, position: entry.position)
        }
        return try places.digest(of: resolved(node).stack)
    }

    package func nextData(of node: TreeNode, from offset: UInt64) throws -> NextData {
        let file = try open(node)
        return try attempt(node) { () throws(Errno) in
            do throws(Errno) {
                let start = try file.seek(from: offset, to: .data)
                let end = try file.seek(from: start, to: .hole)
                // The file may have changed between the two.
                return end > start ? .run(start..<end) : .none
            } catch .noSuchAddressOrDevice {
                return .none
            } catch .invalidArgument { return .unknown }
        }
    }

    package func read(_ node: TreeNode, at offset: UInt64, into buffer: UnsafeMutableRawBufferPointer) throws -> Int {
        let file = try open(node)
        return try attempt(node) { () throws(Errno) in try file.read(at: offset, into: buffer) }
    }

    private func open(_ node: TreeNode) throws -> LayerFile {
        if let open = state.withLock({ $0.lastOpen }), open.node == node { return open.file }
        let found = try resolved(node)
        guard found.status.type == .regular else {
            throw OverlayTreeError(tree: name, path: path(node), cause: .invalidArgument)
        }
        let file = try attempt(node) { () throws(Errno) in try core.open(found.data ?? found.place) }
        state.withLock { $0.lastOpen = (node, file) }
        return file
    }

    /// What a node means, found where it was not yet.
    ///
    /// Who lists a directory once more does not know what is in it any longer, nor do the directories below: so all are
    /// found anew on the way down, whoever else walks the tree meanwhile.
    private func resolved(_ node: TreeNode) throws -> OverlayFile {
        var unknown: [(node: TreeNode, entry: OverlayTreeTable.Entry)] = []
        var next = node
        while true {
            let entry = try entry(next)
            if var file = entry.file {
                for (node, entry) in unknown.reversed() { file = try find(entry, node, in: file) }
                return file
            }
            unknown.append((next, entry))
            next = TreeNode(UInt64(entry.parent))
        }
    }

    private func find(_ entry: OverlayTreeTable.Entry, _ node: TreeNode, in parent: OverlayFile) throws -> OverlayFile {
        let found = try attempt(node) { () throws(Errno) in
            try core.find(entry.name, in: parent.stack, from: entry.position)
        }
        guard var found, found.status.type == entry.type else { throw VanishedFile() }
        try attempt(node) { () throws(Errno) in try links?.follow(&found, core) }
        state.withLock { $0.resolve(node, found) }
        return found
    }

    private func entry(_ node: TreeNode) throws -> OverlayTreeTable.Entry {
        guard let entry = state.withLock({ $0.entry(node) }) else {
            throw OverlayTreeError(tree: name, path: [], cause: .badFileDescriptor)
        }
        return entry
    }

    private func path(_ node: TreeNode) -> [UInt8] { state.withLock { $0.path(of: node) } }

    /// Runs a call; a name that leads elsewhere than when it was listed is gone.
    private func attempt<Result>(_ node: TreeNode, _ call: () throws(Errno) -> Result) throws -> Result {
        do throws(Errno) {
            return try call()
        } catch {
            switch error {
            case .noSuchFileOrDirectory, .notDirectory, .tooManySymbolicLinkLevels, .staleNFSFileHandle:
                throw VanishedFile()
            default: throw OverlayTreeError(tree: name, path: path(node), cause: error)
            }
        }
    }
}

/// Why a part of stacked layers cannot be told.
package struct OverlayTreeError: Error, Equatable, CustomStringConvertible {
    /// What the user calls the tree.
    package let tree: [UInt8]
    /// The path in it: empty for the root, else components, each after a `/`.
    package let path: [UInt8]
    /// What the system said.
    package let cause: Errno

    package var description: String {
        let place = path.isEmpty ? "" : ": \"\(Bytes.escaped(path))\""
        return "\(Bytes.escaped(tree))\(place): \(cause)"
    }
}
