// SPDX-License-Identifier: Apache-2.0

import Browsing
import FileTree
import OCI
import TestSupport
import Testing

@testable import Expectations

/// Tests of files, run on trees and configurations that are literals.
@Suite(.timeLimit(.minutes(5))) struct ExpectationRunTests {
    private static let tree = MemoryTree([
        .directory("etc"), .file("etc/passwd", "root:x:0:0:root:/root:/bin/bash\n"),
        .symlink("etc/abs", to: "/etc/passwd"),
        .directory("usr"), .directory("usr/share"), .directory("usr/share/doc"), .directory("usr/share/doc/good"),
        .file("usr/share/doc/good/copyright", "MIT"), .directory("usr/share/doc/bad"),
        .file("usr/share/doc/bad/copyright", "the agpl"), .directory("usr/share/doc/none"),
    ])

    private static let execution = """
        {"Env":["PATH=/bin","EMPTY=","A=b=c"],"Cmd":["sh"],"User":"app","WorkingDir":"/w","Labels":{"l":"v1"},
        "ExposedPorts":{"80/tcp":{},"53/udp":{}},"Volumes":{"/data":{}}}
        """

    private static func configuration() throws -> ExpectedConfiguration {
        let json = "{\"rootfs\":{\"type\":\"layers\",\"diff_ids\":[]},\"config\":\(execution)}"
        return try ExpectedConfiguration(
            ImageConfiguration(json: Array(json.utf8), name: "c").config,
            ConfigurationDetails(json: Array(json.utf8), name: "c").execution)
    }

    /// `PASS|FAIL|SKIP NAME`, and the errors.
    private static func run(
        _ yaml: String, requiresAll: Bool = false, hasConfiguration: Bool = true
    ) throws -> [String] {
        let file = try ExpectationFile(Array(("schemaVersion: '2.0.0'\n" + yaml).utf8), name: "t.yaml")
        let run = ExpectationRun(
            tree: BrowsedTree(tree, name: Array("t".utf8)), configuration: hasConfiguration ? try configuration() : nil,
            requiresAll: requiresAll, now: { 0 })
        return run.results(of: file).flatMap { ["\($0.outcome) \($0.name)"] + $0.errors }
    }

    @Test func `files are there, and as they should be`() throws {
        let found = try Self.run(
            """
            globalEnvVars: [{key: DIR, value: "${NONE}etc$EMPTY"}]
            fileExistenceTests:
            - {name: plain, path: /etc/passwd, permissions: '-rw-r--r--', uid: 0, gid: -1}
            - {name: octal, path: etc/passwd, permissions: 0644}
            - {name: link, path: /etc/abs, permissions: Lrwxrwxrwx}
            - {name: ls, path: /etc/abs, permissions: lrwxrwxrwx}
            - {name: root, path: /, isExecutableBy: other}
            - {name: gone, path: /etc/none, shouldExist: false}
            - {name: below a file, path: /etc/passwd/x, shouldExist: no}
            - {name: variable, path: "/$DIR/passwd"}
            """)
        #expect(
            found
                == ["plain", "octal", "link", "ls", "root", "gone", "below a file", "variable"].map {
                    "passed File Existence Test: \($0)"
                })
        #expect(
            try Self.run(
                """
                fileExistenceTests:
                - {name: missing, path: /none}
                - {name: there, path: /etc, shouldExist: false}
                - {name: mode, path: /etc/passwd, permissions: -rwxr-xr-x, uid: 7, gid: 8, isExecutableBy: any}
                - {name: who, path: /etc/passwd, isExecutableBy: me}
                - {path: /etc}
                - {name: nowhere}
                """) == [
                    "failed File Existence Test: missing", "File /none should exist but does not",
                    "failed File Existence Test: there", "File /etc should not exist but does",
                    "failed File Existence Test: mode",
                    "/etc/passwd has incorrect permissions. Expected: -rwxr-xr-x, Actual: -rw-r--r--",
                    "/etc/passwd has incorrect executable bit. Expected to be executable by any, Actual: -rw-r--r--",
                    "/etc/passwd has incorrect user ownership. Expected: 7, Actual: 0",
                    "/etc/passwd has incorrect group ownership. Expected: 8, Actual: 0",
                    "failed File Existence Test: who", "isExecutableBy: me is none of any, owner, group, other",
                    "failed File Existence Test: ", "the test has no name", "failed File Existence Test: nowhere",
                    "the test has no path",
                ])
    }

    @Test func `contents are looked for, through links of the object`() throws {
        #expect(
            try Self.run(
                """
                fileContentTests:
                - {name: a, path: /etc/abs, expectedContents: ['root:x:0:0:.*bash', '(?m)^root'], excludedContents: [toor]}
                - {name: b, path: /etc/passwd, expectedContents: [toor, '('], excludedContents: [root]}
                - {name: c, path: /etc, expectedContents: [x]}
                - {name: d, path: /none}
                """) == [
                    "passed File Content Test: a", "failed File Content Test: b",
                    "Expected string 'toor' not found in file content of /etc/passwd: 'root:x:0:0:root:/root:/bin/bash\\n'",
                    "Expected string '(' cannot be looked for: a parenthesis is not closed",
                    "Excluded string 'root' found in file content of /etc/passwd: 'root:x:0:0:root:/root:/bin/bash\\n'",
                    "failed File Content Test: c", "t: \"/etc\": is a directory", "failed File Content Test: d",
                    "t: \"/none\": no such file or directory",
                ])
    }

    @Test func `commands are told and not run`() throws {
        let yaml = "commandTests: [{name: x, command: ls, args: [a]}]"
        let reason = "commands are not run: nothing of an image is ever started"
        #expect(try Self.run(yaml) == ["skipped Command Test: x", reason])
        #expect(try Self.run(yaml, requiresAll: true) == ["failed Command Test: x", reason])
    }

    @Test func `licences are looked for`() throws {
        #expect(
            try Self.run("licenseTests: [{debian: true}, {files: [/usr/share/doc/good/copyright]}, {debian: false}]")
                == [
                    "failed License Test", "Invalid license for /usr/share/doc/bad/copyright, license contains AGPL",
                    "Error reading license file: t: \"/usr/share/doc/none/copyright\": no such file or directory",
                    "passed License Test", "failed License Test", "the test names no file",
                ])
    }

    @Test func `metadata is that of the image`() throws {
        #expect(
            try Self.run(
                """
                metadataTest:
                  envVars: [{key: A, value: b=c}, {key: EMPTY, value: ''}, {key: PATH, value: '^/b.n$', isRegex: true}]
                  unboundEnvVars: [{key: NONE}]
                  labels: [{key: l, value: 'v\\d', isRegex: true}]
                  cmd: [sh]
                  entrypoint: []
                  exposedPorts: [80, '53']
                  unexposedPorts: ['81']
                  volumes: [/data]
                  unmountedVolumes: [/x]
                  workdir: /w
                  user: app
                """) == ["passed Metadata Test"])
        #expect(
            try Self.run(
                """
                metadataTest:
                  envVars: [{key: A, value: x}, {key: NONE, value: x}, {key: A, value: '[', isRegex: true}]
                  unboundEnvVars: [{key: A}]
                  labels: [{key: k, value: ''}]
                  cmd: []
                  entrypoint: [a b]
                  exposedPorts: [81]
                  unexposedPorts: [80]
                  volumes: [/x]
                  unmountedVolumes: [/data]
                  workdir: /
                  user: root
                """) == [
                    "failed Metadata Test", "env var A value b=c does not match expected value: x",
                    "variable NONE not found in image metadata",
                    "env var A: '[' cannot be looked for: a [ is not closed",
                    "env variable A should not be present in image metadata", "label k not found in image metadata",
                    "Image Cmd [\"sh\"] does not match expected: []",
                    "Image entrypoint [] does not match expected: [\"a b\"]",
                    "Image workdir \"/w\" does not match expected: \"/\"",
                    "Image user \"app\" does not match expected: \"root\"", "Port 81 not found in config",
                    "Port 80 should not be exposed", "Volume /x not found in config",
                    "Volume /data should not be mounted",
                ])
        #expect(try Self.run("metadataTest: {}") == [])
        #expect(
            try Self.run("metadataTest: {user: root}", hasConfiguration: false) == [
                "failed Metadata Test", "this object has no configuration: a directory or a process has none",
            ])
    }

    @Test(arguments: [
        ("", "t.yaml: schemaVersion: there is none; 2.0.0 is understood"),
        ("schemaVersion: '1.0.0'", "t.yaml: schemaVersion: \"1.0.0\"; 2.0.0 is understood"),
        ("schemaVersion: 2.0.0\nfileTests: []", "t.yaml: \"fileTests\" is no key that is known here"),
        (
            "schemaVersion: 2.0.0\nfileExistenceTests: [{name: a, mode: 1}]",
            "t.yaml: fileExistenceTests 1: \"mode\" is no key that is known here"
        ),
        ("schemaVersion: 2.0.0\nfileExistenceTests: {}", "t.yaml: fileExistenceTests: is no list"),
        ("schemaVersion: 2.0.0\nfileExistenceTests: [a]", "t.yaml: fileExistenceTests 1: is no mapping"),
        (
            "schemaVersion: 2.0.0\nfileExistenceTests: [{shouldExist: maybe}]",
            "t.yaml: fileExistenceTests 1: shouldExist: is neither true nor false"
        ),
        (
            "schemaVersion: 2.0.0\nfileExistenceTests: [{uid: root}]",
            "t.yaml: fileExistenceTests 1: uid: is no number of a user or a group"
        ),
        (
            "schemaVersion: 2.0.0\nfileContentTests: [{expectedContents: x}]",
            "t.yaml: fileContentTests 1: expectedContents: is no list"
        ),
        (
            "schemaVersion: 2.0.0\nmetadataTest: {cmd: [[a]]}",
            "t.yaml: metadataTest: cmd: has something else than texts"
        ), ("schemaVersion: [2]", "t.yaml: schemaVersion: is no text"), ("- a", "t.yaml: is no mapping"),
    ])
    func `a file that says something else is refused`(_ text: String, _ reason: String) {
        #expect(throws: ExpectationError(reason)) { try ExpectationFile(Array(text.utf8), name: "t.yaml") }
    }

    @Test func `JSON is read as its readers read it, but for defaults that nobody means`() throws {
        let json = """
            {"SchemaVersion":"2.0.0","other":1,"FileExistenceTests":[{"Name":"a","path":"/etc/passwd","more":null}],
            "metadataTest":{"envVars":[{"KEY":"A","value":"b=c"}],"cmd":null}}
            """
        let file = try ExpectationFile(Array(json.utf8), name: "t.json")
        #expect(file.existence == [ExistenceTest(name: "a", path: "/etc/passwd")])
        #expect(file.metadata.variables == [ExpectedPair(key: "A", value: "b=c")])
        #expect(throws: ExpectationError.self) {
            try ExpectationFile(Array("{\"schemaVersion\":\"2.0.0\",\"A\":1,\"a\":2}".utf8), name: "t.json")
        }
    }

    @Test func `permissions are written as Go and as ls write them`() {
        func texts(_ type: FileType, _ permissions: UInt16) -> [String] {
            let attributes = Attributes(type: type, permissions: permissions)
            return [PermissionText.go(attributes), PermissionText.ls(attributes)]
        }
        #expect(texts(.regular, 0o4755) == ["urwxr-xr-x", "-rwsr-xr-x"])
        #expect(texts(.directory, 0o1777) == ["dtrwxrwxrwx", "drwxrwxrwt"])
        #expect(texts(.directory, 0o2640) == ["dgrw-r-----", "drw-r-S---"])
        #expect(texts(.characterDevice, 0o666) == ["Dcrw-rw-rw-", "crw-rw-rw-"])
        #expect(texts(.blockDevice, 0o660) == ["Drw-rw----", "brw-rw----"])
        #expect(texts(.fifo, 0o644) == ["prw-r--r--", "prw-r--r--"])
        #expect(texts(.socket, 0) == ["S---------", "s---------"])
    }
}
