// SPDX-License-Identifier: Apache-2.0

package import FileTree

extension EROFSImage {
    /// The value of an extended attribute by its full name, or nil; `OwnAttribute`s are the caller's to answer.
    ///
    /// - Throws: `EROFSError` if the attributes are damaged.
    package func xattr(_ name: [UInt8], of inode: InodeRecord) throws(EROFSError) -> [UInt8]? {
        guard inode.hasAttributes, !name.isEmpty, !OwnAttribute.isOne(name) else { return nil }
        let (index, prefixCount) = AttributeNamespace.split(name)
        var walk = try AttributeWalk(inode, in: self)
        while let entry = try walk.next() {
            if entry.index == index, entry.suffix.elementsEqual(name[prefixCount...]) { return Array(entry.value) }
        }
        return nil
    }

    /// All extended attributes but the `OwnAttribute`s, sorted by name.
    ///
    /// - Throws: `EROFSError` if the attributes are damaged or a name stands there twice.
    package func xattrs(of inode: InodeRecord) throws(EROFSError) -> [ExtendedAttribute] {
        guard inode.hasAttributes else { return [] }
        var attributes: [ExtendedAttribute] = []
        var walk = try AttributeWalk(inode, in: self)
        while let entry = try walk.next() {
            guard let prefix = AttributeNamespace.prefix(entry.index) else {
                throw inode.error("unknown attribute namespace \(entry.index)")
            }
            let name = prefix + Array(entry.suffix)
            guard 1...Format.maximumName ~= name.count, !name.contains(0),
                !AttributeNamespace.mustBeEmpty(entry.index) || entry.suffix.isEmpty
            else { throw inode.error("an attribute's name is out of range") }
            if OwnAttribute.isOne(name) { continue }
            attributes.append(ExtendedAttribute(name: name, value: Array(entry.value)))
        }
        attributes.sort { Bytes.precedes($0.name, $1.name) }
        for (left, right) in zip(attributes, attributes.dropFirst()) where left.name == right.name {
            throw inode.error("an attribute's name stands there twice")
        }
        return attributes
    }
}

/// Steps through an inode's attributes: the shared ones first, then those beside the inode.
private struct AttributeWalk {
    struct Entry {
        let index: UInt8
        let suffix: UnsafeRawBufferPointer
        let value: UnsafeRawBufferPointer
    }

    private let image: EROFSImage
    private let inode: InodeRecord
    private let body: UnsafeRawBufferPointer
    private let sharedCount: Int
    private var shared = 0
    private var position: Int

    init(_ inode: InodeRecord, in image: EROFSImage) throws(EROFSError) {
        self.image = image
        self.inode = inode
        let start = UInt64(inode.offset + Format.inodeSize)
        guard let body = image.bytes.part(at: start, count: UInt64(inode.attributesSize)),
            body.count >= Format.attributesHeaderSize,
            body.count >= Format.attributesHeaderSize + 4 * Int(body[4])
        else { throw inode.error("the attributes are damaged") }
        self.body = body
        sharedCount = Int(body[4])
        position = Format.attributesHeaderSize + 4 * sharedCount
    }

    mutating func next() throws(EROFSError) -> Entry? {
        if shared < sharedCount {
            let id: UInt32 = body.number(at: Format.attributesHeaderSize + 4 * shared)
            shared += 1
            let place = image.sharedAttributesOffset + UInt64(id) * 4
            guard place <= UInt64(image.bytes.count) else { throw damaged }
            return try entry(in: image.bytes, at: Int(place))
        }
        guard position < body.count else { return nil }
        let entry = try entry(in: body, at: position)
        position += Format.align(Format.attributeEntryHeaderSize + entry.suffix.count + entry.value.count, 4)
        return entry
    }

    private func entry(in bytes: UnsafeRawBufferPointer, at offset: Int) throws(EROFSError) -> Entry {
        guard bytes.count - offset >= Format.attributeEntryHeaderSize else { throw damaged }
        let nameStart = offset + Format.attributeEntryHeaderSize
        let valueStart = nameStart + Int(bytes[offset])
        let end = valueStart + Int(bytes.number(at: offset + 2, as: UInt16.self))
        guard end <= bytes.count else { throw damaged }
        return Entry(
            index: bytes[offset + 1], suffix: UnsafeRawBufferPointer(rebasing: bytes[nameStart..<valueStart]),
            value: UnsafeRawBufferPointer(rebasing: bytes[valueStart..<end]))
    }

    private var damaged: EROFSError { inode.error("the attributes are damaged") }
}
