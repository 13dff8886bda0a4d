// SPDX-License-Identifier: Apache-2.0

import FileTree
import OCI

/// Computes the subtree digests of a tree's directories, children before parents.
struct SubtreeDigests {
    private static let version = Array("cimg subtree 1".utf8)

    private let tree: Tree

    /// Prepares for a tree.
    init(_ tree: Tree) { self.tree = tree }

    /// The digests of directories by their numbers; a directory whose digest is unknown is left out.
    ///
    /// Directories come before their children in a tree's numbering, so that a walk from the last to the first inode
    /// meets every child before its parent.
    ///
    /// - Throws: what looking up an inode does.
    func computed() throws -> [UInt32: Digest] {
        var digests: [UInt32: Digest] = [:]
        var fields = FieldBuffer()
        for number in (0..<UInt32(tree.inodeCount)).reversed() where tree.type(of: number) == .directory {
            fields.removeAll()
            if try appendDirectory(number, to: &fields, digests) { digests[number] = fields.digest() }
        }
        return digests
    }

    /// Appends what the digest of a directory covers; false where part of it is unknown.
    private func appendDirectory(
        _ number: UInt32, to fields: inout FieldBuffer, _ digests: [UInt32: Digest]
    ) throws -> Bool {
        fields.append(Self.version)
        appendMetadata(try tree.inode(number).attributes, to: &fields)
        let children = tree.children(of: number)
        fields.append(UInt64(children.count))
        for child in children {
            let inode = try tree.inode(child.inode)
            let type = inode.attributes.type
            let isDirectory = type == .directory
            fields.append(tree.name(of: child))
            fields.append(UInt64(type.rawValue))
            appendMetadata(inode.attributes, to: &fields)
            let size = type == .regular ? inode.attributes.size : 0
            fields.append(size)
            fields.append(isDirectory ? 0 : UInt64(inode.linkCount))
            fields.append(UInt64(inode.attributes.device.major))
            fields.append(UInt64(inode.attributes.device.minor))
            fields.append(inode.attributes.target[...])
            if isDirectory {
                guard let digest = digests[child.inode] else { return false }
                fields.append(digest)
            } else if size > 0 {
                guard let digest = inode.contentDigest else { return false }
                fields.append(digest)
            } else {
                fields.append([])
            }
        }
        return true
    }

    private func appendMetadata(_ attributes: Attributes, to fields: inout FieldBuffer) {
        fields.append(UInt64(attributes.permissions))
        fields.append(UInt64(attributes.uid))
        fields.append(UInt64(attributes.gid))
        fields.append(UInt64(bitPattern: attributes.mtime.seconds))
        fields.append(UInt64(attributes.mtime.nanoseconds))
        fields.append(UInt64(attributes.xattrs.count))
        for attribute in attributes.xattrs {
            fields.append(attribute.name[...])
            fields.append(attribute.value[...])
        }
    }
}

/// Fields to be hashed, each after its length in 4 little-endian bytes; numbers are 8 little-endian bytes.
private struct FieldBuffer {
    private var bytes: [UInt8] = []

    mutating func removeAll() { bytes.removeAll(keepingCapacity: true) }

    mutating func append(_ number: UInt64) {
        length(8)
        withUnsafeBytes(of: number.littleEndian) { bytes.append(contentsOf: $0) }
    }

    mutating func append(_ field: [UInt8]) { append(field[...]) }

    mutating func append(_ field: ArraySlice<UInt8>) {
        length(field.count)
        bytes.append(contentsOf: field)
    }

    mutating func append(_ digest: Digest) {
        length(Digest.byteCount)
        digest.append(to: &bytes)
    }

    private mutating func length(_ count: Int) {
        withUnsafeBytes(of: UInt32(truncatingIfNeeded: count).littleEndian) { bytes.append(contentsOf: $0) }
    }

    func digest() -> Digest {
        var hasher = DigestHasher()
        bytes.withUnsafeBytes { hasher.update($0) }
        return hasher.finish()
    }
}
