// SPDX-License-Identifier: Apache-2.0

import FileTree
import Linting
import OCI
import TestSupport
import Testing

/// What rules find in layers.
@Suite(.timeLimit(.minutes(15))) struct LayerLintTests {
    private static func report(
        _ layers: [[LayerItem]], _ configuration: LintConfiguration = LintConfiguration(),
        accounts: [String: [UInt8]] = [:], settings: LintSettings = LintSettings()
    ) throws -> LintReport {
        try LintReport(
            layers: layers.map { LintLayer(entries: LayerItem.inMemory($0).layer) }, configuration: configuration,
            accounts: accounts, settings: settings, matches: { $0 == String(decoding: $1, as: UTF8.self) })
    }

    /// The findings in layers as `rule layer.entry path`.
    private static func findings(_ layers: [LayerItem]...) throws -> [String] {
        try report(layers).findings.filter { $0.layer != nil }.map { finding in
            let entry = finding.entry.map { ".\($0)" } ?? ""
            return "\(finding.rule.rawValue) \(finding.layer ?? -1)\(entry) \(Bytes.escaped(finding.path))"
        }
    }

    private static func expect(_ layers: [LayerItem]..., finds expected: String...) throws {
        let found = try report(layers).findings.filter { $0.layer != nil }.map { finding in
            "\(finding.rule.rawValue) \(finding.layer ?? -1)\(finding.entry.map { ".\($0)" } ?? "") \(Bytes.escaped(finding.path))"
        }
        #expect(found.sorted() == expected.sorted())
    }

    @Test func `an everyday image has nothing to be told`() throws {
        try Self.expect(
            [.dir("d"), .file("d/f", "x"), .link("d/g", "d/f"), .symlink("l", "d")],
            [.dir("d"), .marker("d/.wh.f"), .file("d/h", "y"), .dir("n"), .marker("n/.wh..wh..opq")])
    }

    @Test func `whiteouts on which engines disagree are found`() throws {
        let base: [LayerItem] = [.file("f", "x"), .dir("d"), .file("d/x", "x"), .symlink("l", "d")]
        try Self.expect(base, [.file("f", "y"), .marker(".wh.f")], finds: "whiteout-after-entry 1.1 /.wh.f")
        try Self.expect(base, [.marker(".wh.f"), .file("f", "y")])
        try Self.expect(base, [.marker(".wh.d"), .dir("d")], finds: "whiteout-and-directory 1.0 /.wh.d")
        try Self.expect(
            base, [.marker(".wh.d"), .marker("d/.wh.x")], finds: "parent-missing 1 /d",
            "whiteout-below-whiteout 1.1 /d/.wh.x")
        try Self.expect(base, [.marker(".wh.none")], finds: "whiteout-of-nothing 1.0 /.wh.none")
        try Self.expect(base, [.dir(".wh.f")], finds: "whiteout-not-a-file 1.0 /.wh.f")
        try Self.expect(base, [.marker(".wh.")], finds: "whiteout-name-empty 1.0 /.wh.")
        try Self.expect(base, [.marker(".wh..")], finds: "whiteout-name-empty 1.0 /.wh..")
        try Self.expect(base, [.marker(".wh..wh.plnk")], finds: "whiteout-aufs-leftover 1.0 /.wh..wh.plnk")
        try Self.expect(
            base, [.dir("d"), .file("d/n"), .marker("d/.wh..wh..opq")],
            finds: "opaque-after-entries 1.2 /d/.wh..wh..opq")
        try Self.expect(
            base, [.marker("f/.wh..wh..opq")], finds: "opaque-on-non-directory 1.0 /f/.wh..wh..opq",
            "parent-is-file 1.0 /f/.wh..wh..opq")
        try Self.expect(
            [.dir("a"), .dir("a/.wh.d"), .file("a/.wh.d/x", "x")], finds: "parent-missing 0 /a/.wh.d",
            "whiteout-not-a-file 0.1 /a/.wh.d", "whiteout-of-nothing 0.1 /a/.wh.d",
            "whiteout-prefix-in-name 0.2 /a/.wh.d/x")
    }

    @Test func `parents and links on which engines disagree are found`() throws {
        let base: [LayerItem] = [.file("f", "x"), .dir("d"), .file("d/x", "x"), .symlink("l", "d")]
        try Self.expect(base, [.file("d/y", "y")], finds: "parent-missing 1 /d")
        try Self.expect(base, [.file("n/y", "y"), .file("n/z", "z")], finds: "parent-missing 1 /n")
        try Self.expect(base, [.file("l/y", "y")], finds: "parent-is-lower-symlink 1.0 /l/y")
        try Self.expect(base, [.symlink("s", "d"), .file("s/y", "y")], finds: "parent-is-symlink 1.1 /s/y")
        try Self.expect(base, [.file("f/y", "y")], finds: "parent-is-file 1.0 /f/y")
        try Self.expect(base, [.file("n/y", "y"), .dir("n")], finds: "order-child-before-parent 1.0 /n/y")
        try Self.expect(base, [.link("g", "f")], finds: "hardlink-across-layers 1.0 /g")
        try Self.expect(base, [.link("g", "h"), .file("h", "h")], finds: "hardlink-forward 1.0 /g")
        try Self.expect(base, [.link("g", "none")], finds: "hardlink-dangling 1.0 /g")
        try Self.expect(base, [.link("g", "d")], finds: "hardlink-to-directory 1.0 /g")
        try Self.expect(
            [.file("a", "1"), .link("b", "a")], [.file("a", "2")], finds: "hardlink-target-replaced 1.0 /a")
        try Self.expect([.file("a", "1"), .link("b", "a")], [.file("a", "2"), .link("b", "a")])
    }

    @Test func `names that read in several ways are found`() throws {
        try Self.expect([.file("a", "1"), .file("a", "2")], finds: "duplicate-entry 0.1 /a")
        try Self.expect([.dir("a"), .dir("a")], finds: "duplicate-entry-equal 0.1 /a")
        try Self.expect([.file("../a")], finds: "path-outside 0.0 ../a")
        try Self.expect([.file("/a")], finds: "path-absolute 0.0 /a")
        try Self.expect([.dir("d"), .file("d//a")], finds: "path-not-clean 0.1 d//a")
        try Self.expect([.dir("./d"), .file("./d/a")])
        try Self.expect([.file([0x61, 0xFF])], finds: "name-not-utf8 0.0 a\\xff")
        try Self.expect([.file("a\n")], finds: "name-control-characters 0.0 a\\n")
        try Self.expect([.file("a"), .file("A")], finds: "name-case-collision 0 /a")
        #expect(
            try Self.findings([.file(String(repeating: "n", count: 256))]).first?.hasPrefix("name-too-long 0.0 ")
                == true)
        try Self.expect([.dir("./", mode: 0o700)], finds: "root-entry 0.0 /")
        try Self.expect([.dir("./")])
    }

    @Test func `attributes on which machines disagree are found`() throws {
        try Self.expect([.special("c", .characterDevice, DeviceNumber())], finds: "device-0-0 0.0 /c")
        try Self.expect([.dir("d", xattrs: [("trusted.overlay.opaque", "y")])], finds: "overlay-xattr 0.0 /d")
        try Self.expect([.file("f", xattrs: [("security.selinux", "x")])], finds: "xattr-host-specific 0.0 /f")
    }

    @Test func `secrets that later layers hide are told apart from those that are seen`() throws {
        try Self.expect(
            [.dir("root"), .file("root/id_rsa", "k"), .file("root/a.jks", "k"), .file("root/.env", "")],
            [.dir("root"), .marker("root/.wh.id_rsa")], finds: "secret-in-lower-layer 0.1 /root/id_rsa",
            "secret-file 0.2 /root/a.jks")
        try Self.expect([.dir("vendor"), .file("vendor/id_rsa", "k")])
    }

    @Test func `caches, rights and leftovers are told with their sizes`() throws {
        let lists: [LayerItem] = ["var", "var/lib", "var/lib/apt", "var/lib/apt/lists"].map { .dir($0) }
        let report = try Self.report([
            lists + [.file("var/lib/apt/lists/a", "12345"), .file("var/lib/apt/lists/b", "1")]
        ])
        #expect(report.findings.first { $0.rule == .aptListsLeft }?.detail == "6 bytes in 2 files")
        try Self.expect([.file("s", "x", mode: 0o4755)], finds: "setuid-file 0.0 /s")
        try Self.expect(
            [.file("Dockerfile", "x"), .dir(".git")], finds: "build-file-left 0.0 /Dockerfile",
            "build-file-left 0.1 /.git")
    }

    @Test func `every rule has a severity, a summary, a remedy, and an own name`() {
        for rule in LintRule.allCases {
            #expect(!rule.facts.remedy.isEmpty, "\(rule)")
            #expect(LintRule.named(rule.rawValue) == [rule])
        }
        #expect(Set(LintRule.allCases.map(\.facts.summary)).count == LintRule.allCases.count)
        #expect(LintRule.named("DL3009") == [.aptListsLeft])
        #expect(LintRule.named("cis-di-0010") == [.secretInEnvironment, .secretFile, .secretInLowerLayer])
        #expect(LintRule.named("none") == [])
    }

    @Test func `configurations are judged`() throws {
        var configuration = LintConfiguration()
        configuration.execution = [
            "Env": .array([.string("API_TOKEN=x"), .string("MONKEY=1"), .string("GPG_KEY=1"), .string("SECRET=")]),
            "WorkingDir": .string("srv"), "ExposedPorts": .object(["70000/tcp": .object([:]), "80/tcp": .object([:])]),
            "Volumes": .object(["/proc": .object([:]), "/data": .object([:])]),
            "Cmd": .array([.string("/bin/sh"), .string("-c"), .string("x")]),
            "Labels": .object([
                "Bad Key": .string("x"), "empty": .string(""), "org.opencontainers.image.created": .string("yesterday"),
            ]),
        ]
        configuration.commands = [
            "/bin/sh -c #(nop) ADD file:a in / ", "/bin/sh -c apt-get update", "RUN sudo x",
            "/bin/sh -c #(nop) ADD file:b in /b",
            "/bin/sh -c apt-get update && apt-get install -y x",
        ]
        configuration.isDocker = true
        configuration.name = "web:latest"
        let found = try Self.report([], configuration).findings.map {
            "\($0.rule.rawValue) \(Bytes.escaped($0.path)) \($0.detail)"
        }
        #expect(
            found.sorted() == [
                "add-instruction history /bin/sh -c #(nop) ADD file:b in /b", "entrypoint-shell Cmd x",
                "healthcheck-missing Healthcheck ", "label-empty Labels empty",
                "label-form Labels org.opencontainers.image.created=yesterday", "label-key Labels Bad Key",
                "port-out-of-range ExposedPorts 70000/tcp", "secret-in-environment Env API_TOKEN",
                "sudo-in-command history RUN sudo x", "tag-latest name web:latest",
                "update-without-install history /bin/sh -c apt-get update", "user-root User no user is set",
                "volume-of-system Volumes /proc", "workdir-relative WorkingDir srv",
            ])
    }

    @Test func `accounts are judged`() throws {
        let accounts = [
            "/etc/passwd": Array("root:x:0:0::/:/bin/sh\ntoor:x:0:0::/:\na::1:1::/:\n".utf8),
            "/etc/shadow": Array("root:*:1::::::\nb::1::::::\n".utf8), "/etc/group": Array("g:x:1:\ng:x:2:\n".utf8),
        ]
        let found = try Self.report([], accounts: accounts).findings.filter { $0.path.starts(with: "/etc".utf8) }
        #expect(
            found.map { "\($0.rule.rawValue) \(Bytes.escaped($0.path)) \($0.detail)" } == [
                "account-twice /etc/group the name g", "account-twice /etc/passwd the number 0: root and toor",
                "password-empty /etc/passwd a", "password-empty /etc/shadow b",
            ])
    }

    @Test func `settings leave out and change, and say what is wrong with them`() throws {
        var settings = LintSettings()
        try settings.add(
            Array(
                """
                ignore:
                  - user-root
                  - {rule: setuid-file, path: /s, reason: needed}
                severity: {DL3009: error}
                labels: {required: [vendor]}
                """.utf8), name: "f")
        settings.add(dockleIgnore: Array("# comment\nCIS-DI-0010 # known\nDKL-XX-1\n".utf8))
        let report = try Self.report(
            [[.file("s", "x", mode: 0o4755), .file("t", "x", mode: 0o4755), .file("id_rsa", "x")]], settings: settings)
        #expect(report.findings.map(\.rule.rawValue) == ["label-missing", "setuid-file"])
        #expect(report.ignoredCount == 3)
        #expect(settings.severity(of: .aptListsLeft) == .error)
        for (text, expected) in [
            ("ignore: [nothing]", "f: ignore: \"nothing\": no such rule"),
            ("other: 1", "f: other: there are ignore, severity and labels"),
            ("ignore: [{rule: user-root}]", "f: ignore: user-root: says no reason"),
            ("severity: {user-root: high}", "f: severity: user-root: \"high\" is none of info, warning, error"),
            ("ignore: x", "f: ignore: has not the form that it should have"),
        ] {
            var settings = LintSettings()
            let error = #expect(throws: LintSettingsError.self) { try settings.add(Array(text.utf8), name: "f") }
            #expect(error?.description == expected)
        }
    }
}
