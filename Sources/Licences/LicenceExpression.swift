// SPDX-License-Identifier: Apache-2.0

/// A licence as a package declares it, read as an expression of SPDX (annex D of its specification).
package struct LicenceExpression: Hashable, Sendable {
    /// What was declared.
    package let declared: [UInt8]
    /// The expression with the list's spelling of each name; nil where the text is none, or names what is not on the
    /// list.
    package let expression: [UInt8]?
    /// Whether it is one name without operators.
    package let isSingle: Bool

    /// The most words of an expression.
    private static let maximumCount = 256

    /// Reads a declared licence.
    package init(_ declared: [UInt8]) {
        self.declared = declared
        var reading = Reading(Self.words(declared))
        if let text = reading.whole() {
            expression = text
            isSingle = reading.names == 1 && !text.contains(0x20)
        } else {
            expression = nil
            isSingle = false
        }
    }

    /// The words, parentheses being words of their own.
    private static func words(_ text: [UInt8]) -> [ArraySlice<UInt8>] {
        var words: [ArraySlice<UInt8>] = []
        var rest = text[...]
        while let first = rest.first, words.count <= maximumCount {
            if Letters.isBlank(first) {
                rest.removeFirst()
            } else if first == UInt8(ascii: "(") || first == UInt8(ascii: ")") {
                words.append(rest.prefix(1))
                rest.removeFirst()
            } else {
                let word = rest.prefix {
                    !Letters.isBlank($0) && $0 != UInt8(ascii: "(") && $0 != UInt8(ascii: ")")
                }
                words.append(word)
                rest = rest[word.endIndex...]
            }
        }
        return words.count > maximumCount ? [] : words
    }

    /// An expression being read from left to right: names and operators in turn, parentheses counted.
    private struct Reading {
        private let words: [ArraySlice<UInt8>]
        private(set) var names = 0

        init(_ words: [ArraySlice<UInt8>]) { self.words = words }

        mutating func whole() -> [UInt8]? {
            var pieces: [[UInt8]] = []
            var depth = 0
            var wantsName = true
            var wantsException = false
            for word in words {
                let lower = Letters.lower(word)
                if wantsException {
                    guard let name = LicenceNames.exceptions[lower] else { return nil }
                    pieces.append(name)
                    wantsException = false
                } else if wantsName {
                    if lower == [UInt8(ascii: "(")] {
                        depth += 1
                        pieces.append(lower)
                        continue
                    }
                    guard let name = Self.licence(lower) else { return nil }
                    pieces.append(name)
                    names += 1
                    wantsName = false
                } else if lower == [UInt8(ascii: ")")] {
                    guard depth > 0 else { return nil }
                    depth -= 1
                    pieces.append(lower)
                } else if lower.elementsEqual("with".utf8) {
                    guard pieces.last != [UInt8(ascii: ")")] else { return nil }
                    pieces.append(Array("WITH".utf8))
                    wantsException = true
                } else if lower.elementsEqual("and".utf8) || lower.elementsEqual("or".utf8) {
                    pieces.append(lower.map { $0 - 0x20 })
                    wantsName = true
                } else {
                    return nil
                }
            }
            guard depth == 0, !wantsName, !wantsException else { return nil }
            return Self.joined(pieces)
        }

        private static func licence(_ lower: [UInt8]) -> [UInt8]? {
            if let name = LicenceNames.licences[lower] { return name }
            // The version or any later one.
            guard lower.last == UInt8(ascii: "+"), let name = LicenceNames.licences[Array(lower.dropLast())] else {
                return nil
            }
            return name + [UInt8(ascii: "+")]
        }

        private static func joined(_ pieces: [[UInt8]]) -> [UInt8] {
            var text: [UInt8] = []
            for piece in pieces {
                let closes = piece == [UInt8(ascii: ")")]
                if !text.isEmpty, text.last != UInt8(ascii: "("), !closes { text.append(0x20) }
                text += piece
            }
            return text
        }
    }
}
