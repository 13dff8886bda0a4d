// SPDX-License-Identifier: Apache-2.0

import FileTree
import OCI

/// Writes the header of one file in the pax format (POSIX, pax, "pax Interchange Format").
struct PaxHeader {
    /// The path: relative, a directory's with a slash at its end.
    var path: [UInt8]
    /// The metadata.
    var attributes: Attributes
    /// The earlier path that this is another name of; nil for a file's first name.
    var hardLink: [UInt8]?

    /// The header's blocks: an extended header where the plain one cannot tell all, then the plain one.
    var blocks: [UInt8] {
        let records = self.records
        guard !records.isEmpty else { return ustar() }
        let text = records.flatMap(Self.record)
        var extended = Block(name: Array("PaxHeaders/entry".utf8), type: "x")
        extended.number(text.count, at: 124, width: 12)
        return extended.finished() + text + [UInt8](repeating: 0, count: Self.padding(text.count)) + ustar()
    }

    /// Zeros that follow `count` bytes of content up to the next block.
    static func padding(_ count: some BinaryInteger) -> Int { (512 - Int(count % 512)) % 512 }

    private var linkName: [UInt8] { hardLink ?? attributes.target }

    private var isRegular: Bool { attributes.type == .regular && hardLink == nil }

    private var type: Character {
        guard hardLink == nil else { return "1" }
        return switch attributes.type {
        case .regular, .socket: "0"
        case .directory: "5"
        case .symbolicLink: "2"
        case .characterDevice: "3"
        case .blockDevice: "4"
        case .fifo: "6"
        }
    }

    private var records: [(key: [UInt8], value: [UInt8])] {
        var records: [(String, [UInt8])] = []
        if path.count > 100 { records.append(("path", path)) }
        if linkName.count > 100 { records.append(("linkpath", linkName)) }
        let texts = records.map(\.1)
        if !texts.allSatisfy({ String(validating: $0, as: UTF8.self) != nil }) {
            // Without it a reader may take the names for UTF-8.
            records.insert(("hdrcharset", Array("BINARY".utf8)), at: 0)
        }
        if attributes.uid > 0o7777777 { records.append(("uid", Array("\(attributes.uid)".utf8))) }
        if attributes.gid > 0o7777777 { records.append(("gid", Array("\(attributes.gid)".utf8))) }
        if isRegular, attributes.size > 0o77777777777 { records.append(("size", Array("\(attributes.size)".utf8))) }
        let time = attributes.mtime
        if time.nanoseconds != 0 || !(0...0o77777777777).contains(time.seconds) {
            records.append(("mtime", Array(Self.text(time).utf8)))
        }
        let plain = records.map { (key: Array($0.0.utf8), value: $0.1) }
        return plain + (hardLink == nil ? attributes.xattrs.map(Self.record(of:)) : [])
    }

    /// A decimal fraction of seconds, of a negative time too: 1.5 seconds before 1970 is `-1.5`.
    static func text(_ time: Timestamp) -> String {
        guard time.nanoseconds != 0 else { return "\(time.seconds)" }
        let isNegative = time.seconds < 0
        let seconds = isNegative ? time.seconds + 1 : time.seconds
        let fraction = isNegative ? 1_000_000_000 - time.nanoseconds : time.nanoseconds
        let digits = String(String(1_000_000_000 + fraction).dropFirst())
        return (isNegative ? "-" : "") + "\(seconds.magnitude)." + digits
    }

    /// An attribute's record: as star writes it, or, where its name has an equals sign, as libarchive does.
    private static func record(of xattr: ExtendedAttribute) -> (key: [UInt8], value: [UInt8]) {
        guard xattr.name.contains(UInt8(ascii: "=")) else {
            return (Array("SCHILY.xattr.".utf8) + xattr.name, xattr.value)
        }
        let hex = Array("0123456789ABCDEF".utf8)
        let name = xattr.name.flatMap { byte -> [UInt8] in
            let isPlain = byte > 0x20 && byte < 0x7F && byte != UInt8(ascii: "%") && byte != UInt8(ascii: "=")
            return isPlain ? [byte] : [UInt8(ascii: "%"), hex[Int(byte >> 4)], hex[Int(byte & 15)]]
        }
        return (Array("LIBARCHIVE.xattr.".utf8) + name, Base64.encoded(xattr.value, pads: false))
    }

    /// `LENGTH KEY=VALUE\n`, LENGTH counting itself.
    private static func record(_ record: (key: [UInt8], value: [UInt8])) -> [UInt8] {
        let rest = [UInt8(ascii: " ")] + record.key + [UInt8(ascii: "=")] + record.value + [UInt8(ascii: "\n")]
        var length = rest.count + 1
        while "\(length)".utf8.count + rest.count > length { length += 1 }
        return Array("\(length)".utf8) + rest
    }

    private func ustar() -> [UInt8] {
        var block = Block(name: path, type: type)
        block.number(attributes.permissions, at: 100, width: 8)
        block.number(attributes.uid > 0o7777777 ? 0 : attributes.uid, at: 108, width: 8)
        block.number(attributes.gid > 0o7777777 ? 0 : attributes.gid, at: 116, width: 8)
        block.number(isRegular && attributes.size <= 0o77777777777 ? attributes.size : 0, at: 124, width: 12)
        let seconds = attributes.mtime.seconds
        block.number((0...0o77777777777).contains(seconds) ? seconds : 0, at: 136, width: 12)
        block.put(linkName.prefix(100), at: 157)
        if attributes.type == .characterDevice || attributes.type == .blockDevice {
            block.number(attributes.device.major, at: 329, width: 8)
            block.number(attributes.device.minor, at: 337, width: 8)
        }
        return block.finished()
    }
}

/// A ustar header block being filled.
private struct Block {
    private var bytes = [UInt8](repeating: 0, count: 512)

    init(name: [UInt8], type: Character) {
        put(name.prefix(100), at: 0)
        number(0o644, at: 100, width: 8)
        for (offset, width) in [(108, 8), (116, 8), (124, 12), (136, 12), (329, 8), (337, 8)] {
            number(0, at: offset, width: width)
        }
        bytes[156] = type.asciiValue ?? 0
        put("ustar\u{0}00".utf8, at: 257)
    }

    mutating func put(_ field: some Collection<UInt8>, at offset: Int) {
        bytes.replaceSubrange(offset..<offset + field.count, with: field)
    }

    /// Writes octal digits and a NUL; the number must fit.
    mutating func number(_ value: some BinaryInteger, at offset: Int, width: Int) {
        let text = String(value, radix: 8)
        put(
            (String(repeating: "0", count: max(0, width - 1 - text.utf8.count)) + text).utf8.suffix(width - 1),
            at: offset)
    }

    func finished() -> [UInt8] {
        var block = self
        block.put([UInt8](repeating: 0x20, count: 8), at: 148)
        let sum = block.bytes.reduce(0) { $0 + Int($1) }
        block.number(sum, at: 148, width: 7)
        block.bytes[154] = 0
        return block.bytes
    }
}
