// SPDX-License-Identifier: Apache-2.0

import OCI

/// Classes of characters: `[a-z]`, `\d`, `\p{L}`.
extension PatternParser {
    /// What a backslash and a letter stand for, where that is a class.
    mutating func escapedClass(_ scalar: Unicode.Scalar) throws(PatternError) -> ScalarClass? {
        var result = ScalarClass()
        switch scalar {
        case "d", "D": result.add(.digit, negated: scalar == "D")
        case "s", "S": result.add(.space, negated: scalar == "S")
        case "w", "W": result.add(.word, negated: scalar == "W")
        case "p", "P":
            var name = ""
            if peek() == "{" {
                position += 1
                while let part = next(), part != "}" { name.unicodeScalars.append(part) }
                guard scalars[position - 1] == "}" else { throw PatternError("\\p{ is not closed") }
            } else if let letter = next() {
                name.unicodeScalars.append(letter)
            }
            let isNegated = name.hasPrefix("^")
            if isNegated { name.removeFirst() }
            guard let found = ScalarClass.category(name, isNegated: isNegated != (scalar == "P")) else {
                throw PatternError("\\p{\(name.printable)}: no general category such as L or Lu")
            }
            return found
        default: return nil
        }
        return result
    }

    /// The class behind a bracket that is open.
    mutating func bracket() throws(PatternError) -> ScalarClass {
        var result = ScalarClass()
        let isNegated = peek() == "^"
        if isNegated { position += 1 }
        var isFirst = true
        while true {
            guard let scalar = next() else { throw PatternError("a [ is not closed") }
            if scalar == "]", !isFirst { break }
            isFirst = false
            if scalar == "[", peek() == ":", let named = try posix() {
                result.add(named.found, negated: named.isNegated)
                continue
            }
            if scalar == "\\", let letter = peek() {
                position += 1
                if let found = try escapedClass(letter) {
                    result.add(found)
                    continue
                }
                position -= 1
            }
            let low = try member(scalar)
            var high = low
            if peek() == "-", let end = peek(1), end != "]" {
                position += 2
                high = try member(end)
                guard low <= high else { throw PatternError("a range in [ ] ends before it begins") }
            }
            result.add(ScalarClass([low.value...high.value]))
        }
        result.isNegated = isNegated
        result.foldsCase = flags.foldsCase
        return result
    }

    private mutating func member(_ scalar: Unicode.Scalar) throws(PatternError) -> Unicode.Scalar {
        guard scalar == "\\" else { return scalar }
        guard let escaped = next() else { throw PatternError("a [ is not closed") }
        return try escapedCharacter(escaped)
    }

    /// `[:alpha:]`; nil for a bracket that is a character.
    private mutating func posix() throws(PatternError) -> (found: ScalarClass, isNegated: Bool)? {
        var index = position + 1
        var name = ""
        while index < scalars.count, scalars[index] != ":", scalars[index] != "]" {
            name.unicodeScalars.append(scalars[index])
            index += 1
        }
        guard index + 1 < scalars.count, scalars[index] == ":", scalars[index + 1] == "]" else { return nil }
        let isNegated = name.hasPrefix("^")
        guard let found = ScalarClass.posix[isNegated ? String(name.dropFirst()) : name] else {
            throw PatternError("[:\(name.printable):] is no class")
        }
        position = index + 2
        return (found, isNegated)
    }
}
