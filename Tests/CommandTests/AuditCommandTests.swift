// SPDX-License-Identifier: Apache-2.0

import Foundation
import TestSupport
import Testing

/// `cimg audit`: rules asked of images and directories.
@Suite(.timeLimit(.minutes(15))) struct AuditCommandTests {
    private static func bench() throws -> Workbench {
        let bench = Workbench()
        let layer = LayerBuilder(.gzip) {
            $0.file("etc/passwd", "root:x:0:0::/:/bin/sh\napp:x:7:7::/:/bin/sh\n")
            $0.file("etc/group", "root:x:0:\n")
            $0.file("etc/os-release", "ID=wolfi\nVERSION_ID=20230201\n")
            $0.file("etc/shadow", "root:*\n", mode: 0o644, uid: 7)
            $0.file("etc/app.conf", "debug = true\n")
            $0.symlink("etc/link", to: "app.conf")
            $0.file("usr/bin/su", "su", mode: 0o4755)
            $0.file("usr/bin/own", "own", mode: 0o4755)
            $0.file(
                "lib/apk/db/installed",
                "P:openssl\nV:3.0.0-r0\nA:x86_64\nL:AGPL-3.0\nF:usr/bin\nR:su\n\n")
        }
        OCILayoutBuilder { $0.image(ImageBuilder([layer]), tag: "i") }.write(to: bench.scratch)
        let outcome = try bench.cimg("import", "oci:layout:i", "i")
        guard outcome.code == 0 else { throw BenchError(description: outcome.errors) }
        return bench
    }

    private func audit(_ bench: Workbench, _ rules: String, _ arguments: String...) throws -> Outcome {
        bench.scratch.file("rules.yaml", "rules:\n" + rules)
        return try bench.cimg(["audit"] + arguments + ["rules.yaml", "i"])
    }

    @Test func `what is broken is told with its place and reason`() throws {
        let bench = try Self.bench()
        let outcome = try audit(
            bench,
            """
            - {id: shadow, severity: high, reason: secrets, files: {path: /etc/shadow, max-mode: "0640", owner: root}}
            - {id: suid, severity: critical, find: {expression: "-type f -perm -4000", except: [/usr/bin/su]}}
            - {id: debug, severity: low, files: {path: /etc/link, type: symlink, lacks: debug, target: app.conf}}
            - {id: temp, files: {path: "/etc/*.conf", exists: false}}
            - {id: some, files: {path: ["/none", "/etc/*.none"]}}
            - {id: fine, files: {path: /etc/app.conf, mode: "0644", contains: debug, owner: root, group: 0}}
            """)
        expect(
            outcome,
            is: Outcome(
                1,
                """
                i: 5 of 6 rules broken
                HIGH shadow: secrets
                  /etc/shadow: has mode 0644, more than 0640
                  /etc/shadow: belongs to app, not root
                CRITICAL suid
                  /usr/bin/own: is found by -type f -perm -4000
                LOW debug
                  /etc/link: contains "debug"
                MEDIUM temp
                  /etc/app.conf: must not be there
                MEDIUM some
                  /none: is not there
                  /etc/*.none: is not there

                """))
        try expect(bench.cimg("audit", "--fail-on", "critical", "rules.yaml", "i").code, is: 1)
        bench.scratch.file("one.yaml", "rules: [{id: a, severity: low, files: {path: /none}}]")
        try expect(bench.cimg("audit", "--fail-on", "medium", "one.yaml", "i").code, is: 0)
        #expect(
            try bench.shell("cimg audit --json rules.yaml i | jq -c '[.[0].rules[]|[.id,.result,.count]]'").output
                == #"[["shadow","broken",2],["suid","broken",1],["debug","broken",1],["temp","broken",1],"#
                + #"["some","broken",2],["fine","holds",null]]"# + "\n")
    }

    @Test func `packages, configurations and vulnerabilities are asked`() throws {
        let bench = try Self.bench()
        let outcome = try audit(
            bench,
            """
            - {id: old, packages: {forbidden: ["openssl < 3.0.13"], required: [bash], forbidden-licences: ["AGPL*"]}}
            - {id: owned, packages: {owned: true}}
            - {id: conf, config: {equals: {User: app}, present: ["Env.*"], absent: [architecture]}}
            """)
        #expect(outcome.code == 1)
        for line in [
            "  apk openssl 3.0.0-r0: is forbidden: openssl < 3.0.13\n", "  bash: is required, and not installed\n",
            "  apk openssl 3.0.0-r0: has the licence AGPL-3.0\n",
            "  /usr/bin/own: is a program that no package owns\n", "  User: is not set, not app\n",
            "  architecture: is set\n",
        ] { #expect(outcome.output.contains(line), "\(line) in \(outcome.output)") }
        // No advisories: that is no answer.
        let flaws = try audit(bench, "- {id: cve, vulnerabilities: {severity: high}}")
        #expect(flaws.code == 2)
        #expect(flaws.output == "i: no rule is broken, 1 NOT ANSWERED\n")
        #expect(flaws.errors.hasPrefix("cimg: cve: \"i\": no advisories: "), "\(flaws)")
        let database = BoltWriter.database([
            "wolfi": .bucket(["openssl": .bucket(["CVE-1": .text(#"{"FixedVersion":"3.1-r0"}"#)])]),
            "data-source": .bucket(["wolfi": .text(#"{"ID":"wolfi"}"#)]),
            "vulnerability": .bucket(["CVE-1": .text(#"{"Severity":"HIGH"}"#)]),
        ])
        try Data(database).write(to: URL(fileURLWithPath: "\(bench.path)/trivy.db"))
        try expect(
            bench.cimg("audit", "--db", "trivy.db", "rules.yaml", "i"),
            is: Outcome(1, "i: 1 of 1 rule broken\nMEDIUM cve\n  CVE-1 openssl 3.0.0-r0: HIGH, fixed in 3.1-r0\n"))
        bench.scratch.file("max.yaml", "rules: [{id: cve, vulnerabilities: {max: 1}}]")
        try expect(
            bench.cimg("audit", "--db", "trivy.db", "max.yaml", "i"), is: .success("i: no rule is broken\n"))
    }

    @Test func `what cannot be asked is no answer, and others are answered`() throws {
        let bench = try Self.bench()
        bench.scratch.file("dir/etc/x", "x")
        bench.scratch.file(
            "rules.yaml",
            "rules: [{id: conf, config: {present: [User]}}, {id: x, files: {path: /etc/x}}, {id: f, find: {expression: -nonsense}}]"
        )
        let outcome = try bench.cimg("audit", "rules.yaml", "./dir")
        #expect(outcome.code == 2)
        #expect(outcome.output == "./dir: no rule is broken, 2 NOT ANSWERED\n")
        #expect(outcome.errors.contains("cimg: conf: \"./dir\": has no configuration; only images have one\n"))
        bench.scratch.file("signed.yaml", "rules: [{id: s, signatures: required}]")
        let signed = try bench.cimg("audit", "signed.yaml", "oci:layout:i")
        #expect(signed.code == 1)
        #expect(signed.output.contains("the policy demands no signature"), "\(signed)")
        bench.scratch.file("plain.yaml", "rules: [{id: x, files: {path: /etc/passwd}}]")
        let several = try bench.cimg("audit", "plain.yaml", "i", "none")
        #expect(several.code == 2)
        #expect(several.output == "i: no rule is broken\n")
        #expect(several.errors.hasPrefix("cimg: \"none\": "))
        try expect(
            bench.cimg("audit", "missing.yaml", "i"), is: .trouble("\"missing.yaml\": No such file or directory"))
        bench.scratch.file("bad.yaml", "rules: [{id: a}]")
        #expect(try bench.cimg("audit", "bad.yaml", "i").errors.hasPrefix("cimg: bad.yaml: rule 1: has none of "))
        #expect(try bench.cimg("audit", "plain.yaml").errors.contains("no object is named"))
        #expect(
            try bench.cimg("audit", "--fail-on", "x", "plain.yaml", "i").errors.contains("--fail-on \"x\": none of"))
    }

    @Test func `files of container-structure-test are rules too`() throws {
        let bench = try Self.bench()
        bench.scratch.file(
            "tests.yaml",
            """
            schemaVersion: 2.0.0
            commandTests: [{name: runs, command: /app}]
            fileExistenceTests:
              - {name: shadow, path: /etc/shadow, permissions: -rw-r-----, uid: 0}
              - {name: su, path: /usr/bin/su, permissions: -rwsr-xr-x}
            fileContentTests: [{name: conf, path: /etc/link, expectedContents: ["debug"], excludedContents: ["tru"]}]
            """)
        let outcome = try bench.cimg("audit", "tests.yaml", "i")
        #expect(outcome.code == 2)
        #expect(
            outcome.output == """
                i: 2 of 4 rules broken, 1 NOT ANSWERED
                MEDIUM File Content Test: conf
                  \(outcome.output.split(separator: "\n").dropFirst(2).first?.dropFirst(2) ?? "")
                MEDIUM File Existence Test: shadow
                  \(outcome.output.split(separator: "\n").dropFirst(4).first?.dropFirst(2) ?? "")
                  \(outcome.output.split(separator: "\n").dropFirst(5).first?.dropFirst(2) ?? "")

                """, "\(outcome)")
        #expect(
            outcome.errors
                == "cimg: Command Test: runs: \"i\": commands are not run: nothing of an image is ever started\n")
        // The same in JSON, and by the name of a file alone it is told what is in it.
        bench.scratch.file(
            "more.json",
            #"{"schemaVersion": "2.0.0", "FileExistenceTests": [{"name": "no", "path": "/none"}], "metadataTest": {"user": "app"}}"#
        )
        #expect(
            try bench.shell(
                "cimg audit --json more.json i ./dir 2>err | jq -c '[.[]|.rules[]|[.id,.severity,.result]]'"
            ).output
                == #"[["File Existence Test: no","medium","broken"],["Metadata Test","medium","broken"]]"# + "\n")
        try expect(bench.cimg("audit", "--fail-on", "high", "more.json", "i").code, is: 0)
        bench.scratch.file("dir/none", "x")
        let directory = try bench.cimg("audit", "more.json", "./dir")
        #expect(directory.code == 1 && directory.output.contains("1 of 2 rules broken"), "\(directory)")
        bench.scratch.file("old.yaml", "schemaVersion: 1.0.0\nfileExistenceTests: []")
        #expect(try bench.cimg("audit", "old.yaml", "i").errors.contains("old.yaml: schemaVersion: \"1.0.0\""))
        bench.scratch.file("none.yaml", "schemaVersion: 2.0.0")
        try expect(bench.cimg("audit", "none.yaml", "i"), is: .trouble("none.yaml: has no test"))
        // Which of the two it is must be clear.
        bench.scratch.file("both.yaml", "schemaVersion: 2.0.0\nrules: [{id: a, signatures: required}]")
        #expect(try bench.cimg("audit", "both.yaml", "i").errors.contains("\"schemaVersion\": none of rules"))
    }
}
