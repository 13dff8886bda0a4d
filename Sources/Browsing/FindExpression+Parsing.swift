// SPDX-License-Identifier: Apache-2.0

import FileTree

extension FindExpression {
    /// How many words begin the arguments of `find` before its expression: those that are no `-…`, `(`, `)`, `!` or `,`.
    package static func startCount(_ words: [[UInt8]]) -> Int {
        words.firstIndex { word in
            word.first == UInt8(ascii: "-") && word.count > 1
                || ["(", ")", "!", ","].contains { word == Array($0.utf8) }
        } ?? words.count
    }

    /// How many words behind a word are its arguments; nil for a word that is none of an expression.
    package static func argumentCount(of word: [UInt8]) -> Int? {
        let text = String(decoding: word, as: UTF8.self)
        if ["(", ")", "!", ",", "-not", "-a", "-and", "-o", "-or"].contains(text) { return 0 }
        if plain[text] != nil { return 0 }
        return withArgument[text] != nil || text == "-maxdepth" || text == "-mindepth" ? 1 : nil
    }

    /// Reads an expression.
    ///
    /// - Throws: `FindError`.
    package init(_ words: [[UInt8]]) throws(FindError) {
        guard words.count <= Self.wordLimit else { throw FindError("more than \(Self.wordLimit) words") }
        var parser = FindParser(words: words[...])
        if !words.isEmpty {
            try parser.list(depth: 0)
            if let rest = parser.words.first { throw FindError("nothing begins with \(FindError.quoted(rest)) here") }
        }
        self = parser.expression
        if !hasAction {
            let isAsked = !steps.isEmpty
            if isAsked { steps.append(.jump(if: false, to: steps.count + 2)) }
            steps.append(.action(.print))
        }
    }

    /// Words without arguments.
    static let plain: [String: Step] = [
        "-true": .test(.always(true)), "-false": .test(.always(false)), "-empty": .test(.empty),
        "-nouser": .test(.noUser), "-nogroup": .test(.noGroup), "-print": .action(.print),
        "-print0": .action(.printNul), "-ls": .action(.list), "-prune": .prune, "-quit": .quit,
        // There is one file system, and directories are never leaves.
        "-xdev": .test(.always(true)), "-mount": .test(.always(true)), "-noleaf": .test(.always(true)),
    ]

    /// Words with an argument, and what reads it; nil where it cannot be.
    static let withArgument: [String: @Sendable ([UInt8]) -> Test?] = [
        "-name": { .name(NamePattern($0)) }, "-iname": { .name(NamePattern($0, ignoresCase: true)) },
        "-path": { .path(NamePattern($0)) }, "-wholename": { .path(NamePattern($0)) },
        "-ipath": { .path(NamePattern($0, ignoresCase: true)) },
        "-iwholename": { .path(NamePattern($0, ignoresCase: true)) }, "-lname": { .target(NamePattern($0)) },
        "-ilname": { .target(NamePattern($0, ignoresCase: true)) }, "-type": types, "-size": size,
        "-perm": { PermissionTest($0).map { .permissions($0) } }, "-user": { $0.isEmpty ? nil : .user($0) },
        "-group": { $0.isEmpty ? nil : .group($0) }, "-uid": { NumberTest($0).map { .uid($0) } },
        "-gid": { NumberTest($0).map { .gid($0) } }, "-links": { NumberTest($0).map { .links($0) } },
        "-newer": { .newerThanFile($0) }, "-newermm": { .newerThanFile($0) },
        "-newermt": { FindTime.timestamp($0).map { .newer($0) } },
        "-mtime": { NumberTest($0).map { .age($0, unit: 86_400) } },
        "-mmin": { NumberTest($0).map { .age($0, unit: 60) } }, "-xattr": { .xattr(NamePattern($0)) },
        "-layer": layer, "-digest": digest,
    ]

    private static let letters: [UInt8: FileType] = [
        UInt8(ascii: "f"): .regular, UInt8(ascii: "d"): .directory, UInt8(ascii: "l"): .symbolicLink,
        UInt8(ascii: "c"): .characterDevice, UInt8(ascii: "b"): .blockDevice, UInt8(ascii: "p"): .fifo,
        UInt8(ascii: "s"): .socket,
    ]

    @Sendable private static func types(_ word: [UInt8]) -> Test? {
        var found: UInt16 = 0
        for letter in word.split(separator: UInt8(ascii: ","), omittingEmptySubsequences: false) {
            guard letter.count == 1, let first = letter.first, let type = letters[first] else { return nil }
            found |= 1 << UInt16(type.rawValue)
        }
        return .type(found)
    }

    @Sendable private static func size(_ word: [UInt8]) -> Test? {
        let units: [UInt8: UInt64] = [
            UInt8(ascii: "c"): 1, UInt8(ascii: "w"): 2, UInt8(ascii: "b"): 512, UInt8(ascii: "k"): 1 << 10,
            UInt8(ascii: "M"): 1 << 20, UInt8(ascii: "G"): 1 << 30,
        ]
        let unit = word.last.flatMap { units[$0] }
        return NumberTest(unit == nil ? word[...] : word.dropLast()).map { .size($0, unit: unit ?? 512) }
    }

    @Sendable private static func layer(_ word: [UInt8]) -> Test? {
        if word.elementsEqual("top".utf8) { return .topLayer }
        if let number = NumberTest(word) { return .layer(number) }
        return hex(word).map { .layerName($0) }
    }

    @Sendable private static func digest(_ word: [UInt8]) -> Test? { hex(word).map { .digest($0) } }

    /// The digits of a SHA-256 or of its beginning, at least six of them, behind `sha256:` or alone.
    private static func hex(_ word: [UInt8]) -> [UInt8]? {
        let digits = word.starts(with: "sha256:".utf8) ? Array(word.dropFirst(7)) : word
        let isHex = digits.allSatisfy { (0x30...0x39).contains($0) || (0x61...0x66).contains($0) }
        return isHex && (6...64).contains(digits.count) ? digits : nil
    }
}

/// Reads an expression word by word.
struct FindParser {
    var words: ArraySlice<[UInt8]>
    var expression = FindExpression()

    /// Expressions one after the other, of which the last one's value counts.
    mutating func list(depth: Int) throws(FindError) {
        try alternatives(depth: depth)
        while take(",") { try alternatives(depth: depth) }
    }

    private mutating func alternatives(depth: Int) throws(FindError) {
        try sequence(depth: depth)
        var jumps: [Int] = []
        while take("-o", "-or") {
            jumps.append(expression.steps.count)
            expression.steps.append(.quit)
            try sequence(depth: depth)
        }
        for jump in jumps { expression.steps[jump] = .jump(if: true, to: expression.steps.count) }
    }

    private mutating func sequence(depth: Int) throws(FindError) {
        try unary(depth: depth)
        var jumps: [Int] = []
        while let next = words.first, !["-o", "-or", ")", ","].contains(where: { next.elementsEqual($0.utf8) }) {
            _ = take("-a", "-and")
            jumps.append(expression.steps.count)
            expression.steps.append(.quit)
            try unary(depth: depth)
        }
        for jump in jumps { expression.steps[jump] = .jump(if: false, to: expression.steps.count) }
    }

    private mutating func unary(depth: Int) throws(FindError) {
        var isNegated = false
        while take("!", "-not") { isNegated.toggle() }
        if take("(") {
            guard depth < FindExpression.nestingLimit else {
                throw FindError("more than \(FindExpression.nestingLimit) parentheses in one another")
            }
            if words.first?.elementsEqual(")".utf8) ?? false { throw FindError("nothing stands in the parentheses") }
            try list(depth: depth + 1)
            guard take(")") else { throw FindError("a closing parenthesis is missing") }
        } else {
            try primary()
        }
        if isNegated { expression.steps.append(.negate) }
    }

    private mutating func primary() throws(FindError) {
        guard let word = words.popFirst() else { throw FindError("the expression ends where a test should stand") }
        let text = String(decoding: word, as: UTF8.self)
        if let step = FindExpression.plain[text] {
            if case .action = step { expression.hasAction = true }
            return expression.steps.append(step)
        }
        if text == "-maxdepth" || text == "-mindepth" {
            guard let digits = words.popFirst(), let number = AccountNames.number(digits) else {
                throw FindError("\(text) needs a number behind it")
            }
            if text == "-maxdepth" {
                expression.maximumDepth = Int(number)
            } else {
                expression.minimumDepth = Int(number)
            }
            return expression.steps.append(.test(.always(true)))
        }
        guard let read = FindExpression.withArgument[text] else { throw Self.unknown(text, word) }
        guard let argument = words.popFirst() else { throw FindError("\(text) needs an argument behind it") }
        guard argument.count <= NamePattern.maximumByteCount else {
            throw FindError("the argument of \(text) is longer than \(NamePattern.maximumByteCount) bytes")
        }
        guard let test = read(argument) else {
            throw FindError("\(text): cannot mean anything by \(FindError.quoted(argument))")
        }
        expression.steps.append(.test(test))
    }

    private static func unknown(_ text: String, _ word: [UInt8]) -> FindError {
        switch text {
        case "-exec", "-execdir", "-ok", "-okdir", "-delete", "-fprint", "-fprint0", "-fls", "-fprintf":
            FindError("\(text): nothing is run and nothing is changed; -print0 hands paths to other programs")
        case ")": FindError("a closing parenthesis without an opening one")
        default: FindError("there is no test \(FindError.quoted(word)); \"cimg help find\" lists them")
        }
    }

    private mutating func take(_ texts: String...) -> Bool {
        guard let word = words.first, texts.contains(where: { word.elementsEqual($0.utf8) }) else { return false }
        words.removeFirst()
        return true
    }
}
