// SPDX-License-Identifier: Apache-2.0

/// How large modules and functions may be, and how much a module may know.
enum SizeRules {
    static let moduleCeiling = 3500
    static let importCeiling = 8
    static let functionCeiling = 60

    /// Modules that may be larger or know more, each with its own ceiling; the list is to become shorter.
    ///
    /// `Objects` knows every kind of place that a name can mean; `LinuxIO` has every system call.
    static let importCeilings = ["Objects": 11]
    static let moduleCeilings = ["LinuxIO": 3600]

    /// Modules of the command line, which know what they put together.
    static func isCommandLine(_ module: String) -> Bool {
        module.hasSuffix("Commands") || module.hasPrefix("Command")
    }

    /// The modules whose sources are too long together.
    static func largeModules(_ files: [Checkout.File]) -> [String] {
        var lines: [String: Int] = [:]
        for file in files { file.module.map { lines[$0, default: 0] += file.lines.count } }
        return lines.compactMap { module, count in
            let ceiling = moduleCeilings[module] ?? moduleCeiling
            return count > ceiling ? "\(module): \(count) lines, more than \(ceiling)" : nil
        }.sorted()
    }

    /// The modules that import too many others of the product.
    static func knowingModules(_ edges: [String: Set<String>]) -> [String] {
        edges.filter { !isCommandLine($0.key) }.compactMap { module, imports in
            // C declarations and other packages are no rooms of this house.
            let own = imports.filter { edges[$0] != nil && !$0.hasPrefix("C\($0.dropFirst().prefix(1).uppercased())") }
            let ceiling = importCeilings[module] ?? importCeiling
            return own.count > ceiling ? "\(module): \(own.count) imports, more than \(ceiling)" : nil
        }.sorted()
    }

    /// Functions and initializers that are too long, from the line of their name to their last brace.
    ///
    /// A function ends at the first brace that stands as far from the left as it began.
    static func longFunctions(_ file: Checkout.File) -> [String] {
        var found: [String] = []
        for (number, line) in file.lines.enumerated() where isFunction(line) && !line.hasSuffix("}") {
            let end = String(line.prefix { $0 == " " }) + "}"
            guard let last = file.lines[number...].firstIndex(of: end) else { continue }
            let count = last - number + 1
            if count > functionCeiling {
                found.append("\(file.path):\(number + 1): \(count) lines, more than \(functionCeiling)")
            }
        }
        return found
    }

    private static let modifiers: Set<Substring> = [
        "public", "package", "internal", "fileprivate", "private", "static", "class", "mutating", "override", "final",
        "nonisolated", "consuming", "borrowing", "convenience",
    ]

    private static func isFunction(_ line: String) -> Bool {
        var words = line.split(separator: " ")[...]
        while let word = words.first, modifiers.contains(word) || word.hasPrefix("@") { words.removeFirst() }
        guard let word = words.first else { return false }
        if word.hasPrefix("///") || word.hasPrefix("//") { return false }
        // What a protocol asks for has no body.
        guard line.hasSuffix("{") || line.hasSuffix("(") else { return false }
        return word == "func" || word.hasPrefix("init(") || word.hasPrefix("init?(") || word.hasPrefix("init<")
    }
}
