// SPDX-License-Identifier: Apache-2.0

import FileTree
import OCI

/// Which extended attributes stand beside their inode and which once for all, in the shared area.
///
/// Shared is what several inodes have, and what does not fit beside its inode. Regular files and directories have one
/// attribute more than in the tree: which layer brought them. Links and devices do not: overlayfs cannot copy those up
/// with an attribute of that namespace.
struct AttributePlan {
    /// How one inode's attributes are written.
    struct Placement {
        var sharedIDs: [UInt32] = []
        var inline: [ExtendedAttribute] = []
        var missing: [ExtendedAttribute] = []

        /// Bytes between the inode and what follows.
        var size: Int {
            guard !sharedIDs.isEmpty || !inline.isEmpty else { return 0 }
            return inline.reduce(Format.attributesHeaderSize + 4 * sharedIDs.count) { $0 + AttributePlan.size(of: $1) }
        }
    }

    /// What the shared attributes, which are held, may cost together (`ImportCost.byteCount`); the others stand beside
    /// their inodes.
    private static let maximumHeldSize: UInt64 = 24 << 20

    /// The shared attributes in the order of their places.
    private(set) var shared: [ExtendedAttribute] = []
    /// Bytes of the shared area.
    private(set) var sharedSize: UInt64 = 0
    /// What kinds of attributes files have.
    private(set) var kinds: AttributeKinds = []
    private var ids: [ExtendedAttribute: UInt32] = [:]
    private var layerIDs: [UInt32] = []

    /// Finds the attributes to be shared in a tree.
    ///
    /// - Throws: `EROFSError` if the shared area is too big to be addressed; what looking up an inode throws.
    init(_ tree: Tree) throws {
        for layer in tree.layers {
            let attribute = ExtendedAttribute(name: OwnAttribute.layer, value: Array(layer.description.utf8))
            // At most 65,534 of 88 bytes.
            layerIDs.append(UInt32(truncatingIfNeeded: sharedSize / 4))
            shared.append(attribute)
            sharedSize += UInt64(Self.size(of: attribute))
        }
        let repeated = try findRepeated(in: tree)
        guard !repeated.isEmpty else { return }
        var held: UInt64 = 0
        for number in 0..<tree.inodeCount {
            for attribute in try tree.xattrs(of: UInt32(number))
            where Self.isRepresentable(attribute) && Self.contains(repeated, Self.mark(of: attribute)) {
                let cost = ImportCost.byteCount(of: attribute)
                guard ids[attribute] == nil, held + cost <= Self.maximumHeldSize else { continue }
                guard let id = UInt32(exactly: sharedSize / 4) else {
                    throw EROFSError("attributes", "too many to be addressed")
                }
                held += cost
                ids[attribute] = id
                shared.append(attribute)
                sharedSize += UInt64(Self.size(of: attribute))
            }
        }
    }

    /// Marks of the attributes that occur more than once, or at an inode beside which its own do not fit; sorted.
    ///
    /// The attributes themselves are not held: they may be many and long, and may all occur once. Two that have the
    /// same mark by chance are shared without need.
    private mutating func findRepeated(in tree: Tree) throws -> [UInt32] {
        var marks: [UInt32] = []
        for number in 0..<tree.inodeCount {
            let attributes = try tree.xattrs(of: UInt32(number)).filter(Self.isRepresentable)
            guard !attributes.isEmpty else { continue }
            let isTooBig =
                attributes.reduce(Format.attributesHeaderSize) { $0 + Self.size(of: $1) } > Format.maximumAttributesSize
            for attribute in attributes {
                kinds.formUnion(AttributeKinds(of: attribute.name))
                marks.append(contentsOf: repeatElement(Self.mark(of: attribute), count: isTooBig ? 2 : 1))
            }
        }
        marks.sort()
        var (index, end) = (0, 0)
        while index < marks.count {
            var next = index + 1
            while next < marks.count, marks[next] == marks[index] { next += 1 }
            if next - index > 1 {
                marks[end] = marks[index]
                end += 1
            }
            index = next
        }
        marks.removeSubrange(end...)
        return marks
    }

    /// The same for the same attribute on every machine: FNV-1a, folded.
    private static func mark(of attribute: ExtendedAttribute) -> UInt32 {
        var state: UInt64 = 0xCBF2_9CE4_8422_2325
        func add(_ bytes: [UInt8]) { for byte in bytes { state = (state ^ UInt64(byte)) &* 0x100_0000_01B3 } }
        add(attribute.name)
        add([0])
        add(attribute.value)
        return UInt32(truncatingIfNeeded: state ^ state >> 32)
    }

    private static func contains(_ marks: [UInt32], _ mark: UInt32) -> Bool {
        var (low, high) = (0, marks.count)
        while low < high {
            let middle = (low + high) / 2
            if marks[middle] < mark { low = middle + 1 } else { high = middle }
        }
        return low < marks.count && marks[low] == mark
    }

    /// How an inode's attributes are written: the same answer whenever it is asked.
    func placement(of inode: Inode) -> Placement {
        let type = inode.attributes.type
        var placement = placement(of: inode.attributes.xattrs)
        // What the image has goes first.
        if type == .regular || type == .directory, layerIDs.indices.contains(Int(inode.layer)),
            placement.sharedIDs.count < Format.maximumSharedAttributes,
            max(placement.size, Format.attributesHeaderSize) + 4 <= Format.maximumAttributesSize
        {
            placement.sharedIDs.append(layerIDs[Int(inode.layer)])
        }
        return placement
    }

    private func placement(of attributes: [ExtendedAttribute]) -> Placement {
        var placement = Placement()
        guard !attributes.isEmpty else { return placement }
        var chosen = attributes.indices.filter { ids[attributes[$0]] != nil }
        if chosen.count > Format.maximumSharedAttributes {
            chosen.sort { (Self.size(of: attributes[$0]), $1) > (Self.size(of: attributes[$1]), $0) }
            chosen.removeSubrange(Format.maximumSharedAttributes...)
            chosen.sort()
        }
        var size = Format.attributesHeaderSize + 4 * chosen.count
        var next = chosen[...]
        for (index, attribute) in attributes.enumerated() {
            if index == next.first {
                next = next.dropFirst()
                placement.sharedIDs += ids[attribute].map { [$0] } ?? []
            } else if Self.isRepresentable(attribute),
                size + Self.size(of: attribute) <= Format.maximumAttributesSize
            {
                size += Self.size(of: attribute)
                placement.inline.append(attribute)
            } else {
                placement.missing.append(attribute)
            }
        }
        return placement
    }

    private static func isRepresentable(_ attribute: ExtendedAttribute) -> Bool {
        1...Format.maximumName ~= attribute.name.count && attribute.value.count <= UInt16.max
            && !OwnAttribute.isOne(attribute.name)
    }

    private static func size(of attribute: ExtendedAttribute) -> Int {
        let name = attribute.name.count - AttributeNamespace.split(attribute.name).prefixCount
        return Format.align(Format.attributeEntryHeaderSize + name + attribute.value.count, 4)
    }

    /// Writes the header, the shared ids and the attributes beside an inode.
    static func encode(_ placement: Placement, to sink: inout ImageSink) throws {
        guard placement.size > 0 else { return }
        try sink.append(UInt32(0))
        try sink.append(UInt8(truncatingIfNeeded: placement.sharedIDs.count))
        try sink.pad(to: sink.position + 7)
        for id in placement.sharedIDs { try sink.append(id) }
        for attribute in placement.inline { try encode(attribute, to: &sink) }
    }

    /// Writes one attribute, padded to 4 bytes.
    static func encode(_ attribute: ExtendedAttribute, to sink: inout ImageSink) throws {
        let end = sink.position + UInt64(size(of: attribute))
        let (index, prefixCount) = AttributeNamespace.split(attribute.name)
        try sink.append(UInt8(truncatingIfNeeded: attribute.name.count - prefixCount))
        try sink.append(index)
        try sink.append(UInt16(truncatingIfNeeded: attribute.value.count))
        try sink.append(attribute.name[prefixCount...])
        try sink.append(attribute.value)
        try sink.pad(to: end)
    }
}
