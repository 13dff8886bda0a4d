// SPDX-License-Identifier: Apache-2.0

import OCI

/// A part of an action.
enum TemplateToken: Equatable {
    case space, dot, pipe, comma, declare, assign, open, close
    case field(String)
    case variable(String)
    case word(String)
    case constant(TemplateValue)
}

/// A template's text, cut at its actions.
enum TemplatePiece {
    case text(String)
    case action([TemplateToken], place: String)
}

/// Cuts a template into pieces: texts with what `{{-` and `-}}` leave of them, and actions as tokens.
struct TemplateLexer {
    private let scalars: [Unicode.Scalar]
    private var position = 0
    /// Where the action begins that is read.
    private var start = 0

    private static let signs: [Unicode.Scalar: TemplateToken] = [
        "|": .pipe, ",": .comma, "(": .open, ")": .close, "=": .assign,
    ]

    init(_ text: String) { scalars = Array(text.unicodeScalars) }

    /// All pieces.
    mutating func pieces() throws(TemplateError) -> [TemplatePiece] {
        var pieces: [TemplatePiece] = []
        var trimsStart = false
        while position < scalars.count {
            let text = self.text()
            let isLast = position >= scalars.count
            start = position
            if !isLast { position += 2 }
            let trimsEnd = !isLast && peek() == "-" && isSpace(peek(1))
            if trimsEnd { position += 1 }
            let left = Self.trimmed(text, atStart: trimsStart, atEnd: trimsEnd)
            if !left.isEmpty { pieces.append(.text(left)) }
            trimsStart = false
            guard !isLast else { break }
            if let tokens = try action(&trimsStart) { pieces.append(.action(tokens, place: place)) }
        }
        return pieces
    }

    /// The action as it is written so far, fit for a message.
    private var place: String {
        var text = ""
        text.unicodeScalars.append(contentsOf: scalars[start..<min(position, scalars.count)])
        return text.printable
    }

    private func fail(_ cause: String) -> TemplateError { TemplateError(at: place, cause) }

    private func peek(_ offset: Int = 0) -> Unicode.Scalar? {
        position + offset < scalars.count ? scalars[position + offset] : nil
    }

    private func isSpace(_ scalar: Unicode.Scalar?) -> Bool {
        scalar == " " || scalar == "\t" || scalar == "\r" || scalar == "\n"
    }

    private func isPartOfName(_ scalar: Unicode.Scalar?) -> Bool {
        guard let scalar else { return false }
        if scalar == "_" || scalar.properties.isAlphabetic { return true }
        return scalar.properties.numericType == .decimal
    }

    // MARK: - Text

    /// The text up to the next action or the end, `\n` and `\t` in it as what they stand for.
    private mutating func text() -> [Unicode.Scalar] {
        var text: [Unicode.Scalar] = []
        while let scalar = peek(), !(scalar == "{" && peek(1) == "{") {
            position += 1
            switch (scalar, peek()) {
            case ("\\", "n"): text.append("\n")
            case ("\\", "t"): text.append("\t")
            default:
                text.append(scalar)
                continue
            }
            position += 1
        }
        return text
    }

    private static func trimmed(_ text: [Unicode.Scalar], atStart: Bool, atEnd: Bool) -> String {
        let isBlank = { (scalar: Unicode.Scalar) in [" ", "\t", "\r", "\n"].contains(scalar) }
        var rest = text[...]
        if atStart { rest = rest.drop(while: isBlank) }
        if atEnd { while let last = rest.last, isBlank(last) { rest.removeLast() } }
        var result = ""
        result.unicodeScalars.append(contentsOf: rest)
        return result
    }

    // MARK: - Actions

    /// The tokens of an action, whose opening is behind; nil for a comment.
    private mutating func action(_ trimsNext: inout Bool) throws(TemplateError) -> [TemplateToken]? {
        if let comment = commentStart() {
            position += comment
            return try skipComment(&trimsNext)
        }
        var tokens: [TemplateToken] = []
        while true {
            if skipEnd(&trimsNext) { return tokens }
            guard let scalar = peek() else { throw fail("the action has no \"}}\"") }
            if isSpace(scalar) {
                position += 1
                if tokens.last != .space { tokens.append(.space) }
                continue
            }
            tokens.append(try token(scalar))
        }
    }

    /// How far a comment's `/*` is, if there is one.
    private func commentStart() -> Int? {
        var offset = 0
        while isSpace(peek(offset)) { offset += 1 }
        // Only behind a trim marker may there be blanks.
        guard offset == 0 || (position > 0 && scalars[position - 1] == "-") else { return nil }
        return peek(offset) == "/" && peek(offset + 1) == "*" ? offset + 2 : nil
    }

    private mutating func skipComment(_ trimsNext: inout Bool) throws(TemplateError) -> [TemplateToken]? {
        while peek() != nil, !(peek() == "*" && peek(1) == "/") { position += 1 }
        guard peek() != nil else { throw fail("the comment has no \"*/\"") }
        position += 2
        guard skipEnd(&trimsNext) else { throw fail("a comment must end with \"*/}}\"") }
        return nil
    }

    /// Skips `}}` or ` -}}`.
    private mutating func skipEnd(_ trimsNext: inout Bool) -> Bool {
        if peek() == "}", peek(1) == "}" {
            position += 2
            return true
        }
        guard isSpace(peek()), peek(1) == "-", peek(2) == "}", peek(3) == "}" else { return false }
        position += 4
        trimsNext = true
        return true
    }

    private mutating func token(_ scalar: Unicode.Scalar) throws(TemplateError) -> TemplateToken {
        switch scalar {
        case "|", ",", "(", ")", "=":
            position += 1
            return Self.signs[scalar] ?? .space
        case ":":
            guard peek(1) == "=" else { throw fail("\":\" is not followed by \"=\"") }
            position += 2
            return .declare
        case "\"", "`", "'":
            let literal = try TemplateLiteral.quoted(scalars[position...]) { cause in fail(cause) }
            position += literal.count
            return .constant(literal.value)
        case ".":
            if let next = peek(1), ("0"..."9").contains(next) { return try number() }
            position += 1
            let name = name()
            try checkTerminator()
            return name.isEmpty ? .dot : .field(name)
        case "$":
            position += 1
            let name = name()
            try checkTerminator()
            return .variable("$" + name)
        case "+", "-", "0"..."9": return try number()
        default:
            guard isPartOfName(scalar) else { throw fail("unexpected \"\(String(scalar).printable)\"") }
            let name = name()
            try checkTerminator()
            switch name {
            case "true": return .constant(.bool(true))
            case "false": return .constant(.bool(false))
            default: return .word(name)
            }
        }
    }

    private mutating func name() -> String {
        var name = ""
        while let scalar = peek(), isPartOfName(scalar) {
            name.unicodeScalars.append(scalar)
            position += 1
        }
        return name
    }

    private mutating func number() throws(TemplateError) -> TemplateToken {
        var text = ""
        while let scalar = peek(),
            isPartOfName(scalar)
                || [".", "+", "-"].contains(scalar) && (text.isEmpty || scalar == "." || endsInExponent(text))
        {
            text.unicodeScalars.append(scalar)
            position += 1
        }
        guard let value = TemplateLiteral.number(text) else {
            throw fail("\"\(text.printable)\" is no number")
        }
        return .constant(value)
    }

    private func endsInExponent(_ text: String) -> Bool { text.hasSuffix("e") || text.hasSuffix("E") }

    /// A name ends where something else begins.
    private func checkTerminator() throws(TemplateError) {
        guard let next = peek(), !isSpace(next), ![".", ",", "|", ":", "(", ")"].contains(next) else { return }
        if next == "}", peek(1) == "}" { return }
        throw fail("unexpected \"\(String(next).printable)\"")
    }
}
