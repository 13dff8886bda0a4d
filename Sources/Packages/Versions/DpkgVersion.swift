// SPDX-License-Identifier: Apache-2.0

/// Debian's order (deb-version(7)).
enum DpkgVersion {
    private struct Parts {
        var epoch: ArraySlice<UInt8> = []
        var upstream: ArraySlice<UInt8>
        var revision: ArraySlice<UInt8> = []

        init(_ version: [UInt8]) {
            upstream = ASCII.trimmed(version[...])
            if let colon = upstream.firstIndex(of: UInt8(ascii: ":")) {
                epoch = upstream[..<colon]
                upstream = upstream[(colon + 1)...]
            }
            if let dash = upstream.lastIndex(of: UInt8(ascii: "-")) {
                revision = upstream[(dash + 1)...]
                upstream = upstream[..<dash]
            }
        }
    }

    static func compare(_ left: [UInt8], _ right: [UInt8]) -> VersionRelation {
        let left = Parts(left)
        let right = Parts(right)
        let epochs = ASCII.compareNumbers(left.epoch, right.epoch)
        if epochs != .equal { return epochs }
        let upstreams = comparePart(left.upstream, right.upstream)
        return upstreams != .equal ? upstreams : comparePart(left.revision, right.revision)
    }

    /// Compares runs of other bytes and runs of digits in turn.
    private static func comparePart(_ left: ArraySlice<UInt8>, _ right: ArraySlice<UInt8>) -> VersionRelation {
        var left = left
        var right = right
        while !left.isEmpty || !right.isEmpty {
            while isOther(left.first) || isOther(right.first) {
                let one = rank(left.takeUnlessDigit())
                let other = rank(right.takeUnlessDigit())
                if one != other { return VersionRelation(one, other) }
            }
            let relation = ASCII.compareNumbers(left.take(while: ASCII.isDigit), right.take(while: ASCII.isDigit))
            if relation != .equal { return relation }
        }
        return .equal
    }

    private static func isOther(_ byte: UInt8?) -> Bool { byte.map { !ASCII.isDigit($0) } ?? false }

    /// The end and digits before letters, these before all else, `~` before the end.
    private static func rank(_ byte: UInt8?) -> Int {
        guard let byte, !ASCII.isDigit(byte) else { return 0 }
        if byte == UInt8(ascii: "~") { return -1 }
        return ASCII.isLetter(byte) ? Int(byte) : Int(byte) + 256
    }
}

extension ArraySlice<UInt8> {
    /// Takes the next byte; a digit stays where it is.
    fileprivate mutating func takeUnlessDigit() -> UInt8? {
        guard let byte = first else { return nil }
        if !ASCII.isDigit(byte) { removeFirst() }
        return byte
    }
}
