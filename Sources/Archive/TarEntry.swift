// SPDX-License-Identifier: Apache-2.0

package import FileTree

/// An entry of a tar.
package struct TarEntry: Sendable {
    /// What an entry is.
    package enum Kind: Sendable, Hashable {
        /// A file of its own.
        case file(Attributes)
        /// One more name for the file that has this name.
        case hardLink(target: [UInt8])
    }

    /// The name as it is stored.
    package let path: [UInt8]
    /// What it is.
    package let kind: Kind
    /// Where the stored bytes begin in the tar.
    package let dataOffset: UInt64
    /// How many bytes are stored, without padding.
    package let storedSize: UInt64
    /// Where the stored bytes belong in a regular file, ascending; one run from 0 on for a file without holes.
    package let extents: [Extent]
}

/// Makes an entry of its headers.
struct TarEntryBuilder {
    private let header: TarHeader
    private let pax: PaxRecords
    private let longName: [UInt8]?
    private let longLink: [UInt8]?
    let path: [UInt8]
    var sparse: SparseMap?
    private var sparseSize: UInt64?

    init(header: TarHeader, pax: PaxRecords, longName: [UInt8]?, longLink: [UInt8]?) {
        self.header = header
        self.pax = pax
        self.longName = longName
        self.longLink = longLink
        path = longName ?? pax[.sparseName] ?? pax[.path] ?? header.name
    }

    private var hasData: Bool {
        !(UInt8(ascii: "1")...UInt8(ascii: "6")).contains(header.typeFlag) && !isDirectoryByName
    }
    /// A directory of the oldest tars is a file whose name ends in a slash.
    private var isDirectoryByName: Bool { header.typeFlag == 0 && path.last == UInt8(ascii: "/") }
    var hasGNUSparseHeader: Bool { header.typeFlag == UInt8(ascii: "S") }

    /// Refuses names that a GNU header and a pax record give differently: which one counts depends on the reader.
    func checkNames() throws(ArchiveError) {
        if let longName, let other = pax[.sparseName] ?? pax[.path], other != longName {
            throw ArchiveError(reason: "another name in its pax record than in its GNU header")
        }
        if let longLink, let other = pax[.linkpath], other != longLink {
            throw ArchiveError(reason: "another link target in its pax record than in its GNU header")
        }
    }

    /// Whether the map of a sparse file stands before its data: the pax format 1.0.
    func hasSparseMapInData() throws(ArchiveError) -> Bool {
        guard hasData, let major = pax[.sparseMajor] else { return false }
        let version = major + [UInt8(ascii: ".")] + (pax[.sparseMinor] ?? [])
        if version == Array("1.0".utf8) { return true }
        guard version == Array("0.0".utf8) || version == Array("0.1".utf8) else {
            throw ArchiveError(reason: "sparse file: unknown format \(Bytes.escaped(version.prefix(40)))")
        }
        return false
    }

    /// Bytes stored after the header; links, devices and directories store none whatever their size field says.
    func storedSize() throws(ArchiveError) -> UInt64 {
        guard hasData else { return 0 }
        guard let size = try pax.integer(.size) ?? header.size, let stored = UInt64(exactly: size) else {
            throw ArchiveError(reason: "a malformed or negative size")
        }
        guard stored <= UInt64(Int64.max) - 1024 else { throw ArchiveError(reason: "a size beyond any file") }
        // To GNU tar and libarchive it is a directory without data, and what Go takes for the data are entries.
        guard stored == 0 || path.last != UInt8(ascii: "/") || header.typeFlag == UInt8(ascii: "D") else {
            throw ArchiveError(reason: "a file with data whose name ends in a slash")
        }
        return stored
    }

    /// Reads the map of an old GNU header; returns whether extension blocks follow.
    mutating func readGNUSparseHeader() throws(ArchiveError) -> Bool {
        var map = SparseMap()
        try map.add(gnuEntries: header.sparseBlock, in: 386..<482)
        let number = header.sparseBlock.withUnsafeBytes { TarHeader.number($0, 483..<495) }
        guard let size = number.flatMap({ UInt64(exactly: $0) }) else { throw SparseMap.malformed }
        sparseSize = size
        sparse = map
        return header.sparseBlock[482] != 0
    }

    mutating func readSparseRecords() throws(ArchiveError) {
        guard hasData else { return }
        sparse = try SparseMap.inRecords(pax)
    }

    func finish(dataOffset: UInt64, storedSize: UInt64, remarks: inout TarReader.Remarks) throws(ArchiveError)
        -> TarEntry
    {
        let linkName = longLink ?? pax[.linkpath] ?? header.linkName
        if header.typeFlag == UInt8(ascii: "1") {
            guard !linkName.isEmpty else { throw ArchiveError(reason: "a hard link without a target") }
            return TarEntry(
                path: path, kind: .hardLink(target: linkName), dataOffset: dataOffset, storedSize: 0, extents: [])
        }
        var attributes = try attributes(&remarks)
        var extents: [Extent] = []
        switch attributes.type {
        case .symbolicLink:
            guard (1...4095).contains(linkName.count) else {
                throw ArchiveError(reason: "a symbolic link whose target has \(linkName.count) bytes, not 1 to 4095")
            }
            attributes.target = linkName
            // Linux knows no mode of a symbolic link, and shows this one wherever a layer is unpacked.
            attributes.permissions = 0o777
            attributes.size = UInt64(linkName.count)
        case .characterDevice, .blockDevice: attributes.device = try device()
        case .regular:
            extents = try self.extents(dataOffset: dataOffset, storedSize: storedSize, size: &attributes.size)
        default: break
        }
        return TarEntry(
            path: path, kind: .file(attributes), dataOffset: dataOffset, storedSize: storedSize, extents: extents)
    }

    private func type() throws(ArchiveError) -> FileType {
        switch header.typeFlag {
        case UInt8(ascii: "2"): return .symbolicLink
        case UInt8(ascii: "3"): return .characterDevice
        case UInt8(ascii: "4"): return .blockDevice
        case UInt8(ascii: "5"), UInt8(ascii: "D"): return .directory
        case UInt8(ascii: "6"): return .fifo
        case UInt8(ascii: "M"): throw ArchiveError(reason: "a piece of an archive in several volumes")
        case 0: return isDirectoryByName ? .directory : .regular
        // POSIX wants any type that is not known read as a regular file.
        default: return .regular
        }
    }

    private func extents(dataOffset: UInt64, storedSize: UInt64, size: inout UInt64) throws(ArchiveError) -> [Extent] {
        guard let sparse else {
            size = storedSize
            return size == 0 ? [] : [Extent(fileOffset: 0, layerOffset: dataOffset, length: size)]
        }
        if let sparseSize {
            size = sparseSize
        } else {
            var real = try pax.integer(.sparseRealSize)
            if real == nil { real = try pax.integer(.sparseSize) }
            guard let real, let unsigned = UInt64(exactly: real) else { throw SparseMap.malformed }
            size = unsigned
        }
        guard size <= UInt64(Int64.max) - 1024 else { throw ArchiveError(reason: "a size beyond any file") }
        try sparse.validate(size: size, storedSize: storedSize)
        var offset = dataOffset
        var extents: [Extent] = []
        extents.reserveCapacity(sparse.pieces.count)
        for piece in sparse.pieces {
            extents.append(Extent(fileOffset: piece.offset, layerOffset: offset, length: piece.length))
            offset += piece.length
        }
        return extents
    }

    private func attributes(_ remarks: inout TarReader.Remarks) throws(ArchiveError) -> Attributes {
        guard let mode = header.mode else { throw ArchiveError(reason: "a malformed mode") }
        return Attributes(
            type: try type(), permissions: UInt16(truncatingIfNeeded: mode) & 0o7777,
            uid: try owner(.uid, header.uid), gid: try owner(.gid, header.gid), mtime: try mtime(),
            xattrs: try xattrs(&remarks))
    }

    private func mtime() throws(ArchiveError) -> Timestamp {
        if let time = try pax.time(.mtime) { return time }
        guard let seconds = header.mtime else { throw ArchiveError(reason: "a malformed time") }
        return Timestamp(seconds: seconds)
    }

    private func owner(_ key: PaxRecords.Keyword, _ field: Int64?) throws(ArchiveError) -> UInt32 {
        guard let number = try pax.integer(key) ?? field else {
            throw ArchiveError(reason: "a malformed \(key.rawValue)")
        }
        guard let id = UInt32(exactly: number), id != .max else {
            throw ArchiveError(reason: "\(key.rawValue) \(number) is not within 0 to \(UInt32.max - 1)")
        }
        return id
    }

    private func device() throws(ArchiveError) -> DeviceNumber {
        guard let major = try pax.integer(.majorNumber) ?? header.deviceMajor,
            let minor = try pax.integer(.minorNumber) ?? header.deviceMinor
        else { throw ArchiveError(reason: "a malformed device number") }
        // Linux keeps 12 bits of the major and 20 of the minor number.
        guard (0..<1 << 12).contains(major), (0..<1 << 20).contains(minor) else {
            throw ArchiveError(reason: "device number \(major):\(minor) is beyond 4095:1048575")
        }
        return DeviceNumber(major: UInt32(major), minor: UInt32(minor))
    }

    private func xattrs(_ remarks: inout TarReader.Remarks) throws(ArchiveError) -> [ExtendedAttribute] {
        // What stands later wins: star's records are exact, the others say the same in other words.
        var attributes = pax.libarchiveAttributes
        if let label = pax[.label] {
            attributes.append(ExtendedAttribute(name: Array("security.selinux".utf8), value: label))
        }
        for (keyword, name) in [(PaxRecords.Keyword.accessList, "access"), (.defaultList, "default")] {
            guard let text = pax[keyword] else { continue }
            if let value = PosixACL.attributeValue(text) {
                attributes.append(ExtendedAttribute(name: Array("system.posix_acl_\(name)".utf8), value: value))
            } else {
                remarks.aclsWithoutNumbers += 1
            }
        }
        attributes += pax.attributes
        for attribute in attributes {
            guard (1...255).contains(attribute.name.count), !attribute.name.contains(0),
                attribute.value.count <= 65_535
            else {
                throw ArchiveError(
                    reason:
                        "extended attribute \"\(Bytes.escaped(attribute.name.prefix(300)))\": not a name of 1 to 255 "
                        + "bytes with a value of at most 65535")
            }
        }
        guard attributes.count > 1 else { return attributes }
        var sorted: [ExtendedAttribute] = []
        // Sorting is stable: of equal names the last one stands last.
        for attribute in attributes.sorted(by: { Bytes.precedes($0.name, $1.name) }) {
            if sorted.last?.name == attribute.name { sorted.removeLast() }
            sorted.append(attribute)
        }
        return sorted
    }
}
