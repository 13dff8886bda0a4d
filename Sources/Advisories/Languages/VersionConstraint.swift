// SPDX-License-Identifier: Apache-2.0

import Packages

/// One condition of a range: an operator and a version.
struct VersionConstraint: Equatable {
    /// How a version must stand to another one.
    enum Operator: String, CaseIterable {
        // Longer ones first: the first that fits is taken.
        case identical = "==="
        case equal2 = "=="
        case greaterOrEqual = ">="
        case lessOrEqual = "<="
        case equalOrGreater = "=>"
        case equalOrLess = "=<"
        case notEqual = "!="
        case pessimistic = "~>"
        case compatible = "~="
        case greater = ">"
        case less = "<"
        case equal = "="
        case tilde = "~"
        case caret = "^"
        case not = "!"
    }

    var operation: Operator
    var version: [UInt8]

    /// The most conditions of a range.
    static let maximumCount = 10_000

    /// Reads a range: alternatives between `||`, conditions between commas or blanks; nil for what is none.
    static func read(_ text: String) -> [[VersionConstraint]]? {
        var alternatives: [[VersionConstraint]] = []
        var count = 0
        for part in text.split(separator: "||", omittingEmptySubsequences: false) {
            guard let conditions = conditions(Array(part.utf8)[...]) else { return nil }
            count += conditions.count
            guard count <= maximumCount else { return nil }
            alternatives.append(conditions)
        }
        return alternatives
    }

    private static func isSeparator(_ byte: UInt8) -> Bool { byte == 0x20 || byte == 0x2C || byte == 0x09 }

    private static func conditions(_ text: ArraySlice<UInt8>) -> [VersionConstraint]? {
        var rest = text
        var conditions: [VersionConstraint] = []
        func skip(_ belongs: (UInt8) -> Bool) { rest = rest.drop(while: belongs) }
        while true {
            skip(isSeparator)
            guard let first = rest.first else { return conditions }
            // `1.2 - 2.3`: both ends belong to it.
            if first == UInt8(ascii: "-"), let last = conditions.last, last.operation == .equal,
                rest.dropFirst().first.map(isSeparator) == true
            {
                rest = rest.dropFirst()
                skip(isSeparator)
                let version = rest.prefix { !isSeparator($0) }
                guard !version.isEmpty else { return nil }
                rest = rest[version.endIndex...]
                conditions[conditions.count - 1].operation = .greaterOrEqual
                conditions.append(VersionConstraint(operation: .lessOrEqual, version: Array(version)))
                continue
            }
            let found = Operator.allCases.first { rest.starts(with: $0.rawValue.utf8) }
            if let found {
                rest = rest.dropFirst(found.rawValue.utf8.count)
                skip { $0 == 0x20 }
            }
            let version = rest.prefix { !isSeparator($0) }
            rest = rest[version.endIndex...]
            guard !version.isEmpty, !version.contains(where: { "<>=!~^".utf8.contains($0) }) else { return nil }
            conditions.append(VersionConstraint(operation: found ?? .equal, version: Array(version)))
        }
    }
}

/// How ranges of versions are understood.
enum ConstraintOrder: Sendable {
    case npm, pep440, gem, maven
    /// As in most other languages, in some order of versions.
    case generic(VersionOrder)

    private var order: VersionOrder {
        switch self {
        case .npm: .semantic
        case .pep440: .pep440
        case .gem: .gem
        case .maven: .maven
        case .generic(let order): order
        }
    }

    /// Whether a version lies in one of some ranges; nil where one cannot be understood, or the version is none.
    func matches(_ version: [UInt8], _ ranges: [String]) -> Bool? {
        var isFound = false
        for range in ranges {
            if case .maven = self, let interval = MavenInterval(range) {
                guard let matches = interval.contains(version) else { return nil }
                isFound = isFound || matches
                continue
            }
            guard let alternatives = VersionConstraint.read(range) else { return nil }
            for conditions in alternatives {
                var fitsAll = true
                for condition in conditions {
                    guard let fits = fits(version, condition) else { return nil }
                    fitsAll = fitsAll && fits
                }
                isFound = isFound || fitsAll
            }
        }
        return isFound
    }

    private func fits(_ version: [UInt8], _ condition: VersionConstraint) -> Bool? {
        switch self {
        case .pep440: PEP440Range.fits(version, condition)
        case .maven: compare(version, condition.operation, condition.version)
        case .gem where condition.operation == .pessimistic || condition.operation == .tilde:
            pessimistic(version, condition.version)
        default: expanded(version, condition)
        }
    }

    /// A condition whose version may have fewer parts than three, or stars for parts.
    private func expanded(_ version: [UInt8], _ condition: VersionConstraint) -> Bool? {
        let parts = VersionParts(condition.version)
        switch condition.operation {
        case .caret: return within(version, parts.lowest, parts.caretEnd)
        case .tilde: return within(version, parts.lowest, parts.tildeEnd)
        case .pessimistic:
            if case .npm = self { return within(version, parts.lowest, parts.tildeEnd) }
            return pessimistic(version, condition.version)
        default: break
        }
        let isRange: Bool =
            switch self {
            // `1.2` is all of 1.2.
            case .npm: parts.isOpen
            default: parts.hasStar
            }
        guard isRange else { return compare(version, condition.operation, condition.version) }
        switch condition.operation {
        case .equal, .equal2, .identical: return within(version, parts.lowest, parts.openEnd)
        case .notEqual, .not: return within(version, parts.lowest, parts.openEnd).map { !$0 }
        case .greaterOrEqual, .equalOrGreater: return compare(version, .greaterOrEqual, parts.lowest)
        case .less: return compare(version, .less, parts.lowest)
        case .greater:
            guard let end = parts.openEnd else { return false }
            return compare(version, .greaterOrEqual, end)
        case .lessOrEqual, .equalOrLess:
            guard let end = parts.openEnd else { return true }
            return compare(version, .less, end)
        default: return nil
        }
    }

    private func within(_ version: [UInt8], _ first: [UInt8], _ end: [UInt8]?) -> Bool? {
        guard let isFrom = compare(version, .greaterOrEqual, first) else { return nil }
        guard let end else { return isFrom }
        guard let isBelow = compare(version, .less, end) else { return nil }
        return isFrom && isBelow
    }

    /// From a version on, as long as all its parts but the last stay the same.
    private func pessimistic(_ version: [UInt8], _ first: [UInt8]) -> Bool? {
        within(version, first, VersionParts(first).pessimisticEnd)
    }

    private func compare(
        _ version: [UInt8], _ operation: VersionConstraint.Operator, _ other: [UInt8]
    ) -> Bool? {
        // PHP's order takes anything for a version.
        guard let relation = order.compare(version, other) else { return nil }
        switch operation {
        case .equal, .equal2, .identical: return relation == .equal
        case .notEqual, .not: return relation != .equal
        case .less: return relation == .less
        case .lessOrEqual, .equalOrLess: return relation != .greater
        case .greater: return relation == .greater
        case .greaterOrEqual, .equalOrGreater: return relation != .less
        default: return nil
        }
    }
}
