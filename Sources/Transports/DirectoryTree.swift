// SPDX-License-Identifier: Apache-2.0

package import FileTree
import Glibc
import LinuxIO
package import OCI
package import SystemPackage

/// A directory on this machine as a tree to walk and compare, such as an unpacked root file system.
///
/// Everything is reached from the descriptor of the directory, one name after the other, and no symbolic link is
/// followed: a tree that changes meanwhile, or means harm, cannot lead out. Names of any bytes, paths longer than
/// `PATH_MAX` and trees tens of thousands of levels deep are fine. Only regular files are ever opened for reading, so
/// fifos and devices cannot block. Mount points are crossed: what is mounted there is part of the tree.
///
/// A file that goes away while the tree is walked is left out or throws `VanishedFile`. What cannot be read throws
/// `DirectoryTreeError`.
///
/// Metadata is as of the last listing of the parent directory, or of the part of it that was asked for. Sizes are those
/// of regular files and links only. Extended attributes that belong to this machine's storage rather than to the file are left out: see
/// `MachineAttributes`.
///
/// Memory grows with the names listed so far, by about 100 bytes each, but not with those that two trees compared
/// together have in the same way.
package final class DirectoryTree: TreeSource {
    let nodes: DirectoryTreeNodes

    /// Opens a directory as the user named it: symbolic links on the way to it are followed.
    ///
    /// - Throws: `DirectoryTreeError` if it is no directory or cannot be opened.
    package init(path: FilePath) throws {
        let name = path.withPlatformString { Array(UnsafeRawBufferPointer(start: $0, count: strlen($0))) }
        do throws(Errno) {
            let descriptor = try Descriptor.open(path, O_RDONLY | O_DIRECTORY | O_NONBLOCK)
            nodes = try DirectoryTreeNodes(root: descriptor, name: name)
        } catch {
            throw DirectoryTreeError(directory: name, path: [], cause: .system(error))
        }
    }

    package var root: TreeNode { TreeNode(0) }

    package func attributes(of node: TreeNode) throws -> Attributes {
        let (place, status) = try nodes.place(of: node)
        guard let type = FileType(mode: status.mode) else { throw nodes.error(node, .unknownType) }
        var attributes = Attributes(
            type: type, permissions: UInt16(truncatingIfNeeded: status.mode & 0o7777), uid: status.uid,
            gid: status.gid, mtime: status.mtime)
        do throws(Errno) {
            switch type {
            case .regular: attributes.size = status.size
            case .symbolicLink:
                attributes.target = try place.directory.entryTarget(place.name)
                attributes.size = UInt64(attributes.target.count)
            case .characterDevice, .blockDevice: attributes.device = status.device
            case .directory, .fifo, .socket: break
            }
        } catch {
            throw nodes.failure(node, error)
        }
        // A file with bytes is likely to be read next: once it is open, no name has to be looked up for this.
        let isKnownEmpty =
            // Then they are read one by one.
            attributes.size > 0 && type == .regular && (try? nodes.open(regularFile: node).hasNoXattrs) == true
        if !isKnownEmpty { attributes.xattrs = try xattrs(of: node, at: place) }
        return attributes
    }

    private func xattrs(of node: TreeNode, at place: DirectoryTreeNodes.Place) throws -> [ExtendedAttribute] {
        do throws(Errno) {
            return try place.directory.entryXattrs(place.name, where: MachineAttributes.isOfFile)
                .map { ExtendedAttribute(name: $0.name, value: $0.value) }
                .sorted { Bytes.precedes($0.name, $1.name) }
        } catch {
            // A file that is still there has not vanished: it is /proc that is missing.
            if error == .noSuchFileOrDirectory, (try? place.directory.entryStatus(place.name)) != nil {
                throw nodes.error(node, .noProc)
            }
            throw nodes.failure(node, error)
        }
    }

    package func linkCount(of node: TreeNode) throws -> UInt32 {
        try nodes.status(of: node).linkCount
    }

    package func children(of directory: TreeNode) throws -> [TreeChild] {
        let descriptor = try nodes.openForListing(directory)
        let names: DirectoryNames
        do throws(Errno) {
            names = try DirectoryNames(listing: descriptor)
        } catch {
            throw nodes.failure(directory, error)
        }
        return try nodes.children(names.entries.map(names.name), of: directory, descriptor, areAll: true)
    }

    package func contentDigest(of node: TreeNode) throws -> Digest? { nil }

    package func subtreeDigest(of node: TreeNode) throws -> Digest? { nil }

    package func contentIdentity(of node: TreeNode) throws -> FileIdentity? { try nodes.status(of: node).identity }

    package func nextData(of node: TreeNode, from offset: UInt64) throws -> NextData {
        let file = try nodes.open(regularFile: node)
        do throws(Errno) {
            return try file.nextData(from: offset).map { .run($0) } ?? .none
        } catch .invalidArgument {
            return .unknown
        } catch {
            throw nodes.failure(node, error)
        }
    }

    package func read(
        _ node: TreeNode, at offset: UInt64, into buffer: UnsafeMutableRawBufferPointer
    ) throws -> Int {
        let file = try nodes.open(regularFile: node)
        do throws(Errno) {
            return try file.read(at: offset, into: buffer)
        } catch {
            throw nodes.failure(node, error)
        }
    }
}
