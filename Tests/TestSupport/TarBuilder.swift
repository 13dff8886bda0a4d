// SPDX-License-Identifier: Apache-2.0

/// Writes tars byte by byte, good ones and bad ones, without any tar library.
///
/// Every method appends to the end; paths are written as given. Methods that write content return the offset at which
/// it starts in the tar.
package struct TarBuilder: Sendable {
    /// How a path or link target of more than 100 bytes is written.
    package enum LongNames: Sendable {
        /// In a pax extended header.
        case pax
        /// In a GNU `L` or `K` entry before the header.
        case gnu
        /// Split at a slash into ustar's prefix and name; a link target is cut.
        case ustarPrefix
    }

    /// How long names are written.
    package var longNames = LongNames.pax
    /// Blocks of zeros at the end: 2 in a proper tar.
    package var endBlocks = 2
    /// Bytes after the end blocks.
    package var trailing: [UInt8] = []
    /// What was written so far, without end blocks.
    package private(set) var body: [UInt8] = []

    /// Starts an empty tar.
    package init() {}

    /// Builds a tar in one expression.
    package init(_ build: (inout TarBuilder) -> Void) { build(&self) }

    /// The whole tar.
    package var bytes: [UInt8] { body + [UInt8](repeating: 0, count: 512 * endBlocks) + trailing }

    /// Writes a directory.
    package mutating func directory(
        _ path: some RawBytes, mode: Int64 = 0o755, uid: Int64 = 0, gid: Int64 = 0, mtime: Int64 = 0,
        xattrs: KeyValuePairs<String, any RawBytes> = [:], pax: KeyValuePairs<String, any RawBytes> = [:]
    ) {
        var header = TarHeader(path.rawBytes, type: "5")
        (header.mode, header.uid, header.gid, header.mtime) = (mode, uid, gid, mtime)
        entry(header, pax: Self.records(xattrs, pax))
    }

    /// Writes a regular file.
    ///
    /// - Returns: the offset of its content.
    @discardableResult
    package mutating func file(
        _ path: some RawBytes, _ content: some RawBytes = "", mode: Int64 = 0o644, uid: Int64 = 0, gid: Int64 = 0,
        mtime: Int64 = 0, xattrs: KeyValuePairs<String, any RawBytes> = [:],
        pax: KeyValuePairs<String, any RawBytes> = [:]
    ) -> Int {
        var header = TarHeader(path.rawBytes)
        (header.mode, header.uid, header.gid, header.mtime) = (mode, uid, gid, mtime)
        header.size = Int64(content.rawBytes.count)
        return entry(header, content: content.rawBytes, pax: Self.records(xattrs, pax))
    }

    /// Writes a symbolic link.
    package mutating func symlink(
        _ path: some RawBytes, to target: some RawBytes, uid: Int64 = 0, gid: Int64 = 0, mtime: Int64 = 0,
        xattrs: KeyValuePairs<String, any RawBytes> = [:], pax: KeyValuePairs<String, any RawBytes> = [:]
    ) {
        var header = TarHeader(path.rawBytes, type: "2")
        (header.mode, header.uid, header.gid, header.mtime) = (0o777, uid, gid, mtime)
        header.linkName = target.rawBytes
        entry(header, pax: Self.records(xattrs, pax))
    }

    /// Writes a hard link to an earlier path.
    package mutating func hardLink(
        _ path: some RawBytes, to target: some RawBytes, pax: KeyValuePairs<String, any RawBytes> = [:]
    ) {
        var header = TarHeader(path.rawBytes, type: "1")
        header.linkName = target.rawBytes
        entry(header, pax: Self.records([:], pax))
    }

    /// Writes a character device.
    package mutating func characterDevice(
        _ path: some RawBytes, major: Int64, minor: Int64, mode: Int64 = 0o600,
        pax: KeyValuePairs<String, any RawBytes> = [:]
    ) {
        device(path.rawBytes, type: "3", major: major, minor: minor, mode: mode, pax: pax)
    }

    /// Writes a block device.
    package mutating func blockDevice(
        _ path: some RawBytes, major: Int64, minor: Int64, mode: Int64 = 0o600,
        pax: KeyValuePairs<String, any RawBytes> = [:]
    ) {
        device(path.rawBytes, type: "4", major: major, minor: minor, mode: mode, pax: pax)
    }

    /// Writes a fifo.
    package mutating func fifo(_ path: some RawBytes, mode: Int64 = 0o644) {
        device(path.rawBytes, type: "6", major: 0, minor: 0, mode: mode, pax: [:])
    }

    /// Writes a whiteout of a path: an empty file `.wh.NAME` beside it.
    package mutating func whiteout(_ path: some RawBytes, type: Character = "0") {
        let bytes = path.rawBytes
        let start = bytes.lastIndex(of: UInt8(ascii: "/")).map { $0 + 1 } ?? 0
        entry(TarHeader(bytes[..<start] + Array(".wh.".utf8) + bytes[start...], type: type))
    }

    /// Writes an opaque marker into a directory.
    package mutating func opaque(_ directory: some RawBytes) {
        let bytes = directory.rawBytes
        file((bytes.isEmpty ? [] : bytes + [UInt8(ascii: "/")]) + Array(".wh..wh..opq".utf8))
    }

    /// Writes a pax global header (`g`).
    package mutating func globalHeader(_ records: KeyValuePairs<String, any RawBytes>) {
        paxHeader(Self.records([:], records), type: "g")
    }

    /// Writes a GNU `L` (name) or `K` (link target) entry for the entry that follows.
    package mutating func gnuLongName(_ name: some RawBytes, type: Character = "L", isTerminated: Bool = true) {
        var header = TarHeader("././@LongLink", type: type)
        header.magic = .gnu
        let content = name.rawBytes + (isTerminated ? [0] : [])
        header.size = Int64(content.count)
        raw(header.block)
        raw(content)
        pad()
    }

    /// Writes a header as it is, after its pax records and long names, and its content padded to 512 bytes.
    ///
    /// The header's size field is not touched: it may lie. Returns the offset of the content.
    @discardableResult
    package mutating func entry(
        _ header: TarHeader, content: [UInt8] = [], pax: [(key: String, value: [UInt8])] = []
    ) -> Int {
        var header = header
        var pax = pax
        switch longNames {
        case .pax:
            if header.name.count > 100 { pax.append(("path", header.name)) }
            if header.linkName.count > 100 { pax.append(("linkpath", header.linkName)) }
        case .gnu:
            if header.linkName.count > 100 { gnuLongName(header.linkName, type: "K") }
            if header.name.count > 100 { gnuLongName(header.name) }
            header.magic = .gnu
        case .ustarPrefix:
            let slashes = header.name.indices.filter { header.name[$0] == UInt8(ascii: "/") && $0 <= 155 }
            if header.name.count > 100, let slash = slashes.last {
                header.prefix = Array(header.name[..<slash])
                header.name = Array(header.name[(slash + 1)...])
            }
        }
        if !pax.isEmpty { paxHeader(pax, type: "x") }
        raw(header.block)
        let start = body.count
        raw(content)
        pad()
        return start
    }

    /// Appends bytes as they are.
    package mutating func raw(_ bytes: [UInt8]) { body += bytes }

    /// Appends zeros up to the next multiple of 512.
    package mutating func pad() { body += [UInt8](repeating: 0, count: (512 - body.count % 512) % 512) }

    /// The records that a pax header holds: `SCHILY.xattr.` ones, then the given ones.
    static func records(
        _ xattrs: KeyValuePairs<String, any RawBytes>, _ pax: KeyValuePairs<String, any RawBytes>
    ) -> [(key: String, value: [UInt8])] {
        xattrs.map { ("SCHILY.xattr." + $0.key, $0.value.rawBytes) } + pax.map { ($0.key, $0.value.rawBytes) }
    }

    /// The text of pax records: `LENGTH KEY=VALUE\n` each, LENGTH counting itself.
    package static func paxText(_ records: [(key: String, value: [UInt8])]) -> [UInt8] {
        records.flatMap { record -> [UInt8] in
            let rest = Array(" \(record.key)=".utf8) + record.value + Array("\n".utf8)
            var length = rest.count + 1
            while String(length).utf8.count + rest.count != length { length += 1 }
            return Array(String(length).utf8) + rest
        }
    }

    private mutating func paxHeader(_ records: [(key: String, value: [UInt8])], type: Character) {
        let text = Self.paxText(records)
        var header = TarHeader(type == "g" ? "pax_global_header" : "PaxHeaders/entry", type: type)
        header.size = Int64(text.count)
        raw(header.block)
        raw(text)
        pad()
    }

    private mutating func device(
        _ path: [UInt8], type: Character, major: Int64, minor: Int64, mode: Int64,
        pax: KeyValuePairs<String, any RawBytes>
    ) {
        var header = TarHeader(path, type: type)
        (header.mode, header.deviceMajor, header.deviceMinor) = (mode, major, minor)
        entry(header, pax: Self.records([:], pax))
    }
}
