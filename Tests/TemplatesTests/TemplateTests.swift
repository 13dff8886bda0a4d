// SPDX-License-Identifier: Apache-2.0

import OCI
import Testing

@testable import Templates

/// Templates filled in: results beside those of Go, refusals, objects with known fields, tables, bounds.
@Suite(.timeLimit(.minutes(15))) struct TemplateTests {
    private static func value(_ json: String) throws -> TemplateValue {
        TemplateValue(try decode(JSONValue.self, Array(json.utf8), name: "", limit: 1 << 20))
    }

    private static func fill(_ template: String, _ value: TemplateValue) throws -> String {
        try Template(template).text(value)
    }

    private static func error(_ template: String, _ value: TemplateValue = .none) -> String {
        do {
            return "made: " + (try fill(template, value))
        } catch {
            return "\(error)"
        }
    }

    @Test func `templates give what Go makes of them`() throws {
        let value = try Self.value(goData)
        for (template, result) in goTable {
            let text = try Self.fill(template, value)
            #expect(text == result, "\(template)")
        }
        #expect(goTable.count > 120)
    }

    @Test func `what Go refuses is refused, with the action and the cause`() throws {
        let value = try Self.value(goData)
        for (template, message) in refusalTable {
            #expect(Self.error(template, value) == message, "\(template)")
        }
        #expect(refusalTable.count > 40)
    }

    @Test func `line ends and tabs may be written as escapes outside of actions`() throws {
        let value = TemplateValue.record([("A", .string("1")), ("B", .string(#"x\ny"#))])
        #expect(try Self.fill(#"{{.A}}\t{{.B}}\n"#, value) == "1\tx\\ny\n")
        #expect(try Self.fill(#"a\n{{- .A -}}\t b"#, value) == "a1b")
        #expect(try Self.fill(#"{{print "\t"}}\\"#, value) == "\t\\\\")
    }

    @Test func `an object's missing field is an error that names the fields there are`() throws {
        let value = TemplateValue.record([("Id", .string("x")), ("Config", .record([("User", .string("root"))]))])
        #expect(Self.error("{{.ID}}", value) == #"template: {{.ID}}: there is no field "ID"; there are Id, Config"#)
        #expect(
            Self.error("a{{if .Config.Usr}}b{{end}}", value)
                == #"template: {{if .Config.Usr}}: there is no field "Usr"; there are User"#)
        #expect(Self.error("{{range .Id}}{{end}}", value).hasSuffix("not through a text"))
        #expect(try Self.fill("{{.}} {{json .}}", value) == #"{x {root}} {"Id":"x","Config":{"User":"root"}}"#)
        #expect(try Self.fill("json", value) == #"{"Id":"x","Config":{"User":"root"}}"#)
        #expect(try Self.fill(#"{{printf "%+v" .Config}}"#, value) == "{User:root}")
    }

    @Test func `other names answer and are not printed with the whole`() throws {
        var record = TemplateRecord([("Id", .string("x"))])
        record.aliases = [.init("ID", .string("y"))]
        #expect(try Self.fill("{{.ID}} {{json .}}", .record(record)) == #"y {"Id":"x"}"#)
    }

    @Test func `a map's missing key is shown as missing or is an error, as the caller wants`() throws {
        let value = TemplateValue.record([("Labels", .strings(["a": "1", "b": "2"]))])
        let template = try Template("{{.Labels.c}}")
        #expect(try template.text(value) == "<no value>")
        #expect(throws: TemplateError(at: "{{.Labels.c}}", #"there is no key "c"; there are a, b"#)) {
            try template.text(value, missingKeys: .areErrors)
        }
        #expect(try Self.fill(#"[{{index .Labels "c"}}]"#, value) == "[]")
        #expect(try Self.fill(#"{{.Labels "b"}}"#, value) == "2")
    }

    @Test func `keys with dots are found behind a field`() throws {
        let value = try Self.value(#"{"Labels":{"org.x.version":"1","a":"2","a.b":"3"}}"#)
        #expect(try Self.fill("{{.Labels.org.x.version}} {{.Labels.a}} {{.Labels.a.b}}", value) == "1 2 3")
        #expect(try Self.fill("{{.Labels.org.x}}", value) == "<no value>")
    }

    @Test func `what is not there is nil, empty or null`() throws {
        let value = TemplateValue.record([
            ("Check", .nilPointer), ("Labels", .strings(nil as [String: String]?)), ("Env", .strings(nil as [String]?)),
        ])
        #expect(try Self.fill("{{.Check}} {{.Labels}} {{.Env}}", value) == "<nil> map[] []")
        #expect(try Self.fill("{{json .}}", value) == #"{"Check":null,"Labels":null,"Env":null}"#)
        #expect(
            try Self.fill(#"{{len .Env}}{{join .Env ","}}{{index .Labels "x"}}{{.Labels.x}}"#, value) == "0<no value>")
        #expect(
            Self.error("{{.Check.Test}}", value)
                == #"template: {{.Check.Test}}: an object that is not there has no field "Test""#)
    }

    @Test func `a value alone is text, lines, nothing or JSON`() {
        #expect(TemplateValue.string("a\u{1B}").text == #"a\u{1b}"#)
        #expect(TemplateValue.strings(["a", "b"]).text == "a\nb")
        #expect(TemplateValue.list([.integer(1)]).text == "[1]")
        #expect(TemplateValue.none.text == "")
        #expect(TemplateValue.strings(["k": "v"]).text == #"{"k":"v"}"#)
        #expect(TemplateValue.bool(true).json == "true")
    }

    @Test func `what acts on a terminal is escaped where it comes of values`() throws {
        let value = TemplateValue.record([("A", .string("\u{1B}[31m\u{202E}x\ny\u{FFFD}é"))])
        #expect(try Self.fill("{{.A}}", value) == "\\u{1b}[31m\\u{202e}x\ny\u{FFFD}é")
        #expect(try Self.fill("{{json .A}}", value) == "\"\\u001b[31m\\u202ex\\ny\u{FFFD}é\"")
        #expect(Self.error("{{.\u{1B}}}") == #"template: {{.: unexpected "\u{1b}""#)
    }

    @Test func `a table has headings of its fields and columns as wide as what is in them`() throws {
        let rows: [TemplateValue] = ["a", "long name"].map {
            .record([("Name", .string($0)), ("State", .string("up")), ("Mounts", .strings(["x", "y"]))])
        }
        let table = try Template(#"table {{.Name}}\t{{upper .State}}\t{{len .Mounts}}"#)
        #expect(table.isTable)
        #expect(
            try table.lines(rows, headings: ["Name": "NAMES"]) == """
                NAMES      STATE  MOUNTS
                a          UP     2
                long name  UP     2

                """)
        #expect(try table.lines([]) == "NAME  STATE  MOUNTS\n")
        #expect(
            try Template(
                #"table {{if .Name}}{{.Name}}{{else}}-{{end}}\t({{json .State}})\t{{range .Mounts}}{{.}},{{end}}"#
            )
            .lines([rows[0]]) == "NAME  (STATE)  MOUNTS\na     (\"up\")   x,y,\n")
        #expect(try Template("{{.Name}}").lines(rows, headings: ["Name": "X"]) == "a\nlong name\n")
        #expect(try Template("tables").isTable == false)
    }

    // MARK: - Bounds

    @Test func `a template's length and depth are bounded`() {
        let long = String(repeating: "x", count: TemplateLimit.template)
        #expect(Self.error(long) == "made: " + long)
        #expect(Self.error(long + "x") == "template: has more than 65536 bytes")
        func nested(_ count: Int) -> String {
            String(repeating: "{{if 1}}", count: count) + "x" + String(repeating: "{{end}}", count: count)
        }
        #expect(Self.error(nested(TemplateLimit.depth - 1)) == "made: x")
        #expect(
            Self.error(nested(TemplateLimit.depth)) == "template: {{if 1}}: has more than 64 blocks inside each other")
        #expect(Self.error(nested(4_000)) == "template: {{if 1}}: has more than 64 blocks inside each other")
        let open = "{{" + String(repeating: "(", count: 70) + "1" + String(repeating: ")", count: 70) + "}}"
        #expect(Self.error(open).hasSuffix("has more than 64 parentheses inside each other"))
        let elses = "{{if 0}}" + String(repeating: "{{else if 0}}", count: 70) + "{{end}}"
        #expect(Self.error(elses).hasSuffix("has more than 64 blocks inside each other"))
    }

    @Test func `what a template makes and how long it runs is bounded`() {
        let many = TemplateValue.list(Array(repeating: .integer(1), count: 1000))
        #expect(
            Self.error("{{range .}}{{range $}}{{end}}{{end}}", many)
                == "template: {{range $}}: takes more than 250000 steps")
        #expect(
            Self.error(#"{{$x := "12345678"}}{{range .}}{{$x = print $x $x}}{{end}}"#, many)
                == "template: {{$x = print $x $x}}: makes more than 67108864 bytes")
        #expect(
            Self.error(#"{{range .}}{{printf "%1000000d" 1}}{{end}}"#, many)
                == #"template: {{printf "%1000000d" 1}}: makes more than 67108864 bytes"#)
        #expect(Self.error(#"{{printf "%1000001d" 1}}"#).hasSuffix("printf: more than 1000000 columns"))
        #expect(Self.error(#"{{printf "%99999999999999999999d" 1}}"#).hasSuffix("printf: more than 1000000 columns"))
        #expect(Self.error(#"{{pad "x" 1 9223372036854775807}}"#).hasSuffix("pad: more than 1000000 blanks"))
    }

    @Test func `numbers at their ends do not trap`() throws {
        #expect(Self.error("{{9223372036854775808}}").hasSuffix(#""9223372036854775808" is no number"#))
        #expect(try Self.fill("{{-9223372036854775808}}", .none) == "-9223372036854775808")
        #expect(Self.error("{{index . 9223372036854775807}}", .list([])).hasSuffix("in a list of 0"))
        #expect(Self.error("{{slice . -1}}", .string("x")).hasSuffix("-1 is not within 0 to 1"))
        #expect(Self.error("{{1e999}}").hasSuffix("is no number"))
        #expect(try Self.fill(#"{{printf "%c%q" 55296 1114112}}"#, .none) == "\u{FFFD}'\u{FFFD}'")
        #expect(try Self.fill("{{.}}", .number(.infinity)) == "+Inf")
        #expect(try Self.fill("{{.}} {{json .}}", .number(-.leastNonzeroMagnitude)) == "-5e-324 -5e-324")
    }
}
