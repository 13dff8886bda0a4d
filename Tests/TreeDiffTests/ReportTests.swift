// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import CommandTrees
import Console
import DiffCommands
import FileTree
import Foundation
import TestSupport
import Testing
import TreeDiff

@Suite(.timeLimit(.minutes(15))) struct ReportTests {
    @Test func `what a new file may do in the name of others is told`() throws {
        let left = MemoryTree([.symlink("link", to: "x"), .file("old", mode: 0o4755)], knows: .contents)
        let right = MemoryTree([
            .file("group", mode: 0o2755), .file("link", mode: 0o6755), .directory("shared", mode: 0o2775),
            .file("plain", mode: 0o755), .file("ping", xattrs: [("security.capability", "x")]),
            .file("su", mode: 0o4755, xattrs: [("security.capability", "x")]),
        ])
        #expect(
            try printed(left, right) == """
                A /group (mode 2755)
                C /link (type symlink→file, mode 6755)
                D /old
                A /ping (xattrs +security.capability)
                A /plain
                A /shared
                A /su (mode 4755, xattrs +security.capability)

                """)
        #expect(try printed(left, right, as: DiffText(namesOnly: true)).hasPrefix("/group\n/link\n/old\n"))
    }

    @Test func `JSON describes both sides by what differs`() throws {
        let left = MemoryTree(
            [
                .file("f", "1", mode: 0o644), .symlink("t", to: "x"), .file("gone", "bye", uid: 5),
                .file("c", xattrs: [("user.a", "\0")]),
            ], knows: .contents)
        let right = MemoryTree(
            [
                .file("f", "22", mode: 0o755), .directory("t", xattrs: [("user.b", "v")]),
                .special("null", .characterDevice, 1, 3, mode: 0o666), .symlink("e", to: "").at([0x65, 0xFF]),
                .file("c"),
            ])
        #expect(
            try printed(left, right, as: DiffJSON(compared: .timeless)) == """
                {
                  "left": {
                    "name": "old",
                    "digest": null
                  },
                  "right": {
                    "name": "new",
                    "digest": "sha256:12"
                  },
                  "changes": [
                    {
                      "path": "/c",
                      "kind": "modified",
                      "type": "file",
                      "fields": [
                        "xattrs"
                      ],
                      "left": {
                        "xattrs": {
                          "user.a": "AA=="
                        }
                      },
                      "right": {
                        "xattrs": {}
                      }
                    },
                    {
                      "path": "/e\u{FFFD}",
                      "path_base64": "L2X/",
                      "kind": "added",
                      "type": "symlink",
                      "fields": [],
                      "right": {
                        "type": "symlink",
                        "uid": 0,
                        "gid": 0,
                        "target": ""
                      }
                    },
                    {
                      "path": "/f",
                      "kind": "modified",
                      "type": "file",
                      "fields": [
                        "content",
                        "mode",
                        "size"
                      ],
                      "left": {
                        "mode": "0644",
                        "size": 1,
                        "digest": "sha256:6b86b273ff34fce19d6b804eff5a3f5747ada4eaa22f1d49c01e52ddb7875b4b"
                      },
                      "right": {
                        "mode": "0755",
                        "size": 2
                      }
                    },
                    {
                      "path": "/gone",
                      "kind": "removed",
                      "type": "file",
                      "fields": [],
                      "left": {
                        "type": "file",
                        "mode": "0644",
                        "uid": 5,
                        "gid": 0,
                        "size": 3,
                        "digest": "sha256:b49f425a7e1f9cff3856329ada223f2f9d368f15a00cf48df16ca95986137fe8"
                      }
                    },
                    {
                      "path": "/null",
                      "kind": "added",
                      "type": "character-device",
                      "fields": [],
                      "right": {
                        "type": "character-device",
                        "mode": "0666",
                        "uid": 0,
                        "gid": 0,
                        "device": "1:3"
                      }
                    },
                    {
                      "path": "/t",
                      "kind": "modified",
                      "type": "directory",
                      "fields": [
                        "type"
                      ],
                      "left": {
                        "type": "symlink",
                        "uid": 0,
                        "gid": 0,
                        "target": "x"
                      },
                      "right": {
                        "type": "directory",
                        "mode": "0755",
                        "uid": 0,
                        "gid": 0,
                        "xattrs": {
                          "user.b": "dg=="
                        }
                      }
                    }
                  ],
                  "summary": {
                    "added": 2,
                    "removed": 1,
                    "modified": 3
                  }
                }

                """)
    }

    @Test func `JSON of equal trees has no changes`() throws {
        let tree = MemoryTree([.file("f")])
        #expect(
            try printed(tree, tree, as: DiffJSON(compared: .timeless)) == """
                {
                  "left": {
                    "name": "old",
                    "digest": null
                  },
                  "right": {
                    "name": "new",
                    "digest": "sha256:12"
                  },
                  "changes": [],
                  "summary": {
                    "added": 0,
                    "removed": 0,
                    "modified": 0
                  }
                }

                """)
    }

    @Test func `JSON has times where they are compared`() throws {
        let options = ComparisonOptions(fields: .mtime)
        let text = try printed(
            MemoryTree([.file("f", mtime: 1)]), MemoryTree([.file("f", mtime: 2), .file("g")]), options,
            as: DiffJSON(compared: .mtime))
        let object = try #require(try JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Any])
        let changes = try #require(object["changes"] as? [[String: Any]])
        #expect(changes.map { $0["fields"] as? [String] } == [["mtime"], []])
        #expect(changes[0]["left"] as? [String: String] == ["mtime": "1970-01-01T00:00:01Z"])
        #expect(changes[1]["right"] as? [String: String] == ["type": "file", "mtime": "1970-01-01T00:00:00Z"])
    }

    @Test func `hostile names stay data in JSON`() throws {
        let name = "a\"\\\u{1B}[2J\u{202E}\n\u{9B}é"
        let text = try printed(MemoryTree([]), MemoryTree([.file(name)]), as: DiffJSON(compared: .all))
        #expect(text.contains(#""path": "/a\"\\\u001b[2J\u202e\n\u009bé""#))
        let object = try #require(try JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Any])
        #expect((object["changes"] as? [[String: Any]])?.first?["path"] as? String == "/" + name)
    }

    @Test func `names only are paths without letters and reasons`() throws {
        let text = try printed(
            MemoryTree([.file("f", "1"), .file("g")]), MemoryTree([.file("f", "2"), .file("h\n")]),
            as: DiffText(namesOnly: true))
        #expect(text == "/f\n/g\n/h\\n\n")
    }

    @Test func `the table counts files once for all their names`() throws {
        let left = MemoryTree([
            .file("gone", "12345"), .file("f", "1"), .file("m", mode: 0o600), .symlink("s", to: "a"),
        ])
        let right = MemoryTree([
            .file("new/a", "1234567890"), .hardLink("new/b", to: "new/a"), .file("f", "123", mode: 0o600), .file("m"),
            .symlink("s", to: "b"),
        ])
        #expect(
            try printed(left, right, as: DiffStat()) == """
                          files  directories  others  bytes
                added         2            1       0    +10
                removed       1            0       0     -5
                modified      2            0       1     +2
                total         5            1       1     +7
                modified in: content 1, mode 2, size 1, target 1

                """)
    }

    @Test func `the table of equal trees is all zeros`() throws {
        #expect(
            try printed(MemoryTree([]), MemoryTree([]), as: DiffStat()) == """
                          files  directories  others  bytes
                added         0            0       0      0
                removed       0            0       0      0
                modified      0            0       0      0
                total         0            0       0      0

                """)
    }

    @Test func `long reports come in pieces`() throws {
        let tree = MemoryTree((0..<20_000).map { .file("directory/\($0)") }, knows: .contents)
        var pieces: [Int] = []
        _ = try report(
            left: DiffSide(name: "a", digest: nil, tree: MemoryTree([])),
            right: DiffSide(name: "b", digest: nil, tree: tree), options: ComparisonOptions(), as: DiffText()
        ) { pieces.append($0.count) }
        #expect(pieces.count == 6)
        #expect(pieces.allSatisfy { $0 < 66_000 })
    }

    @Test(arguments: [
        (0, 0, "1970-01-01T00:00:00Z"), (-1, 999_999_999, "1969-12-31T23:59:59.999999999Z"),
        (951_782_400, 5, "2000-02-29T00:00:00.000000005Z"),
        (1_700_000_000, 120_000_000, "2023-11-14T22:13:20.120000000Z"),
        (-62_135_596_800, 0, "0001-01-01T00:00:00Z"), (-62_167_219_201, 0, "-0001-12-31T23:59:59Z"),
        (253_402_300_800, 0, "10000-01-01T00:00:00Z"), (4_107_542_399, 0, "2100-02-28T23:59:59Z"),
        (4_107_542_400, 0, "2100-03-01T00:00:00Z"),
    ])
    func `times are written as RFC 3339 has them`(_ seconds: Int64, _ nanoseconds: UInt32, _ text: String) {
        #expect(DiffValue.time(Timestamp(seconds: seconds, nanoseconds: nanoseconds)) == text)
    }

    @Test(arguments: [Int64.min, Int64.max])
    func `no time is too far away to print`(_ seconds: Int64) {
        #expect(DiffValue.time(Timestamp(seconds: seconds)).hasSuffix("Z"))
    }

    @Test func `fields are chosen by times, only and ignore`() throws {
        #expect(try DiffCommand.fields(times: false, ignore: [], only: []) == .timeless)
        #expect(try DiffCommand.fields(times: true, ignore: [], only: []) == .all)
        #expect(try DiffCommand.fields(times: false, ignore: [], only: ["mtime,uid", "gid"]) == [.mtime, .uid, .gid])
        #expect(try DiffCommand.fields(times: true, ignore: ["mtime"], only: []) == .timeless)
        #expect(throws: DiffError.unknownField("times")) {
            try DiffCommand.fields(times: false, ignore: ["uid,times"], only: [])
        }
        #expect(throws: DiffError.noFields) { try DiffCommand.fields(times: false, ignore: ["uid"], only: ["uid"]) }
    }

    @Test func `the exit status tells same, different and trouble`() throws {
        let left = try DiskTree([.file("f", "1"), .file("same", "1")])
        let right = try DiskTree([.file("f", "2"), .file("same", "1")])
        func status(_ arguments: [String]) throws -> Int32 {
            var command = try DiffCommand.parse(arguments)
            do { try command.run() } catch let code as ExitCode { return code.rawValue }
            return 0
        }
        try withExtendedLifetime((left, right)) {
            try #expect(status([left.path, right.path, "--", "same"]) == 0)
            try #expect(status([left.path, right.path, "--names-only"]) == 1)
            try #expect(status([left.path, right.path, "--", "nowhere"]) == 2)
            try #expect(status([left.path, right.path + "/none"]) == 2)
            try #expect(status([left.path, "name"]) == 2)
            try #expect(status([left.path, right.path, "--json", "--stat"]) == 2)
        }
    }
}
