// SPDX-License-Identifier: Apache-2.0

/// Which members the protocols of some files ask for, and which types have them for that reason.
struct ProtocolRequirements {
    /// Members by protocol; begins with those of the standard library that types here implement.
    private var members: [String: Set<String>] = [
        "CustomStringConvertible": ["description"],
        "Equatable": ["=="], "Hashable": ["==", "hash"], "Comparable": ["<"],
        "Decodable": ["init"], "Encodable": ["encode"], "Codable": ["init", "encode"],
        "OptionSet": ["rawValue", "init"], "RawRepresentable": ["rawValue", "init"],
        "ExpressibleByStringLiteral": ["init"], "ExpressibleByIntegerLiteral": ["init"],
        "ExpressibleByBooleanLiteral": ["init"], "ExpressibleByNilLiteral": ["init"],
        "ExpressibleByArrayLiteral": ["init"], "ExpressibleByDictionaryLiteral": ["init"],
        "Sequence": ["makeIterator"], "IteratorProtocol": ["next"],
        "ParsableCommand": ["configuration", "run", "validate", "init"],
        "ParsableArguments": ["validate", "init"], "ExpressibleByArgument": ["init"],
    ]
    private var protocolsOfType: [String: Set<String>] = [:]

    init(_ files: [Checkout.File]) {
        var inherited: [String: Set<String>] = [:]
        for file in files {
            var current: String?
            for line in file.lines {
                if line == "}" { current = nil }
                let words = Self.words(line)
                if let keyword = words.firstIndex(of: "protocol"), !line.hasPrefix(" "), keyword + 1 < words.count {
                    current = words[keyword + 1]
                    members[words[keyword + 1], default: []] = []
                    inherited[words[keyword + 1]] = Set(words[(keyword + 2)...])
                } else if let current, let name = Self.member(declaredBy: line) {
                    members[current]?.insert(name)
                }
            }
        }
        // A protocol asks for what those ask for that it inherits; nowhere here is a chain longer than this.
        for _ in 0..<4 {
            for (name, others) in inherited {
                for other in others {
                    let more = members[other] ?? []
                    members[name]?.formUnion(more)
                }
            }
        }
        for file in files {
            for (type, rest) in Self.types(in: file) {
                protocolsOfType[type, default: []].formUnion(rest.filter { members[$0] != nil })
            }
        }
    }

    /// The members that the types declared or extended in a file have for their protocols' sake.
    func ofTypes(in file: Checkout.File) -> Set<String> {
        var found: Set<String> = []
        for (type, _) in Self.types(in: file) {
            // An extension of a protocol gives what the protocol asks for.
            for conformance in (protocolsOfType[type] ?? []).union([type]) {
                found.formUnion(members[conformance] ?? [])
            }
        }
        return found
    }

    /// The name of the function, property, operator or initializer that a line declares.
    static func member(declaredBy line: String) -> String? {
        for sign in ["==", "<"] where line.contains("func \(sign) (") { return sign }
        if let keyword = words(line).firstIndex(where: { ["func", "var", "let"].contains($0) }) {
            return words(line)[(keyword + 1)...].first
        }
        return words(line).contains("init") ? "init" : nil
    }

    /// Types that a file declares or extends, each with every word after it in that line.
    private static func types(in file: Checkout.File) -> [(String, Set<String>)] {
        file.lines.compactMap { line in
            let all = words(line)
            let keywords: Set<String> = ["struct", "class", "enum", "actor", "extension"]
            guard let keyword = all.firstIndex(where: keywords.contains), keyword + 1 < all.count else { return nil }
            // A nested type is extended as Outer.Inner and declared as Inner.
            return (
                all[(keyword + 1)...].last { $0.first?.isUppercase == true && line.contains("." + $0 + " {") }
                    ?? all[keyword + 1], Set(all[(keyword + 2)...])
            )
        }
    }

    /// The identifiers of a line, comments left out.
    private static func words(_ line: String) -> [String] {
        if SourceRules.trimmed(line).hasPrefix("//") { return [] }
        return line.split { !($0.isLetter || $0.isNumber || $0 == "_") }.map(String.init)
    }
}
