// SPDX-License-Identifier: Apache-2.0

import FileTree

extension FlatteningCase {
    /// All rules of docs/whiteouts.md.
    package static let all = replacing + whiteouts + opaqueMarkers + parents + names + hardLinks + kinds

    private static let longName = String(repeating: "n", count: 255)

    /// What stands over what.
    static let replacing: [FlatteningCase] = [
        FlatteningCase("no layers make an empty root", gives: []),
        FlatteningCase("an empty layer changes nothing", [.file("a")], [], gives: ["a 644 [0]"]),
        FlatteningCase(
            "a directory over a directory merges and takes the new attributes",
            [.dir("d", mode: 0o700, xattrs: [("user.a", "1")]), .file("d/old", "1")],
            [.dir("d/", mode: 0o1777, uid: 7, xattrs: [("user.b", "2")]), .file("d/new", "2")],
            gives: ["d/ 1777 uid=7 [1] user.b=2", "d/new 644 [1] \"2\"", "d/old 644 [0] \"1\""]),
        FlatteningCase(
            "a file over a directory takes everything below it away",
            [.dir("d"), .dir("d/e"), .file("d/e/f")], [.file("d", "x")], gives: ["d 644 [1] \"x\""]),
        FlatteningCase("a directory over a file", [.file("d", "x")], [.dir("d")], gives: ["d/ 755 [1]"]),
        FlatteningCase(
            "a file over a file keeps nothing of it", [.file("f", "old", mode: 0o4755, xattrs: [("user.a", "1")])],
            [.file("f", "new")], gives: ["f 644 [1] \"new\""]),
        FlatteningCase(
            "a symbolic link over a directory and a directory over a symbolic link",
            [.dir("d"), .file("d/f"), .symlink("l", "d")], [.symlink("d", "t"), .dir("l"), .file("l/g")],
            gives: ["d -> t [1]", "l/ 755 [1]", "l/g 644 [1]"]),
        FlatteningCase(
            "a file over a symbolic link replaces the link, not its target",
            [.file("t", "1"), .symlink("l", "t")], [.file("l", "2")],
            gives: ["l 644 [1] \"2\"", "t 644 [0] \"1\""]),
        FlatteningCase(
            "of a name that stands twice in a layer the last one wins",
            [
                .file("f", "1"), .symlink("f", "x"), .file("f", "2", mode: 0o600), .dir("d", mode: 0o700),
                .file("d/f"), .dir("d", mode: 0o711), .dir("e"), .file("e/f"), .file("e", "3"),
            ],
            gives: ["d/ 711 [0]", "d/f 644 [0]", "e 644 [0] \"3\"", "f 600 [0] \"2\""],
            report: { $0.duplicateNames = 4 }),
        FlatteningCase(
            "children may come before their directory", [.file("d/f"), .dir("d", mode: 0o700)],
            gives: ["d/ 700 [0]", "d/f 644 [0]"], report: { _ in }),
        FlatteningCase(
            "three layers", [.dir("d"), .file("d/a", "0"), .file("d/b", "0"), .file("d/c", "0")],
            [.file("d/b", "1"), .marker("d/.wh.c")], [.marker("d/.wh.b"), .file("d/c", "2")],
            gives: ["d/ 755 [0]", "d/a 644 [0] \"0\"", "d/c 644 [2] \"2\""]),
    ]

    /// `.wh.NAME`.
    static let whiteouts: [FlatteningCase] = [
        FlatteningCase(
            "a whiteout hides a file and is not seen", [.file("a"), .file("b")], [.marker(".wh.a")],
            gives: ["b 644 [0]"], report: { _ in }),
        FlatteningCase(
            "a whiteout hides a directory with all it holds", [.dir("d"), .dir("d/e"), .file("d/e/f")],
            [.marker(".wh.d")], gives: []),
        FlatteningCase(
            "a whiteout of what is not there does nothing", [.file("a")],
            [.marker(".wh.b"), .marker("no/.wh.c"), .marker("a/.wh.d")],
            gives: ["a 644 [0]"], report: { $0.idleWhiteouts = 3 }),
        FlatteningCase(
            "a whiteout after the layer's own entry hides the lower one only", [.file("a", "0")],
            [.file("a", "1"), .marker(".wh.a")], gives: ["a 644 [1] \"1\""]),
        FlatteningCase(
            "a whiteout before the layer's own entry hides the lower one only", [.file("a", "0")],
            [.marker(".wh.a"), .file("a", "1")], gives: ["a 644 [1] \"1\""]),
        FlatteningCase(
            "a whiteout and a directory of the same name hide the lower children",
            [.dir("d", mode: 0o700), .file("d/old")], [.marker(".wh.d"), .dir("d"), .file("d/new")],
            gives: ["d/ 755 [1]", "d/new 644 [1]"]),
        FlatteningCase(
            "a directory and then a whiteout of the same name hide the lower children",
            [.dir("d", mode: 0o700), .file("d/old")], [.dir("d"), .file("d/new"), .marker(".wh.d")],
            gives: ["d/ 755 [1]", "d/new 644 [1]"]),
        FlatteningCase(
            "a whiteout of a directory and one below it", [.dir("d"), .file("d/a"), .file("d/b")],
            [.marker(".wh.d"), .marker("d/.wh.a")], gives: [], report: { $0.idleWhiteouts = 1 }),
        FlatteningCase(
            "a whiteout of a directory whose entry does not come again",
            [.dir("d", mode: 0o700), .file("d/a")], [.marker(".wh.d"), .file("d/b")],
            gives: ["d/ 755 [-]", "d/b 644 [1]"], report: { $0.missingParents = 1 }),
        FlatteningCase(
            "the type of a whiteout does not matter",
            [.file("a"), .file("b"), .file("c"), .file("d"), .file("e")],
            [
                .symlink(".wh.a", "x"), .dir(".wh.b/"), .link(".wh.c", "nowhere"),
                .special(".wh.d", .characterDevice, DeviceNumber()), .file(".wh.e", "text"),
            ],
            gives: []),
        FlatteningCase(
            "a whiteout acts on all layers below, not on those above", [.file("a", "0")], [.file("a", "1")],
            [.marker(".wh.a")], [.file("a", "3")], gives: ["a 644 [3] \"3\""]),
        FlatteningCase(
            "a directory whose name begins as whiteouts do is a directory", [.dir("d"), .file("d/f"), .file("d/g")],
            [
                .file(".wh.d/x", "1"), .file(".wh.d/e/y"), .file("d/.wh./z"), .file("d/.wh../z"),
                .file(".wh..wh..opq/o"),
            ],
            [.marker(".wh.d/.wh.x")],
            gives: [
                ".wh..wh..opq/ 755 [-]", ".wh..wh..opq/o 644 [1]", ".wh.d/ 755 [-]", ".wh.d/e/ 755 [-]",
                ".wh.d/e/y 644 [1]", "d/ 755 [0]", "d/.wh./ 755 [-]", "d/.wh./z 644 [1]", "d/.wh../ 755 [-]",
                "d/.wh../z 644 [1]", "d/f 644 [0]", "d/g 644 [0]",
            ], report: { $0.missingParents = 5 }),
        FlatteningCase(
            "the directory's own entry is a whiteout, what lies below is shown", [.dir("d"), .file("d/f")],
            [.dir(".wh.d/", mode: 0o700), .file(".wh.d/x", "1"), .link("l", ".wh.d/x")],
            gives: [".wh.d/ 755 [-]", ".wh.d/x 644 [1] \"1\"", "l = .wh.d/x"], report: { $0.missingParents = 1 }),
        FlatteningCase(
            "a directory called as a whiteout of more than 255 bytes", [.file(".wh.\(longName)/x")],
            fails: "\".wh.\(longName)/x\": a component is longer than 255 bytes"),
        FlatteningCase(
            "a whiteout of a name of 255 bytes", [.file(longName), .file("a")], [.marker(".wh.\(longName)")],
            gives: ["a 644 [0]"]),
        FlatteningCase(
            "a whiteout through a lower symbolic link hides nothing",
            [.dir("d"), .file("d/f"), .symlink("l", "d")], [.marker("l/.wh.f")],
            gives: ["d/ 755 [0]", "d/f 644 [0]", "l -> d [0]"], report: { $0.idleWhiteouts = 1 }),
        FlatteningCase(
            "a name that has the prefix elsewhere is a name",
            [.file("a.wh.b"), .file(".wh"), .file(".wha"), .file(".WH.a")],
            gives: [".WH.a 644 [0]", ".wh 644 [0]", ".wha 644 [0]", "a.wh.b 644 [0]"]),
        FlatteningCase("a whiteout without a name", [.marker(".wh.")], fails: "\".wh.\": a whiteout without a name"),
        FlatteningCase(
            "a whiteout of the directory itself", [.dir("d")], [.marker("d/.wh..")],
            fails: "\"d/.wh..\": a whiteout of \".\" or \"..\""),
        FlatteningCase(
            "a whiteout of the parent", [.dir("d")], [.marker("d/.wh...")],
            fails: "\"d/.wh...\": a whiteout of \".\" or \"..\""),
        FlatteningCase(
            "leftovers of AUFS are left out and counted", [.file("a")],
            [.dir(".wh..wh.plnk/"), .file(".wh..wh.plnk/12.34", "x"), .file(".wh..wh.aufs"), .dir(".wh..wh.orph")],
            gives: ["a 644 [0]"], report: { $0.leftovers = 4 }),
        FlatteningCase(
            "a hard link to a file among the leftovers of AUFS is that file",
            [
                .link("early", ".wh..wh.plnk/12.34"), .file(".wh..wh.plnk/12.34", "x"),
                .link("late", "/.wh..wh.plnk/12.34"),
            ],
            gives: ["early 644 [0] \"x\"", "late = early"], report: { $0.leftovers = 1 }),
        FlatteningCase(
            "the leftovers of one layer are not those of the next", [.file(".wh..wh.plnk/12.34", "x")],
            [.link("late", ".wh..wh.plnk/12.34")],
            fails: "\"late\": hard link to a missing target \".wh..wh.plnk/12.34\""),
    ]

    /// `.wh..wh..opq`.
    static let opaqueMarkers: [FlatteningCase] = [
        FlatteningCase(
            "an opaque marker before the entries hides the lower ones only",
            [.dir("d", mode: 0o700), .file("d/a"), .dir("d/e"), .file("d/e/f")],
            [.marker("d/.wh..wh..opq"), .dir("d"), .file("d/b")], gives: ["d/ 755 [1]", "d/b 644 [1]"]),
        FlatteningCase(
            "an opaque marker after the entries hides the lower ones only",
            [.dir("d"), .file("d/a", "0"), .file("d/b", "0")],
            [.dir("d"), .file("d/b", "1"), .marker("d/.wh..wh..opq")], gives: ["d/ 755 [1]", "d/b 644 [1] \"1\""]),
        FlatteningCase(
            "an opaque marker keeps the directory and its attributes",
            [.dir("d", mode: 0o700, uid: 3), .file("d/a")], [.marker("d/.wh..wh..opq")], gives: ["d/ 700 uid=3 [0]"]),
        FlatteningCase(
            "an opaque root", [.dir(".", mode: 0o700), .dir("d"), .file("d/f"), .file("a")],
            [.file("b"), .marker("./.wh..wh..opq")], gives: ["/ 700 [0]", "b 644 [1]"]),
        FlatteningCase(
            "an opaque marker and whiteouts beside it", [.dir("d"), .file("d/a"), .file("d/b")],
            [.marker("d/.wh.a"), .marker("d/.wh..wh..opq"), .marker("d/.wh.b")],
            gives: ["d/ 755 [0]"], report: { $0.idleWhiteouts = 1 }),
        FlatteningCase(
            "an opaque marker where no directory is", [.file("f")],
            [.marker("f/.wh..wh..opq"), .marker("no/.wh..wh..opq")],
            gives: ["f 644 [0]"], report: { $0.idleWhiteouts = 2 }),
        FlatteningCase(
            "an opaque directory that replaces a file", [.file("d", "x")], [.dir("d"), .marker("d/.wh..wh..opq")],
            gives: ["d/ 755 [1]"]),
    ]

    /// Files that need no more than to be kept.
    static let kinds: [FlatteningCase] = [
        FlatteningCase(
            "devices and fifos are kept, a device 0:0 too", [.file("a")],
            [
                .special("a", .characterDevice, DeviceNumber()),
                .special("b", .blockDevice, DeviceNumber(major: 259, minor: 300)),
                .special("c", .fifo, DeviceNumber()),
            ],
            gives: ["a 0:0 [1]", "b 259:300 [1]", "c fifo [1]"]),
        FlatteningCase(
            "attributes of overlay file systems are attributes like others",
            [.dir("d"), .file("d/f")],
            [.dir("d", xattrs: [("trusted.overlay.opaque", "y"), ("user.overlay.whiteout", "y")])],
            gives: ["d/ 755 [1] trusted.overlay.opaque=y user.overlay.whiteout=y", "d/f 644 [0]"]),
        FlatteningCase(
            "attributes of a hard link's own entry do not matter", [.file("f", "x", mode: 0o600), .link("g", "f")],
            gives: ["f 600 [0] \"x\"", "g = f"]),
    ]
}
