// SPDX-License-Identifier: Apache-2.0

import Foundation
import OCI
import TestSupport
import Testing

@testable import CimgCommands
@testable import Console
@testable import InspectCommands

/// Tables and help for people, where there are 80 columns.
@Suite(.timeLimit(.minutes(15))) struct NarrowTableTests {
    private static let rows = [
        ["NAME", "PATH", "STATE"], ["short", "/a/long/way/down", "up"], ["a-name-of-20-letters", "/b", "down"],
    ]

    @Test func `cells are cut where they are too wide, at the end that tells less`() {
        expect(
            TextTable.text(Self.rows, columns: nil, cuts: [.start(1, least: 6)]),
            is: "NAME                  PATH              STATE\n"
                + "short                 /a/long/way/down  up\na-name-of-20-letters  /b                down\n")
        expect(
            TextTable.text(Self.rows, columns: 40, cuts: [.start(1, least: 6)]),
            is: "NAME                  PATH         STATE\nshort                 …g/way/down  up\n"
                + "a-name-of-20-letters  /b           down\n")
        expect(
            TextTable.text(Self.rows, columns: 30, cuts: [.end(1, least: 4), .end(0, least: 9)]),
            is: "NAME               PATH  STATE\nshort              /a/…  up\na-name-of-20-let…  /b    down\n")
    }

    @Test func `a first cell that does not fit has a line for itself`() {
        expect(
            TextTable.text(Self.rows, columns: 32),
            is: "NAME   PATH              STATE\nshort  /a/long/way/down  up\na-name-of-20-letters\n"
                + "       /b                down\n")
        expect(TextTable.text([["long words alone"]], columns: 4), is: "long words alone\n")
    }

    @Test func `lines are broken at blanks`() {
        expect(TextTable.wrapped("  one two three", columns: 9, indent: 4), is: "  one two\n    three")
        expect(TextTable.wrapped("  one two three", columns: nil, indent: 4), is: "  one two three")
        expect(TextTable.wrapped("longer-than-that x", columns: 9, indent: 4), is: "longer-than-that\n    x")
    }

    @Test func `images, layers and rules fit, and are whole where they are asked to be`() throws {
        let bench = try Sample.bench()
        let name = "registry.example/team/project/application:2025.1"
        try expect(bench.cimg("tag", "new", name).code, is: 0)
        func lines(_ words: String...) throws -> [String] {
            try bench.cimg(words).output.split(separator: "\n").map(String.init)
        }
        let wide = try lines("images")
        bench.environment["COLUMNS"] = "80"
        let digest = Sample.new.digest.hex.prefix(12)
        let narrow = try lines("images")
        #expect(narrow.allSatisfy { $0.count <= 80 }, "\(narrow)")
        #expect(narrow.contains(name))
        #expect(narrow.contains { $0.hasPrefix(" ") && $0.contains("  \(digest)  linux/amd64  2025-01-02  2") })
        #expect(try lines("images", "--no-trunc").contains { $0.hasPrefix("\(name)  \(Sample.new.digest)  ") })
        #expect(wide.contains { $0.hasPrefix("\(name)  \(digest)  ") })

        let layer = Sample.new.layers[0].digest
        let layers = try lines("inspect", "new").drop { !$0.hasPrefix("LAYER") }
        #expect(layers.allSatisfy { $0.count <= 80 }, "\(layers)")
        #expect(layers.dropFirst().first?.hasPrefix("\("\(layer)".prefix(19))…  ") == true, "\(layers)")
        #expect(layers.dropFirst().first?.hasSuffix("image.layer.v1.tar+gzip") == true, "\(layers)")
        #expect(try lines("inspect", "--no-trunc", "new").contains { $0.hasPrefix("\(layer)  ") })
        #expect(try lines("inspect", "--layers", "new").allSatisfy { $0.count <= 80 })

        bench.scratch.file(
            "strict.json",
            #"{"default":[{"type":"reject"}],"transports":{"docker":{"registry.example/a/long/name/of/a/repository":"#
                + #"[{"type":"insecureAcceptAnything"}]}}}"#)
        let rules = try lines("trust", "show", "--policy", "strict.json")
        #expect(rules.allSatisfy { $0.count <= 80 }, "\(rules)")
        let whole = try lines("trust", "show", "--no-trunc", "--policy", "strict.json")
        #expect(whole.contains { $0.contains("registry.example/a/long/name/of/a/repository") })
        let verdict = try lines("trust", "check", "--policy", "strict.json", "oci:layout:new")
        #expect(verdict.allSatisfy { $0.count <= 80 }, "\(verdict)")
        #expect(verdict.first { $0.contains("refused") }?.contains("…") == true, "\(verdict)")
    }

    @Test func `the list of containers fits, and each row tells of all columns`() {
        let rows = [
            ListedContainer.headings,
            [
                "podman:a-container-of-long-name", "0123456789ab", "registry.example/team/app:2025.1",
                "/usr/bin/app -x",
                "running", "123456", "2026-11-29 07:40:12 +0100", "8080->80/tcp, 8443->443/tcp",
            ],
        ]
        expect(
            TextTable.text(rows, columns: 80, cuts: ListedContainer.cuts),
            is: """
                NAME  ID            IMAGE         COMMAND   STATE    PID     SINCE        PORTS
                podman:a-container-of-long-name
                      0123456789ab  …/app:2025.1  /usr/bi…  running  123456  2026-11-29…  8080-…

                """)
        expect(TextTable.text(rows, columns: 180, cuts: ListedContainer.cuts), is: TextTable.text(rows))
    }

    @Test(.enabled(if: Requirements.fuse && Requirements.root))
    func `where mounts keep changes is shortened from the front`() throws {
        let bench = try Sample.bench()
        let upper = "kept-in-a-directory-whose-name-is-long"
        try expect(bench.cimg("mount", "--rw", "--upper", upper, "new", "mnt"), is: .success())
        defer { _ = try? bench.cimg("umount", "mnt") }
        let whole = try bench.cimg("mounts").output
        #expect(whole.contains("\(bench.path)/\(upper) ("))
        bench.environment["COLUMNS"] = "80"
        let lines = try bench.cimg("mounts").output.split(separator: "\n")
        #expect(lines.allSatisfy { $0.count <= 80 || $0.hasPrefix("/") && !$0.contains(" ") }, "\(lines)")
        #expect(lines.contains { $0.firstMatch(of: /serving  .*…\S*-is-long \([0-9.]+ kB\)$/) != nil }, "\(lines)")
        try expect(bench.cimg("mounts", "--no-trunc").output.contains("\(bench.path)/\(upper) ("), is: true)
    }

    // MARK: - Help

    @Test func `manual pages leave tables and nested lists as they are`() throws {
        let bench = Workbench()
        let script = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
            .appendingPathComponent("../../scripts/manpages").standardized.path
        try expect(bench.shell("mkdir man && python3 '\(script)' '\(Workbench.builtProgram)' man").code, is: 0)
        try expect(
            bench.shell("grep -A3 '^rules:' man/cimg-audit.1; grep -A1 '^files  ' man/cimg-audit.1"),
            is: .success(
                """
                rules:
                  \\- id: shadow
                    severity: high
                    files: {path: /etc/shadow, max\\-mode: "0640", owner: root}
                files            path (or several, or patterns), exists, type, mode,
                                 max\\-mode, owner, group, sha256, target, contains, lacks

                """))
        try expect(
            bench.shell("grep -c 'asked without a proxy' man/cimg-pull.1").output, is: "1\n")
    }

    @Test func `help is broken, but not its examples`() {
        let help = """
            OVERVIEW: Words that are more than there are columns for.

              cimg example --with an --option that is longer

            USAGE: cimg thing [--one <value>] --two <value> <names> ... [--three]

            OPTIONS:
              --one <value>           The first of all the options.
              --a-very-long-name-for-an-option <value>
                                      What it does, in words.
            """
        expect(
            HelpText(help, columns: 40).text,
            is: """
                OVERVIEW: Words that are more than
                there are columns for.

                  cimg example --with an --option that is longer

                USAGE: cimg thing [--one <value>]
                         --two <value> <names> ...
                         [--three]

                OPTIONS:
                  --one <value>           The first of
                                          all the
                                          options.
                  --a-very-long-name-for-an-option <value>
                                          What it does,
                                          in words.
                """)
        expect(HelpText("1.2.3", columns: 80).text, is: "1.2.3")
    }
}
