// SPDX-License-Identifier: Apache-2.0

/// Classes of bytes, as the C locale has them.
enum ASCII {
    static func isDigit(_ byte: UInt8) -> Bool { byte >= 0x30 && byte <= 0x39 }

    static func isLetter(_ byte: UInt8) -> Bool {
        let small = byte | 0x20
        return small >= 0x61 && small <= 0x7A
    }

    static func isAlphanumeric(_ byte: UInt8) -> Bool { isDigit(byte) || isLetter(byte) }

    static func isHexDigit(_ byte: UInt8) -> Bool { isDigit(byte) || (byte >= 0x61 && byte <= 0x66) }

    static func isBlank(_ byte: UInt8) -> Bool { byte == 0x20 || (byte >= 0x09 && byte <= 0x0D) }

    static func lower(_ byte: UInt8) -> UInt8 { byte >= 0x41 && byte <= 0x5A ? byte + 0x20 : byte }

    static func lower(_ bytes: some Sequence<UInt8>) -> [UInt8] { bytes.map { lower($0) } }

    /// The bytes without blanks at both ends.
    static func trimmed(_ bytes: ArraySlice<UInt8>) -> ArraySlice<UInt8> {
        var rest = bytes
        while let first = rest.first, isBlank(first) { rest.removeFirst() }
        while let last = rest.last, isBlank(last) { rest.removeLast() }
        return rest
    }

    /// Compares two runs of digits as numbers, however long; no digits are 0.
    static func compareNumbers(_ left: ArraySlice<UInt8>, _ right: ArraySlice<UInt8>) -> VersionRelation {
        let left = left.drop { $0 == 0x30 }
        let right = right.drop { $0 == 0x30 }
        if left.count != right.count { return left.count < right.count ? .less : .greater }
        return compareBytes(left, right)
    }

    /// Compares bytes; what the other begins with is less.
    static func compareBytes(_ left: ArraySlice<UInt8>, _ right: ArraySlice<UInt8>) -> VersionRelation {
        if left.lexicographicallyPrecedes(right) { return .less }
        return right.lexicographicallyPrecedes(left) ? .greater : .equal
    }
}

extension ArraySlice<UInt8> {
    /// Takes the bytes at the beginning that belong to a class.
    mutating func take(while belongs: (UInt8) -> Bool) -> ArraySlice<UInt8> {
        let taken = prefix(while: belongs)
        self = self[taken.endIndex...]
        return taken
    }

    /// Takes a byte if it comes next.
    mutating func take(_ byte: UInt8) -> Bool {
        guard first == byte else { return false }
        removeFirst()
        return true
    }

    /// Takes the first of some words that comes next.
    mutating func take(oneOf words: [StaticString]) -> Int? {
        for (number, word) in words.enumerated() {
            let bytes = UnsafeBufferPointer(start: word.utf8Start, count: word.utf8CodeUnitCount)
            if starts(with: bytes) {
                removeFirst(bytes.count)
                return number
            }
        }
        return nil
    }
}
