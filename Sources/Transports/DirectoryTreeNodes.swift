// SPDX-License-Identifier: Apache-2.0

import FileTree
import Glibc
import LinuxIO
import Synchronization
import SystemPackage

/// The numbered files of a directory tree and the descriptors that lead to them, for any thread.
final class DirectoryTreeNodes: Sendable {
    /// Where a file is: a name in an open directory.
    struct Place {
        let directory: Descriptor
        let name: [UInt8]
    }

    private struct State {
        var table: DirectoryTreeTable
        var descriptors: DirectoryTreeDescriptors
        /// The regular files read last, the last one at the end: a reader comes back for the next part of its.
        var files: [(node: TreeNode, descriptor: Descriptor)] = []
    }

    /// Regular files that stay open: more than there are likely to be threads that read.
    private static let openFileLimit = 16

    private let name: [UInt8]
    private let state: Mutex<State>

    /// Numbers an open directory 0.
    init(root: Descriptor, name: [UInt8]) throws(Errno) {
        self.name = name
        state = Mutex(
            State(
                table: DirectoryTreeTable(root: DirectoryTreeStatus(try root.status())),
                descriptors: DirectoryTreeDescriptors(root: root)))
    }

    /// Metadata of a file as of the last listing.
    func status(of node: TreeNode) throws -> DirectoryTreeStatus {
        guard let entry = state.withLock({ $0.table.entry(node) }) else { throw error(node, .unknownNode) }
        return entry.status
    }

    /// Where a file is, and its metadata as of the last listing.
    func place(of node: TreeNode) throws -> (Place, DirectoryTreeStatus) {
        try attempt(node) { state throws(Errno) in
            guard let entry = state.table.entry(node) else { return nil }
            let directory = try state.descriptors.open(entry.parent, in: state.table)
            return (Place(directory: directory, name: state.table.name(of: entry)), entry.status)
        }
    }

    /// Opens a directory.
    func open(directory node: TreeNode) throws -> Descriptor {
        try attempt(node) { state throws(Errno) in
            guard let index = UInt32(exactly: node.rawValue), state.table.entry(node) != nil else { return nil }
            return try state.descriptors.open(index, in: state.table)
        }
    }

    /// Opens a directory with a position of its own, for who lists it.
    func openForListing(_ node: TreeNode) throws -> Descriptor {
        try attempt(node) { state throws(Errno) in
            guard let index = UInt32(exactly: node.rawValue), state.table.entry(node) != nil else { return nil }
            return try state.descriptors.openForListing(index, in: state.table)
        }
    }

    /// Opens a regular file for reading, or gives the one that is open.
    func open(regularFile node: TreeNode) throws -> Descriptor {
        if let file = state.withLock({ $0.files.last { $0.node == node } }) { return file.descriptor }
        let (place, status) = try place(of: node)
        guard FileType(mode: status.mode) == .regular else { throw error(node, .notRegular) }
        do throws(Errno) {
            let descriptor = try place.directory.openBeneath(place.name, O_RDONLY | O_NONBLOCK | O_NOCTTY)
            guard FileType(mode: try descriptor.status().st_mode) == .regular else { throw .noSuchAddressOrDevice }
            // What is let go of is closed when nobody waits for it.
            let oldest = state.withLock { state in
                state.files.append((node, descriptor))
                return state.files.count > Self.openFileLimit ? state.files.removeFirst().descriptor : nil
            }
            withExtendedLifetime(oldest) {}
            return descriptor
        } catch {
            // What is something else by now counts as gone.
            throw failure(node, error == .noSuchAddressOrDevice ? .noSuchFileOrDirectory : error)
        }
    }

    /// Numbers some names of an open directory, sorted by name; those that are gone by now are left out.
    ///
    /// - Parameter areAll: whether the directory has no others.
    func children(
        _ names: [[UInt8]], of directory: TreeNode, _ descriptor: Descriptor, areAll: Bool
    ) throws -> [TreeChild] {
        if names.isEmpty && !areAll { return [] }
        var found: [(name: [UInt8], status: DirectoryTreeStatus)] = []
        found.reserveCapacity(names.count)
        do throws(Errno) {
            for name in names {
                do throws(Errno) {
                    found.append((name, DirectoryTreeStatus(try descriptor.entryStatus(name))))
                } catch .noSuchFileOrDirectory {
                    continue
                }
            }
        } catch {
            throw failure(directory, error)
        }
        let numbers = UInt32(exactly: directory.rawValue).flatMap { index in
            state.withLock { $0.table.list(index, found, areAll: areAll) }
        }
        guard let numbers else { throw error(directory, .tooManyFiles) }
        return try zip(found, numbers).map { entry, number in
            let node = TreeNode(UInt64(number))
            guard let type = FileType(mode: entry.status.mode) else { throw error(node, .unknownType) }
            return TreeChild(name: entry.name, node: node, type: type)
        }
    }

    private func attempt<Result>(
        _ node: TreeNode, _ body: (inout sending State) throws(Errno) -> Result?
    ) throws -> Result {
        let outcome: Swift.Result<Result?, Errno> = state.withLock { state in
            do throws(Errno) {
                return .success(try body(&state))
            } catch {
                return .failure(error)
            }
        }
        switch outcome {
        case .success(let result?): return result
        case .success(nil): throw error(node, .unknownNode)
        case .failure(let code): throw failure(node, code)
        }
    }

    /// What to throw for a failed call: a name that leads elsewhere than when it was listed is gone.
    func failure(_ node: TreeNode, _ code: Errno) -> any Error {
        switch code {
        case .noSuchFileOrDirectory, .notDirectory, .tooManySymbolicLinkLevels, .staleNFSFileHandle: VanishedFile()
        default: error(node, .system(code))
        }
    }

    /// The error of a file, with its path.
    func error(_ node: TreeNode, _ cause: DirectoryTreeError.Cause) -> DirectoryTreeError {
        DirectoryTreeError(directory: name, path: state.withLock { $0.table.path(of: node) }, cause: cause)
    }
}
