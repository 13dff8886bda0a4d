// SPDX-License-Identifier: Apache-2.0

import FileTree
import OCI

/// Computes the subtree digests of a tree's directories, children before parents.
struct SubtreeDigests {
    private static let version = Array("cimg subtree 1".utf8)

    private let tree: Tree

    /// Prepares for a tree.
    init(_ tree: Tree) { self.tree = tree }

    /// The digests of directories; a directory whose digest is unknown has none.
    ///
    /// Directories come before their children in a tree's numbering, so that a walk from the last to the first inode
    /// meets every child before its parent.
    ///
    /// - Throws: what looking up an inode does.
    func computed() throws -> DirectoryDigests {
        var digests = DirectoryDigests(tree)
        var fields = FieldBuffer()
        for number in (0..<UInt32(tree.inodeCount)).reversed() where tree.type(of: number) == .directory {
            fields.removeAll()
            if try appendDirectory(number, to: &fields, digests) { digests[number] = fields.digest() }
        }
        return digests
    }

    /// Appends what the digest of a directory covers; false where part of it is unknown.
    private func appendDirectory(
        _ number: UInt32, to fields: inout FieldBuffer, _ digests: DirectoryDigests
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

/// A digest for each directory of a tree, in 36 bytes.
struct DirectoryDigests {
    /// No directory's: every one covers more than nothing.
    private static let unknown = Digest(of: [])

    /// How many directories come before each inode, in steps: whole for each 64th, the rest is counted.
    private var ranks: [UInt32] = []
    private var isDirectory: [UInt64] = []
    private var digests: [Digest]

    fileprivate init(_ tree: Tree) {
        var count: UInt32 = 0
        for number in 0..<UInt32(tree.inodeCount) {
            if number % 64 == 0 {
                ranks.append(count)
                isDirectory.append(0)
            }
            guard tree.type(of: number) == .directory else { continue }
            isDirectory[isDirectory.count - 1] |= 1 << UInt64(number % 64)
            count += 1
        }
        digests = [Digest](repeating: Self.unknown, count: Int(count))
    }

    /// The digest of a directory, which the number has to be one of; nil where it is unknown.
    fileprivate(set) subscript(number: UInt32) -> Digest? {
        get {
            let digest = digests[index(of: number)]
            return digest == Self.unknown ? nil : digest
        }
        set { digests[index(of: number)] = newValue ?? Self.unknown }
    }

    private func index(of number: UInt32) -> Int {
        let before = isDirectory[Int(number / 64)] & (1 << UInt64(number % 64) - 1)
        return Int(ranks[Int(number / 64)]) + before.nonzeroBitCount
    }
}

/// Fields to be hashed, each after its length in 4 little-endian bytes; numbers are 8 little-endian bytes.
///
/// A directory may have millions of children: what is hashed is not held.
private struct FieldBuffer {
    private static let capacity = 64 << 10

    private var hasher = DigestHasher()
    private var bytes: [UInt8] = []

    mutating func removeAll() {
        hasher = DigestHasher()
        bytes.removeAll(keepingCapacity: true)
    }

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
        if bytes.count > Self.capacity { flush() }
        withUnsafeBytes(of: UInt32(truncatingIfNeeded: count).littleEndian) { bytes.append(contentsOf: $0) }
    }

    private mutating func flush() {
        bytes.withUnsafeBytes { hasher.update($0) }
        bytes.removeAll(keepingCapacity: true)
    }

    mutating func digest() -> Digest {
        flush()
        return hasher.finish()
    }
}
