// SPDX-License-Identifier: Apache-2.0

import Console
import DiffCommands
import Testing

@Suite(.timeLimit(.minutes(15))) struct JSONTextTests {
    @Test func `values nest with two spaces a level`() {
        var text = JSONText()
        text.beginObject()
        text.key("a")
        text.beginArray()
        text.number(UInt64.max)
        text.number(-1)
        text.beginObject()
        text.endObject()
        text.beginArray()
        text.bool(true)
        text.endArray()
        text.endArray()
        text.key("b \"")
        text.null()
        text.endObject()
        #expect(
            String(decoding: text.bytes, as: UTF8.self) == """
                {
                  "a": [
                    18446744073709551615,
                    -1,
                    {},
                    [
                      true
                    ]
                  ],
                  "b \\"": null
                }

                """)
    }

    @Test(arguments: [
        ("plain ~", "\"plain ~\""), ("\"\\/", "\"\\\"\\\\/\""), ("\u{0}\u{8}\t\r\n", "\"\\u0000\\u0008\\t\\r\\n\""),
        ("\u{7F}\u{85}\u{2028}\u{FEFF}", "\"\\u007f\\u0085\\u2028\\ufeff\""), ("é→😀", "\"é→😀\""),
        ("\u{E0001}", "\"\\udb40\\udc01\""),
    ])
    func `strings are escaped where they could act`(_ value: String, _ expected: String) {
        var text = JSONText()
        text.string(value)
        #expect(String(decoding: text.bytes, as: UTF8.self) == expected + "\n")
        var bytes = JSONText()
        bytes.string(Array(value.utf8))
        #expect(bytes.bytes == text.bytes)
    }

    @Test(arguments: [("", ""), ("f", "Zg=="), ("fo", "Zm8="), ("foo", "Zm9v"), ("foobar", "Zm9vYmFy")])
    func `bytes are written in base64`(_ value: String, _ expected: String) {
        var text = JSONText()
        text.base64(Array(value.utf8))
        #expect(String(decoding: text.bytes, as: UTF8.self) == "\"\(expected)\"\n")
    }
}
