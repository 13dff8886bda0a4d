// SPDX-License-Identifier: Apache-2.0

import OCI

/// Turns a pattern into steps, group by group, without recursion.
struct PatternParser {
    private typealias Step = TextPattern.Step

    struct Flags {
        var foldsCase = false
        var isMultiline = false
        var dotTakesLines = false
    }

    /// A group that is open: the alternatives before, and the pieces of the last one.
    private struct Group {
        let outer: Flags
        var alternatives: [[Step]] = []
        var pieces: [[Step]] = []
        /// Whether the last piece already has an operator such as `*`.
        var isRepeated = false
    }

    let scalars: [Unicode.Scalar]
    var position = 0
    var flags = Flags()
    private var groups = [Group(outer: Flags())]

    init(_ text: String) { scalars = Array(text.unicodeScalars) }

    /// The steps of the pattern.
    mutating func parse() throws(PatternError) -> [TextPattern.Step] {
        guard scalars.count <= TextPattern.stepLimit * 2 else { throw Self.tooLarge }
        while let scalar = next() {
            switch scalar {
            case "(": try open()
            case ")":
                guard groups.count > 1 else { throw PatternError("a parenthesis is closed that was not opened") }
                let (steps, outer) = close()
                flags = outer
                try add(steps)
            case "|":
                groups[groups.count - 1].alternatives.append(concatenated())
                groups[groups.count - 1].pieces = []
            case "*", "+", "?": try repeatLast(scalar == "+" ? 1 : 0, scalar == "?" ? 1 : nil, String(scalar))
            case "{":
                if let (least, most, text) = try counts() {
                    try repeatLast(least, most, text)
                } else {
                    try literal("{")
                }
            case ".": try add([.one(flags.dotTakesLines ? .any : .anyInLine)])
            case "^": try add([.check(flags.isMultiline ? .lineStart : .textStart)])
            case "$": try add([.check(flags.isMultiline ? .lineEnd : .textEnd)])
            case "[": try add([.one(try bracket())])
            case "\\": try escape()
            default: try literal(scalar)
            }
        }
        guard groups.count == 1 else { throw PatternError("a parenthesis is not closed") }
        return close().steps
    }

    mutating func next() -> Unicode.Scalar? {
        guard position < scalars.count else { return nil }
        defer { position += 1 }
        return scalars[position]
    }

    func peek(_ distance: Int = 0) -> Unicode.Scalar? {
        position + distance < scalars.count ? scalars[position + distance] : nil
    }

    // MARK: - Pieces

    private mutating func add(_ steps: [Step]) throws(PatternError) {
        groups[groups.count - 1].pieces.append(steps)
        groups[groups.count - 1].isRepeated = false
        let count = groups.reduce(0) { sum, group in
            sum + (group.pieces + group.alternatives).reduce(0) { $0 + $1.count + 2 }
        }
        guard count <= TextPattern.stepLimit else { throw Self.tooLarge }
    }

    private static let tooLarge = PatternError("needs more than \(TextPattern.stepLimit) states")

    private mutating func literal(_ scalar: Unicode.Scalar) throws(PatternError) {
        var one = ScalarClass([scalar.value...scalar.value])
        one.foldsCase = flags.foldsCase
        try add([.one(one)])
    }

    private func concatenated() -> [Step] { groups[groups.count - 1].pieces.flatMap { $0 } }

    /// Ends the innermost group.
    private mutating func close() -> (steps: [Step], outer: Flags) {
        let last = concatenated()
        let group = groups.removeLast()
        var steps = last
        for alternative in group.alternatives.reversed() {
            steps = [.either(1, alternative.count + 2)] + alternative + [.jump(steps.count + 1)] + steps
        }
        return (steps, group.outer)
    }

    private mutating func repeatLast(_ least: Int, _ most: Int?, _ operation: String) throws(PatternError) {
        // Which of several matches is meant makes no difference here.
        let isLazy = peek() == "?"
        if isLazy { position += 1 }
        guard !groups[groups.count - 1].isRepeated else {
            throw PatternError("\"\(operation.printable)\" follows another operator of its kind")
        }
        guard let piece = groups[groups.count - 1].pieces.popLast() else {
            throw PatternError("nothing stands before \"\(operation.printable)\"")
        }
        let copies = max(least, most ?? least + 1)
        guard (piece.count + 2) * max(copies, 1) <= TextPattern.stepLimit else { throw Self.tooLarge }
        var steps: [Step] = []
        for _ in 0..<least { steps += piece }
        if let most {
            var rest: [Step] = []
            for _ in least..<most { rest = [.either(1, piece.count + rest.count + 1)] + piece + rest }
            steps += rest
        } else if least == 0 {
            steps = [.either(1, piece.count + 2)] + piece + [.jump(-piece.count - 1)]
        } else {
            steps.append(.either(-piece.count, 1))
        }
        try add(steps)
        groups[groups.count - 1].isRepeated = true
    }

    /// `{n}`, `{n,}` or `{n,m}`; nil for a brace that is a character.
    private mutating func counts() throws(PatternError) -> (Int, Int?, String)? {
        guard let end = scalars[position...].firstIndex(of: "}") else { return nil }
        var text = ""
        text.unicodeScalars.append(contentsOf: scalars[position..<end])
        let parts = text.split(separator: ",", maxSplits: 1, omittingEmptySubsequences: false)
        guard let least = Self.number(parts[0]) else { return nil }
        var most: Int? = least
        if parts.count > 1 {
            most = parts[1].isEmpty ? nil : Self.number(parts[1])
            if !parts[1].isEmpty, most == nil { return nil }
        }
        position = end + 1
        guard least <= 1000, most ?? 0 <= 1000, most ?? least >= least else {
            throw PatternError("{\(text.printable)} is no count: up to 1000, the smaller one first")
        }
        return (least, most, "{\(text)}")
    }

    private static func number(_ text: Substring) -> Int? {
        guard (1...6).contains(text.utf8.count), text.utf8.allSatisfy({ (0x30...0x39).contains($0) }) else {
            return nil
        }
        return Int(text)
    }

    // MARK: - Groups

    private mutating func open() throws(PatternError) {
        guard groups.count <= TextPattern.depthLimit else {
            throw PatternError("has more than \(TextPattern.depthLimit) groups within each other")
        }
        let outer = flags
        if peek() == "?" {
            position += 1
            if try !readFlags() { return }
        }
        groups.append(Group(outer: outer))
    }

    /// What stands behind `(?`: flags, or a name.
    ///
    /// - Returns: whether a group begins; flags alone are for the rest of the one that is open.
    private mutating func readFlags() throws(PatternError) -> Bool {
        if peek() == "P" || peek() == "<", peek() == "P" ? peek(1) == "<" : peek(1) != "=" && peek(1) != "!" {
            position += peek() == "P" ? 2 : 1
            var count = 0
            while let scalar = next(), scalar != ">" {
                guard ScalarClass.word.contains(scalar.value) else { throw PatternError("a group has no proper name") }
                count += 1
            }
            guard count > 0, scalars[position - 1] == ">" else { throw PatternError("a group has no proper name") }
            return true
        }
        var sets = true
        while let scalar = next() {
            switch scalar {
            case "i": flags.foldsCase = sets
            case "m": flags.isMultiline = sets
            case "s": flags.dotTakesLines = sets
            case "U": break
            case "-" where sets: sets = false
            case ":": return true
            case ")": return false
            default: throw PatternError("(?\(String(scalar).printable) is no group that RE2 knows")
            }
        }
        throw PatternError("a parenthesis is not closed")
    }

    // MARK: - Escapes

    private mutating func escape() throws(PatternError) {
        guard let scalar = next() else { throw PatternError("ends with a backslash") }
        switch scalar {
        case "A": try add([.check(.textStart)])
        case "z": try add([.check(.textEnd)])
        case "b": try add([.check(.wordEdge)])
        case "B": try add([.check(.noWordEdge)])
        case "Q":
            while let quoted = next() {
                if quoted == "\\", peek() == "E" {
                    position += 1
                    return
                }
                try literal(quoted)
            }
        default:
            if var found = try escapedClass(scalar) {
                found.foldsCase = flags.foldsCase
                return try add([.one(found)])
            }
            try literal(try escapedCharacter(scalar))
        }
    }

    mutating func escapedCharacter(_ scalar: Unicode.Scalar) throws(PatternError) -> Unicode.Scalar {
        let controls: [Unicode.Scalar: Unicode.Scalar] = [
            "a": "\u{7}", "f": "\u{C}", "n": "\n", "r": "\r", "t": "\t", "v": "\u{B}",
        ]
        if let control = controls[scalar] { return control }
        if scalar == "x" { return try hexadecimal() }
        if (0x31...0x37).contains(scalar.value), !(0x30...0x37).contains(peek()?.value ?? 0) {
            throw PatternError("\\\(scalar): RE2 has no references to groups")
        }
        if (0x30...0x37).contains(scalar.value) {
            var value = scalar.value - 0x30
            var count = 1
            while count < 3, let digit = peek(), (0x30...0x37).contains(digit.value) {
                value = value * 8 + digit.value - 0x30
                count += 1
                position += 1
            }
            return Unicode.Scalar(value) ?? "\u{FFFD}"
        }
        guard scalar.isASCII, !ScalarClass.word.contains(scalar.value) else {
            throw PatternError("\\\(String(scalar).printable) is no escape that RE2 knows")
        }
        return scalar
    }

    private mutating func hexadecimal() throws(PatternError) -> Unicode.Scalar {
        var digits = ""
        if peek() == "{" {
            position += 1
            while let digit = next(), digit != "}" { digits.unicodeScalars.append(digit) }
        } else {
            for _ in 0..<2 { if let digit = next() { digits.unicodeScalars.append(digit) } }
        }
        guard digits.utf8.count <= 6, !digits.isEmpty, let value = UInt32(digits, radix: 16),
            digits.utf8.allSatisfy({ $0 != UInt8(ascii: "+") }), let scalar = Unicode.Scalar(value)
        else { throw PatternError("\\x\(digits.printable) is no character") }
        return scalar
    }
}
