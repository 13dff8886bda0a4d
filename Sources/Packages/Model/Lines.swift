// SPDX-License-Identifier: Apache-2.0

/// The lines of a text, without their ends.
struct Lines: Sequence, IteratorProtocol {
    private var rest: ArraySlice<UInt8>

    init(_ bytes: some Collection<UInt8>) { rest = ArraySlice(bytes) }

    init(_ bytes: [UInt8]) { rest = bytes[...] }

    mutating func next() -> ArraySlice<UInt8>? {
        guard !rest.isEmpty else { return nil }
        let end = rest.firstIndex(of: 0x0A) ?? rest.endIndex
        defer { rest = rest[Swift.min(end + 1, rest.endIndex)...] }
        if end > rest.startIndex, rest[end - 1] == 0x0D { return rest[..<(end - 1)] }
        return rest[..<end]
    }
}

extension ArraySlice<UInt8> {
    /// What is before and behind the first of a byte; nil where there is none.
    func cut(at byte: UInt8) -> (head: ArraySlice<UInt8>, tail: ArraySlice<UInt8>)? {
        firstIndex(of: byte).map { (self[..<$0], self[($0 + 1)...]) }
    }

    /// Whether these are the bytes of a text, large letters for small.
    func isName(_ name: StaticString) -> Bool {
        guard count == name.utf8CodeUnitCount else { return false }
        return zip(self, UnsafeBufferPointer(start: name.utf8Start, count: name.utf8CodeUnitCount))
            .allSatisfy { ASCII.lower($0) == ASCII.lower($1) }
    }

    /// The bytes that pairs of hexadecimal digits stand for; nil for anything else.
    var fromHexadecimal: [UInt8]? {
        guard count % 2 == 0 else { return nil }
        var bytes: [UInt8] = []
        bytes.reserveCapacity(count / 2)
        var high: UInt8?
        for character in self {
            let digit: UInt8
            switch character {
            case 0x30...0x39: digit = character - 0x30
            case 0x41...0x46: digit = character - 0x37
            case 0x61...0x66: digit = character - 0x57
            default: return nil
            }
            if let first = high {
                bytes.append(first << 4 | digit)
                high = nil
            } else {
                high = digit
            }
        }
        return bytes
    }

    /// The bytes that base64 stands for, padded or not; nil for anything else.
    var fromBase64: [UInt8]? {
        var bytes: [UInt8] = []
        var bits: UInt32 = 0
        var count = 0
        for character in self {
            let value: UInt8
            switch character {
            case 0x41...0x5A: value = character - 0x41
            case 0x61...0x7A: value = character - 0x47
            case 0x30...0x39: value = character + 4
            case UInt8(ascii: "+"), UInt8(ascii: "-"): value = 62
            case UInt8(ascii: "/"), UInt8(ascii: "_"): value = 63
            case UInt8(ascii: "="): continue
            default: return nil
            }
            bits = bits << 6 | UInt32(value)
            count += 6
            if count >= 8 {
                count -= 8
                bytes.append(UInt8(truncatingIfNeeded: bits >> UInt32(count)))
            }
        }
        return bytes
    }
}
