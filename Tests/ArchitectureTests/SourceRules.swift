// SPDX-License-Identifier: Apache-2.0

/// What a source file must and must not contain; every rule gives the lines that break it, as `path:line: reason`.
///
/// The rules look at lines, not at syntax: a forbidden word is forbidden in comments and strings too.
enum SourceRules {
    static let lineCeiling = 350
    static let header = "SPDX-License-Identifier: Apache-2.0"

    /// Tokens that abort the process on input, and notes that belong elsewhere.
    static let forbiddenTokens = ["try!", "as!", "fatalError(", "TODO", "FIXME"]

    static func missingHeader(_ file: Checkout.File) -> [String] {
        file.lines.prefix(2).contains { $0.contains(header) } ? [] : ["\(file.path):1: no license header"]
    }

    static func tooLong(_ file: Checkout.File) -> [String] {
        file.lines.count <= lineCeiling ? [] : ["\(file.path):\(file.lines.count): more than \(lineCeiling) lines"]
    }

    static func forbidden(_ file: Checkout.File) -> [String] {
        var found: [String] = []
        for (number, line) in file.lines.enumerated() {
            for token in forbiddenTokens where containsToken(token, in: line) {
                found.append("\(file.path):\(number + 1): \(token)")
            }
        }
        return found
    }

    /// Ways to the process's arguments beside the one that keeps their bytes.
    static func arguments(_ file: Checkout.File) -> [String] {
        guard file.path != "Sources/Console/RawArguments.swift" else { return [] }
        return file.lines.enumerated().filter { containsToken("CommandLine.", in: $0.element) }.map {
            "\(file.path):\($0.offset + 1): CommandLine"
        }
    }

    /// Ways to look at a system call's error that do not come through the one door for system calls.
    static func errorNumbers(_ file: Checkout.File) -> [String] {
        guard file.path != "Sources/Threads/SystemCall.swift" else { return [] }
        var found: [String] = []
        for (number, line) in file.lines.enumerated() {
            for token in ["Errno(rawValue: errno)", " errno = ", " errno ==", " errno !=", "-errno"]
            where containsToken(token, in: line) {
                found.append("\(file.path):\(number + 1): \(token)")
            }
        }
        return found
    }

    /// The one file in which files are opened: what a name leads to is looked at there before it is opened.
    static let door = "Sources/LinuxIO/Descriptor+Door.swift"

    /// Calls that open a file by its name, but for those of `door`.
    static let doors = ["Glibc.open(", "openat(", "clinux_openat2(", "fopen(", "freopen(", "opendir(", "shm_open("]

    static func otherDoors(_ file: Checkout.File) -> [String] {
        guard file.path != door else { return [] }
        var found: [String] = []
        for (number, line) in file.lines.enumerated() where !trimmed(line).hasPrefix("//") {
            for token in doors where containsToken(token, in: line) {
                found.append("\(file.path):\(number + 1): \(token)")
            }
        }
        return found
    }

    /// Declarations other modules see, without a documentation comment above them; what a protocol that the type
    /// conforms to asks for is documented there.
    static func undocumented(_ file: Checkout.File, _ protocols: ProtocolRequirements) -> [String] {
        var found: [String] = []
        let requirements = protocols.ofTypes(in: file)
        for (number, line) in file.lines.enumerated() where isVisibleDeclaration(line) {
            if let name = ProtocolRequirements.member(declaredBy: line), requirements.contains(name) { continue }
            var above = number - 1
            while above >= 0, isAttributeOrCondition(file.lines[above]) { above -= 1 }
            if above < 0 || !trimmed(file.lines[above]).hasPrefix("///") {
                found.append("\(file.path):\(number + 1): \(trimmed(line))")
            }
        }
        return found
    }

    /// Failures that are ignored by `try?` without a reason: a comment on the line, or one right above it.
    static func unexplainedTries(_ file: Checkout.File) -> [String] {
        var found: [String] = []
        for (number, line) in file.lines.enumerated() {
            let (code, hasComment) = parts(of: line)
            guard !hasComment, containsToken("try?", in: code) else { continue }
            if number > 0, trimmed(file.lines[number - 1]).hasPrefix("//") { continue }
            found.append("\(file.path):\(number + 1): \(trimmed(line))")
        }
        return found
    }

    /// What of a line is neither in a string nor in a comment, and whether it has a comment.
    private static func parts(of line: String) -> (code: String, hasComment: Bool) {
        var code = ""
        var isInString = false
        var rest = line[...]
        while let character = rest.first {
            if isInString {
                // What is escaped ends no string.
                rest = rest.dropFirst(character == "\\" ? 2 : 1)
                isInString = character != "\""
                continue
            }
            if rest.hasPrefix("//") { return (code, true) }
            isInString = character == "\""
            code.append(character)
            rest.removeFirst()
        }
        return (code, false)
    }

    /// The modules that a file imports, with their line numbers.
    static func imports(_ file: Checkout.File) -> [(line: Int, module: String)] {
        let modifiers: Set<Substring> = ["public", "package", "internal", "fileprivate", "private"]
        let kinds: Set<Substring> = ["struct", "class", "enum", "protocol", "func", "var", "let", "typealias"]
        var found: [(line: Int, module: String)] = []
        for (number, line) in file.lines.enumerated() {
            var words = trimmed(line).split(separator: " ")[...]
            while let word = words.first, modifiers.contains(word) || word.hasPrefix("@") { words.removeFirst() }
            guard words.first == "import" else { continue }
            words.removeFirst()
            if let word = words.first, kinds.contains(word) { words.removeFirst() }
            guard let path = words.first, let module = path.split(separator: ".").first else { continue }
            found.append((number + 1, String(module)))
        }
        return found
    }

    /// Imports that the tables do not allow to the file's module.
    static func strayImports(_ file: Checkout.File) -> [String] {
        guard let module = file.module, let edges = allowedEdges[module] else {
            return ["\(file.path):1: belongs to no module of the table"]
        }
        return imports(file).compactMap { line, imported in
            if edges.contains(imported) { return nil }
            if let users = allowedToolchainModules[imported], users?.contains(module) ?? true { return nil }
            return "\(file.path):\(line): \(module) imports \(imported)"
        }
    }

    private static func isVisibleDeclaration(_ line: String) -> Bool {
        var words = trimmed(line).split(separator: " ")[...]
        while let word = words.first, word.hasPrefix("@") { words.removeFirst() }
        guard let first = words.first, first == "package" || first == "public" || first == "open" else { return false }
        // An extension is documented where its type is; its members carry their own access and comments.
        return words.count > 1 && !words.dropFirst().contains("import") && !words.dropFirst().contains("extension")
    }

    private static func isAttributeOrCondition(_ line: String) -> Bool {
        let text = trimmed(line)
        return text.hasPrefix("@") || text.hasPrefix("#if") || text.hasPrefix("#else")
    }

    /// Whether a token stands in a line and is not the end of a longer word.
    private static func containsToken(_ token: String, in line: String) -> Bool {
        var rest = line[...]
        while let range = rest.firstRange(of: token) {
            let before = range.lowerBound == line.startIndex ? nil : line[line.index(before: range.lowerBound)]
            if before.map({ $0.isLetter || $0.isNumber || $0 == "_" }) != true { return true }
            rest = rest[range.upperBound...]
        }
        return false
    }

    static func trimmed(_ line: String) -> String {
        let start = line.firstIndex { $0 != " " && $0 != "\t" } ?? line.endIndex
        return String(line[start...])
    }
}
