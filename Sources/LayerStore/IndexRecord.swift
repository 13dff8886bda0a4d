// SPDX-License-Identifier: Apache-2.0

import FileTree
import OCI

/// How an entry of a layer lies in the layer's index: little-endian numbers, then bytes (docs/store-format.md).
enum IndexRecord {
    /// Bytes before the variable part.
    static let fixedByteCount = 72

    private static let extentByteCount = 24
    private static let attributeHeaderByteCount = 6
    private static let hasDigest: UInt8 = 1
    private static let isHardLink: UInt8 = 2

    /// Bytes of an entry's record, at the most.
    static func byteCount(_ entry: LayerEntry) -> Int {
        let fixed = fixedByteCount + Digest.byteCount + entry.path.count
        switch entry.kind {
        case .hardLink(let target): return fixed + target.count
        case .file(let attributes, let extents, _):
            return attributes.xattrs.reduce(fixed + attributes.target.count + extents.count * extentByteCount) {
                $0 + attributeHeaderByteCount + $1.name.count + $1.value.count
            }
        }
    }

    /// The record of an entry.
    static func encode(_ entry: LayerEntry) -> [UInt8] {
        let empty = Attributes(type: .regular, permissions: 0)
        let attributes: Attributes
        var target: [UInt8]
        var extents: [Extent] = []
        var digest: Digest?
        var flags: UInt8 = 0
        switch entry.kind {
        case .hardLink(let name):
            (attributes, target) = (empty, name)
            flags |= isHardLink
        case .file(let file, let runs, let content):
            (attributes, target, extents, digest) = (file, file.target, runs, content)
            if content != nil { flags |= hasDigest }
        }
        var bytes: [UInt8] = []
        bytes.reserveCapacity(byteCount(entry))
        func append(_ value: some FixedWidthInteger) {
            withUnsafeBytes(of: value.littleEndian) { bytes.append(contentsOf: $0) }
        }
        append(UInt32(0))
        append(attributes.type.rawValue)
        append(flags)
        append(attributes.permissions)
        append(attributes.uid)
        append(attributes.gid)
        append(attributes.mtime.seconds)
        append(attributes.mtime.nanoseconds)
        append(attributes.device.major)
        append(attributes.device.minor)
        append(UInt32(entry.path.count))
        append(attributes.size)
        append(UInt32(target.count))
        append(UInt32(extents.count))
        append(UInt32(attributes.xattrs.count))
        append(UInt32(0))
        append(UInt64(0))
        if let digest { bytes.append(contentsOf: digest.bytes) }
        bytes.append(contentsOf: entry.path)
        bytes.append(contentsOf: target)
        for extent in extents {
            append(extent.fileOffset)
            append(extent.layerOffset)
            append(extent.length)
        }
        for attribute in attributes.xattrs {
            append(UInt16(attribute.name.count))
            append(UInt32(attribute.value.count))
            bytes.append(contentsOf: attribute.name)
            bytes.append(contentsOf: attribute.value)
        }
        withUnsafeBytes(of: UInt32(bytes.count).littleEndian) { bytes.replaceSubrange(0..<4, with: $0) }
        return bytes
    }

    /// The name alone of a record.
    static func path(_ record: UnsafeRawBufferPointer) -> [UInt8]? {
        var cursor = ByteCursor(record)
        guard let fields = Fixed(&cursor) else { return nil }
        if fields.flags & hasDigest != 0 { _ = cursor.take(Digest.byteCount) }
        return cursor.bytes(fields.pathCount)
    }

    /// The entry of a record; nil for a record that is none.
    static func decode(_ record: UnsafeRawBufferPointer) -> LayerEntry? {
        guard let path = path(record), let kind = kind(record) else { return nil }
        return LayerEntry(path: path, kind: kind)
    }

    /// What the entry of a record describes; nil for a record that is none.
    static func kind(_ record: UnsafeRawBufferPointer) -> LayerEntry.Kind? {
        var cursor = ByteCursor(record)
        guard let fields = Fixed(&cursor) else { return nil }
        var digest: Digest?
        if fields.flags & hasDigest != 0 {
            guard let bytes = cursor.take(Digest.byteCount) else { return nil }
            digest = Digest(bytes)
        }
        guard cursor.take(Int(fields.pathCount)) != nil, let target = cursor.bytes(fields.targetCount) else {
            return nil
        }
        if fields.flags & isHardLink != 0 { return .hardLink(target: target) }
        guard UInt64(fields.extentCount) * UInt64(extentByteCount) <= UInt64(cursor.remaining) else { return nil }
        var extents: [Extent] = []
        extents.reserveCapacity(Int(fields.extentCount))
        for _ in 0..<fields.extentCount {
            guard let fileOffset: UInt64 = cursor.number(), let layerOffset: UInt64 = cursor.number(),
                let length: UInt64 = cursor.number()
            else { return nil }
            extents.append(Extent(fileOffset: fileOffset, layerOffset: layerOffset, length: length))
        }
        var attributes = fields.attributes
        attributes.target = target
        for _ in 0..<fields.attributeCount {
            guard let nameCount: UInt16 = cursor.number(), let valueCount: UInt32 = cursor.number(),
                let name = cursor.bytes(UInt32(nameCount)), let value = cursor.bytes(valueCount)
            else { return nil }
            attributes.xattrs.append(ExtendedAttribute(name: name, value: value))
        }
        return .file(attributes, extents: extents, contentDigest: digest)
    }

    private struct Fixed {
        let attributes: Attributes
        let flags: UInt8
        let pathCount: UInt32
        let targetCount: UInt32
        let extentCount: UInt32
        let attributeCount: UInt32

        init?(_ cursor: inout ByteCursor) {
            guard let fixed = cursor.take(fixedByteCount), let fileType = FileType(rawValue: fixed[4]) else {
                return nil
            }
            func number<Number: FixedWidthInteger & BitwiseCopyable>(at offset: Int) -> Number {
                Number(littleEndian: fixed.loadUnaligned(fromByteOffset: offset, as: Number.self))
            }
            attributes = Attributes(
                type: fileType, permissions: number(at: 6), uid: number(at: 8), gid: number(at: 12),
                mtime: Timestamp(seconds: number(at: 16), nanoseconds: number(at: 24)), size: number(at: 40),
                device: DeviceNumber(major: number(at: 28), minor: number(at: 32)))
            flags = fixed[5]
            pathCount = number(at: 36)
            targetCount = number(at: 48)
            extentCount = number(at: 52)
            attributeCount = number(at: 56)
        }
    }
}

/// Reads numbers and bytes one after the other, never beyond the end.
struct ByteCursor {
    private var rest: UnsafeRawBufferPointer

    init(_ bytes: UnsafeRawBufferPointer) { rest = bytes }

    var remaining: Int { rest.count }

    mutating func take(_ count: Int) -> UnsafeRawBufferPointer? {
        guard count >= 0, count <= rest.count else { return nil }
        defer { rest = UnsafeRawBufferPointer(rebasing: rest[count...]) }
        return UnsafeRawBufferPointer(rebasing: rest[..<count])
    }

    mutating func number<Number: FixedWidthInteger>() -> Number? {
        take(MemoryLayout<Number>.size).map { Number(littleEndian: $0.loadUnaligned(as: Number.self)) }
    }

    mutating func bytes(_ count: UInt32) -> [UInt8]? { count == 0 ? [] : take(Int(count)).map(Array.init) }
}
