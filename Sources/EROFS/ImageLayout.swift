// SPDX-License-Identifier: Apache-2.0

import FileTree

/// Where everything of an image will stand.
///
/// The order is: superblock and device table; shared attributes; inodes in the tree's order, each with its attributes
/// and its inline data or chunk table; blocks of directories; blocks of long symbolic links; spilled chunks.
struct ImageLayout {
    /// Where one inode stands, and how its data is laid out: twelve bytes, as there is one for each file.
    struct Placement {
        /// The number (nid) of the inode.
        var number: UInt32 = 0
        /// The first data block within its region: directory blocks, link blocks or spilled chunks.
        var startBlock: UInt32 = 0
        var layout = Format.layoutPlain
    }

    /// Blocks that 32 bits can number, all ones excepted.
    static let maximumBlocks = UInt64(UInt32.max)

    let tree: Tree
    let layerSizes: [UInt64]
    let attributes: AttributePlan
    private(set) var placements: [Placement] = []
    private(set) var parents: [UInt32] = []
    private(set) var remarks = WriterRemarks()

    /// First block of each region.
    private(set) var attributesBlock: UInt64 = 0
    private(set) var inodesBlock: UInt64 = 0
    private(set) var directoriesBlock: UInt64 = 0
    private(set) var linksBlock: UInt64 = 0
    private(set) var spillBlock: UInt64 = 0
    /// Blocks of the whole image.
    private(set) var blockCount: UInt64 = 0

    private var budget: ImportBudget
    /// Blocks of all directories.
    private(set) var directoryBlocks: UInt64 = 0
    private var linkBlocks: UInt64 = 0
    /// Blocks of all spilled chunks.
    private(set) var spilledBlocks: UInt64 = 0

    /// Lays out an image.
    ///
    /// - Throws: `EROFSError` if the tree is beyond what the format can say or contradicts itself.
    ///   What looking up an inode throws.
    init(_ tree: Tree, layerSizes: [UInt64], budget: ImportBudget) throws {
        self.tree = tree
        self.budget = budget
        self.layerSizes = layerSizes
        try Self.check(tree, layerSizes: layerSizes)
        parents = try Self.parents(of: tree)
        attributes = try AttributePlan(tree)

        let header = Int(Format.deviceSlotOffset) * Format.deviceSlotSize + tree.layers.count * Format.deviceSlotSize
        attributesBlock = Format.blocks(UInt64(header))
        inodesBlock = attributesBlock + Format.blocks(attributes.sharedSize)
        let base = inodesBlock << Format.blockBits
        // The number 0 is left free: it means "none" in other places of the format.
        var end = base + UInt64(Format.inodeAlignment)
        placements.reserveCapacity(tree.inodeCount)
        for number in 0..<tree.inodeCount { end = try place(number, at: end) }

        directoriesBlock = Format.blocks(end)
        linksBlock = directoriesBlock + directoryBlocks
        spillBlock = linksBlock + linkBlocks
        blockCount = spillBlock + spilledBlocks
        guard blockCount < Self.maximumBlocks else { throw EROFSError("image", "it would exceed 2 TiB") }
    }

    /// The number (nid) of an inode.
    func number(of inode: UInt32) -> UInt64 { UInt64(placements[Int(inode)].number) }

    /// The byte offset of an inode in the image.
    func offset(of inode: Int) -> UInt64 {
        inodesBlock << Format.blockBits + number(of: UInt32(inode)) * UInt64(Format.inodeAlignment)
    }

    /// The entries of a directory.
    func entries(of directory: Int) -> DirectoryEntries {
        DirectoryEntries(tree: tree, directory: UInt32(directory), parent: parents[directory])
    }

    /// How the bytes of a regular file that is not empty are cut.
    func chunks(of inode: Inode, number: Int) throws(EROFSError) -> ChunkPlan {
        // A file without extents may come without a layer.
        try ChunkPlan(
            size: inode.attributes.size, extents: inode.extents,
            layerSize: inode.extents.isEmpty ? 0 : layerSizes[Int(inode.layer)], place: entry(number))
    }

    private mutating func place(_ number: Int, at start: UInt64) throws -> UInt64 {
        let inode = try tree.inode(UInt32(number))
        try check(inode, number: number)
        let type = inode.attributes.type
        var placement = Placement()
        var offset = Format.align(start, UInt64(Format.inodeAlignment))
        let attributesSize = attributesSize(of: inode, number: number)
        let fixed = UInt64(Format.inodeSize) + UInt64(attributesSize)
        var body: UInt64 = 0
        switch type {
        case .directory:
            body = try placeTail(
                of: entries(of: number).dataSize(), &placement, &offset, fixed: fixed, blocks: &directoryBlocks)
        case .symbolicLink:
            body = try placeTail(
                of: UInt64(inode.attributes.target.count), isLink: true, &placement, &offset, fixed: fixed,
                blocks: &linkBlocks)
        case .regular where inode.attributes.size > 0:
            let chunks = try chunks(of: inode, number: number)
            placement.layout = Format.layoutChunks
            placement.startBlock = try Self.block(spilledBlocks)
            spilledBlocks += chunks.spilledBlocks
            body = Format.align(fixed, 8) - fixed + chunks.count * 8
            try count(chunks, of: number)
        case .characterDevice, .blockDevice:
            let device = inode.attributes.device
            if Format.device(Format.encode(device)) != device { remarks.add(.deviceNumberReduced, inode: number) }
        case .regular, .fifo, .socket:
            break
        }
        let units = (offset - inodesBlock << Format.blockBits) / UInt64(Format.inodeAlignment)
        guard let inodeNumber = UInt32(exactly: units) else {
            throw EROFSError("image", "attributes and names of its files would exceed 128 GiB")
        }
        placement.number = inodeNumber
        placements.append(placement)
        return offset + fixed + body
    }

    /// Places data that goes beside the inode where that takes less room than a block, whole blocks apart.
    ///
    /// - Returns: the bytes beside the inode.
    private func placeTail(
        of size: UInt64, isLink: Bool = false, _ placement: inout Placement, _ start: inout UInt64, fixed: UInt64,
        blocks: inout UInt64
    ) throws(EROFSError) -> UInt64 {
        guard size > 0 else { return 0 }
        let block = UInt64(Format.blockSize)
        let tail = size & 511
        placement.startBlock = try Self.block(blocks)
        // An inline tail must not cross a block: the inode moves on until it does not, if that is possible.
        var offset = start
        let limit = offset + block
        while tail > 0, offset < limit {
            let within = (offset + fixed) & 511
            if within + tail <= block { break }
            offset += UInt64(Format.inodeAlignment)
        }
        let padding = offset - start
        let isSplitLink = isLink && size >= block
        guard tail > 0, padding + tail < block, !isSplitLink else {
            blocks += Format.blocks(size)
            return 0
        }
        start = offset
        placement.layout = Format.layoutInline
        blocks += size >> Format.blockBits
        return tail
    }

    private mutating func attributesSize(of inode: Inode, number: Int) -> UInt32 {
        for attribute in inode.attributes.xattrs where AttributeNamespace.split(attribute.name).index == 0 {
            remarks.add(.attributeHiddenFromKernel, inode: number, attribute: attribute.name)
        }
        let placement = self.attributes.placement(of: inode)
        for attribute in placement.missing {
            remarks.add(.attributeMissing, inode: number, attribute: attribute.name)
        }
        return UInt32(placement.size)
    }

    private mutating func count(_ chunks: ChunkPlan, of number: Int) throws(EROFSError) {
        do throws(BudgetError) {
            try budget.take(chunks.cost, of: .chunkBytes)
        } catch {
            throw EROFSError(entry(number), "\(error)")
        }
    }

    /// A file in the words of an error.
    private func entry(_ number: Int) -> String {
        "entry \"\(Bytes.escaped(tree.path(of: UInt32(number)).prefix(4096)))\""
    }

    private static func block(_ block: UInt64) throws(EROFSError) -> UInt32 {
        guard block < maximumBlocks else { throw EROFSError("image", "it would exceed 2 TiB") }
        return UInt32(block)
    }

    private static func check(_ tree: Tree, layerSizes: [UInt64]) throws(EROFSError) {
        guard tree.layers.count == layerSizes.count, layerSizes.count <= Int(UInt16.max) - 1 else {
            throw EROFSError("layers", "\(tree.layers.count) layers with \(layerSizes.count) sizes")
        }
        for (index, size) in layerSizes.enumerated() where size > UInt64(UInt32.max) << Format.blockBits {
            throw EROFSError("layer \(tree.layers[index])", "\(size) bytes are more than 2 TiB - 512")
        }
        guard tree.inodeCount > 0, tree.type(of: 0) == .directory else { throw EROFSError("root", "not a directory") }
        guard tree.inodeCount < Int(UInt32.max) else { throw EROFSError("image", "too many files") }
    }

    private func check(_ inode: Inode, number: Int) throws(EROFSError) {
        if inode.attributes.size > UInt64(Int64.max) {
            throw EROFSError("inode \(number)", "the size is out of range")
        }
        if inode.attributes.target.count > Format.maximumTarget {
            throw EROFSError("inode \(number)", "the symbolic link's target is longer than 4095 bytes")
        }
        if !inode.extents.isEmpty, Int(inode.layer) >= layerSizes.count {
            throw EROFSError("inode \(number)", "there is no layer \(inode.layer)")
        }
    }

    /// The directory that each directory stands in; the root is its own.
    private static func parents(of tree: Tree) throws(EROFSError) -> [UInt32] {
        var parents = [UInt32](repeating: .max, count: tree.inodeCount)
        parents[0] = 0
        for directory in parents.indices where tree.type(of: UInt32(directory)) == .directory {
            for child in tree.children(of: UInt32(directory)) {
                guard Int(child.inode) < parents.count, 1...Format.maximumName ~= tree.name(of: child).count else {
                    throw EROFSError("inode \(directory)", "an entry is out of range")
                }
                guard tree.type(of: child.inode) == .directory else { continue }
                guard parents[Int(child.inode)] == .max, Int(child.inode) > directory else {
                    throw EROFSError("inode \(child.inode)", "a directory in two places")
                }
                parents[Int(child.inode)] = UInt32(directory)
            }
        }
        if let lost = parents.indices.first(where: {
            parents[$0] == .max && tree.type(of: UInt32($0)) == .directory
        }) {
            throw EROFSError("inode \(lost)", "a directory in no directory")
        }
        return parents
    }
}
