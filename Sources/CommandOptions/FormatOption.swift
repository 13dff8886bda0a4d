// SPDX-License-Identifier: Apache-2.0

import Console
package import Templates

/// The template of a list's `--format`.
package struct FormatOption {
    private let template: Template
    private let headings: [String: String]
    private let text: String

    /// Parses what the option was given.
    ///
    /// - Parameters:
    ///   - argument: the template, as the command line has it.
    ///   - headings: of tables, by the names of fields.
    package init(_ argument: String, headings: [String: String] = [:]) throws {
        let text = try RawArguments.text(argument, "--format")
        template = try Self.telling { try Template(text) }
        self.headings = headings
        self.text = text
    }

    /// Whether a field may be asked for, so that it must be read.
    package func mentions(_ field: String) -> Bool {
        [field, "json", "{{.}}", "$"].contains { text.contains($0) }
    }

    /// The lines of a list.
    package func lines(_ values: [TemplateValue]) throws -> String {
        try Self.telling { try template.lines(values, headings: headings) }
    }

    /// What `--format` prints of one object: a template filled in, or the field of a name alone.
    package static func formatted(_ format: String, _ value: TemplateValue) throws -> String {
        let text = try telling {
            format == "json" || format.contains("{{")
                ? try Template(format).text(value)
                : try value.fields(format.split(separator: ".").map(String.init)).text
        }
        return text.hasSuffix("\n") ? text : text + "\n"
    }

    /// Does something with a template; its errors are told as those of the option.
    package static func telling<Value>(_ work: () throws -> Value) throws -> Value {
        do {
            return try work()
        } catch let error as TemplateError {
            throw CommandError("--format: " + (error.place.isEmpty ? "" : error.place + ": ") + error.cause)
        }
    }
}
