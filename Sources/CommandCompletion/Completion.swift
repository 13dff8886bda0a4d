// SPDX-License-Identifier: Apache-2.0

package import ArgumentParser
import CommandOptions
import Console
import OCI

/// What can stand at a place of a command line, for the completion of shells.
///
/// `cimg __complete SHELL WORD…` prints a candidate a line for the last word, behind a tab what it is. Only what lies on
/// this machine is looked at, and trouble is no candidate. The shells quote what they put into a line.
package struct Completion {
    /// A text that can stand there.
    struct Candidate: Hashable {
        /// The whole word.
        var text: String
        /// What it is; empty for nothing to say.
        var about = ""
    }

    /// The shells that ask.
    package enum Shell: String, CaseIterable {
        case bash
        case zsh
        case fish
    }

    /// The entry's name, which no command has.
    package static let entry = "__complete"

    /// The words of other tools, and what becomes of them.
    package struct Familiar {
        /// Turns the words behind the program's name into those of this program.
        var normalized: ([String]) -> [String]
        /// The second words that a first one has with other tools; nil where it is none of two words.
        var seconds: (String) -> [String]?

        /// Puts both together.
        package init(normalized: @escaping ([String]) -> [String], seconds: @escaping (String) -> [String]?) {
            self.normalized = normalized
            self.seconds = seconds
        }
    }

    private let root: any ParsableCommand.Type
    private let familiar: Familiar
    private let sources: CompletionSources

    /// Answers a shell: prints candidates.
    ///
    /// - Parameter arguments: the shell's name, and the words behind the program's name.
    package static func answer(
        _ arguments: [String], root: any ParsableCommand.Type, familiar: Familiar
    ) throws {
        guard let name = arguments.first, let shell = Shell(rawValue: name) else { return }
        let words = arguments.dropFirst().map { shell == .zsh ? $0 : ShellWord($0).text }
        let sources = CompletionSources(store: StoreOptions.named(in: words))
        let candidates = Completion(root: root, familiar: familiar, sources: sources).candidates(for: words)
        var text = ""
        for candidate in candidates where isSafe(candidate.text) {
            text += candidate.text + (candidate.about.isEmpty ? "" : "\t" + candidate.about) + "\n"
        }
        try StandardOutput.write(ArgumentText.bytes(of: text))
    }

    /// Whether a text can be a line for a shell: it has nothing in it that acts on a terminal.
    static func isSafe(_ text: String) -> Bool {
        text.unicodeScalars.allSatisfy { $0.value >= 0x20 && $0.value != 0x7F && !(0x80..<0xA0).contains($0.value) }
    }

    /// What can stand in the place of the last of some words.
    func candidates(for words: [String]) -> [Candidate] {
        let current = words.last ?? ""
        return possible(words).filter { $0.text.utf8.starts(with: current.utf8) }
    }

    private func possible(_ words: [String]) -> [Candidate] {
        let current = words.last ?? ""
        let typed = Array(words.dropLast())
        var before = familiar.normalized(typed)
        if before.first == "help" { before.removeFirst() }
        if let last = typed.last, last == "--root", before.first?.hasPrefix("-") == true {
            return sources.candidates(.directories, current)
        }
        guard let first = before.first, !first.hasPrefix("-") else {
            return commands(of: root) + globalOptions(current)
        }
        guard before.count > 1 || familiar.seconds(first) == nil || first == "images" else {
            return (familiar.seconds(first) ?? []).map { Candidate(text: $0) }
        }
        guard var command = Self.subcommand(first, of: root) else { return [] }
        before.removeFirst()
        if !command.configuration.subcommands.isEmpty {
            if let second = before.first, let found = Self.subcommand(second, of: command) {
                command = found
                before.removeFirst()
            } else if before.isEmpty, !current.hasPrefix("-") {
                return commands(of: command)
            } else if let standard = command.configuration.defaultSubcommand {
                command = standard
            }
        }
        if typed.first == "help" { return [] }
        return possible(command, before, current)
    }

    /// What can stand behind the words of a command.
    private func possible(_ command: any ParsableCommand.Type, _ before: [String], _ current: String) -> [Candidate] {
        let needsOptions = (before + [current]).contains { $0.hasPrefix("-") }
        let options = needsOptions ? CommandOption.all(of: command) : []
        func option(_ name: String) -> CommandOption? { options.first { $0.names.contains(name) } }
        var positions = 0
        var areOptionsOver = false
        var waiting: CommandOption?
        for word in before {
            if waiting != nil {
                waiting = nil
            } else if areOptionsOver || !word.hasPrefix("-") || word == "-" {
                positions += 1
            } else if word == "--" {
                areOptionsOver = true
            } else if !word.contains("="), let found = option(word), found.value != nil {
                waiting = found
            }
        }
        if let waiting { return values(of: waiting, for: command, current, prefix: "") }
        guard current.hasPrefix("-"), !areOptionsOver else {
            return CompletionKind.positional(positions, of: command).flatMap { sources.candidates($0, current) }
        }
        if let mark = current.firstIndex(of: "=") {
            let name = String(current[..<mark])
            guard let found = option(name) else { return [] }
            return values(of: found, for: command, String(current[current.index(after: mark)...]), prefix: name + "=")
        }
        return options.flatMap { option in option.names.map { Candidate(text: $0, about: option.about) } }
    }

    private func values(
        of option: CommandOption, for command: any ParsableCommand.Type, _ current: String, prefix: String
    ) -> [Candidate] {
        // Of a list what was typed stays.
        let parts = option.isList ? current.split(separator: ",", omittingEmptySubsequences: false) : []
        let start = parts.dropLast().map { $0 + "," }.joined()
        let rest = option.isList ? String(current.dropFirst(start.count)) : current
        return CompletionKind.value(of: option, for: command).flatMap { sources.candidates($0, rest) }
            .map { Candidate(text: prefix + start + $0.text, about: $0.about) }
    }

    private func commands(of command: any ParsableCommand.Type) -> [Candidate] {
        command.configuration.subcommands.filter { $0.configuration.shouldDisplay }.compactMap { found in
            found.configuration.commandName.map {
                Candidate(text: $0, about: found.configuration.abstract.trimmingStop)
            }
        }
    }

    private func globalOptions(_ current: String) -> [Candidate] {
        current.hasPrefix("-")
            ? [
                Candidate(text: "--help", about: "Show help"), Candidate(text: "--version", about: "Show the version"),
                Candidate(text: "--root", about: "The store"), Candidate(text: "--verbose", about: "Tell what is done"),
            ]
            : [Candidate(text: "help", about: "Show the help of a command")]
    }

    private static func subcommand(
        _ name: String, of command: any ParsableCommand.Type
    ) -> (any ParsableCommand.Type)? {
        command.configuration.subcommands.first {
            $0.configuration.commandName == name || $0.configuration.aliases.contains(name)
        }
    }
}

extension String {
    /// The same without a full stop at its end.
    fileprivate var trimmingStop: String { hasSuffix(".") ? String(dropLast()) : self }
}

/// A word as it stands in a shell's line, perhaps not finished.
struct ShellWord {
    /// What the shell would make of it.
    let text: String

    /// Takes the quoting away.
    init(_ raw: String) {
        var text = ""
        var quote: Character?
        var isEscaped = false
        for letter in raw {
            if isEscaped {
                text.append(letter)
                isEscaped = false
            } else if letter == "\\", quote != "'" {
                isEscaped = true
            } else if letter == quote {
                quote = nil
            } else if quote == nil, letter == "'" || letter == "\"" {
                quote = letter
            } else {
                text.append(letter)
            }
        }
        self.text = text
    }
}
