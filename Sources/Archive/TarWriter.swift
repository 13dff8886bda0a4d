// SPDX-License-Identifier: Apache-2.0

package import FileTree

/// Writes a tar in the pax format: what ustar's header cannot hold stands in an extended header before it.
///
/// Extended attributes are records `SCHILY.xattr.`, as in images' layers; names of owners are left out, numbers count.
package struct TarWriter {
    private static let blockSize = 512

    private let write: (UnsafeRawBufferPointer) throws -> Void
    /// Bytes of the current file that are still to come.
    private var missing: UInt64 = 0
    private var padding = 0

    /// Starts a tar.
    ///
    /// - Parameter write: gets the tar's bytes in order, valid during the call.
    package init(_ write: @escaping (UnsafeRawBufferPointer) throws -> Void) { self.write = write }

    /// Begins an entry; of a regular file as many bytes as its metadata say must follow.
    ///
    /// - Parameters:
    ///   - path: the name; that of a directory gets a `/` at its end.
    ///   - attributes: metadata of anything but a socket, which a tar cannot hold.
    package mutating func begin(_ path: [UInt8], _ attributes: Attributes) throws {
        let isDirectory = attributes.type == .directory && path.last != UInt8(ascii: "/")
        try header(
            isDirectory ? path + [UInt8(ascii: "/")] : path, attributes, Self.typeFlag(attributes.type),
            link: attributes.target, size: attributes.type == .regular ? attributes.size : 0)
        guard attributes.type == .regular else { return }
        missing = attributes.size
        padding = Int((UInt64(Self.blockSize) - attributes.size % UInt64(Self.blockSize)) % UInt64(Self.blockSize))
    }

    /// Adds one more name for the file of an earlier entry.
    package mutating func link(_ path: [UInt8], to target: [UInt8], _ attributes: Attributes) throws {
        try header(path, attributes, UInt8(ascii: "1"), link: target, size: 0)
    }

    /// Writes bytes of the current file; those beyond its size are left out.
    package mutating func data(_ bytes: UnsafeRawBufferPointer) throws {
        let count = Int(min(UInt64(bytes.count), missing))
        guard count > 0 else { return }
        try write(UnsafeRawBufferPointer(rebasing: bytes[..<count]))
        missing -= UInt64(count)
    }

    /// Ends the current file.
    ///
    /// - Returns: how many of its bytes did not come: they are zeros.
    @discardableResult
    package mutating func end() throws -> UInt64 {
        let absent = missing
        while missing > 0 {
            let count = Int(min(missing, 1 << 16))
            try [UInt8](repeating: 0, count: count).withUnsafeBytes { try write($0) }
            missing -= UInt64(count)
        }
        if padding > 0 { try [UInt8](repeating: 0, count: padding).withUnsafeBytes { try write($0) } }
        padding = 0
        return absent
    }

    /// Ends the tar.
    package mutating func finish() throws {
        try [UInt8](repeating: 0, count: 2 * Self.blockSize).withUnsafeBytes { try write($0) }
    }

    private func header(
        _ path: [UInt8], _ attributes: Attributes, _ type: UInt8, link: [UInt8], size: UInt64
    ) throws {
        let split = Self.split(path)
        var records: [(key: [UInt8], value: [UInt8])] = []
        func add(_ key: String, _ value: [UInt8]) { records.append((Array(key.utf8), value)) }
        func add(_ key: String, _ value: String) { add(key, Array(value.utf8)) }
        if split == nil { add("path", path) }
        if link.count > 100 { add("linkpath", link) }
        let isBinary = records.contains { String(validating: $0.value, as: UTF8.self) == nil }
        if isBinary { records.insert((Array("hdrcharset".utf8), Array("BINARY".utf8)), at: 0) }
        if size >= 1 << 33 { add("size", "\(size)") }
        if attributes.uid >= 1 << 21 { add("uid", "\(attributes.uid)") }
        if attributes.gid >= 1 << 21 { add("gid", "\(attributes.gid)") }
        let time = attributes.mtime
        let isPlainTime = time.nanoseconds == 0 && (0..<1 << 33).contains(time.seconds)
        if !isPlainTime { add("mtime", Self.decimal(time)) }
        // A hard link's attributes are those of its first entry.
        if type != UInt8(ascii: "1") {
            for attribute in attributes.xattrs {
                records.append(LibarchiveAttribute.record(attribute))
            }
        }
        if !records.isEmpty { try extended(records) }
        let plain = Self.block(
            name: split?.name ?? Array(path.prefix(100)), prefix: split?.prefix ?? [],
            link: Array(link.prefix(100)), type: type, attributes,
            size: size < 1 << 33 ? size : 0, seconds: isPlainTime ? UInt64(clamping: time.seconds) : 0)
        try plain.withUnsafeBytes { try write($0) }
    }

    private func extended(_ records: [(key: [UInt8], value: [UInt8])]) throws {
        var body: [UInt8] = []
        for (key, value) in records {
            // The length counts its own digits.
            let rest = key.count + value.count + 3
            var length = rest + 1
            while length != rest + String(length).utf8.count { length = rest + String(length).utf8.count }
            body += Array("\(length) ".utf8) + key + [UInt8(ascii: "=")] + value + [UInt8(ascii: "\n")]
        }
        let attributes = Attributes(type: .regular, permissions: 0o644)
        let header = Self.block(
            name: Array("PaxHeaders/x".utf8), prefix: [], link: [], type: UInt8(ascii: "x"), attributes,
            size: UInt64(body.count), seconds: 0)
        body += [UInt8](repeating: 0, count: (Self.blockSize - body.count % Self.blockSize) % Self.blockSize)
        try (header + body).withUnsafeBytes { try write($0) }
    }

    /// A name as the two fields of ustar's header; nil where it does not fit.
    private static func split(_ path: [UInt8]) -> (name: [UInt8], prefix: [UInt8])? {
        if path.count <= 100 { return (path, []) }
        guard path.count <= 256 else { return nil }
        let first = path.count - 101
        let slash = path.indices.first { $0 >= first && $0 <= 155 && path[$0] == UInt8(ascii: "/") }
        guard let slash, slash > 0, slash + 1 < path.count else { return nil }
        return (Array(path[(slash + 1)...]), Array(path[..<slash]))
    }

    private static func block(
        name: [UInt8], prefix: [UInt8], link: [UInt8], type: UInt8, _ attributes: Attributes, size: UInt64,
        seconds: UInt64
    ) -> [UInt8] {
        var block = [UInt8](repeating: 0, count: blockSize)
        func put(_ bytes: some Collection<UInt8>, at offset: Int) {
            block.replaceSubrange(offset..<offset + bytes.count, with: bytes)
        }
        /// Octal digits with a NUL behind them.
        func put(_ value: UInt64, at offset: Int, digits: Int) {
            let text = String(value, radix: 8).utf8
            put(repeatElement(UInt8(ascii: "0"), count: max(0, digits - text.count)) + Array(text), at: offset)
        }
        put(name, at: 0)
        put(UInt64(attributes.permissions), at: 100, digits: 7)
        put(attributes.uid < 1 << 21 ? UInt64(attributes.uid) : 0, at: 108, digits: 7)
        put(attributes.gid < 1 << 21 ? UInt64(attributes.gid) : 0, at: 116, digits: 7)
        put(size, at: 124, digits: 11)
        put(seconds, at: 136, digits: 11)
        put(repeatElement(UInt8(ascii: " "), count: 8), at: 148)
        block[156] = type
        put(link, at: 157)
        put("ustar\u{0}00".utf8, at: 257)
        put(UInt64(attributes.device.major & 0x1F_FFFF), at: 329, digits: 7)
        put(UInt64(attributes.device.minor & 0x1F_FFFF), at: 337, digits: 7)
        put(prefix, at: 345)
        put(block.reduce(0) { $0 + UInt64($1) }, at: 148, digits: 6)
        block[154] = 0
        return block
    }

    /// Seconds with their fraction, below zero too: `-1.5`.
    private static func decimal(_ time: Timestamp) -> String {
        guard time.nanoseconds > 0 else { return "\(time.seconds)" }
        let isNegative = time.seconds < 0
        // A time before 1970 counts its nanoseconds forwards, a decimal number backwards.
        let nanoseconds = isNegative ? 1_000_000_000 - time.nanoseconds : time.nanoseconds
        let seconds = isNegative ? (time.seconds + 1).magnitude : time.seconds.magnitude
        let digits = String(nanoseconds)
        return (isNegative ? "-" : "") + "\(seconds)." + String(repeating: "0", count: 9 - digits.utf8.count) + digits
    }

    private static func typeFlag(_ type: FileType) -> UInt8 {
        switch type {
        case .regular, .socket: UInt8(ascii: "0")
        case .symbolicLink: UInt8(ascii: "2")
        case .characterDevice: UInt8(ascii: "3")
        case .blockDevice: UInt8(ascii: "4")
        case .directory: UInt8(ascii: "5")
        case .fifo: UInt8(ascii: "6")
        }
    }
}
