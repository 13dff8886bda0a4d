// SPDX-License-Identifier: Apache-2.0

import Foundation
import OCI
import Testing

/// Base 64 as RFC 4648 has it.
@Suite(.timeLimit(.minutes(15))) struct Base64Tests {
    @Test(arguments: [
        ("", ""), ("f", "Zg=="), ("fo", "Zm8="), ("foo", "Zm9v"), ("foob", "Zm9vYg=="), ("fooba", "Zm9vYmE="),
        ("foobar", "Zm9vYmFy"),
    ])
    func `the vectors of the standard`(_ plain: String, _ text: String) {
        #expect(Base64.encoded(plain.utf8) == Array(text.utf8))
        #expect(Base64.encoded(plain.utf8, pads: false) == Array(text.utf8.filter { $0 != UInt8(ascii: "=") }))
        #expect(Base64.decoded(text.utf8) == Array(plain.utf8))
    }

    @Test func `all bytes, as Foundation has them, with line ends or without padding`() throws {
        let bytes = (0...1000).map { UInt8(truncatingIfNeeded: $0 &* 37) }
        let text = Data(bytes).base64EncodedString(options: .lineLength76Characters)
        #expect(Base64.decoded(text.utf8) == bytes)
        #expect(Base64.encoded(bytes) == Array(Data(bytes).base64EncodedString().utf8))
        #expect(Base64.decoded(Base64.encoded(bytes, pads: false)) == bytes)
    }

    @Test(arguments: ["Zm9v!", "Zm 9v", "Zm-v", "é"]) func `another character is none`(_ text: String) {
        #expect(Base64.decoded(text.utf8) == nil)
    }
}
