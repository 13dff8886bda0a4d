// SPDX-License-Identifier: Apache-2.0

import TestSupport
import Testing

/// `cimg ls` and `cimg cat`: what they print, and how they fail.
@Suite(.timeLimit(.minutes(15))) struct ContentsCommandTests {
    @Test func `names are listed a line each, with all facts where they are wanted`() throws {
        let bench = try Sample.bench()
        try expect(bench.cimg("ls", "old"), is: .success("bin\netc\nhome\n"))
        try expect(bench.cimg("ls", "old", "/etc"), is: .success("link\nname\nshadow\n"))
        try expect(bench.cimg("ls", "old:/etc"), is: .success("link\nname\nshadow\n"))
        try expect(bench.cimg("ls", "oci:layout:new:/srv"), is: .success("data\n"))
        try expect(
            bench.cimg("ls", "-l", "old", "/etc", "/bin"),
            is: .success(
                """
                /etc:
                lrwxrwxrwx 1 0 0 4 1970-01-01 00:00 link -> name
                -rw-r--r-- 1 0 0 4 2023-11-14 22:13 name
                -rw------- 1 0 0 7 1970-01-01 00:00 shadow

                /bin:
                -rwsr-xr-x 2 0 0 10 1970-01-01 00:00 other
                -rwsr-xr-x 2 0 0 10 1970-01-01 00:00 tool

                """))
        try expect(
            bench.cimg("ls", "-ld", "old", "/home", "/etc/link"),
            is: .success(
                """
                drwxr-x--- 2 1000 1001 0 1970-01-01 00:00 /home
                lrwxrwxrwx 1 0    0    4 1970-01-01 00:00 /etc/link -> name

                """))
        try expect(bench.cimg("ls", "old", "/etc/link", "/*/s*"), is: .success("/etc/link\n/etc/shadow\n"))
        try expect(
            bench.cimg("ls", "-R", "new", "/srv", "/bin"), is: .success("/srv:\ndata\n\n/bin:\nother\ntool\n"))
    }

    @Test func `json has digests and layers`() throws {
        let bench = try Sample.bench()
        let outcome = try bench.shell("cimg ls --json new:/etc/name | jq -c '.[0] | del(.layer)'")
        #expect(
            outcome
                == .success(
                    #"{"path":"/etc/name","type":"file","mode":"0644","uid":0,"gid":0,"size":6,"#
                        + #""mtime":"2024-03-09T16:00:00Z","nlink":1,"digest":"sha256:"#
                        + "77e30f34ca80fc7e2683e3953d0701a800862b2290d5617e8e5ef8230999e35f\"}\n"))
        #expect(
            try bench.shell("cimg ls --json -R new | jq -r '.[].path'").output
                == "/bin\n/bin/other\n/bin/tool\n/etc\n/etc/link\n/etc/name\n/etc/shadow\n/srv\n/srv/data\n")
        #expect(
            try bench.shell("cimg ls --json new /etc | jq '[.[].layer] | unique | length'") == .success("2\n"))
    }

    @Test func `bytes of files are printed as they are, links followed inside`() throws {
        let bench = try Sample.bench()
        try expect(bench.cimg("cat", "old", "/etc/name", "/etc/link"), is: .success("old\nold\n"))
        try expect(bench.cimg("cat", "new:/etc/name", "old:/etc/name"), is: .success("newer\nold\n"))
        try expect(
            bench.cimg("cat", "new", "/{etc,srv}/*"),
            is: .trouble(
                "new: \"/{etc,srv}/*\": no file fits the pattern"))
        try expect(bench.cimg("cat", "new", "/srv/*"), is: .success("data\n"))
        bench.scratch.file("tree/secret", "host\n")
        try expect(bench.run("/bin/ln", ["-s", "\(bench.path)/tree/secret", "\(bench.path)/tree/out"]).code, is: 0)
        try expect(
            bench.cimg("cat", "./tree:/out"), is: .trouble("./tree: \"/out\": no such file or directory"))
        try expect(bench.cimg("cat", "./tree", "secret"), is: .success("host\n"))
    }

    @Test func `what cannot be had is told and the rest is printed`() throws {
        let bench = try Sample.bench()
        let missing = "no such file or directory"
        #expect(
            try bench.cimg("cat", "old", "/none", "/etc/name", "/etc")
                == Outcome(
                    2, "old\n", errors: "cimg: old: \"/none\": \(missing)\ncimg: old: \"/etc\": is a directory\n"))
        #expect(
            try bench.cimg("ls", "old", "/none", "/home")
                == Outcome(2, "note\n", errors: "cimg: old: \"/none\": \(missing)\n"))
        try expect(bench.cimg("cat", "old"), is: .trouble("\"old\": no path in it is named"))
        try expect(
            bench.cimg("cat", "old:/etc/name", "/etc"),
            is: .trouble("\"/etc\": not of the form OBJECT:/PATH, as the one before it is"))
        #expect(try bench.cimg("ls", "nothing").code == 2)
        #expect(try bench.cimg("ls", "upper:mnt").errors.contains("does not say which image its changes are of"))
        #expect(try bench.cimg("cat", "old", "/a\u{1B}[2J").errors.contains("\"/a\\x1b[2J\""))
    }

    @Test func `names that could act on a terminal are escaped`() throws {
        let bench = Workbench()
        OCILayoutBuilder {
            $0.image(
                ImageBuilder([
                    LayerBuilder(.gzip) {
                        $0.file("a\u{1B}[2J\nb", "x")
                        $0.file([0xFF, 0x41], "y")
                    }
                ]), tag: "odd")
        }.write(to: bench.scratch)
        try expect(bench.cimg("ls", "oci:layout:odd"), is: .success("a\\x1b[2J\\nb\n\\xffA\n"))
        #expect(
            try bench.shell("cimg ls --json oci:layout:odd | jq -r '.[1].path_base64' | base64 -d | od -An -tx1").output
                == " 2f ff 41\n")
        #expect(try bench.shell("cimg cat oci:layout:odd \"$(printf '/\\377A')\"").output == "y")
    }

    @Test func `files are copied as docker cp and podman cp have it`() throws {
        let bench = try Sample.bench()
        let list = "find . -mindepth 1 -printf '%P %y %m\\n' | sort"
        try expect(
            bench.shell("mkdir d && cimg cp old:/etc d && cd d && \(list)"),
            is: .success(
                "etc d 755\netc/link l 777\netc/name f 644\netc/shadow f 600\n"))
        try expect(
            bench.shell("mkdir e && cimg cp old:/etc/. e && cd e && \(list)"),
            is: .success(
                "link l 777\nname f 644\nshadow f 600\n"))
        try expect(
            bench.shell("cimg cp old /bin f && cd f && \(list)"),
            is: .success(
                "other f 4755\ntool f 4755\n"))
        try expect(bench.shell("[ f/other -ef f/tool ]"), is: .success())
        try expect(
            bench.shell("cimg cp old:/etc/name g && cat g && cimg cp new:/etc/name g && cat g"),
            is: .success(
                "old\nnewer\n"))
        try expect(
            bench.shell("cimg cp old:/etc/name new:/srv/data d && cat d/name d/data"), is: .success("old\ndata\n"))
        try expect(bench.shell("cimg cp old '/etc/*' e && ls e"), is: .success("link\nname\nshadow\n"))
        try expect(bench.shell("cimg cp old:/etc/link h && readlink h"), is: .success("name\n"))
        try expect(bench.shell("cimg cp -L old:/etc/link i && cat i"), is: .success("old\n"))
    }

    @Test func `what cannot be copied is told`() throws {
        let bench = try Sample.bench()
        bench.scratch.file("taken", "mine\n")
        let cases: [(arguments: [String], line: String)] = [
            (["old:/none", "x"], "old: \"/none\": no such file or directory"),
            (["old:/etc", "taken"], "\"./taken\": is there and no directory; a link there is not followed"),
            (["old:/etc/name", "none/"], "\"none/\": no such directory"),
            (["old:/etc/name", "none/x"], "\"none\": No such file or directory"),
            (["old:/etc/name", "old:/etc/shadow", "x"], "\"x\": not a directory, which several files need"),
            (["old", "x"], "\"old\": no path in it is named"),
            (["old:/etc"], "needs what is to be copied and where to: OBJECT:/PATH DEST, or - for a tar"),
        ]
        for (arguments, line) in cases {
            let outcome = try bench.cimg(["cp"] + arguments)
            #expect(
                outcome.code == 2 && outcome.errors.contains(line.replacing("\"./", with: "\"")),
                "\(arguments) \(outcome)")
        }
        try expect(bench.shell("cat taken; ls -A | grep -c '^x$\\|^.cimg'"), is: Outcome(1, "mine\n0\n"))
    }

    @Test func `a tar on standard output is what tar reads`() throws {
        let bench = try Sample.bench()
        try expect(bench.shell("cimg cp old:/etc - | tar -t"), is: .success("etc/\netc/link\netc/name\netc/shadow\n"))
        try expect(
            bench.shell("cimg cp old /etc/name /bin - | tar -xO etc bin/other name 2>/dev/null"),
            is: Outcome(
                2, "old\n#!/bin/sh\n"))
        try expect(
            bench.shell("mkdir t && cimg cp new / - | tar -x -p -C t && cimg diff --times new ./t"), is: .success())
        try expect(bench.shell("cimg cp new / - | head -c 100 >/dev/null"), is: .success())
    }

    @Test func `an upper is read over the image that it is of`() throws {
        let bench = try Sample.bench()
        try #require(try bench.cimg("overlay", "--help").code == 0)
        bench.scratch.directory("changes")
        let mounted = try bench.cimg("mount", "--upper", "changes", "old", "mnt")
        guard mounted.code == 0 else { return }
        #expect(try bench.shell("echo mine > mnt/etc/own && rm mnt/etc/name && cimg umount mnt").code == 0)
        try expect(bench.cimg("ls", "upper:changes:/etc"), is: .success("link\nown\nshadow\n"))
        try expect(bench.cimg("cat", "upper:changes", "/etc/own", "/home/note"), is: .success("mine\nmine\n"))
    }
}
