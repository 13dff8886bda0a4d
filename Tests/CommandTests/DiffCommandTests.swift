// SPDX-License-Identifier: Apache-2.0

import OCI
import TestSupport
import Testing

/// `cimg diff`: what it prints, and its exit codes.
@Suite(.timeLimit(.minutes(15))) struct DiffCommandTests {
    private static let changes = """
        C /etc/name (content, size 4→6)
        C /etc/shadow (mode 0600→0640, gid 0→42)
        D /home
        D /home/note
        A /srv
        A /srv/data

        """

    @Test func `equal images print nothing and exit with 0`() throws {
        let bench = try Sample.bench()
        for arguments in [["old", "old"], ["old", "oci:layout:old"], ["--stat", "old", "old"]] {
            try expect(bench.cimg(["diff"] + arguments).code, is: 0)
        }
        try expect(bench.cimg("diff", "new", "oci:layout:new"), is: .success())
    }

    @Test func `changes are a line each and exit with 1`() throws {
        let bench = try Sample.bench()
        try expect(bench.cimg("diff", "old", "new"), is: Outcome(1, Self.changes))
        try expect(bench.cimg("diff", "oci:layout:old", "oci:layout:new"), is: Outcome(1, Self.changes))
        #expect(
            try bench.cimg("diff", "--names-only", "old", "new")
                == Outcome(1, "/etc/name\n/etc/shadow\n/home\n/home/note\n/srv\n/srv/data\n"))
    }

    @Test func `a source is compared without being imported`() throws {
        let bench = Workbench()
        Sample.layout.write(to: bench.scratch)
        try expect(bench.cimg("diff", "oci:layout:old", "oci:layout:new"), is: Outcome(1, Self.changes))
        try expect(bench.cimg("images", "-q"), is: .success())
        try expect(bench.stored("blobs/sha256"), is: [])
    }

    @Test func `an image is compared with a directory`() throws {
        let bench = Workbench()
        bench.scratch.file("tree/etc/name", "name\n")
        try expect(bench.cimg("import", "rootfs:tree", "tree").code, is: 0)
        try expect(bench.cimg("diff", "tree", "./tree"), is: .success())
        bench.scratch.file("tree/etc/name", "other\n")
        try expect(bench.cimg("diff", "tree", "./tree"), is: Outcome(1, "C /etc/name (content, size 5→6)\n"))
        try expect(bench.cimg("diff", "\(bench.path)/tree", "./tree"), is: .success())
    }

    @Test func `statistics are a table`() throws {
        let bench = try Sample.bench()
        #expect(
            try bench.cimg("diff", "--stat", "old", "new")
                == Outcome(
                    1,
                    """
                              files  directories  others  bytes
                    added         1            1       0     +5
                    removed       1            1       0     -5
                    modified      2            0       0     +2
                    total         4            2       0     +2
                    modified in: content 1, mode 1, gid 1, size 1

                    """))
    }

    @Test func `fields are chosen, paths too`() throws {
        let bench = try Sample.bench()
        let cases: [([String], Outcome)] = [
            (
                ["--only", "mode,gid"],
                Outcome(
                    1, "C /etc/shadow (mode 0600→0640, gid 0→42)\n" + "D /home\nD /home/note\nA /srv\nA /srv/data\n")
            ),
            (
                ["--ignore", "content", "--ignore", "size,gid", "--", "etc"],
                Outcome(1, "C /etc/shadow (mode 0600→0640)\n")
            ),
            (["--only", "xattrs", "--", "/etc"], .success()),
            (
                ["--times", "--", "/etc/name"],
                Outcome(1, "C /etc/name (content, size 4→6, mtime 2023-11-14T22:13:20Z→2024-03-09T16:00:00Z)\n")
            ),
            (["--", "/bin", "/srv/data"], Outcome(1, "A /srv/data\n")),
            (["--", "bin/tool"], .success()),
            (["--", "/nowhere"], .trouble("\"/nowhere\": no such path on either side")),
        ]
        for (arguments, expected) in cases {
            try expect(bench.cimg(["diff", "old", "new"] + arguments), is: expected, "\(arguments)")
        }
    }

    @Test func `JSON tells the same`() throws {
        let bench = try Sample.bench()
        #expect(
            try bench.cimg("diff", "--json", "old", "new", "--", "etc/name", "srv/data")
                == Outcome(
                    1,
                    """
                    {
                      "left": {
                        "name": "old",
                        "digest": "\(Sample.old.digest)"
                      },
                      "right": {
                        "name": "new",
                        "digest": "\(Sample.new.digest)"
                      },
                      "changes": [
                        {
                          "path": "/etc/name",
                          "kind": "modified",
                          "type": "file",
                          "fields": [
                            "content",
                            "size"
                          ],
                          "left": {
                            "size": 4,
                            "digest": "\(Digest(of: "old\n".utf8))"
                          },
                          "right": {
                            "size": 6,
                            "digest": "\(Digest(of: "newer\n".utf8))"
                          }
                        },
                        {
                          "path": "/srv/data",
                          "kind": "added",
                          "type": "file",
                          "fields": [],
                          "right": {
                            "type": "file",
                            "mode": "0644",
                            "uid": 0,
                            "gid": 0,
                            "size": 5,
                            "digest": "\(Digest(of: "data\n".utf8))"
                          }
                        }
                      ],
                      "summary": {
                        "added": 1,
                        "removed": 0,
                        "modified": 1
                      }
                    }

                    """))
    }

    @Test func `trouble exits with 2`() throws {
        let bench = try Sample.bench()
        let fields = "content, mode, uid, gid, size, mtime, xattrs, target, device, nlink, type"
        let cases: [([String], Outcome)] = [
            (["old", "./nowhere"], .trouble("directory \"./nowhere\": No such file or directory")),
            (["old", "layout"], .trouble("\"layout\": nothing goes by this name; did you mean oci:layout?")),
            (["old", "home"], .trouble("\"home\": nothing goes by this name; did you mean ./home?")),
            (["old", "new", "--only", "bogus"], .trouble("\"bogus\": no such field; there are \(fields)")),
            (
                ["old", "new", "--only", "mode", "--ignore", "mode"],
                .trouble("--ignore and --only leave no field to compare")
            ),
            (["old", "new", "--json", "--stat"], .trouble("--json and --stat exclude each other")),
            (["old"], .trouble("\"old\": not a container; name what it is to be compared with")),
        ]
        for (arguments, expected) in cases {
            try expect(bench.cimg(["diff"] + arguments), is: expected, "\(arguments)")
        }
    }

    @Test func `paths need not be UTF-8`() throws {
        let bench = Workbench()
        let outcome = try bench.shell(
            """
            odd=$(printf 'od\\377d'); mkdir -p "./$odd.a" "./$odd.b"; echo 1 > "$odd.b/x$odd"; echo 2 > "$odd.b/y"
            cimg diff "./$odd.a" "./$odd.b" -- "x$odd"
            """)
        #expect(outcome == Outcome(1, "A /xod\\xffd\n"))
    }

    @Test func `verbose tells what is compared`() throws {
        let bench = try Sample.bench()
        let outcome = try bench.cimg("diff", "-v", "old", "./home", "--only", "mode")
        let lines = outcome.errors.split(separator: "\n").map(String.init)
        #expect(lines.count == 4)
        #expect(lines.first == "cimg: old: image \(Sample.old.digest) of the store \(bench.path)/store")
        #expect(lines[1].hasPrefix("cimg: old: tree \(Sample.base.diffID) of 1 layer, open after "))
        #expect(lines[2] == "cimg: ./home: a directory, read while it is compared")
        #expect(lines[3].hasPrefix("cimg: compared in "))
    }
}
