// SPDX-License-Identifier: Apache-2.0

import FileTree

extension FlatteningCase {
    private static let longName = String(repeating: "n", count: 256)
    private static let everyByte = (1...255).map(UInt8.init).filter { $0 != UInt8(ascii: "/") }

    /// Directories on the way to an entry.
    static let parents: [FlatteningCase] = [
        FlatteningCase(
            "missing parents are made", [.file("a/b/c")], gives: ["a/ 755 [-]", "a/b/ 755 [-]", "a/b/c 644 [0]"],
            report: { $0.missingParents = 2 }),
        FlatteningCase(
            "parents that a lower layer has keep its attributes",
            [.dir("a", mode: 0o700, uid: 5, xattrs: [("user.x", "1")])], [.file("a/b")],
            gives: ["a/ 700 uid=5 [0] user.x=1", "a/b 644 [1]"], report: { _ in }),
        FlatteningCase(
            "a missing parent gets its attributes from a later layer", [.file("a/b")], [.dir("a", mode: 0o700)],
            gives: ["a/ 700 [1]", "a/b 644 [0]"], report: { _ in }),
        FlatteningCase(
            "a missing parent that goes away is not counted", [.file("a/b/c")], [.marker(".wh.a")],
            gives: [], report: { _ in }),
        FlatteningCase(
            "the root keeps its defaults without an entry, whatever its children", [.file("a")], gives: ["a 644 [0]"]),
        FlatteningCase(
            "the root takes the attributes of its entry", [.dir("./", mode: 0o700), .file("a")],
            [.dir("/", mode: 0o711, uid: 1)], [.file("b")], gives: ["/ 711 uid=1 [1]", "a 644 [0]", "b 644 [2]"]),
        FlatteningCase("a root that is a file", [.file("./")], fails: "\"./\": the root is not a directory"),
        FlatteningCase(
            "a root that is a hard link", [.file("a"), .link("b/..", "a")],
            fails: "\"b/..\": the root is not a directory"),
        FlatteningCase(
            "a parent that is a symbolic link of a lower layer is replaced",
            [.dir("usr"), .dir("usr/lib"), .file("usr/lib/a"), .symlink("lib", "usr/lib")], [.file("lib/b")],
            gives: ["lib/ 755 [-]", "lib/b 644 [1]", "usr/ 755 [0]", "usr/lib/ 755 [0]", "usr/lib/a 644 [0]"]),
        FlatteningCase(
            "a parent that is a symbolic link of the same layer is followed",
            [.dir("usr"), .dir("usr/lib"), .symlink("lib", "usr/lib"), .file("lib/a", "x"), .link("lib/b", "lib/a")],
            gives: [
                "lib -> usr/lib [0]", "usr/ 755 [0]", "usr/lib/ 755 [0]", "usr/lib/a 644 [0] \"x\"",
                "usr/lib/b = usr/lib/a",
            ]),
        FlatteningCase(
            "links of the same layer stay within the root, and what is missing is made",
            [.dir("d"), .symlink("d/up", "../../../x/./y"), .symlink("abs", "/d/up"), .file("abs/deep/f")],
            gives: [
                "abs -> /d/up [0]", "d/ 755 [0]", "d/up -> ../../../x/./y [0]", "x/ 755 [-]", "x/y/ 755 [-]",
                "x/y/deep/ 755 [-]", "x/y/deep/f 644 [0]",
            ]),
        FlatteningCase(
            "a link of the same layer that leads through one of a lower layer",
            [.dir("real"), .symlink("low", "real")], [.symlink("l", "low"), .file("l/f")],
            gives: ["l -> low [1]", "low/ 755 [-]", "low/f 644 [1]", "real/ 755 [0]"]),
        FlatteningCase(
            "a symbolic link that comes after its children replaces them",
            [.dir("t"), .file("l/f"), .symlink("l", "t")], gives: ["l -> t [0]", "t/ 755 [0]"]),
        FlatteningCase(
            "links in a circle", [.symlink("a", "b"), .symlink("b", "a"), .file("a/f")],
            fails: "\"a/f\": its name leads through more than 40 symbolic links"),
        FlatteningCase(
            "a link to a name that is too long", [.symlink("a", longName), .file("a/f")],
            fails: "\"a/f\": its name leads through a symbolic link to no file name"),
        FlatteningCase(
            "a link to a whiteout's name leads to a directory of that name", [.file("x")],
            [.symlink("a", ".wh.x"), .file("a/f")],
            gives: [".wh.x/ 755 [-]", ".wh.x/f 644 [1]", "a -> .wh.x [1]", "x 644 [0]"]),
        FlatteningCase(
            "a parent that is a file of a lower layer is replaced", [.file("a", "x")], [.file("a/b", "y")],
            gives: ["a/ 755 [-]", "a/b 644 [1] \"y\""]),
        FlatteningCase(
            "a parent that is a file of the same layer is replaced", [.file("a", "x"), .file("a/b", "y")],
            gives: ["a/ 755 [-]", "a/b 644 [0] \"y\""]),
    ]

    /// How names are written.
    static let names: [FlatteningCase] = [
        FlatteningCase(
            "absolute names, dots and doubled slashes are normalised",
            [
                .dir("./a/"), .file("/b"), .file("a//c"), .file("./a/./d"), .file("a/x/../e"), .file("//a///f"),
                .file(".//g"), .dir("a/h/."), .file("...", "dots"), .dir("..a"),
            ],
            gives: [
                "... 644 [0] \"dots\"", "..a/ 755 [0]", "a/ 755 [0]", "a/c 644 [0]", "a/d 644 [0]", "a/e 644 [0]",
                "a/f 644 [0]", "a/h/ 755 [0]", "b 644 [0]", "g 644 [0]",
            ]),
        FlatteningCase(
            "two parents up and down again", [.file("a/../b/c/../../d")], gives: ["d 644 [0]"], report: { _ in }),
        FlatteningCase("a name that leaves the root", [.file("../x")], fails: "\"../x\": the name leaves the root"),
        FlatteningCase(
            "a name that leaves the root and comes back", [.file("a/../../b")],
            fails: "\"a/../../b\": the name leaves the root"),
        FlatteningCase(
            "an absolute name that leaves the root", [.dir("/..")], fails: "\"/..\": the name leaves the root"),
        FlatteningCase(
            "a whiteout that leaves the root", [.marker("../.wh.a")], fails: "\"../.wh.a\": the name leaves the root"),
        FlatteningCase(
            "a hard link's target that climbs beyond the root begins at the root",
            [
                .file("b", "x"), .link("a", "../b"), .link("d/c", "e/../../../b"), .link("late", "/../last"),
                .file("last"),
            ],
            gives: [
                "a 644 [0] \"x\"", "b = a", "d/ 755 [-]", "d/c = a", "last 644 [0]", "late = last",
            ]),
        FlatteningCase(
            "a hard link's target that climbs out and is not there", [.link("a", "../b")],
            fails: "\"a\": hard link to a missing target \"b\""),
        FlatteningCase(
            "a hard link's target that is the root's parent", [.link("a", "../..")],
            fails: "\"a\": a hard link to a directory"),
        FlatteningCase(
            "a symbolic link's target is nobody's business", [.symlink("a", "../../../etc/passwd")],
            gives: ["a -> ../../../etc/passwd [0]"]),
        FlatteningCase(
            "a name of every byte", [.file(everyByte, "x")], [.file("a")],
            gives: ["\(Bytes.escaped(everyByte)) 644 [0] \"x\"", "a 644 [1]"]),
        FlatteningCase(
            "names are bytes: composed and decomposed letters are two names", [.file("\u{E9}"), .file("e\u{301}")],
            gives: ["e\u{301} 644 [0]", "\u{E9} 644 [0]"]),
        FlatteningCase(
            "names are sorted by unsigned bytes", [.file([0xFF]), .file("a"), .file("B"), .file("a-"), .file("aa")],
            gives: ["B 644 [0]", "a 644 [0]", "a- 644 [0]", "aa 644 [0]", "\\xff 644 [0]"]),
        FlatteningCase(
            "a component of 256 bytes", [.file("d/" + String(repeating: "n", count: 256))],
            fails: "\"d/\(String(repeating: "n", count: 256))\": a component is longer than 255 bytes"),
        FlatteningCase(
            "a whiteout of a name of 256 bytes", [.marker(".wh." + String(repeating: "n", count: 256))],
            fails: "\".wh.\(String(repeating: "n", count: 256))\": a component is longer than 255 bytes"),
    ]

    /// Hard links.
    static let hardLinks: [FlatteningCase] = [
        FlatteningCase(
            "a hard link within a layer", [.file("f", "x", mode: 0o600), .link("g", "f"), .link("h", "./g")],
            gives: ["f 600 [0] \"x\"", "g = f", "h = f"]),
        FlatteningCase(
            "a hard link to a lower layer's file", [.file("f", "x")], [.link("d/g", "/f")],
            gives: ["d/ 755 [-]", "d/g 644 [0] \"x\"", "f = d/g"]),
        FlatteningCase(
            "a hard link to an entry that comes later", [.link("a", "b"), .file("b", "x")],
            gives: ["a 644 [0] \"x\"", "b = a"]),
        FlatteningCase(
            "a chain of hard links to later entries",
            [.link("a", "b"), .link("b", "c"), .link("c", "d"), .link("a2", "a"), .symlink("d", "t")],
            gives: ["a -> t [0]", "a2 = a", "b = a", "c = a", "d = a"]),
        FlatteningCase(
            "a later entry takes the name of a hard link that still waits",
            [.link("a", "b"), .file("a", "own"), .file("b", "x")], gives: ["a 644 [0] \"own\"", "b 644 [0] \"x\""],
            report: { $0.duplicateNames = 1 }),
        FlatteningCase(
            "what waits for a name gets what stands there in the end",
            [.link("a", "b"), .link("b", "c"), .file("b", "own"), .file("c", "x")],
            gives: ["a 644 [0] \"own\"", "b = a", "c 644 [0] \"x\""], report: { $0.duplicateNames = 1 }),
        FlatteningCase(
            "a hard link to nothing", [.link("a", "no/b")],
            fails: "\"a\": hard link to a missing target \"no/b\""),
        FlatteningCase(
            "a hard link to a name below a file", [.file("f"), .link("a", "f/b")],
            fails: "\"a\": hard link to a missing target \"f/b\""),
        FlatteningCase(
            "a hard link to itself", [.link("a", "./a")], fails: "\"a\": hard link to a missing target \"a\""),
        FlatteningCase(
            "a hard link to itself where a lower layer has the file", [.file("a", "x")], [.link("a", "a")],
            gives: ["a 644 [0] \"x\""]),
        FlatteningCase(
            "hard links in a circle", [.link("a", "b"), .link("b", "c"), .link("c", "a")],
            fails: "\"a\": hard link to a missing target \"b\""),
        FlatteningCase(
            "a hard link to a directory", [.dir("d"), .link("a", "d")], fails: "\"a\": a hard link to a directory"),
        FlatteningCase("a hard link to the root", [.link("a", "/")], fails: "\"a\": a hard link to a directory"),
        FlatteningCase(
            "a hard link to a directory that comes later", [.link("a", "d"), .dir("d")],
            fails: "\"a\": a hard link to a directory"),
        FlatteningCase(
            "a hard link to a symbolic link is one more name of the link",
            [.file("t"), .symlink("l", "t"), .link("m", "l")], gives: ["l -> t [0]", "m = l", "t 644 [0]"]),
        FlatteningCase(
            "a hard link to a file that the layer hides", [.file("f", "x")], [.link("g", "f"), .marker(".wh.f")],
            fails: "\"g\": hard link to a missing target \"f\""),
        FlatteningCase(
            "a hard link to a whiteout", [.file("f")], [.marker(".wh.f"), .link("g", ".wh.f")],
            fails: "\"g\": hard link to a missing target \".wh.f\""),
        FlatteningCase(
            "a hard link keeps its content when the layer replaces its target",
            [.file("f", "old"), .link("g", "f"), .file("f", "new")],
            gives: ["f 644 [0] \"new\"", "g 644 [0] \"old\""]),
        FlatteningCase(
            "a hard link to a lower file that the same layer replaces afterwards",
            [.file("f", "old")], [.link("g", "f"), .file("f", "new")],
            gives: ["f 644 [1] \"new\"", "g 644 [0] \"old\""]),
        FlatteningCase(
            "a hard link keeps its content when an upper layer replaces or hides its target",
            [.file("f", "old"), .link("g", "f"), .link("h", "f")], [.file("f", "new")], [.marker(".wh.g")],
            gives: ["f 644 [1] \"new\"", "h 644 [0] \"old\""]),
        FlatteningCase(
            "a hard link replaces a file, a directory and another link",
            [.file("f", "x"), .file("a", "1"), .dir("b"), .file("b/c"), .symlink("d", "e")],
            [.link("a", "f"), .link("b", "f"), .link("d", "f")],
            gives: ["a 644 [0] \"x\"", "b = a", "d = a", "f = a"]),
        FlatteningCase(
            "a hard link below its own target takes the target's place", [.file("a", "x"), .link("a/b", "a")],
            gives: ["a/ 755 [-]", "a/b 644 [0] \"x\""]),
        FlatteningCase(
            "a hard link in the place of its target's directory", [.dir("d"), .file("d/f", "x"), .link("d", "d/f")],
            gives: ["d 644 [0] \"x\""]),
    ]
}
