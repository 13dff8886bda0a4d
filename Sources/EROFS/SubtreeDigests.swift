// SPDX-License-Identifier: Apache-2.0

import FileTree
import OCI

/// Computes the subtree digests of a tree's directories, children before parents.
struct SubtreeDigests {
    private static let version = Array("cimg subtree 1".utf8)

    private let tree: Tree
    private let inodes: UnsafeBufferPointer<Inode>

    /// Prepares for a tree whose inodes stay in place as long as this value is used.
    init(_ tree: Tree, inodes: UnsafeBufferPointer<Inode>) {
        self.tree = tree
        self.inodes = inodes
    }

    /// A digest for each inode that is a directory; nil for other inodes and where it is unknown.
    ///
    /// Directories come before their children in a tree's numbering, so that a walk from the last to the first inode
    /// meets every child before its parent.
    func computed() -> [Digest?] {
        var digests = [Digest?](repeating: nil, count: inodes.count)
        var fields = FieldBuffer()
        for number in inodes.indices.reversed() where inodes[number].attributes.type == .directory {
            fields.removeAll()
            if appendDirectory(number, to: &fields, digests) { digests[number] = fields.digest() }
        }
        return digests
    }

    /// Appends what the digest of a directory covers; false where part of it is unknown.
    private func appendDirectory(_ number: Int, to fields: inout FieldBuffer, _ digests: [Digest?]) -> Bool {
        fields.append(Self.version)
        appendMetadata(number, to: &fields)
        let children = tree.children(of: UInt32(number))
        fields.append(UInt64(children.count))
        for child in children {
            let index = Int(child.inode)
            let type = inodes[index].attributes.type
            let isDirectory = type == .directory
            fields.append(tree.name(of: child))
            fields.append(UInt64(type.rawValue))
            appendMetadata(index, to: &fields)
            let size = type == .regular ? inodes[index].attributes.size : 0
            fields.append(size)
            fields.append(isDirectory ? 0 : UInt64(inodes[index].linkCount))
            fields.append(UInt64(inodes[index].attributes.device.major))
            fields.append(UInt64(inodes[index].attributes.device.minor))
            fields.append(inodes[index].attributes.target[...])
            if isDirectory {
                guard let digest = digests[index] else { return false }
                fields.append(digest)
            } else if size > 0 {
                guard let digest = inodes[index].contentDigest else { return false }
                fields.append(digest)
            } else {
                fields.append([])
            }
        }
        return true
    }

    private func appendMetadata(_ number: Int, to fields: inout FieldBuffer) {
        fields.append(UInt64(inodes[number].attributes.permissions))
        fields.append(UInt64(inodes[number].attributes.uid))
        fields.append(UInt64(inodes[number].attributes.gid))
        fields.append(UInt64(bitPattern: inodes[number].attributes.mtime.seconds))
        fields.append(UInt64(inodes[number].attributes.mtime.nanoseconds))
        fields.append(UInt64(inodes[number].attributes.xattrs.count))
        for attribute in inodes[number].attributes.xattrs {
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
