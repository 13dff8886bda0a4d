// SPDX-License-Identifier: Apache-2.0

import TestSupport
import Testing

/// `cimg packages`: what it lists, finds and misses.
@Suite(.timeLimit(.minutes(15))) struct PackagesCommandTests {
    /// An image whose second layer upgrades one package of two, and brings one of another kind.
    private static func bench() throws -> Workbench {
        func stanza(_ name: String, _ version: String, _ file: String, _ digest: String) -> String {
            "P:\(name)\nV:\(version)\nA:x86_64\nL:MIT\no:source\nF:bin\nR:\(file)\nZ:Q1\(digest)\n\n"
        }
        // SHA-1 of "a\n" and of nothing, in base64.
        let (whole, empty) = ("P3hoUOOHVQ/auDbtfm3Igd4jABs=", "2jmj7l5rSw0yVb/vlWAYkK/YBwk=")
        let base = LayerBuilder(.gzip) {
            $0.file("etc/os-release", "ID=alpine\nVERSION_ID=3.20\n")
            $0.file("lib/apk/db/installed", stanza("a", "1.0-r0", "a", whole) + stanza("b", "1.0-r0", "b", empty))
            $0.file("bin/a", "a\n", mode: 0o755)
            $0.file("bin/b", "", mode: 0o755)
        }
        let upper = LayerBuilder(.gzip) {
            $0.file("lib/apk/db/installed", stanza("a", "1.0-r0", "a", whole) + stanza("b", "1.0_p1-r0", "b", empty))
            $0.file("bin/b", "not what was shipped\n", mode: 0o755)
            $0.file("bin/own", "x", mode: 0o755)
            $0.symlink("bin/link", to: "a")
            $0.file("srv/node_modules/left/package.json", #"{"name":"left","version":"1.3.0","license":"WTFPL"}"#)
        }
        let bench = Workbench()
        OCILayoutBuilder {
            $0.image(ImageBuilder([base, upper]), tag: "i")
            $0.image(
                ImageBuilder([
                    LayerBuilder(.gzip) {
                        $0.file("lib/apk/db/installed", "P:broken\n\nP:whole\nV:1\n\n")
                        $0.file("var/lib/rpm/rpmdb.sqlite", "SQLite format 3")
                    }
                ]), tag: "damaged")
        }.write(to: bench.scratch)
        return bench
    }

    @Test func `packages are listed by kind, with the layer that brought each`() throws {
        let bench = try Self.bench()
        try expect(
            bench.cimg("packages", "oci:layout:i"),
            is: .success(
                """
                apk: 2
                NAME VERSION   ARCH   LAYER SOURCE LICENCE
                a    1.0-r0    x86_64 0     source MIT
                b    1.0_p1-r0 x86_64 1     source MIT

                npm: 1
                NAME VERSION LAYER LICENCE
                left 1.3.0   1     WTFPL

                """))
        #expect(
            try bench.shell("cimg packages --json oci:layout:i | jq -c '.packages[1] | del(.layer)'")
                == .success(
                    #"{"type":"apk","name":"b","version":"1.0_p1-r0","architecture":"x86_64","source":"source","#
                        + #""source_version":"1.0_p1-r0","licences":["MIT"],"record":"/lib/apk/db/installed"}"# + "\n"))
        try expect(
            bench.cimg("packages", "--type", "npm", "oci:layout:i"),
            is: .success("NAME VERSION LAYER LICENCE\nleft 1.3.0   1     WTFPL\n"))
    }

    @Test func `versions are found in their own order, and the exit code tells`() throws {
        let bench = try Self.bench()
        let found = try bench.cimg("packages", "--find", "b > 1.0-r0", "oci:layout:i")
        #expect(found.code == 1)
        #expect(found.output == "oci:layout:i: apk b 1.0_p1-r0 (layer 1)\n")
        try expect(bench.cimg("packages", "--find", "b<1.0-r0", "oci:layout:i"), is: .success())
        #expect(
            try bench.cimg("packages", "--find", "sour* >= 1", "oci:layout:i").output.split(separator: "\n").count == 2)
        let odd = try bench.cimg("packages", "--find", "b <", "oci:layout:i")
        #expect(odd.code == 2)
        #expect(odd.errors.hasPrefix("cimg: --find \"b <\": not of the form"))
    }

    @Test func `owners, changes and programs that nobody owns are told`() throws {
        let bench = try Self.bench()
        try expect(
            bench.cimg("packages", "--owner", "/bin/a", "--owner", "bin/link", "oci:layout:i"),
            is: .success("/bin/a: a 1.0-r0\n/bin/a: a 1.0-r0\n"))
        let unowned = try bench.cimg("packages", "--owner", "/bin/own", "oci:layout:i")
        #expect(unowned.code == 1)
        #expect(unowned.errors == "cimg: \"oci:layout:i\": \"/bin/own\": no package owns it\n")
        let changed = try bench.cimg("packages", "--verify", "oci:layout:i")
        #expect(changed.code == 1)
        #expect(changed.output == "C   /bin/b (b)\n")
        let programs = try bench.cimg("packages", "--not-owned", "oci:layout:i")
        #expect(programs.code == 1)
        #expect(programs.output == "/bin/own (layer 1)\n")
    }

    @Test func `packages of two sides are compared in their own order`() throws {
        let bench = Workbench()
        func image(_ record: String, _ module: String) -> ImageBuilder {
            ImageBuilder([
                LayerBuilder(.gzip) {
                    $0.file("lib/apk/db/installed", record)
                    $0.file("srv/node_modules/m/package.json", "{\"name\":\"m\",\"version\":\"\(module)\"}")
                }
            ])
        }
        OCILayoutBuilder {
            $0.image(image("P:a\nV:1.9-r0\no:src\n\nP:b\nV:2\n\nP:same\nV:1\n\n", "2.0.0"), tag: "left")
            $0.image(image("P:a\nV:1.10-r0\no:src\n\nP:c\nV:3\n\nP:same\nV:1\n\n", "2.0.0-rc.1"), tag: "right")
        }.write(to: bench.scratch)
        let outcome = try bench.cimg("diff", "--packages", "oci:layout:left", "oci:layout:right")
        #expect(outcome.code == 1)
        #expect(
            outcome.output == """
                C apk a 1.9-r0 -> 1.10-r0 (upgrade, source src, layer 0)
                D apk b 2 (layer 0)
                A apk c 3 (layer 0)
                C npm m 2.0.0 -> 2.0.0-rc.1 (downgrade, layer 0)

                """)
        try expect(bench.cimg("diff", "--packages", "oci:layout:left", "oci:layout:left"), is: .success())
        #expect(
            try bench.shell(
                "cimg diff --packages --json oci:layout:left oci:layout:right | jq -c '.packages | map(.change)'"
            )
            .output == "[\"C\",\"D\",\"A\",\"C\"]\n")
        #expect(try bench.cimg("diff", "--packages", "--stat", "oci:layout:left", "oci:layout:right").code == 2)
        // Where nothing is recorded, nothing is known to be the same.
        bench.scratch.file("bare/f", "")
        try expect(
            bench.cimg("diff", "--packages", "oci:layout:left", "./bare"),
            is: Outcome(
                1,
                "D apk a 1.9-r0 (source src, layer 0)\nD apk b 2 (layer 0)\nD apk same 1 (layer 0)\n"
                    + "D npm m 2.0.0 (layer 0)\n",
                errors: "cimg: \"./bare\": no record of any package is in it\n"))
    }

    @Test func `where neither side has a record nothing was compared`() throws {
        let bench = Workbench()
        func image(_ name: String, _ mode: Int64) -> ImageBuilder {
            ImageBuilder([LayerBuilder(.gzip) { $0.file(name, "x", mode: mode) }])
        }
        OCILayoutBuilder {
            $0.image(image("data", 0o644), tag: "data")
            $0.image(image("more", 0o644), tag: "more")
            $0.image(image("program", 0o755), tag: "program")
            $0.image(image("etc/os-release", 0o644), tag: "distribution")
        }.write(to: bench.scratch)
        func diff(_ left: String, _ right: String) throws -> Outcome {
            try bench.cimg("diff", "--packages", "oci:layout:\(left)", "oci:layout:\(right)")
        }
        let sides = "cimg: \"oci:layout:data\" and \"oci:layout:%\": "
        let empty = Outcome(0, errors: sides.replacing("%", with: "more") + "neither has any packages\n")
        try expect(diff("data", "more"), is: empty)
        for other in ["program", "distribution"] {
            try expect(
                diff("data", other),
                is: Outcome(
                    2,
                    errors: sides.replacing("%", with: other)
                        + "no record of any package is in either, so that packages cannot be compared; without "
                        + "--packages files are\n"))
        }
        // The same image has the same packages, whichever they are.
        try expect(diff("program", "program").code, is: 0)
    }

    @Test func `what is damaged is told beside what is whole`() throws {
        let outcome = try Self.bench().cimg("packages", "oci:layout:damaged")
        #expect(outcome.code == 2)
        #expect(outcome.output == "NAME  VERSION LAYER\nwhole 1       0\n")
        #expect(
            outcome.errors == """
                cimg: oci:layout:damaged: "/lib/apk/db/installed": apk database: stanza 1: has no version
                cimg: oci:layout:damaged: "/var/lib/rpm/rpmdb.sqlite": SQLite database: byte 0: the file ends before it

                """)
    }

    @Test func `what cannot be asked is refused`() throws {
        let bench = Workbench()
        #expect(try bench.cimg("packages").errors == "cimg: no object is named; --all takes the images of the store\n")
        let type = try bench.cimg("packages", "--type", "deb,x", "a")
        #expect(type.code == 2)
        #expect(type.errors.hasPrefix("cimg: --type \"x\": none of deb, rpm, apk"))
        #expect(
            try bench.cimg("packages", "--verify", "--not-owned", "a").errors
                == "cimg: --verify and --not-owned exclude each other\n")
    }

    @Test func `a package of the same version that was built again is told as rebuilt`() throws {
        let bench = Workbench()
        func layer(_ build: String, _ time: String) -> LayerBuilder {
            LayerBuilder(.gzip) {
                $0.file("lib/apk/db/installed", "C:\(build)\nP:musl\nV:1\n\nC:Q1same\nP:zlib\nV:1\n\n")
                $0.file("var/lib/pacman/local/a-1/desc", "%NAME%\na\n\n%VERSION%\n1\n\n%BUILDDATE%\n\(time)\n")
                $0.file("var/lib/dpkg/status", "Package: d\nStatus: install ok installed\nVersion: 1\n\n")
                $0.file("var/lib/dpkg/info/d.list", "/.\n/usr/x\n")
                $0.file("var/lib/dpkg/info/d.md5sums", "\(String(repeating: time, count: 32))  usr/x\n")
                $0.file("opt/conda/conda-meta/n-1-b.json", "{\"name\":\"n\",\"version\":\"1\",\"build\":\"\(build)\"}")
            }
        }
        OCILayoutBuilder {
            $0.image(ImageBuilder([layer("Q1one", "1")]), tag: "one")
            $0.image(ImageBuilder([layer("Q1two", "2")]), tag: "two")
        }.write(to: bench.scratch)
        try expect(
            bench.cimg("diff", "--packages", "oci:layout:one", "oci:layout:two"),
            is: Outcome(
                1,
                """
                C alpm a 1 -> 1 (rebuilt, layer 0)
                C apk musl 1 -> 1 (rebuilt, layer 0)
                C deb d 1 -> 1 (rebuilt, layer 0)
                C conda n 1 -> 1 (rebuilt, layer 0)

                """))
        #expect(
            try bench.shell(
                "cimg diff --packages --json oci:layout:one oci:layout:two | jq -c '.packages|map(.direction)|unique'"
            )
            .output == "[\"rebuilt\"]\n")
        // Debian's own place for packages of Node.js.
        bench.scratch.file("d/usr/share/nodejs/acorn/package.json", #"{"name":"acorn","version":"8.8.1"}"#)
        bench.scratch.file("d/usr/share/nodejs/@types/node/package.json", #"{"name":"@types/node","version":"1.0.0"}"#)
        bench.scratch.file("d/usr/share/nodejs/acorn/lib/package.json", #"{"name":"inner","version":"1.0.0"}"#)
        #expect(
            try bench.shell("cimg packages --json ./d | jq -c '[.packages[]|.name]'").output
                == #"["@types/node","acorn"]"# + "\n")
    }
}
