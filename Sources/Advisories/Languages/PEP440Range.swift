// SPDX-License-Identifier: Apache-2.0

import Packages

/// Conditions as Python has them (PEP 440, "Version specifiers"); versions before a release count too.
enum PEP440Range {
    static func fits(_ version: [UInt8], _ condition: VersionConstraint) -> Bool? {
        let spec = condition.version
        if condition.operation == .identical {
            return version.elementsEqual(spec)
        }
        // What a distributor adds is not compared, unless it is asked for.
        let bare = spec.contains(UInt8(ascii: "+")) ? version : Array(version.prefix { $0 != UInt8(ascii: "+") })
        if spec.suffix(2).elementsEqual(".*".utf8) {
            guard let begins = begins(bare, Array(spec.dropLast(2))) else { return nil }
            switch condition.operation {
            case .equal, .equal2: return begins
            case .notEqual, .not: return !begins
            default: return nil
            }
        }
        guard let relation = VersionOrder.pep440.compare(bare, spec) else { return nil }
        switch condition.operation {
        case .equal, .equal2: return relation == .equal
        case .notEqual, .not: return relation != .equal
        case .lessOrEqual, .equalOrLess: return relation != .greater
        case .greaterOrEqual, .equalOrGreater: return relation != .less
        case .less:
            // What comes before a release is no version before it, unless one such is asked for.
            guard relation == .less, isFinal(spec) else { return relation == .less }
            return VersionOrder.pep440.compare(bare, spec + Array(".dev0".utf8)) == .less
        case .greater:
            guard relation == .greater, isFinal(spec) else { return relation == .greater }
            return VersionOrder.pep440.compare(bare, spec + Array(".post999999999".utf8)) == .greater
        case .compatible, .pessimistic, .tilde:
            guard relation != .less else { return false }
            let release = spec.prefix { $0 >= 0x30 && $0 <= 0x39 || $0 == UInt8(ascii: ".") || $0 == UInt8(ascii: "!") }
            guard let dot = release.lastIndex(of: UInt8(ascii: ".")) else { return nil }
            return begins(bare, Array(release[..<dot]))
        case .caret, .identical: return nil
        }
    }

    /// Whether a version is a release: numbers alone.
    private static func isFinal(_ version: [UInt8]) -> Bool {
        version.allSatisfy { $0 >= 0x30 && $0 <= 0x39 || $0 == UInt8(ascii: ".") || $0 == UInt8(ascii: "!") }
    }

    /// Whether a version's numbers begin with some.
    private static func begins(_ version: [UInt8], _ prefix: [UInt8]) -> Bool? {
        // From its first development version to that of the next line.
        guard isFinal(prefix), !prefix.isEmpty else { return nil }
        let start = prefix.lastIndex { $0 == UInt8(ascii: ".") || $0 == UInt8(ascii: "!") }.map { $0 + 1 } ?? 0
        guard let last = UInt64(String(decoding: prefix[start...], as: UTF8.self)), last < .max else { return nil }
        let next = prefix[..<start] + Array("\(last + 1).dev0".utf8)
        guard let low = VersionOrder.pep440.compare(version, prefix + Array(".dev0".utf8)),
            let high = VersionOrder.pep440.compare(version, Array(next))
        else { return nil }
        return low != .less && high == .less
    }
}

/// A range as Maven writes it: `[1.0,2.0)`, `(,1.5]`.
struct MavenInterval {
    private let low: [UInt8]
    private let high: [UInt8]
    private let takesLow: Bool
    private let takesHigh: Bool

    /// Reads one; nil for what is none.
    init?(_ text: String) {
        let bytes = Array(text.utf8.filter { $0 != 0x20 })
        guard let first = bytes.first, let last = bytes.last, bytes.count > 2,
            first == UInt8(ascii: "[") || first == UInt8(ascii: "("),
            last == UInt8(ascii: "]") || last == UInt8(ascii: ")")
        else { return nil }
        let inner = bytes.dropFirst().dropLast()
        takesLow = first == UInt8(ascii: "[")
        takesHigh = last == UInt8(ascii: "]")
        if let comma = inner.firstIndex(of: UInt8(ascii: ",")) {
            low = Array(inner[..<comma])
            high = Array(inner[(comma + 1)...])
            guard !high.contains(UInt8(ascii: ",")) else { return nil }
        } else {
            low = Array(inner)
            high = low
        }
    }

    /// Whether a version lies in it; nil where it is none.
    func contains(_ version: [UInt8]) -> Bool? {
        if !low.isEmpty {
            guard let relation = VersionOrder.maven.compare(version, low) else { return nil }
            guard relation == .greater || relation == .equal && takesLow else { return false }
        }
        if !high.isEmpty {
            guard let relation = VersionOrder.maven.compare(version, high) else { return nil }
            guard relation == .less || relation == .equal && takesHigh else { return false }
        }
        return true
    }
}
