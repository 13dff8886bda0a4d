// SPDX-License-Identifier: Apache-2.0

/// A template of Go's kind, ready to be filled in.
package struct Template: Sendable {
    /// What a key stands for that a map does not have.
    package enum MissingKeys: Sendable {
        /// `<no value>`.
        case areShown
        /// An error that names the keys that there are.
        case areErrors
    }

    /// Whether a list of it is a table: columns are aligned and have headings.
    package let isTable: Bool
    private let nodes: [TemplateNode]

    /// Parses a template.
    ///
    /// `table ` before it makes a table of a list; `json` alone is all as JSON; `\n` and `\t` outside
    /// of actions are a line end and a tab.
    ///
    /// - Throws: `TemplateError` with the action that cannot be read.
    package init(_ text: String) throws(TemplateError) {
        guard text.utf8.count <= TemplateLimit.template else {
            throw TemplateError("has more than \(TemplateLimit.template) bytes")
        }
        let isTable = text.hasPrefix("table ") || text.hasPrefix("table\\t")
        self.isTable = isTable
        let rest = isTable ? String(text.dropFirst(5).drop { $0 == " " }) : text
        var lexer = TemplateLexer(rest == "json" ? "{{json .}}" : rest)
        var parser = TemplateParser(try lexer.pieces())
        nodes = try parser.nodes()
    }

    /// The template filled in with a value, without a line end of its own.
    ///
    /// Of what values hold, characters that act on a terminal are escaped, but line ends and tabs.
    ///
    /// - Throws: `TemplateError` with the action that cannot be carried out.
    package func text(
        _ value: TemplateValue, missingKeys: MissingKeys = .areShown
    ) throws(TemplateError) -> String {
        var run = TemplateRun(value, missingKeys: missingKeys)
        try run.run(nodes, value)
        return run.output
    }

    /// A line for each value; of a table with a line of headings before, and columns as wide as what is in them.
    ///
    /// - Parameters:
    ///   - values: the values, in the order of the lines.
    ///   - headings: by the names of fields; a field without one has its name in capitals.
    ///   - missingKeys: what becomes of a key that a value does not have.
    package func lines(
        _ values: [TemplateValue], headings: [String: String] = [:], missingKeys: MissingKeys = .areShown
    ) throws(TemplateError) -> String {
        var lines: [String] = []
        for value in values { lines.append(try text(value, missingKeys: missingKeys)) }
        guard isTable else { return lines.map { $0 + "\n" }.joined() }
        return Self.aligned([heading(headings)] + lines)
    }

    // MARK: - Tables

    /// The line of headings: where a field is printed, what it is called.
    private func heading(_ headings: [String: String]) -> String {
        var line = ""
        // Blocks stand inside each other no deeper than the parser allows.
        func add(_ nodes: [TemplateNode]) {
            for node in nodes {
                switch node {
                case .text(let text): line += text
                case .action(let pipeline):
                    guard pipeline.variables.isEmpty, let name = Self.field(pipeline) else { continue }
                    line += headings[name] ?? name.uppercased()
                case .branch(let branch):
                    if branch.kind == .if { add(branch.body) } else { line += header(of: branch) }
                case .breaking, .continuing: continue
                }
            }
        }
        func header(of branch: TemplateBranch) -> String {
            Self.field(branch.pipeline).map { headings[$0] ?? $0.uppercased() } ?? ""
        }
        add(nodes)
        return line
    }

    /// The first field that a pipeline asks for.
    private static func field(_ pipeline: TemplatePipeline) -> String? {
        for operand in pipeline.commands.joined() {
            switch operand {
            case .field(let names): return names.last
            case .variable("$", let names) where !names.isEmpty: return names.last
            case .chain(let inner, let names): return names.last ?? field(inner)
            default: continue
            }
        }
        return nil
    }

    private static func aligned(_ lines: [String]) -> String {
        let rows = lines.flatMap { $0.split(separator: "\n", omittingEmptySubsequences: false) }.map {
            $0.split(separator: "\t", omittingEmptySubsequences: false)
        }
        var widths: [Int] = []
        for row in rows {
            for (column, cell) in row.enumerated() {
                if column == widths.count { widths.append(0) }
                widths[column] = max(widths[column], cell.count)
            }
        }
        return rows.map { row in
            var line = ""
            for (column, cell) in row.enumerated() {
                line += cell
                if column < row.count - 1 {
                    line += String(repeating: " ", count: widths[column] - cell.count + 2)
                }
            }
            while line.last == " " { line.removeLast() }
            return line + "\n"
        }.joined()
    }
}
