// SPDX-License-Identifier: Apache-2.0

import ArgumentParser

/// An option of a command as its help shows it.
struct CommandOption: Equatable {
    /// How it can be written: `-v`, `--verbose`.
    var names: [String]
    /// What its value is called; nil for a flag.
    var value: String?
    /// The beginning of its help.
    var about: String

    /// Whether several values can be given at once, separated by commas.
    var isList: Bool { value?.hasSuffix(",...") == true }

    /// Those of a command, in the order of its help.
    static func all(of command: any ParsableCommand.Type) -> [CommandOption] {
        let lines = command.helpMessage(columns: 4000).split(separator: "\n", omittingEmptySubsequences: false)
        var found: [CommandOption] = []
        var isInside = false
        for (index, line) in lines.enumerated() {
            if line == "OPTIONS:" {
                isInside = true
            } else if isInside, line.hasPrefix("  -"), var option = CommandOption(line) {
                // A long one has its text below.
                if option.about.isEmpty, index + 1 < lines.count, lines[index + 1].hasPrefix("        ") {
                    option.about = sentence(lines[index + 1])
                }
                found.append(option)
            } else if isInside, !line.isEmpty, !line.hasPrefix(" ") {
                isInside = false
            }
        }
        return found
    }

    /// Reads a line of the help, such as `  -q, --quiet <word>   Text`.
    init?(_ line: Substring) {
        names = []
        var rest = line.drop { $0 == " " }
        while rest.hasPrefix("-") {
            let name = rest.prefix { $0 != " " && $0 != "," }
            names.append(String(name))
            rest = rest.dropFirst(name.count)
            guard rest.hasPrefix(", ") else { break }
            rest = rest.dropFirst(2)
        }
        guard !names.isEmpty else { return nil }
        if rest.hasPrefix(" <"), let end = rest.firstIndex(of: ">") {
            value = String(rest[rest.index(rest.startIndex, offsetBy: 2)..<end])
            rest = rest[rest.index(after: end)...]
        }
        about = Self.sentence(rest)
    }

    private static func sentence(_ text: Substring) -> String {
        let text = String(text.drop { $0 == " " })
        let end = text.firstRange(of: ". ")?.lowerBound ?? text.endIndex
        var sentence = text[..<end]
        if sentence.hasSuffix(".") { sentence = sentence.dropLast() }
        return sentence.count <= 70 ? String(sentence) : sentence.prefix(67) + "..."
    }
}
