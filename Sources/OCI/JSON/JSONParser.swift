// SPDX-License-Identifier: Apache-2.0

/// Checks a JSON document from its first byte to its last and tells its values apart, in one pass and without recursion.
struct JSONParser {
    /// An array or an object whose end has not come yet.
    private struct Open {
        let node: Int
        let isObject: Bool
        /// How many members have begun.
        var count = 0
        /// The name of the member in work.
        var name = ""
        var names: Set<String> = []
    }

    private let bytes: [UInt8]
    private let object: String
    private var position = 0
    private var nodes: [JSONTape.Node] = []
    private var open: [Open] = []

    /// Begins with a document; `object` names it in errors.
    init(_ bytes: [UInt8], object: String) {
        self.bytes = bytes
        self.object = object
    }

    /// The values of the document.
    ///
    /// - Throws: `FormatError`: no JSON, not UTF-8, too deep, too many values, or one name twice in an object.
    mutating func parse() throws(FormatError) -> [JSONTape.Node] {
        skipBlanks()
        try value()
        while let last = open.last {
            skipBlanks()
            if take(last.isObject ? UInt8(ascii: "}") : UInt8(ascii: "]")) {
                nodes[last.node].end = UInt32(nodes.count)
                open.removeLast()
                continue
            }
            if last.count > 0 {
                guard take(UInt8(ascii: ",")) else { throw invalid() }
                skipBlanks()
            }
            open[open.count - 1].count += 1
            if last.isObject { try memberName() }
            try value()
        }
        skipBlanks()
        guard position == bytes.count else { throw invalid() }
        return nodes
    }

    private func invalid() -> FormatError { FormatError(object, "is not valid JSON") }

    private mutating func skipBlanks() {
        while position < bytes.count, " \t\n\r".utf8.contains(bytes[position]) { position += 1 }
    }

    private mutating func take(_ byte: UInt8) -> Bool {
        guard position < bytes.count, bytes[position] == byte else { return false }
        position += 1
        return true
    }

    private mutating func add(_ kind: JSONTape.Kind, from start: Int) throws(FormatError) {
        guard nodes.count < DocumentLimit.values, let start = UInt32(exactly: start),
            let end = UInt32(exactly: position)
        else { throw FormatError(object, "has more than \(DocumentLimit.values) values") }
        nodes.append(JSONTape.Node(kind: kind, start: start, end: end))
    }

    // MARK: - Values

    private mutating func value() throws(FormatError) {
        guard position < bytes.count else { throw invalid() }
        let start = position
        switch bytes[position] {
        case UInt8(ascii: "{"), UInt8(ascii: "["):
            guard open.count < DocumentLimit.depth else {
                throw FormatError(object, "has more than \(DocumentLimit.depth) arrays and objects within each other")
            }
            let isObject = bytes[position] == UInt8(ascii: "{")
            open.append(Open(node: nodes.count, isObject: isObject))
            position += 1
            try add(isObject ? .object : .array, from: start)
        case UInt8(ascii: "\""): try string()
        case UInt8(ascii: "n"): try word("null", .null)
        case UInt8(ascii: "t"): try word("true", .yes)
        case UInt8(ascii: "f"): try word("false", .no)
        default:
            try number()
            try add(.number, from: start)
        }
    }

    private mutating func word(_ word: StaticString, _ kind: JSONTape.Kind) throws(FormatError) {
        let start = position
        let isThere = word.withUTF8Buffer { bytes[start...].starts(with: $0) }
        guard isThere else { throw invalid() }
        position += word.utf8CodeUnitCount
        try add(kind, from: start)
    }

    private mutating func digits() throws(FormatError) {
        let start = position
        while position < bytes.count, (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(bytes[position]) {
            position += 1
        }
        guard position > start else { throw invalid() }
    }

    private mutating func number() throws(FormatError) {
        _ = take(UInt8(ascii: "-"))
        if !take(UInt8(ascii: "0")) { try digits() }
        if take(UInt8(ascii: ".")) { try digits() }
        if take(UInt8(ascii: "e")) || take(UInt8(ascii: "E")) {
            _ = take(UInt8(ascii: "+")) || take(UInt8(ascii: "-"))
            try digits()
        }
    }

    /// Takes a member's name and its colon.
    private mutating func memberName() throws(FormatError) {
        let start = position + 1
        try string()
        let end = position - 1
        let isPlain = nodes[nodes.count - 1].kind == .plainString
        let name =
            isPlain ? String(decoding: bytes[start..<end], as: UTF8.self) : Self.unescaped(bytes[start..<end])
        let last = open.count - 1
        guard open[last].names.insert(name).inserted else {
            throw FormatError(object, at: place(of: name), "is given twice", repeatedName: name)
        }
        open[last].name = name
        skipBlanks()
        guard take(UInt8(ascii: ":")) else { throw invalid() }
        skipBlanks()
    }

    /// Where a member of the innermost object stands.
    private func place(of name: String) -> String {
        var place = ""
        for (position, outer) in open.enumerated() {
            guard outer.isObject else {
                place += "[\(outer.count - 1)]"
                continue
            }
            let member = position == open.count - 1 ? name : outer.name
            place += (place.isEmpty ? "" : ".") + member.printable
        }
        return place
    }

    // MARK: - Strings

    private mutating func string() throws(FormatError) {
        guard take(UInt8(ascii: "\"")) else { throw invalid() }
        let start = position
        var (isPlain, isASCII) = (true, true)
        while position < bytes.count, bytes[position] != UInt8(ascii: "\"") {
            let byte = bytes[position]
            guard byte >= 0x20 else { throw invalid() }
            if byte >= 0x80 { isASCII = false }
            position += 1
            if byte == UInt8(ascii: "\\") {
                isPlain = false
                try escape()
            }
        }
        // How bytes that are no text are shown differs from reader to reader.
        guard isASCII || String(validating: bytes[start..<position], as: UTF8.self) != nil else { throw invalid() }
        try add(isPlain ? .plainString : .escapedString, from: start)
        guard take(UInt8(ascii: "\"")) else { throw invalid() }
    }

    private mutating func escape() throws(FormatError) {
        guard position < bytes.count, "\"\\/bfnrtu".utf8.contains(bytes[position]) else { throw invalid() }
        guard take(UInt8(ascii: "u")) else {
            position += 1
            return
        }
        // Half of a character alone is valid, and read as U+FFFD, as programs in Go do.
        guard Self.codeUnit(bytes[position...]) != nil else { throw invalid() }
        position += 4
    }

    /// The number of the four hexadecimal digits that bytes begin with.
    private static func codeUnit(_ bytes: ArraySlice<UInt8>) -> UInt16? {
        var unit: UInt16 = 0
        guard bytes.count >= 4 else { return nil }
        for byte in bytes.prefix(4) {
            guard let digit = Character(UnicodeScalar(byte)).hexDigitValue, byte < 0x80 else { return nil }
            unit = unit << 4 | UInt16(digit)
        }
        return unit
    }

    /// The text of a string's bytes, whose escapes are valid.
    static func unescaped(_ bytes: ArraySlice<UInt8>) -> String {
        var units: [UInt16] = []
        var rest = bytes
        while let byte = rest.popFirst() {
            guard byte == UInt8(ascii: "\\") else {
                let run = rest.prefix { $0 != UInt8(ascii: "\\") }
                units += String(decoding: [byte] + run, as: UTF8.self).utf16
                rest = rest.dropFirst(run.count)
                continue
            }
            switch rest.popFirst() {
            case UInt8(ascii: "b"): units.append(8)
            case UInt8(ascii: "t"): units.append(9)
            case UInt8(ascii: "n"): units.append(10)
            case UInt8(ascii: "f"): units.append(12)
            case UInt8(ascii: "r"): units.append(13)
            case UInt8(ascii: "u"):
                units.append(codeUnit(rest) ?? 0xFFFD)
                rest = rest.dropFirst(4)
            case let other?: units.append(UInt16(other))
            case nil: break
            }
        }
        return String(decoding: units, as: UTF16.self)
    }
}
