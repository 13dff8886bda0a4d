// SPDX-License-Identifier: Apache-2.0

import TestSupport
import Testing

/// `cimg explore` in a terminal.
@Suite(.timeLimit(.minutes(15))) struct ExploreCommandTests {
    private static func bench() throws -> Workbench {
        let base = LayerBuilder(.gzip) {
            $0.directory("bin")
            $0.file("bin/tool", String(repeating: "x", count: 3000), mode: 0o755)
            $0.directory("etc")
            $0.file("etc/motd", "one\ntwo\nthree\n")
            $0.file("etc/secret", "password\n", mode: 0o600)
            $0.file("漢字\u{1B}]0;title\u{7}", "12345")
        }
        let upper = LayerBuilder(.gzip) {
            $0.whiteout("etc/secret")
            $0.file("etc/motd", "one\nTWO\nthree\nfour\n")
            $0.file("srv", "new")
        }
        let bench = Workbench()
        OCILayoutBuilder {
            $0.image(ImageBuilder([base, upper]), tag: "new")
            $0.image(ImageBuilder([base]), tag: "old")
        }.write(to: bench.scratch)
        TerminalDriver.write(to: bench.scratch)
        bench.environment = ["TERM": "xterm-256color", "COLUMNS": "60", "LINES": "14"]
        return bench
    }

    private static func explore(_ bench: Workbench, _ steps: [String], _ arguments: String...) throws -> Outcome {
        try bench.run(
            "/usr/bin/env", ["python3", "terminal.py"] + steps + ["--", Workbench.builtProgram, "explore"] + arguments)
    }

    @Test func `a session of forty keys`() throws {
        let bench = try Self.bench()
        let steps = [
            // The dead secret: read, and extracted under another name.
            "keys", "wj", "screen", "keys", "\\r", "screen", "keys", "xing.txt\\r", "keys", "q1",
            // Layers, what the last one changed, a filter, a search, a file as numbers.
            "keys", "\\tkj\\td+", "screen", "keys", "fmotd\\r\\x1b", "keys", "d-/motd\\r\\r", "screen", "keys", "tq?",
            "keys", "q\\x1b[A\\x1bOBGgg3o", "screen", "keys", "q", "end", "colours",
        ]
        let outcome = try Self.explore(bench, steps, "oci:layout:new")
        expect(
            outcome,
            is: .success(
                """
                 oci:layout:new                  1 tree  [2 waste]  3 files
                  LAYERS       SIZE  CAUSE     PATH
                  0 > 1        14 B  replaced  /etc/motd
                > 0 > 1         9 B  deleted   /etc/secret








                 /etc/secret                                      layer 0 -1
                 2/2  ?:keys /:search f:filter o:order d:changes q:end
                 oci:layout:new  /etc/secret     1 tree  [2 waste]  3 files
                password











                 line 1 of 1  t:text/hex /:search x:extract q:back
                 oci:layout:new                 [1 tree]  2 waste   3 files
                  LAYER     SIZE      DEAD  BY
                    B0    3.0 kB      23 B  step 0
                >    1      22 B       0 B  step 1
                          SIZE  CHANGES
                >         28 B  - etc/
                  C       19 B      motd
                  D        9 B      secret
                  A        3 B    srv



                 /etc/                                               layer 0
                 1/4  ?:keys /:search f:filter o:order d:changes q:end
                 oci:layout:new  /etc/motd      [1 tree]  2 waste   3 files
                one
                TWO
                three
                four








                 line 1 of 4  t:text/hex /:search x:extract q:back
                 oci:layout:new                  1 tree   2 waste  [3 files]
                         SIZE  LAYER  PATH
                >      3.0 kB      0  /bin/tool
                  C      19 B      1  /etc/motd
                  A       3 B      1  /srv
                          5 B      0  /漢字\\x1b]0;title\\x07






                 /bin/tool                                           layer 0
                 by name
                ended 0: same modes, same screen
                colours

                """))
        #expect(try bench.shell("cat secreting.txt") == .success("password\n"))
    }

    @Test func `the terminal changes its size, the program is stopped, goes on and is ended`() throws {
        let bench = try Self.bench()
        let steps = [
            "resize", "80", "10", "screen", "keys", "\\x1a", "stopped", "keys", "j", "screen", "signal", "20",
            "stopped",
            "signal", "15", "end",
        ]
        expect(
            try Self.explore(bench, steps, "oci:layout:old"),
            is: .success(
                """
                 oci:layout:old                                     [1 tree]  2 waste   3 files
                  LAYER     SIZE      DEAD  BY
                >   B0    3.0 kB       0 B  step 0
                    MODE        UID:GID          SIZE  FILES
                >   d 0755      0:0            3.0 kB  + bin/
                    d 0755      0:0              23 B  + etc/
                    - 0644      0:0               5 B    漢字\\x1b]0;title\\x07

                 /bin/
                 1/3  ?:keys /:search f:filter o:order d:changes q:end
                stopped: same modes, same screen
                 oci:layout:old                                     [1 tree]  2 waste   3 files
                  LAYER     SIZE      DEAD  BY
                >   B0    3.0 kB       0 B  step 0
                    MODE        UID:GID          SIZE  FILES
                    d 0755      0:0            3.0 kB  + bin/
                >   d 0755      0:0              23 B  + etc/
                    - 0644      0:0               5 B    漢字\\x1b]0;title\\x07

                 /etc/
                 2/3  ?:keys /:search f:filter o:order d:changes q:end
                stopped: same modes, same screen
                ended -15: same modes, same screen

                """))
        for signal in ["1", "2", "3", "6", "11"] {
            #expect(
                try Self.explore(bench, ["signal", signal, "end"], "oci:layout:old").output.hasPrefix(
                    "ended -\(signal): same modes, same screen\n"))
        }
    }

    @Test func `colours are for those who want them`() throws {
        let bench = try Self.bench()
        bench.environment["NO_COLOR"] = "1"
        let steps = ["keys", "d", "keys", "q", "end", "colours"]
        #expect(
            try Self.explore(bench, steps, "oci:layout:new")
                == .success("ended 0: same modes, same screen\nno colours\n"))
        #expect(
            try Self.explore(bench, steps, "--color", "always", "oci:layout:new")
                == .success("ended 0: same modes, same screen\ncolours\n"))
    }

    @Test func `two images side by side, and a directory`() throws {
        let bench = try Self.bench()
        try expect(
            Self.explore(
                bench, ["keys", "+", "screen", "keys", "c", "screen", "keys", "q", "end"], "oci:layout:old",
                "oci:layout:new"),
            is: .success(
                """
                 oci:layout:old | oci:layout:…  [1 tree]  2 waste   3 files
                  SIDE
                  left   oci:layout:old
                > right  oci:layout:new
                          LEFT     RIGHT  CHANGES
                >                         - etc/
                  C       14 B      19 B      motd
                  D        9 B                secret
                  A                  3 B    srv



                 /etc/
                 1/4  ?:keys /:search f:filter o:order d:changes q:end
                 oci:layout:old                 [1 tree]  2 waste   3 files
                  LAYER     SIZE      DEAD  BY
                >   B0    3.0 kB       0 B  step 0
                          SIZE  FILES
                        3.0 kB  + bin/
                >         23 B  + etc/
                           5 B    漢字\\x1b]0;title\\x07





                 /etc/
                 2/3  ?:keys /:search f:filter o:order d:changes q:end
                ended 0: same modes, same screen

                """))
        bench.scratch.file("tree/file", "text\n")
        let outcome = try Self.explore(bench, ["keys", "\\r", "screen", "keys", "qq", "end"], "./tree")
        #expect(outcome.output.contains("\ntext\n"))
        #expect(outcome.output.hasSuffix("ended 0: same modes, same screen\n"))
    }

    @Test func `without a terminal there are the tables`() throws {
        let bench = try Self.bench()
        let layers = try bench.cimg("layers", "oci:layout:new")
        #expect(try bench.cimg("explore", "oci:layout:new") == layers)
        bench.scratch.file("tree/file", "text\n")
        #expect(try bench.cimg("explore", "./tree") == bench.cimg("du", "./tree"))
        #expect(try bench.cimg("explore", "oci:layout:none").code == 2)
        #expect(
            try bench.cimg("explore", "--base", "oci:layout:old", "./tree")
                == .trouble("--base: \"./tree\" is no image"))
        #expect(
            try bench.cimg("explore", "--base", "oci:layout:old", "oci:layout:new", "./tree")
                == .trouble("--base: of one image, not of ./tree beside it"))
    }
}
