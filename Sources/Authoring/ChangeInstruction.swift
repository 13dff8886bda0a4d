// SPDX-License-Identifier: Apache-2.0

import OCI

/// A change of a configuration, written as an instruction of a Dockerfile: `CMD ["/bin/sh"]`, `ENV A=1`.
package struct ChangeInstruction: Sendable, Equatable {
    /// What it changes.
    package enum Kind: String, Sendable, CaseIterable {
        case cmd = "CMD"
        case entrypoint = "ENTRYPOINT"
        case env = "ENV"
        case expose = "EXPOSE"
        case healthcheck = "HEALTHCHECK"
        case label = "LABEL"
        case onbuild = "ONBUILD"
        case stopsignal = "STOPSIGNAL"
        case user = "USER"
        case volume = "VOLUME"
        case workdir = "WORKDIR"
    }

    /// What it changes.
    package let kind: Kind
    /// What stands behind the word.
    let text: String

    /// Reads an instruction.
    ///
    /// - Throws: `AuthoringError`.
    package init(parsing text: String) throws(AuthoringError) {
        let word = text.prefix { $0 != " " && $0 != "\t" && $0 != "=" }
        guard let kind = Kind(rawValue: word.uppercased()) else {
            let known = Kind.allCases.map(\.rawValue).joined(separator: ", ")
            throw AuthoringError("--change \"\(text.printable)\": begins with none of \(known)")
        }
        self.kind = kind
        var rest = text[word.endIndex...]
        while let first = rest.first, first == " " || first == "\t" || first == "=" { rest = rest.dropFirst() }
        while let last = rest.last, last.isWhitespace { rest = rest.dropLast() }
        self.text = String(rest)
        // What it would change is of no matter: it must be readable.
        var configuration: [String: JSONValue] = [:]
        try apply(to: &configuration)
    }

    /// Changes the member `config` of a configuration.
    func apply(to config: inout [String: JSONValue]) throws(AuthoringError) {
        switch kind {
        case .cmd: config["Cmd"] = try command()
        case .entrypoint:
            config["Entrypoint"] = try command()
            // As in a Dockerfile: a command for another entry point is none for this one.
            config["Cmd"] = nil
        case .env: try setEnvironment(&config)
        case .expose:
            try add(words(), to: "ExposedPorts", of: &config) { word throws(AuthoringError) in
                try Self.port(word, text)
            }
        case .volume: try add(listOrWords(), to: "Volumes", of: &config) { $0 }
        case .label:
            var labels = Self.members(config["Labels"])
            for (key, value) in try pairs() { labels[key] = .string(value) }
            config["Labels"] = .object(labels)
        case .onbuild:
            var steps: [JSONValue] = []
            if case .array(let known)? = config["OnBuild"] { steps = known }
            config["OnBuild"] = .array(steps + [.string(try nonEmpty())])
        case .stopsignal: config["StopSignal"] = .string(try nonEmpty())
        case .user: config["User"] = .string(try nonEmpty())
        case .workdir: config["WorkingDir"] = .string(try directory(before: config["WorkingDir"]))
        case .healthcheck: config["Healthcheck"] = try healthcheck()
        }
    }

    // MARK: - Forms

    private func problem(_ reason: String) -> AuthoringError {
        AuthoringError("--change \"\(kind.rawValue) \(text.printable)\": \(reason)")
    }

    private func nonEmpty() throws(AuthoringError) -> String {
        guard !text.isEmpty else { throw problem("says nothing") }
        return text
    }

    static func members(_ value: JSONValue?) -> [String: JSONValue] {
        if case .object(let members)? = value { return members }
        return [:]
    }

    /// An array of strings in JSON; nil for another text.
    private func list() throws(AuthoringError) -> [String]? {
        guard text.hasPrefix("[") else { return nil }
        do {
            return try decode([String].self, Array(text.utf8), name: "", limit: DocumentLimit.configuration)
        } catch {
            throw problem("begins with [ and is no array of strings in JSON")
        }
    }

    private func listOrWords() throws(AuthoringError) -> [String] {
        if let list = try list() { return list }
        return try words()
    }

    /// A command line: words in JSON, or a text for the shell.
    private func command() throws(AuthoringError) -> JSONValue {
        if let words = try list() { return .array(words.map { .string($0) }) }
        guard !text.isEmpty else { return .null }
        return .array([.string("/bin/sh"), .string("-c"), .string(text)])
    }

    /// Words between blanks, quotes taken away.
    private func words() throws(AuthoringError) -> [String] {
        var words: [String] = []
        var word: String?
        var quote: Character?
        var isEscaped = false
        for character in try nonEmpty() {
            if isEscaped {
                // Within double quotes a backslash is one before anything but these.
                if quote == "\"", !"\"\\$".contains(character) { word = (word ?? "") + "\\" }
                word = (word ?? "") + String(character)
                isEscaped = false
            } else if character == "\\", quote != "'" {
                isEscaped = true
            } else if character == quote {
                quote = nil
            } else if quote == nil, character == "\"" || character == "'" {
                quote = character
                word = word ?? ""
            } else if quote == nil, character.isWhitespace {
                if let whole = word { words.append(whole) }
                word = nil
            } else {
                word = (word ?? "") + String(character)
            }
        }
        guard quote == nil, !isEscaped else { throw problem("a quote or a backslash ends nowhere") }
        if let word { words.append(word) }
        return words
    }

    /// `KEY=VALUE …`, or, as of old, `KEY VALUE`.
    private func pairs() throws(AuthoringError) -> [(key: String, value: String)] {
        let words = try words()
        if words.first?.contains("=") == false, words.count > 1 {
            let key = text.prefix { !$0.isWhitespace }
            return [(String(key), text[key.endIndex...].drop { $0.isWhitespace }.description)]
        }
        var pairs: [(key: String, value: String)] = []
        for word in words {
            guard let equals = word.firstIndex(of: "="), equals > word.startIndex else {
                throw problem("\"\(word.printable)\" is not of the form KEY=VALUE")
            }
            pairs.append((String(word[..<equals]), String(word[word.index(after: equals)...])))
        }
        return pairs
    }

    private func setEnvironment(_ config: inout [String: JSONValue]) throws(AuthoringError) {
        var variables: [String] = []
        if case .array(let known)? = config["Env"] {
            variables = known.compactMap { if case .string(let text) = $0 { text } else { nil } }
        }
        for (key, value) in try pairs() {
            if let index = variables.firstIndex(where: { $0.hasPrefix(key + "=") }) {
                variables[index] = "\(key)=\(value)"
            } else {
                variables.append("\(key)=\(value)")
            }
        }
        config["Env"] = .array(variables.map { .string($0) })
    }

    /// Adds words to a set, as configurations have them: an object whose values are empty.
    private func add(
        _ words: [String], to member: String, of config: inout [String: JSONValue],
        _ form: (String) throws(AuthoringError) -> String
    ) throws(AuthoringError) {
        var set = Self.members(config[member])
        for word in words { set[try form(word)] = .object([:]) }
        config[member] = .object(set)
    }

    private static func port(_ word: String, _ text: String) throws(AuthoringError) -> String {
        let parts = word.split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false)
        let protocols = ["tcp", "udp", "sctp"]
        let name = parts.count > 1 ? parts[1].lowercased() : "tcp"
        let range = parts[0].split(separator: "-", omittingEmptySubsequences: false)
        guard (1...2).contains(range.count), range.allSatisfy({ UInt16($0) != nil }), protocols.contains(name) else {
            throw AuthoringError(
                "--change \"EXPOSE \(text.printable)\": \"\(word.printable)\" is no port such as 80, 80/udp or 80-90")
        }
        return "\(parts[0])/\(name)"
    }

    private func directory(before: JSONValue?) throws(AuthoringError) -> String {
        let path = try nonEmpty()
        guard !path.hasPrefix("/") else { return path }
        var base = "/"
        if case .string(let known)? = before, known.hasPrefix("/") { base = known }
        return base.hasSuffix("/") ? base + path : base + "/" + path
    }

    private func healthcheck() throws(AuthoringError) -> JSONValue {
        if text.uppercased() == "NONE" { return .object(["Test": .array([.string("NONE")])]) }
        var members: [String: JSONValue] = [:]
        var rest = text[...]
        while rest.hasPrefix("--") {
            let option = rest.prefix { !$0.isWhitespace }
            rest = rest[option.endIndex...].drop { $0.isWhitespace }
            guard let equals = option.firstIndex(of: "=") else {
                throw problem("\(option.description.printable): no value")
            }
            let (name, value) = (option[..<equals], String(option[option.index(after: equals)...]))
            let times = [
                "--interval": "Interval", "--timeout": "Timeout", "--start-period": "StartPeriod",
                "--start-interval": "StartInterval",
            ]
            if let member = times[String(name)], let nanoseconds = Self.nanoseconds(value) {
                members[member] = .integer(nanoseconds)
            } else if name == "--retries", let count = Int64(value), count >= 0 {
                members["Retries"] = .integer(count)
            } else {
                throw problem("\(option.description.printable): not understood")
            }
        }
        guard rest.prefix(3).uppercased() == "CMD", rest.dropFirst(3).first?.isWhitespace == true else {
            throw problem("neither NONE nor CMD and a command")
        }
        let command = ChangeInstruction(kind: .cmd, text: rest.dropFirst(3).drop { $0.isWhitespace }.description)
        if let words = try command.list() {
            members["Test"] = .array([.string("CMD")] + words.map { .string($0) })
        } else {
            members["Test"] = .array([.string("CMD-SHELL"), .string(try command.nonEmpty())])
        }
        return .object(members)
    }

    private init(kind: Kind, text: String) {
        self.kind = kind
        self.text = text
    }

    /// A length of time as Go writes it: `1m30s`, `500ms`.
    private static func nanoseconds(_ text: String) -> Int64? {
        let units: [(String, Double)] = [("ms", 1e6), ("us", 1e3), ("ns", 1), ("h", 3.6e12), ("m", 6e10), ("s", 1e9)]
        var rest = text[...]
        var total = 0.0
        while !rest.isEmpty {
            let number = rest.prefix { $0.isASCII && ($0.isNumber || $0 == ".") }
            rest = rest[number.endIndex...]
            guard let value = Double(number), let unit = units.first(where: { rest.hasPrefix($0.0) }) else {
                return nil
            }
            rest = rest.dropFirst(unit.0.count)
            total += value * unit.1
        }
        return text.isEmpty || total >= 9e18 ? nil : Int64(total)
    }
}
