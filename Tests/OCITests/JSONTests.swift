// SPDX-License-Identifier: Apache-2.0

import Foundation
import OCI
import TestSupport
import Testing

/// How JSON is read: what is JSON, and which of it means the same to every reader.
@Suite(.timeLimit(.minutes(15))) struct JSONTests {
    private struct Record: Decodable, Equatable {
        var layers: [Int]?
        var kind: String?
        var labels: [String: String]?
        var inner: Inner?

        struct Inner: Decodable, Equatable {
            var os: String?
        }
    }

    private func outcome(_ json: [UInt8]) -> String {
        do {
            let record = try decode(Record.self, json, name: "doc", limit: 1 << 20)
            return "\(record.layers ?? []) \(record.kind ?? "-") \((record.labels ?? [:]).keys.sorted())"
        } catch {
            return "\(error)"
        }
    }

    @Test(arguments: [
        (#"{"layers":[1],"layers":[2]}"#, "doc: layers: is given twice"),
        (#"{"layers":[1],"layers":[1]}"#, "doc: layers: is given twice"),
        (#"{"\u006cayers":[1],"layers":[2]}"#, "doc: layers: is given twice"),
        (#"{"layers":[1],"Layers":[2]}"#, #"doc: Layers: is given twice, the other time as "layers""#),
        (#"{"LAYERS":[1],"layers":[2]}"#, #"doc: layers: is given twice, the other time as "LAYERS""#),
        (#"{"layers":[1],"\u004cayers":[2]}"#, #"doc: Layers: is given twice, the other time as "layers""#),
        (#"{"layers":[1],"layer\u017f":[2]}"#, "doc: layer\u{17F}: is given twice, the other time as \"layers\""),
        (#"{"kind":"a","\u212aind":"b"}"#, "doc: \u{212A}ind: is given twice, the other time as \"kind\""),
        (#"{"Layers":[1]}"#, #"doc: Layers: is "layers" to some readers, and nothing to others"#),
        (#"{"layer\u017f":[1]}"#, "doc: layer\u{17F}: is \"layers\" to some readers, and nothing to others"),
        ("{\"\u{212A}ind\":\"a\"}", "doc: \u{212A}ind: is \"kind\" to some readers, and nothing to others"),
        (#"{"inner":{"OS":"a"}}"#, #"doc: inner.OS: is "os" to some readers, and nothing to others"#),
        (#"{"unknown":1,"Unknown":2}"#, #"doc: Unknown: is given twice, the other time as "unknown""#),
        (#"{"x":[0,{"a":{"b":1,"b":2}}]}"#, "doc: x[1].a.b: is given twice"),
        (#"{"labels":{"a":"1","a":"2"}}"#, "doc: labels.a: is given twice"),
        // One name to those who compare characters, two to those who compare bytes.
        (#"{"labels":{"\u00e9":"1","e\u0301":"2"}}"#, "doc: labels.e\u{301}: is given twice"),
    ])
    func `a member twice, or in other letters, is refused with its place`(text: String, error: String) {
        #expect(outcome(Array(text.utf8)) == error)
    }

    @Test func `the keys of a dictionary are data, and may differ in their letters alone`() {
        #expect(
            outcome(Array(#"{"labels":{"Name":"1","name":"2","K":"3","k":"4"}}"#.utf8))
                == #"[] - ["K", "Name", "k", "name"]"#)
        #expect(
            outcome(Array(#"{"labels":{"layers":"1"},"kind":"k","x":{"Kind":1,"kind":2}}"#.utf8)) == #"[] k ["layers"]"#
        )
        #expect(outcome(Array("{\"layer\u{131}\":[1],\"kin\u{64}\u{327}\":2}".utf8)) == "[] - []")
    }

    @Test(arguments: [
        "", " ", "{", "}", "[", "{\"a\"}", "{\"a\":}", "{\"a\":1,}", "{,}", "{\"a\":1 \"b\":2}", "{\"a\":1}}", "{}x",
        "{} {}", "{a:1}", "{'a':1}", "{\"a\":01}", "{\"a\":1.}", "{\"a\":.5}", "{\"a\":+1}", "{\"a\":-}",
        "{\"a\":1e}", "{\"a\":0x1}", "{\"a\":NaN}", "{\"a\":nul}", "{\"a\":True}", "{\"a\":\"\n\"}", "{\"a\":\"\\x\"}",
        "{\"a\":\"\\u12\"}", "{\"a\":\"\\u123g\"}", "{\"a\":\"\\ud80\"}", "{\"a\":\"\\ud800\\u004\"}",
        "{\"a\":\"", "{\"a\":\"\\", "{\"a\":[1,]}", "{\"a\":[,1]}", "{\"a\":[1 2]}", "{\"a\":[}",
        "\u{FEFF}{}", "{\"a\":1\u{0}}", "// c\n{}", "{\"a\":\u{A0}1}",
    ])
    func `what is no JSON is refused`(text: String) {
        #expect(outcome(Array(text.utf8)) == "doc: is not valid JSON")
    }

    @Test func `names that are read as one are one`() {
        #expect(outcome(Array(#"{"\ud800":1,"\udc00":2}"#.utf8)) == "doc: \u{FFFD}: is given twice")
    }

    @Test func `bytes that are no text are refused, and other encodings`() {
        #expect(outcome(Array("{\"kind\":\"".utf8) + [0xFF] + Array("\"}".utf8)) == "doc: is not valid JSON")
        #expect(
            outcome(Array("{\"kind\":\"".utf8) + [0xED, 0xA0, 0x80] + Array("\"}".utf8)) == "doc: is not valid JSON")
        #expect(outcome("{}".utf16.flatMap { [UInt8($0), 0] }) == "doc: is not valid JSON")
    }

    @Test(arguments: [
        (#" { "kind" : "a" } "#, "a"), (#"{"kind":"\"\\\/\b\f\n\r\t"}"#, "\"\\/\u{8}\u{c}\n\r\t"),
        (#"{"kind":"\ud83d\ude00\u00e9é"}"#, "\u{1F600}éé"), (#"{"kind":"a\u0000b"}"#, "a\u{0}b"),
        (#"{"kind":""}"#, ""), (#"{"kind":"\ud800"}"#, "\u{FFFD}"), (#"{"kind":"a\udc00\ud83d"}"#, "a\u{FFFD}\u{FFFD}"),
        (#"{"kind":"\ud800A\ud83d\ude00"}"#, "\u{FFFD}A\u{1F600}"),
    ])
    func `strings are decoded`(text: String, kind: String) throws {
        #expect(try decode(Record.self, Array(text.utf8), name: "doc", limit: 100).kind == kind)
    }

    @Test(arguments: [
        ("1.5", "doc: [0]: is not a whole number below 2^63"), ("1e3", "doc: [0]: is not a whole number below 2^63"),
        ("9223372036854775808", "doc: [0]: is not a whole number below 2^63"),
        ("\"1\"", "doc: [0]: is not a whole number"),
        ("null", "doc: [0]: is null"), ("{}", "doc: [0]: is not a whole number"),
    ])
    func `a whole number is written as one`(text: String, error: String) throws {
        var thrown: String?
        do { _ = try decode([Int].self, Array("[\(text)]".utf8), name: "doc", limit: 100) } catch {
            thrown = "\(error)"
        }
        #expect(thrown == error)
        #expect(
            try decode([Int].self, Array("[-9223372036854775808,9223372036854775807,-0]".utf8), name: "", limit: 100)
                == [.min, .max, 0])
        #expect(try decode([Double].self, Array("[1.5,-2e-1,3,0]".utf8), name: "", limit: 100) == [1.5, -0.2, 3, 0])
        #expect(throws: FormatError("doc", at: "[0]", "is too large")) {
            try decode([Double].self, Array("[1e999]".utf8), name: "doc", limit: 100)
        }
    }

    @Test func `what an encoder writes of random values is read as them`() throws {
        let seed = UInt64.random(in: 0...UInt64.max)
        var random = SeededGenerator(seed: seed)
        for _ in 0..<500 {
            let value = Self.value(&random, depth: 5)
            let json = try JSONEncoder().encode([value])
            #expect(try decode([JSONValue].self, Array(json), name: "doc", limit: 1 << 24) == [value], "seed \(seed)")
        }
    }

    private static func value(_ random: inout SeededGenerator, depth: Int) -> JSONValue {
        func text(_ random: inout SeededGenerator) -> String {
            String(
                (0..<Int.random(in: 0...6, using: &random)).map { _ in
                    "aB\"\\/\n\u{1}é\u{1F600}".randomElement(using: &random) ?? "a"
                })
        }
        let count = Int.random(in: 0...4, using: &random)
        switch Int.random(in: depth > 0 ? 0...7 : 2...7, using: &random) {
        case 0: return .array((0..<count).map { _ in value(&random, depth: depth - 1) })
        case 1:
            let members = (0..<count).map { _ in (text(&random), value(&random, depth: depth - 1)) }
            return .object(Dictionary(members) { $1 })
        case 2: return .null
        case 3: return .bool(.random(using: &random))
        case 4: return .integer(.random(in: .min ... .max, using: &random))
        case 5: return .number(.random(in: -1...1, using: &random) + 0.001)
        default: return .string(text(&random))
        }
    }

    @Test func `the number of values is bounded`() {
        let many =
            Array("[".utf8)
            + Array(String(repeating: "0,", count: DocumentLimit.values).utf8) + Array("0]".utf8)
        #expect(throws: FormatError("doc", "has more than \(DocumentLimit.values) values")) {
            try decode([Int].self, many, name: "doc", limit: .max)
        }
    }
}
