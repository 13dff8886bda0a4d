// SPDX-License-Identifier: Apache-2.0

import OCI

/// Makes nodes of a template's pieces: blocks with their ends, variables where they are known.
struct TemplateParser {
    private let pieces: [TemplatePiece]
    private var position = 0
    /// The variables that are known here, the innermost last.
    private var variables = ["$"]
    /// How many `range` blocks are open.
    private var rangeDepth = 0

    init(_ pieces: [TemplatePiece]) { self.pieces = pieces }

    /// What ended a list of nodes: `end`, `else` with what is behind it, or the template itself.
    private enum Ending {
        case template
        case end
        case otherwise(TemplateCursor)
    }

    /// The whole template.
    mutating func nodes() throws(TemplateError) -> [TemplateNode] {
        let (nodes, ending) = try list(depth: 0)
        switch ending {
        case .template: return nodes
        case .end: throw TemplateError(at: lastPlace, "there is no block to end")
        case .otherwise: throw TemplateError(at: lastPlace, "there is no block before it")
        }
    }

    private var lastPlace: String {
        guard position > 0, case .action(_, let place) = pieces[position - 1] else { return "" }
        return place
    }

    private mutating func list(depth: Int) throws(TemplateError) -> ([TemplateNode], Ending) {
        var nodes: [TemplateNode] = []
        while position < pieces.count {
            let piece = pieces[position]
            position += 1
            guard case .action(let tokens, let place) = piece else {
                if case .text(let text) = piece { nodes.append(.text(text)) }
                continue
            }
            var cursor = TemplateCursor(tokens, place: place)
            guard let word = cursor.keyword() else {
                nodes.append(.action(try pipeline(&cursor)))
                continue
            }
            switch word {
            case "end":
                try cursor.finish()
                return (nodes, .end)
            case "else": return (nodes, .otherwise(cursor))
            case "break", "continue":
                try cursor.finish()
                guard rangeDepth > 0 else { throw cursor.failure("is outside of a range") }
                nodes.append(word == "break" ? .breaking : .continuing)
            case "define", "template", "block":
                throw cursor.failure("templates inside templates are not supported")
            default:
                guard let kind = TemplateBranch.Kind(rawValue: word) else { throw cursor.failure("unknown word") }
                nodes.append(try branch(kind, &cursor, depth: depth + 1))
            }
        }
        return (nodes, .template)
    }

    private mutating func branch(
        _ kind: TemplateBranch.Kind, _ cursor: inout TemplateCursor, depth: Int
    ) throws(TemplateError) -> TemplateNode {
        guard depth < TemplateLimit.depth else {
            throw cursor.failure("has more than \(TemplateLimit.depth) blocks inside each other")
        }
        let mark = variables.count
        defer { variables.removeSubrange(mark...) }
        let pipeline = try pipeline(&cursor, isRange: kind == .range)
        if kind == .range { rangeDepth += 1 }
        let (body, ending) = try list(depth: depth)
        if kind == .range { rangeDepth -= 1 }
        var otherwise: [TemplateNode] = []
        switch ending {
        case .end: break
        case .template: throw cursor.failure("has no {{end}}")
        case .otherwise(var rest):
            if rest.isAtEnd {
                guard case (let nodes, .end) = try list(depth: depth) else {
                    throw cursor.failure("has no {{end}} behind its {{else}}")
                }
                otherwise = nodes
            } else {
                // "else if" is a block in the other one, and ends both.
                guard let word = rest.keyword(), word != "range", let inner = TemplateBranch.Kind(rawValue: word) else {
                    throw rest.failure("write {{else}}, {{else if …}} or {{else with …}}")
                }
                otherwise = [try branch(inner, &rest, depth: depth + 1)]
            }
        }
        return .branch(TemplateBranch(kind: kind, pipeline: pipeline, body: body, otherwise: otherwise))
    }

    // MARK: - Pipelines

    private mutating func pipeline(
        _ cursor: inout TemplateCursor, isRange: Bool = false, depth: Int = 0
    ) throws(TemplateError) -> TemplatePipeline {
        guard depth < TemplateLimit.depth else {
            throw cursor.failure("has more than \(TemplateLimit.depth) parentheses inside each other")
        }
        var pipeline = TemplatePipeline(commands: [], place: cursor.place)
        if depth == 0, let (names, isAssignment) = try cursor.declaration(isRange: isRange) {
            pipeline.variables = names
            pipeline.isAssignment = isAssignment
            for name in names where isAssignment { try check(name, cursor) }
        }
        repeat {
            let operands = try command(&cursor, depth: depth)
            guard let first = operands.first else {
                throw cursor.failure(pipeline.commands.isEmpty ? "a value is missing" : "nothing is behind \"|\"")
            }
            switch first {
            case .dot, .constant, .nil:
                guard pipeline.commands.isEmpty else {
                    throw cursor.failure("what is behind \"|\" must be a function")
                }
            default: break
            }
            pipeline.commands.append(operands)
        } while cursor.skip(.pipe)
        if depth > 0 {
            guard cursor.skip(.close) else { throw cursor.failure("a parenthesis is not closed") }
        } else {
            try cursor.finish()
        }
        if !pipeline.isAssignment { variables += pipeline.variables }
        return pipeline
    }

    private mutating func command(
        _ cursor: inout TemplateCursor, depth: Int
    ) throws(TemplateError) -> [TemplateOperand] {
        var operands: [TemplateOperand] = []
        while true {
            cursor.skipSpace()
            guard let token = cursor.next, token != .pipe, token != .close else { return operands }
            operands.append(try operand(&cursor, depth: depth))
            switch cursor.next {
            case nil, .space, .pipe, .close: continue
            default: throw cursor.failure("a blank is missing between two values")
            }
        }
    }

    private mutating func operand(
        _ cursor: inout TemplateCursor, depth: Int
    ) throws(TemplateError) -> TemplateOperand {
        guard let token = cursor.take() else { throw cursor.failure("a value is missing") }
        switch token {
        case .dot: return .dot
        case .constant(let value): return .constant(value)
        case .field(let name): return .field([name] + cursor.fields())
        case .variable(let name):
            try check(name, cursor)
            return .variable(name, cursor.fields())
        case .open:
            let inner = try pipeline(&cursor, depth: depth + 1)
            return .chain(inner, cursor.fields())
        case .word("nil"): return .nil
        case .word(let name):
            guard let function = TemplateFunction(rawValue: name) else {
                throw cursor.failure(
                    "there is no function \"\(name.printable)\"; there are \(TemplateFunction.names)")
            }
            return .function(function)
        default: throw cursor.failure("a value is missing")
        }
    }

    private func check(_ name: String, _ cursor: TemplateCursor) throws(TemplateError) {
        guard variables.contains(name) else {
            throw cursor.failure("there is no variable \"\(name.printable)\" here")
        }
    }
}

/// A place in an action's tokens.
struct TemplateCursor {
    let place: String
    private var rest: ArraySlice<TemplateToken>

    init(_ tokens: [TemplateToken], place: String) {
        self.place = place
        rest = tokens[...]
    }

    func failure(_ cause: String) -> TemplateError { TemplateError(at: place, cause) }

    /// The token that comes.
    var next: TemplateToken? { rest.first }

    /// Whether nothing comes but blanks.
    var isAtEnd: Bool { rest.allSatisfy { $0 == .space } }

    mutating func take() -> TemplateToken? { rest.popFirst() }

    mutating func skipSpace() { if rest.first == .space { rest.removeFirst() } }

    /// Skips a token, and blanks before it, if it comes.
    mutating func skip(_ token: TemplateToken) -> Bool {
        skipSpace()
        guard rest.first == token else { return false }
        rest.removeFirst()
        return true
    }

    func finish() throws(TemplateError) {
        guard isAtEnd else { throw failure("more is written than can be read") }
    }

    private static let keywords: Set = [
        "if", "else", "end", "range", "with", "define", "template", "block", "break", "continue",
    ]

    /// Takes the word that says what kind of action this is, if there is one.
    mutating func keyword() -> String? {
        skipSpace()
        guard case .word(let word) = rest.first, Self.keywords.contains(word) else { return nil }
        rest.removeFirst()
        return word
    }

    /// Takes `.A.B` right behind a value.
    mutating func fields() -> [String] {
        var names: [String] = []
        while case .field(let name) = rest.first {
            names.append(name)
            rest.removeFirst()
        }
        return names
    }

    /// Takes `$x :=`, `$x =`, or `$i, $x :=` of a range.
    mutating func declaration(isRange: Bool) throws(TemplateError) -> (names: [String], isAssignment: Bool)? {
        var look = self
        look.skipSpace()
        guard case .variable(let first) = look.take() else { return nil }
        var names = [first]
        if look.skip(.comma) {
            guard isRange else { throw failure("only a range has two variables") }
            look.skipSpace()
            guard case .variable(let second) = look.take() else { throw failure("a variable is missing behind \",\"") }
            names.append(second)
        }
        if look.skip(.declare) {
            self = look
            return (names, false)
        }
        guard look.skip(.assign) else {
            guard names.count == 1 else { throw failure("\":=\" is missing behind the variables") }
            return nil
        }
        self = look
        return (names, true)
    }
}
