// SPDX-License-Identifier: Apache-2.0

/// Reads a tar from the first byte to the last: ustar, pax and GNU, with every extension that layers carry.
///
/// Names come as the bytes that are stored. Positions are those of the uncompressed tar, so that a file's bytes can be
/// read later where they lie. After an error the reader is of no further use.
package struct TarReader {
    /// What a reader met that an entry cannot tell.
    package struct Remarks: Hashable, Sendable {
        /// Access control lists that name users without their numbers, or are malformed: dropped.
        package var aclsWithoutNumbers = 0
    }

    /// The most bytes of a pax header or a GNU long name.
    package static let maximumExtensionByteCount: UInt64 = 1 << 20
    /// The most bytes of all pax headers and GNU long names of an entry.
    package static let maximumExtensionsByteCount: UInt64 = 4 << 20

    /// What was met so far.
    package internal(set) var remarks = Remarks()

    private let input: any TarInput
    private var piece = UnsafeRawBufferPointer(start: nil, count: 0)
    private var position: UInt64 = 0
    private var unreadData: UInt64 = 0
    private var padding: UInt64 = 0
    private var globals = PaxRecords()

    /// Reads a tar from an input that nobody else reads.
    package init(_ input: any TarInput) { self.input = input }

    /// The next entry; nil at the end of the archive.
    ///
    /// The end is two blocks of zeros, or the end of the input between entries; what follows the blocks is not looked
    /// at. What the caller left unread of the entry before is passed over.
    ///
    /// - Throws: `ArchiveError` for anything that is no tar; what the input throws.
    package mutating func next() throws -> TarEntry? {
        try skip(unreadData + padding)
        (unreadData, padding) = (0, 0)
        var pax = PaxRecords()
        var longName: [UInt8]?
        var longLink: [UInt8]?
        var extensionByteCount: UInt64 = 0
        var hasExtensions = false
        while let header = try readHeader(isFirst: !hasExtensions) {
            switch header.typeFlag {
            case UInt8(ascii: "x"), UInt8(ascii: "X"), UInt8(ascii: "L"), UInt8(ascii: "K"):
                hasExtensions = true
                let body = try readExtension(header)
                extensionByteCount += UInt64(body.count)
                guard extensionByteCount <= Self.maximumExtensionsByteCount else {
                    throw ArchiveError(
                        offset: position,
                        reason: "extended headers of more than \(Self.maximumExtensionsByteCount) bytes for one entry")
                }
                switch header.typeFlag {
                case UInt8(ascii: "L"): longName = Self.longName(body)
                case UInt8(ascii: "K"): longLink = Self.longName(body)
                // Of several headers the last one alone counts, as for every other reader.
                default: pax = try records(body)
                }
            // Readers disagree about which of the two files such extended headers belong to.
            case UInt8(ascii: "g") where hasExtensions, UInt8(ascii: "V") where hasExtensions:
                throw ArchiveError(offset: position, reason: "a header for all files between a file's own headers")
            case UInt8(ascii: "g"):
                let body = try readExtension(header)
                do { try globals.add(body, isGlobal: true) } catch { throw at(position, error) }
            case UInt8(ascii: "V"): try skip(padded(try size(of: header)))
            default:
                pax.inherit(globals)
                var builder = TarEntryBuilder(header: header, pax: pax, longName: longName, longLink: longLink)
                do {
                    try builder.checkNames()
                    return try finish(&builder)
                } catch let error as ArchiveError where error.entry == nil {
                    throw ArchiveError(entry: builder.path, offset: error.offset, reason: error.reason)
                }
            }
        }
        return nil
    }

    /// Gives the stored bytes of the entry last returned to `body`, in order, in pieces that are valid during the call.
    package mutating func readData(_ body: (UnsafeRawBufferPointer) throws -> Void) throws {
        while unreadData > 0 {
            try requirePiece()
            let count = Int(min(UInt64(piece.count), unreadData))
            try body(UnsafeRawBufferPointer(rebasing: piece[..<count]))
            consume(count)
            unreadData -= UInt64(count)
        }
    }

    // MARK: - Entries

    private mutating func finish(_ builder: inout TarEntryBuilder) throws -> TarEntry {
        var stored = try builder.storedSize()
        if builder.hasGNUSparseHeader {
            var isExtended = try builder.readGNUSparseHeader()
            while isExtended {
                let block = try readBlock()
                try builder.sparse?.add(gnuEntries: block, in: 0..<504)
                isExtended = block[504] != 0
            }
        } else if try builder.hasSparseMapInData() {
            unreadData = stored
            try readSparseMap(&builder)
            stored = unreadData
        } else {
            try builder.readSparseRecords()
        }
        let entry = try builder.finish(dataOffset: position, storedSize: stored, remarks: &remarks)
        unreadData = stored
        padding = (512 - stored % 512) % 512
        return entry
    }

    /// Reads the map of the pax format 1.0, which stands before the data: decimal numbers, a line each, padded to 512.
    private mutating func readSparseMap(_ builder: inout TarEntryBuilder) throws {
        var map = SparseMap()
        var block: ArraySlice<UInt8> = []
        func number(_ reader: inout TarReader) throws -> UInt64 {
            var digits: [UInt8] = []
            while true {
                if block.isEmpty {
                    guard reader.unreadData >= 512 else { throw SparseMap.malformed }
                    block = try reader.readBlock()[...]
                    reader.unreadData -= 512
                }
                let byte = block.removeFirst()
                if byte == UInt8(ascii: "\n") { break }
                guard digits.count < 20 else { throw SparseMap.malformed }
                digits.append(byte)
            }
            guard let value = PaxRecords.decimal(digits) else { throw SparseMap.malformed }
            return value
        }
        let count = try number(&self)
        guard count <= UInt64(SparseMap.maximumPieceCount) else {
            throw ArchiveError(reason: "sparse file: more than \(SparseMap.maximumPieceCount) pieces")
        }
        for _ in 0..<count {
            let offset = try number(&self)
            try map.add(offset: offset, length: try number(&self))
        }
        builder.sparse = map
    }

    // MARK: - Blocks

    /// The next header; nil at the end.
    ///
    /// Between the headers of one entry the end is an error.
    private mutating func readHeader(isFirst: Bool) throws -> TarHeader? {
        guard try fillPiece() else {
            guard isFirst else { throw ArchiveError(offset: position, reason: "the tar is cut off") }
            return nil
        }
        let start = position
        do {
            if let header = try readHeaderBlock() { return header }
            guard isFirst else { throw ArchiveError(reason: "a header without its entry") }
            guard try !fillPiece() || readHeaderBlock() == nil else {
                throw ArchiveError(reason: "a lone block of zeros within the tar")
            }
            return nil
        } catch let error as ArchiveError {
            throw at(start, error)
        }
    }

    private mutating func readHeaderBlock() throws -> TarHeader? {
        guard piece.count >= TarHeader.byteCount else { return try readBlock().withUnsafeBytes { try TarHeader($0) } }
        let header = try TarHeader(UnsafeRawBufferPointer(rebasing: piece[..<TarHeader.byteCount]))
        consume(TarHeader.byteCount)
        return header
    }

    private func at(_ offset: UInt64, _ error: ArchiveError) -> ArchiveError {
        guard error.offset == nil, error.entry == nil else { return error }
        return ArchiveError(offset: offset, reason: error.reason)
    }

    /// The records that count for the next entry; where they stand is known in an error.
    private func records(_ body: [UInt8]) throws -> PaxRecords {
        var pax = PaxRecords()
        do { try pax.add(body) } catch { throw at(position, error) }
        return pax
    }

    /// A GNU long name, up to its NUL; nil if it is empty.
    private static func longName(_ body: [UInt8]) -> [UInt8]? {
        let name = Array(body.prefix { $0 != 0 })
        return name.isEmpty ? nil : name
    }

    private func size(of header: TarHeader) throws(ArchiveError) -> UInt64 {
        guard let size = header.size.flatMap({ UInt64(exactly: $0) }) else {
            throw ArchiveError(offset: position, reason: "a malformed or negative size")
        }
        return size
    }

    private func padded(_ size: UInt64) -> UInt64 { size > UInt64.max - 511 ? size : (size + 511) / 512 * 512 }

    private mutating func readExtension(_ header: TarHeader) throws -> [UInt8] {
        let count = try size(of: header)
        guard count <= Self.maximumExtensionByteCount else {
            throw ArchiveError(
                offset: position, reason: "an extended header of more than \(Self.maximumExtensionByteCount) bytes")
        }
        var bytes: [UInt8] = []
        bytes.reserveCapacity(Int(count))
        while bytes.count < Int(count) {
            try requirePiece()
            let taken = min(piece.count, Int(count) - bytes.count)
            bytes.append(contentsOf: piece[..<taken])
            consume(taken)
        }
        try skip(padded(count) - count)
        return bytes
    }

    private mutating func readBlock() throws -> [UInt8] {
        try [UInt8](unsafeUninitializedCapacity: TarHeader.byteCount) { buffer, filled in
            while filled < TarHeader.byteCount {
                try requirePiece()
                let taken = min(piece.count, TarHeader.byteCount - filled)
                UnsafeMutableRawBufferPointer(rebasing: UnsafeMutableRawBufferPointer(buffer)[filled...])
                    .copyMemory(from: UnsafeRawBufferPointer(rebasing: piece[..<taken]))
                filled += taken
                consume(taken)
            }
        }
    }

    private mutating func skip(_ count: UInt64) throws {
        var rest = count
        while rest > 0 {
            if piece.isEmpty {
                let skipped = try input.skip(rest)
                position += skipped
                rest -= skipped
                if rest == 0 { return }
            }
            // A last entry whose padding is missing ends the archive as well as a padded one.
            guard try fillPiece() else {
                guard rest <= padding else { throw ArchiveError(offset: position, reason: "the tar is cut off") }
                return
            }
            let taken = Int(min(UInt64(piece.count), rest))
            consume(taken)
            rest -= UInt64(taken)
        }
    }

    private mutating func consume(_ count: Int) {
        piece = UnsafeRawBufferPointer(rebasing: piece[count...])
        position += UInt64(count)
    }

    private mutating func fillPiece() throws -> Bool {
        while piece.isEmpty {
            guard let next = try input.next() else { return false }
            piece = next
        }
        return true
    }

    private mutating func requirePiece() throws {
        guard try fillPiece() else { throw ArchiveError(offset: position, reason: "the tar is cut off") }
    }
}
