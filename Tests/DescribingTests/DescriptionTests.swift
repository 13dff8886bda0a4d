// SPDX-License-Identifier: Apache-2.0

import Foundation
import OCI
import TestSupport
import Testing

@testable import Describing

/// What files that are no text say, also hostile ones.
@Suite(.timeLimit(.minutes(15))) struct DescriptionTests {
    static func binary(_ bytes: [UInt8], _ path: String = "/x") -> (name: String, lines: [String])? {
        var budget = Description.Budget()
        return Description.binary(
            size: UInt64(bytes.count), start: Array(bytes.prefix(8192)), path: Array(path.utf8), budget: &budget
        ) { offset, count in
            Array(bytes.dropFirst(Int(min(offset, UInt64(bytes.count)))).prefix(count))
        }.map { ($0.name, String(decoding: $0.text, as: UTF8.self).split(separator: "\n").map(String.init)) }
    }

    private func text(_ text: String, _ path: String = "/x") -> String? {
        Description.text(Array(text.utf8), path: Array(path.utf8)).map { String(decoding: $0.text, as: UTF8.self) }
    }

    // MARK: - Texts

    @Test func `JSON has a line for each value, sorted by names, as it is written`() {
        #expect(
            text(#" {"b":[1, 2.50,{}],"a":{"y":"\u00e9","x":null},"c":[],"b":true} "#)
                == """
                {
                  "a": {
                    "x": null
                    "y": "\\u00e9"
                  }
                  "b": [
                    1
                    2.50
                    {}
                  ]
                  "b": true
                  "c": []
                }

                """)
        #expect(text("[]") == "[]\n")
        for bad in [
            "{", "[1,]", "{\"a\"}", "{\"a\":1,}", "[1] 2", "[tru]", "{\"a\":\"x}", "[\"\u{1}\"]", "[\"\\", "{]",
            "[1 2]", "",
        ] {
            #expect(text(bad) == nil, "\(bad)")
        }
        #expect(text(String(repeating: "[", count: 100_000) + String(repeating: "]", count: 100_000)) == nil)
        // Each level writes all lines in it once more.
        let deep =
            String(repeating: "[", count: 60) + "\"\(String(repeating: "x", count: 4 << 20))\""
            + String(repeating: "]", count: 60)
        #expect(text(deep) == nil)
    }

    @Test func `databases in text are told by package`() {
        #expect(
            text("P:b\nV:1\n\nP:a\nV:2\nF:etc\n", "/lib/apk/db/installed") == "a P:a\na V:2\na F:etc\nb P:b\nb V:1\n")
        #expect(
            text("Package: z\nVersion: 1\n more\n\n\nPackage: a\nVersion: 2\n\n", "/var/lib/dpkg/status")
                == "a Package: a\na Version: 2\nz Package: z\nz Version: 1\nz  more\n")
        #expect(text("P:b\nV:1\n", "/etc/installed") == nil)
        let name = String(repeating: "n", count: 1 << 20)
        #expect(text("P:\(name)\n" + String(repeating: "a:b\n", count: 100_000), "/lib/apk/db/installed") == nil)
    }

    @Test func `certificates are told as a set`() throws {
        let one = try Self.certificate("/CN=b.example/O=B")
        let other = try Self.certificate("/CN=a.example")
        let found = try #require(text(one + "# a comment\n\n" + other))
        #expect(found == text(other + one))
        let lines = found.split(separator: "\n").map(String.init)
        #expect(lines.count == 10 || lines.count == 12, "\(found)")
        #expect(lines[0] == "subject: CN=a.example" && lines[1] == "  issuer: CN=a.example")
        #expect(lines[2].hasPrefix("  valid: 20") && lines[3].hasPrefix("  serial: "))
        #expect(found.contains("subject: CN=b.example, O=B\n"))
        // With anything else it is a text as others.
        #expect(text("words\n" + one) == nil)
        #expect(text("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n") == nil)
        #expect(text("-----BEGIN CERTIFICATE-----\n" + String(repeating: "QUFB\n", count: 1 << 20)) == nil)
        let der = try #require(Base64.decoded(one.split(separator: "\n").dropFirst().dropLast().joined().utf8))
        #expect(Self.binary(der)?.name == "certificate")
        #expect(Self.binary(der)?.lines.first == "subject: CN=b.example, O=B")
        #expect(Self.binary(Array(der.dropLast())) == nil)
    }

    private static func certificate(_ subject: String) throws -> String {
        let outcome = try Workshell.run(
            "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout /dev/null -days 10 -subj '\(subject)' 2>/dev/null"
        )
        return outcome
    }

    // MARK: - Archives

    @Test func `members of a tar have modes, owners, sizes and digests`() throws {
        var tar = TarBuilder()
        tar.file("b/x", "hello", mode: 0o755, uid: 7)
        tar.symlink("a", to: "b/x")
        tar.directory("b")
        let found = try #require(Self.binary(tar.bytes))
        #expect(found.name == "members")
        #expect(
            found.lines == [
                "a 0777 0:0 link to b/x", "b 0755 0:0 directory",
                "b/x 0755 7:0 5 bytes, sha256:2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824",
            ])
        // What cannot be read is told behind what can.
        let cut = try #require(Self.binary(Array(tar.bytes.prefix(1100))))
        #expect(cut.lines.last?.hasPrefix("(the rest is left out: ") == true, "\(cut.lines)")
    }

    @Test func `members of an ar have sizes and digests, also with long names`() throws {
        func header(_ name: String, _ size: String) -> String {
            func field(_ text: String, _ count: Int) -> String {
                text + String(repeating: " ", count: count - text.utf8.count)
            }
            return field(name, 16) + field("0", 12) + field("0", 6) + field("0", 6) + field("100644", 8)
                + field(size, 10) + "`\n"
        }
        let whole =
            "!<arch>\n" + header("//", "12") + "longername/\n" + header("b.o/", "5") + "hello\n" + header("/0", "0")
        let found = try #require(Self.binary(Array(whole.utf8)))
        #expect(
            found.lines == [
                "b.o 5 bytes, sha256:2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824",
                "longername 0 bytes, sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
            ])
        for (name, size) in [
            ("x", "99999999"), ("x", "-1"), ("x", "y"), ("/999999999999999", "0"), ("//", "9999999999"),
        ] {
            let bad = try #require(
                Self.binary(Array(("!<arch>\n" + header("a/", "0") + header(name, size)).utf8)), "\(name) \(size)")
            #expect(bad.lines.count == 2)
        }
        #expect(
            Self.binary(Array("!<arch>\nnonsense that is no header of any member, but long enough for one".utf8)) == nil
        )
    }

    @Test func `members of a zip have sizes and digests, and bombs are bounded`() throws {
        let path = try Workshell.run(
            "d=$(mktemp -d); cd $d; printf hello >a; head -c 300M /dev/zero >b; printf x >c; python3 -c \"import zipfile; z=zipfile.ZipFile('z.zip','w',zipfile.ZIP_DEFLATED); [z.write(n) for n in 'abc']; z.close()\"; base64 -w0 z.zip; rm -r $d"
        )
        let bytes = try #require(Base64.decoded(path.utf8))
        let found = try #require(Self.binary(bytes))
        #expect(
            found.lines == [
                "a 5 bytes, sha256:2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824",
                "b 314572800 bytes",
                "c 1 bytes, sha256:2d711642b726b04401627ca9fbac32f5c8530fb1903cc4db02258717921a4881",
            ])
        for cut in [1, 10, 22, 60, 100] { _ = Self.binary(Array(bytes.dropLast(cut))) }
    }

    // MARK: - Programs

    @Test func `a program tells what it needs, its build and its sections`() throws {
        let bytes = Array(try Workshell.bytes("cat /bin/sh"))
        let found = try #require(Self.binary(bytes))
        #expect(found.name == "ELF")
        #expect(found.lines[0].hasPrefix("class: ") && found.lines[1].hasPrefix("type: "))
        #expect(found.lines.contains { $0.hasPrefix("interpreter: /lib") })
        #expect(found.lines.contains { $0.hasPrefix("needs: libc.so") })
        #expect(found.lines.contains { $0.hasPrefix("build id: ") && $0.utf8.count == 50 })
        #expect(found.lines.contains { $0.hasPrefix("section .text: ") && $0.contains(", sha256:") })
        #expect(found.lines.contains { $0.hasPrefix("section .bss: ") && !$0.contains("sha256") })
    }

    @Test func `a damaged program is told as far as it can be, and no byte of it costs more`() throws {
        let bytes = Array(try Workshell.bytes("cat /bin/sh").prefix(200_000))
        var random = SeededGenerator(seed: 7)
        for _ in 0..<300 {
            var broken = bytes
            for _ in 0..<8 {
                // The header and the tables decide what is read.
                let place = Int.random(in: 0..<(Bool.random(using: &random) ? 1024 : broken.count), using: &random)
                broken[place] = UInt8.random(in: 0...255, using: &random)
            }
            _ = Self.binary(broken)
        }
        #expect(Self.binary(Array("\u{7F}ELF".utf8)) == nil)
        #expect(Self.binary(Array("\u{7F}ELF\u{2}\u{1}".utf8) + [UInt8](repeating: 0xFF, count: 58)) == nil)
    }

    @Test func `one file cannot use up what all may cost`() {
        var budget = Description.Budget(1000)
        #expect(budget.forFile { $0.take(2000) } == false)
        #expect(budget.forFile { $0.take(400) } == true)
        #expect(budget.rest == 600)
    }

    @Test func `a database that is none is told as damaged`() {
        let found = Self.binary([UInt8](repeating: 1, count: 4096), "/var/lib/rpm/Packages.db")
        #expect(found?.name == "packages")
        #expect(found?.lines.first?.hasPrefix("damaged: ") == true)
        #expect(Self.binary([UInt8](repeating: 1, count: 4096), "/etc/Packages.db") == nil)
    }
}

/// Programs of the machine that make what is described.
enum Workshell {
    static func bytes(_ script: String) throws -> Data {
        let scratch = ScratchDirectory()
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/bin/sh")
        process.arguments = ["-ec", "exec >'\(scratch.path)/out'; \(script)"]
        try process.run()
        process.waitUntilExit(atMost: 100)
        guard process.terminationStatus == 0 else { throw CocoaError(.executableRuntimeMismatch) }
        return try Data(contentsOf: URL(fileURLWithPath: "\(scratch.path)/out"))
    }

    static func run(_ script: String) throws -> String { String(decoding: try bytes(script), as: UTF8.self) }
}
