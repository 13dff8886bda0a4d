// SPDX-License-Identifier: Apache-2.0

import FileTree

/// Where a run of a file's bytes lies.
package enum Mapping: Equatable, Sendable {
    /// Nowhere: so many zero bytes.
    case hole(length: UInt64)
    /// In a layer: the index of `EROFSImage.devices`, where the run starts in the uncompressed layer, its length.
    case layer(index: Int, offset: UInt64, length: UInt64)
    /// In the image itself: where the run starts, its length. The run lies inside `EROFSImage.bytes`.
    case metadata(offset: UInt64, length: UInt64)

    /// Bytes in the run, at least 1.
    package var length: UInt64 {
        switch self {
        case .hole(let length), .layer(_, _, let length), .metadata(_, let length): length
        }
    }
}

extension EROFSImage {
    /// How many chunks one call of `map` looks at, at most.
    private static let longestRun: UInt64 = 4096

    /// Where the byte at `offset` of a regular file lies, and how many bytes follow in the same place.
    ///
    /// A run may end before the bytes stop being contiguous: ask again from its end.
    /// - Throws: `EROFSError` for another type, an offset at or beyond the size, or a place outside image and layers.
    package func map(_ file: InodeRecord, at offset: UInt64) throws(EROFSError) -> Mapping {
        guard file.type == .regular else { throw file.error("not a regular file") }
        guard offset < file.size else { throw file.error("offset \(offset) lies beyond the end") }
        guard file.layout == Format.layoutChunks else {
            let place = try plainData(of: file, at: offset)
            return .metadata(offset: place.offset, length: place.length)
        }
        guard file.data & ~0x3F == 0, file.data & Format.chunkIndexes != 0 else {
            throw file.error("unknown chunk format")
        }
        let bits = Format.blockBits + UInt64(file.data & 0x1F)
        let chunk = offset >> bits
        let whole = try place(of: chunk, bits: bits, in: file)
        let skipped = offset - chunk << bits
        var run = whole.dropping(skipped)
        var next = chunk + 1
        let last = min((file.size - 1) >> bits, chunk + Self.longestRun)
        while next <= last, let longer = run.joined(with: try place(of: next, bits: bits, in: file)) {
            run = longer
            next += 1
        }
        return run
    }

    /// The target of a symbolic link.
    ///
    /// - Throws: `EROFSError` for another type, or a target that is too long or lies outside the image.
    package func target(_ link: InodeRecord) throws(EROFSError) -> [UInt8] {
        guard link.type == .symbolicLink else { throw link.error("not a symbolic link") }
        guard link.size <= UInt64(Format.maximumTarget) else { throw link.error("the target is too long") }
        var target: [UInt8] = []
        target.reserveCapacity(Int(link.size))
        while UInt64(target.count) < link.size {
            let place = try plainData(of: link, at: UInt64(target.count))
            target += bytes[Int(place.offset)..<Int(place.offset + place.length)]
        }
        return target
    }

    /// Where data of the plain and inline layouts lies in the image: whole blocks, then an inline tail.
    ///
    /// `offset` is less than the size. The result lies in the image and has at least one byte.
    func plainData(of file: InodeRecord, at offset: UInt64) throws(EROFSError) -> (offset: UInt64, length: UInt64) {
        let place: (offset: UInt64, length: UInt64)
        let tailStart = (file.size - 1) & ~511
        switch file.layout {
        case Format.layoutInline where offset >= tailStart:
            place = (UInt64(file.bodyOffset) + (offset - tailStart), file.size - offset)
        case Format.layoutInline:
            place = (UInt64(file.data) << Format.blockBits + offset, tailStart - offset)
        case Format.layoutPlain:
            place = (UInt64(file.data) << Format.blockBits + offset, file.size - offset)
        default:
            throw file.error("unknown data layout")
        }
        guard bytes.part(at: place.offset, count: place.length) != nil else {
            throw file.error("the data lies outside the image")
        }
        return place
    }

    private func place(of chunk: UInt64, bits: UInt64, in file: InodeRecord) throws(EROFSError) -> Mapping {
        let start = chunk << bits
        let length = min(1 << bits, file.size - start)
        // Neither overflows: the size is below 2^63 and a chunk has at least 2^9 bytes.
        let position = UInt64(Format.align(file.bodyOffset, 8)) + chunk * 8
        guard let index = bytes.part(at: position, count: 8) else {
            throw file.error("the chunk table lies outside the image")
        }
        let block: UInt32 = index.number(at: 4)
        guard block != Format.hole else { return .hole(length: length) }
        let device = Int(index.number(at: 2, as: UInt16.self))
        let offset = UInt64(block) << Format.blockBits
        if device == 0 {
            guard bytes.part(at: offset, count: length) != nil else {
                throw file.error("the data lies outside the image")
            }
            return .metadata(offset: offset, length: length)
        }
        guard device <= devices.count, UInt64(block) + Format.blocks(length) <= devices[device - 1].blockCount else {
            throw file.error("the data lies outside the layers")
        }
        return .layer(index: device - 1, offset: offset, length: length)
    }
}

extension Mapping {
    /// The run without its first bytes, of which it has more.
    fileprivate func dropping(_ count: UInt64) -> Mapping {
        switch self {
        case .hole(let length): .hole(length: length - count)
        case .layer(let index, let offset, let length):
            .layer(index: index, offset: offset + count, length: length - count)
        case .metadata(let offset, let length): .metadata(offset: offset + count, length: length - count)
        }
    }

    /// This run and the one after it as one, where they lie side by side.
    fileprivate func joined(with next: Mapping) -> Mapping? {
        switch (self, next) {
        case (.hole(let length), .hole(let more)):
            return .hole(length: length + more)
        case (.layer(let index, let offset, let length), .layer(let nextIndex, let nextOffset, let more))
        where nextIndex == index && nextOffset == offset + length:
            return .layer(index: index, offset: offset, length: length + more)
        case (.metadata(let offset, let length), .metadata(let nextOffset, let more))
        where nextOffset == offset + length:
            return .metadata(offset: offset, length: length + more)
        default:
            return nil
        }
    }
}
