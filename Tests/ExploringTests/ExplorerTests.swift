// SPDX-License-Identifier: Apache-2.0

import Exploring
import FileTree
import OCI
import TestSupport
import Testing

/// What is shown, and what keys do.
@Suite(.timeLimit(.minutes(5))) struct ExplorerTests {
    @Test func `layers and the tree stand above one another`() throws {
        var shown = try Shown(Shown.stack, columns: 60, rows: 16)
        #expect(
            shown.explorer.screen.text == """
                 web:2                          [1 tree]  2 waste   3 files
                  LAYER     SIZE      DEAD  BY
                    B0    4.0 kB    4.0 kB  RUN step 0
                     1      51 B       0 B  RUN step 1
                >    2    4.0 kB       0 B  RUN step 2
                          SIZE  FILES
                >          0 B    bin@
                          21 B  + etc/
                          30 B  + srv/
                        4.0 kB  + usr/




                 /bin@                                               layer 0
                 1/4  ?:keys /:search f:filter o:order d:changes q:end

                """)
        #expect(
            shown.press("/tool<enter>") == """
                 web:2                          [1 tree]  2 waste   3 files
                  LAYER     SIZE      DEAD  BY
                    B0    4.0 kB    4.0 kB  RUN step 0
                     1      51 B       0 B  RUN step 1
                >    2    4.0 kB       0 B  RUN step 2
                          SIZE  FILES
                           0 B    bin@
                          21 B  + etc/
                          30 B  + srv/
                        4.0 kB  - usr/
                        4.0 kB    - bin/
                > C     4.0 kB        tool


                 /usr/bin/tool                                     layer 0 2
                 6/6  ?:keys /:search f:filter o:order d:changes q:end

                """)
    }

    @Test func `a wide screen has layers and the tree side by side, with modes and owners`() throws {
        var shown = try Shown(Shown.stack, columns: 104, rows: 12)
        #expect(
            shown.press("+") == """
                 web:2                                                                      [1 tree]  2 waste   3 files
                  LAYER     SIZE      DEAD  BY           |    MODE        UID:GID          SIZE  FILES
                    B0    4.0 kB    4.0 kB  RUN step 0   |>   l 0777      0:0               0 B    bin@
                     1      51 B       0 B  RUN step 1   |    d 0755      0:0              21 B  - etc/
                >    2    4.0 kB       0 B  RUN step 2   |    - 0644      0:0              21 B      passwd
                                                         |    d 0755      0:0              30 B  - srv/
                                                         |    - 0644      0:0              30 B      index.html
                                                         |    d 0755      0:0            4.0 kB  - usr/
                                                         |    d 0755      0:0            4.0 kB    - bin/
                                                         |  C - 0700      0:0            4.0 kB        tool
                 /bin@                                                                                           layer 0
                 1/8  ?:keys /:search f:filter o:order d:changes q:end

                """)
    }

    @Test func `a layer shows what it changed`() throws {
        var shown = try Shown(Shown.stack, columns: 60, rows: 18)
        #expect(
            shown.press("Kd+") == """
                 web:2                          [1 tree]  2 waste   3 files
                  LAYER     SIZE      DEAD  BY
                    B0    4.0 kB    4.0 kB  RUN step 0
                >    1      51 B       0 B  RUN step 1
                     2    4.0 kB       0 B  RUN step 2
                          SIZE  CHANGES
                >         26 B  - etc/
                  D        5 B      old
                  C       21 B      passwd
                  A       30 B  - srv/
                  A       30 B      index.html





                 /etc/                                               layer 0
                 1/5  ?:keys /:search f:filter o:order d:changes q:end

                """)
        #expect(shown.press("r").contains("hidden: removed"))
        #expect(!shown.explorer.screen.text.contains("old"))
    }

    @Test func `the waste is a list, and a dead file can be read`() throws {
        var shown = try Shown(Shown.stack, columns: 60, rows: 10)
        #expect(
            shown.press("w") == """
                 web:2                           1 tree  [2 waste]  3 files
                  LAYERS       SIZE  CAUSE     PATH
                > 0 > 2      4.0 kB  touched   /usr/bin/tool
                  0 > 1        11 B  replaced  /etc/passwd
                  0 > 1         5 B  deleted   /etc/old



                 /usr/bin/tool                                     layer 0 2
                 1/3  ?:keys /:search f:filter o:order d:changes q:end

                """)
        #expect(
            shown.press("jj<enter>") == """
                 web:2  /etc/old                 1 tree  [2 waste]  3 files
                12345







                 line 1 of 1  t:text/hex /:search x:extract q:back

                """)
        #expect(shown.press("q1").contains("[1 tree]"))
    }

    @Test func `all files are a list by size or name`() throws {
        var shown = try Shown(Shown.stack, columns: 60, rows: 10)
        #expect(
            shown.press("3") == """
                 web:2                           1 tree   2 waste  [3 files]
                         SIZE  LAYER  PATH
                > C    4.0 kB      2  /usr/bin/tool
                         30 B      1  /srv/index.html
                         21 B      1  /etc/passwd
                          0 B      0  /bin@


                 /usr/bin/tool                                     layer 0 2
                 1/4  ?:keys /:search f:filter o:order d:changes q:end

                """)
        #expect(shown.press("ofPASS").contains("nothing is left"))
        #expect(
            shown.press("<back><back><back><back>pass<enter>") == """
                 web:2                           1 tree   2 waste  [3 files]
                         SIZE  LAYER  PATH  filter: pass
                >        21 B      1  /etc/passwd





                 /etc/passwd                                       layer 0 1
                 1/1  ?:keys /:search f:filter o:order d:changes q:end

                """)
    }

    @Test func `a file is text or numbers, and can be searched`() throws {
        var shown = try Shown(Shown.stack, columns: 80, rows: 8)
        #expect(
            shown.press("/index<enter><enter>") == """
                 web:2  /srv/index.html                             [1 tree]  2 waste   3 files
                <h1>    welcome</h1>
                to the site




                 line 1 of 2  t:text/hex /:search x:extract q:back

                """)
        #expect(
            shown.press("t") == """
                 web:2  /srv/index.html                             [1 tree]  2 waste   3 files
                00000000  3c 68 31 3e 09 77 65 6c  63 6f 6d 65 3c 2f 68 31  |<h1>.welcome</h1|
                00000010  3e 0a 74 6f 20 74 68 65  20 73 69 74 65 0a        |>.to the site.|




                 line 1 of 2, hex  t:text/hex /:search x:extract q:back

                """)
        #expect(shown.press("/SITE<enter>").contains("nowhere: \"SITE\""))
        #expect(shown.press("t/the site<enter>").contains("line 1 of 2 "))
        #expect(shown.press("/nowhere<enter>").contains("nowhere: \"nowhere\""))
    }

    @Test func `a large file is read in parts`() throws {
        let line = String(repeating: "y", count: 1023) + "\n"
        let content = String(repeating: line, count: 5 << 10) + "end\0"
        var shown = try Shown([[.file("large", content)]], columns: 90, rows: 8)
        #expect(shown.press("<enter>").contains("line 1 of 4096, the first 4194304 bytes as text"))
        #expect(
            shown.press("tG").hasSuffix(
                """
                00500000  65 6e 64 00                                       |end.|

                 line 327677 of 327681, hex  t:text/hex /:search x:extract q:back

                """) == true)
    }

    @Test func `what is asked for is told`() throws {
        var shown = try Shown(Shown.stack, columns: 80, rows: 12)
        shown.press("/passwd<enter>yix<back><back>.txt<enter><ctrl-z><ctrl-l>q")
        let address = FileAddress(layer: 1, position: 1)
        #expect(
            shown.effects == [
                .copy("/etc/passwd"), .facts(object: 0, address, path: Array("/etc/passwd".utf8)),
                .extract(object: 0, address, to: "pass.txt"), .suspend, .redraw, .quit,
            ])
        // The name of a file is never a place of this machine.
        var other = try Shown([[.file("d/../-rf $(x)\u{1B}", "1")]], columns: 80, rows: 12)
        #expect(other.press("x").contains("extract into the new file: _rf___x__"))
    }

    @Test func `nothing is there before it is read`() throws {
        var shown = try Shown(Shown.stack, columns: 60, rows: 12, isRead: false)
        #expect(shown.press("jk<enter>xiy+-/a<enter>n3w").contains("reading …"))
        try shown.read()
        #expect(shown.press("1").contains("+ etc/"))
        _ = shown.explorer.handle(.trouble(object: 0, "gone\u{1B}[2J"))
        _ = shown.explorer.handle(.message("a\u{1B}]0;b\u{7}"))
        #expect(shown.explorer.screen.text.contains("a\\u{1b}]0;b\\u{7}"))
    }

    @Test func `two objects are compared, and each can be looked at`() {
        let compared = ExploredObject(
            name: "a | b", layers: [.init(title: "a"), .init(title: "b")], isComparison: true)
        let one = ExploredObject(name: "a", layers: [.init(title: "step")])
        var explorer = Explorer([compared, one, one], columns: 80, rows: 12)
        var history = FileHistory()
        history.beginLayer()
        func file(_ size: UInt64) -> FileHistory.Facts {
            FileHistory.Facts(type: .regular, permissions: 0o644, uid: 0, gid: 0, size: size)
        }
        for (number, name) in ["changed", "gone", "same"].enumerated() {
            let node = history.child(of: 0, named: name.utf8) ?? 0
            history.put(file(10), FileAddress(layer: 0, position: UInt64(number)), at: node)
        }
        history.beginLayer()
        history.replace(file(20), FileAddress(layer: 1, position: 7), at: history.find(path: "/changed".utf8) ?? 0)
        history.remove(history.find(path: "/gone".utf8) ?? 0)
        let new = history.child(of: 0, named: "new".utf8) ?? 0
        history.replace(file(5), FileAddress(layer: 1, position: 8), at: new)
        history.finish()
        _ = explorer.handle(.history(object: 0, history))
        #expect(
            explorer.screen.text == """
                 a | b                                              [1 tree]  2 waste   3 files
                  SIDE
                  left   a
                > right  b
                    MODE        UID:GID          LEFT     RIGHT  CHANGES
                > C - 0644      0:0              10 B      20 B    changed
                  D - 0644      0:0              10 B              gone
                  A - 0644      0:0                         5 B    new


                 /changed
                 1/3  ?:keys /:search f:filter o:order d:changes q:end

                """)
        _ = explorer.handle(.key(.letter("d")))
        #expect(explorer.screen.text.contains("10 B      10 B    same"))
        _ = explorer.handle(.key(.letter("c")))
        #expect(explorer.screen.text.hasPrefix(" a  "))
    }

    @Test func `any keys on any screen lead to a screen`() throws {
        let seed = UInt64.random(in: 0...UInt64.max)
        var random = SeededGenerator(seed: seed)
        let letters = Array("jkhlgGJKdoarmubcf/nNxyiwt123+- ?q.").map { Key.letter($0.unicodeScalars.first ?? " ") }
        let keys =
            letters + [.up, .down, .left, .right, .home, .end, .pageUp, .pageDown, .tab, .enter, .escape, .backspace]
            + ["a", "b", "d", "f", "o", "r", "u"].map { .control($0) }
        for _ in 0..<60 {
            var shown = try Shown(
                Shown.stack, columns: Int.random(in: 1...140, using: &random),
                rows: Int.random(in: 1...30, using: &random))
            for _ in 0..<60 {
                let key = keys.randomElement(using: &random) ?? .up
                for effect in shown.explorer.handle(.key(key)) {
                    if case .read(_, let address, let offset, _) = effect {
                        _ = shown.explorer.handle(.bytes(address, offset: offset, Array("some\ntext".utf8)))
                    }
                }
                if Int.random(in: 0..<20, using: &random) == 0 {
                    let columns = Int.random(in: 0...140, using: &random)
                    _ = shown.explorer.handle(.resize(columns: columns, rows: Int.random(in: 0...30, using: &random)))
                }
                let screen = shown.explorer.screen
                #expect(screen.cells.count == screen.columns * screen.rows, "seed \(seed)")
            }
        }
    }
}
