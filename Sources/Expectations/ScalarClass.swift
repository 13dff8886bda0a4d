// SPDX-License-Identifier: Apache-2.0

/// A set of scalars: one character of a pattern, or a class of them.
struct ScalarClass: Sendable, Equatable {
    private(set) var ranges: [ClosedRange<UInt32>]
    /// General categories, by their short names (`Lu`, `N`), and whether they are meant negated.
    private(set) var categories: [Category] = []
    /// Whether all others are meant.
    var isNegated = false
    /// Whether case is of no matter.
    var foldsCase = false

    struct Category: Sendable, Equatable {
        let name: String
        let isNegated: Bool
    }

    static let all: ClosedRange<UInt32> = 0...0x10FFFF

    init(_ ranges: [ClosedRange<UInt32>] = []) { self.ranges = ranges }

    static let digit = ScalarClass([0x30...0x39])
    static let space = ScalarClass([0x09...0x0A, 0x0C...0x0D, 0x20...0x20])
    static let word = ScalarClass([0x30...0x39, 0x41...0x5A, 0x5F...0x5F, 0x61...0x7A])
    static let any = ScalarClass([all])
    static let anyInLine = ScalarClass([0...0x09, 0x0B...0x10FFFF])

    /// Classes of POSIX, by what stands between `[:` and `:]`.
    static let posix: [String: ScalarClass] = [
        "alnum": ScalarClass([0x30...0x39, 0x41...0x5A, 0x61...0x7A]),
        "alpha": ScalarClass([0x41...0x5A, 0x61...0x7A]), "ascii": ScalarClass([0...0x7F]),
        "blank": ScalarClass([0x09...0x09, 0x20...0x20]), "cntrl": ScalarClass([0...0x1F, 0x7F...0x7F]),
        "digit": digit, "graph": ScalarClass([0x21...0x7E]), "lower": ScalarClass([0x61...0x7A]),
        "print": ScalarClass([0x20...0x7E]),
        "punct": ScalarClass([0x21...0x2F, 0x3A...0x40, 0x5B...0x60, 0x7B...0x7E]),
        "space": ScalarClass([0x09...0x0D, 0x20...0x20]), "upper": ScalarClass([0x41...0x5A]), "word": word,
        "xdigit": ScalarClass([0x30...0x39, 0x41...0x46, 0x61...0x66]),
    ]

    /// Adds what another class has.
    ///
    /// - Parameter negated: whether all that it does not have is meant.
    mutating func add(_ other: ScalarClass, negated: Bool = false) {
        categories += other.categories.map { Category(name: $0.name, isNegated: $0.isNegated != negated) }
        guard negated else {
            ranges += other.ranges
            return
        }
        guard other.categories.isEmpty else { return }
        var next: UInt32 = 0
        for range in other.ranges.sorted(by: { $0.lowerBound < $1.lowerBound }) {
            if range.lowerBound > next { ranges.append(next...range.lowerBound - 1) }
            next = max(next, range.upperBound + 1)
        }
        if next <= Self.all.upperBound { ranges.append(next...Self.all.upperBound) }
    }

    /// A class of Unicode by its general category; nil for another name.
    static func category(_ name: String, isNegated: Bool) -> ScalarClass? {
        if name == "Any" { return isNegated ? ScalarClass() : any }
        guard CategoryNames.known.contains(name) else { return nil }
        var result = ScalarClass()
        result.categories = [Category(name: name, isNegated: isNegated)]
        return result
    }

    func contains(_ scalar: UInt32) -> Bool {
        var found = has(scalar)
        if !found, foldsCase {
            let (lower, upper) = (Self.lower(scalar), Self.upper(scalar))
            // Some letters come back as others: the long s as S and s.
            found = has(lower) || has(upper) || has(Self.lower(upper)) || has(Self.upper(lower))
        }
        return found != isNegated
    }

    private static func lower(_ scalar: UInt32) -> UInt32 {
        if scalar < 0x80 { return (0x41...0x5A).contains(scalar) ? scalar + 0x20 : scalar }
        return only(Unicode.Scalar(scalar)?.properties.lowercaseMapping) ?? scalar
    }

    private static func upper(_ scalar: UInt32) -> UInt32 {
        if scalar < 0x80 { return (0x61...0x7A).contains(scalar) ? scalar - 0x20 : scalar }
        return only(Unicode.Scalar(scalar)?.properties.uppercaseMapping) ?? scalar
    }

    private static func only(_ text: String?) -> UInt32? {
        guard let scalars = text?.unicodeScalars, scalars.count == 1 else { return nil }
        return scalars.first?.value
    }

    private func has(_ scalar: UInt32) -> Bool {
        for range in ranges where range.contains(scalar) { return true }
        guard !categories.isEmpty, let character = Unicode.Scalar(scalar) else { return false }
        let name = CategoryNames.name(character.properties.generalCategory)
        return categories.contains { name.hasPrefix($0.name) != $0.isNegated }
    }
}

/// General categories by the names that patterns have.
private enum CategoryNames {
    static let known: Set<String> = Set(pairs.flatMap { [$0.1, String($0.1.prefix(1))] })

    private static let pairs: [(Unicode.GeneralCategory, String)] = [
        (.uppercaseLetter, "Lu"), (.lowercaseLetter, "Ll"), (.titlecaseLetter, "Lt"), (.modifierLetter, "Lm"),
        (.otherLetter, "Lo"), (.nonspacingMark, "Mn"), (.spacingMark, "Mc"), (.enclosingMark, "Me"),
        (.decimalNumber, "Nd"), (.letterNumber, "Nl"), (.otherNumber, "No"), (.connectorPunctuation, "Pc"),
        (.dashPunctuation, "Pd"), (.openPunctuation, "Ps"), (.closePunctuation, "Pe"), (.initialPunctuation, "Pi"),
        (.finalPunctuation, "Pf"), (.otherPunctuation, "Po"), (.mathSymbol, "Sm"), (.currencySymbol, "Sc"),
        (.modifierSymbol, "Sk"), (.otherSymbol, "So"), (.spaceSeparator, "Zs"), (.lineSeparator, "Zl"),
        (.paragraphSeparator, "Zp"), (.control, "Cc"), (.format, "Cf"), (.surrogate, "Cs"), (.privateUse, "Co"),
    ]

    static func name(_ category: Unicode.GeneralCategory) -> String {
        pairs.first { $0.0 == category }?.1 ?? "Cn"
    }
}
