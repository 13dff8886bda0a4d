// SPDX-License-Identifier: Apache-2.0

import TestSupport
import Testing

/// `cimg layers`, `waste`, `check` and `du`: what an image costs.
@Suite(.timeLimit(.minutes(15))) struct LayersCommandTests {
    /// An image whose layers touch, replace, delete and move, and an older one of its base alone.
    private static func bench() throws -> Workbench {
        let base = LayerBuilder(.gzip) {
            $0.directory("d")
            $0.file("d/touched", "123456789")
            $0.file("d/replaced", "1234")
            $0.file("d/deleted", "123")
            $0.file("d/moved", "12345")
            $0.file("d/kept", "1234567")
        }
        let upper = LayerBuilder(.gzip) {
            $0.file("d/touched", "123456789", mode: 0o600)
            $0.file("d/replaced", "x")
            $0.whiteout("d/deleted")
            $0.whiteout("d/moved")
            $0.file("new\u{1B}name", "12345")
        }
        let bench = Workbench()
        OCILayoutBuilder {
            $0.image(ImageBuilder([base, upper]), tag: "new")
            $0.image(ImageBuilder([base]), tag: "old")
        }.write(to: bench.scratch)
        return bench
    }

    @Test func `each layer tells what it costs, what is seen of it and what it killed`() throws {
        let bench = try Self.bench()
        let outcome = try bench.cimg("layers", "oci:layout:new")
        #expect(outcome.code == 0)
        #expect(
            outcome.output.split(separator: "\n").map { $0.split(separator: " ").joined(separator: " ") }.prefix(2) == [
                "oci:layout:new: 2 layers, 43 B in files, 22 B visible, 21 B dead (48.84 %)",
                "base: 1 layer, the first layer; --base names another",
            ])
        #expect(
            try bench.shell(
                "cimg layers --json oci:layout:new | jq -c '[.size, .visible, .dead, .dead_by_cause], "
                    + "(.layers[] | [.size, .visible, .dead, .killed, .files, .whiteouts])'"
            )
                == .success(
                    """
                    [43,22,21,{"deleted":3,"replaced":4,"touched":9,"moved":5}]
                    [28,7,21,0,5,0]
                    [15,15,0,21,3,2]

                    """))
        #expect(
            try bench.cimg("layers", "--base", "oci:layout:old", "oci:layout:new").output.contains(
                "base: 1 layer, oci:layout:old\n"))
        #expect(
            try bench.cimg("layers", "--base", "oci:layout:new", "oci:layout:old")
                == .trouble("\"oci:layout:new\": \"oci:layout:old\" does not begin with its layers"))
        #expect(try bench.cimg("layers", "--markdown", "oci:layout:new").output.contains("| B0 | 28 B | 7 B | 21 B |"))
    }

    @Test func `dead files are told with cause, layers and names that cannot act on the terminal`() throws {
        let bench = try Self.bench()
        try expect(
            bench.cimg("waste", "--by", "file", "oci:layout:new"),
            is: .success(
                """
                oci:layout:new: 2 layers, 43 B in files, 22 B visible, 21 B dead (48.84 %)

                LAYERS  SIZE  CAUSE     PATH
                0 > 1   9 B   touched   /d/touched
                0 > 1   5 B   moved     /d/moved -> /new\\x1bname
                0 > 1   4 B   replaced  /d/replaced
                0 > 1   3 B   deleted   /d/deleted

                """))
        #expect(
            try bench.cimg("waste", "--limit", "1", "oci:layout:new").output.contains(
                "… and 3 more; --limit 0 lists all"))
        #expect(
            try bench.shell(
                "cimg waste --json oci:layout:new | jq -c '.files[] | [.path, .size, .cause, .added_by, .removed_by]' | head -1"
            )
                == .success("[\"/d/touched\",9,\"touched\",0,1]\n"))
        #expect(
            try bench.cimg("waste", "oci:layout:old").output
                == "oci:layout:old: 1 layer, 28 B in files, 28 B visible, 0 B dead (0.00 %)\n")
    }

    @Test func `the tree of files is that of du`() throws {
        let bench = try Self.bench()
        let sizes = try bench.cimg("du", "--all", "--sort", "size", "oci:layout:new")
        #expect(sizes.code == 0 && sizes.output.contains("d/kept"))
        #expect(try bench.cimg("tree", "--sort", "size", "oci:layout:new") == sizes)
        #expect(
            try bench.cimg("tree", "oci:layout:new", "--layer=1")
                == bench.cimg("du", "--all", "--layer=1", "oci:layout:new"))
    }

    @Test func `dive's figures have dive's names, and a remark where they are mistaken`() throws {
        let bench = try Self.bench()
        #expect(
            try bench.shell(
                "cimg waste --dive --json oci:layout:new | jq -c '.image | [.sizeBytes, .inefficientBytes, "
                    + ".efficiencyScore, (.fileReference | length)], .fileReference[0]'"
            )
                == .success("[43,31,0.5116279069767442,4]\n{\"count\":2,\"sizeBytes\":18,\"file\":\"/d/touched\"}\n"))
        let single = try bench.cimg("waste", "--dive", "oci:layout:old")
        #expect(single.output.contains("userWastedPercent  NaN\n"))
        #expect(single.output.contains("remark: nothing lies on the first layer"))
    }

    @Test func `budgets are judged, and the exit code tells`() throws {
        let bench = try Self.bench()
        bench.scratch.file(
            "rules", "rules:\n  lowestEfficiency: 0.5\n  highestUserWastedPercent: off\n  highest-dead-bytes: 20\n")
        let failed = try bench.cimg("check", "--rules", "rules", "oci:layout:new")
        #expect(failed.code == 1)
        #expect(failed.output.contains("PASS  lowest-efficiency    0.5116 >= 0.5\n"))
        #expect(failed.output.contains("FAIL  highest-dead-bytes   21 > 20\n"))
        #expect(
            failed.output.hasSuffix(
                """
                SKIP  highest-dead-growth  no older image to compare with
                SKIP  8 others             disabled
                verdict: fail reason=highest-dead-bytes [pass:1 fail:1 skip:9]

                """))
        let passed = try bench.cimg("check", "--rules", "rules", "--rule", "highest-dead-bytes=21", "oci:layout:new")
        #expect(passed.code == 0)
        #expect(passed.output.hasSuffix("verdict: ok [pass:2 fail:0 skip:9]\n"))
        let grown = try bench.cimg(
            "check", "--rules", "rules", "--rule", "highest-dead-bytes=off", "--rule", "highest-growth=14", "--against",
            "oci:layout:old", "oci:layout:new")
        #expect(grown.code == 1)
        #expect(grown.output.hasSuffix("verdict: regression reason=highest-growth [pass:2 fail:1 skip:8]\n"))
        let same = try bench.cimg("check", "--against", "oci:layout:old", "oci:layout:old")
        #expect(same.code == 0)
        #expect(same.output.contains("verdict: noop digest=sha256:"))
        // What a later layer deletes is in the image still.
        let blocked = try bench.cimg(
            "check", "--rules", "rules", "--rule", "blocked-paths=*/deleted", "--json", "oci:layout:new")
        #expect(blocked.code == 1)
        #expect(blocked.output.contains("\"reason\": \"\\\"/d/deleted\\\"\""))
    }

    @Test func `a file of dive in the directory is taken, and what is wrong with rules is told`() throws {
        let bench = try Self.bench()
        bench.scratch.file(".dive-ci", "rules:\n  lowestEfficiency: 0.99\n")
        let outcome = try bench.cimg("check", "oci:layout:new")
        #expect(outcome.code == 1)
        #expect(outcome.output.contains("rules: .dive-ci\n"))
        bench.scratch.file(".dive-ci", "rules:\n  lowestEficiency: 0.99\n")
        let wrong = try bench.cimg("check", "oci:layout:new")
        #expect(wrong.code == 2)
        #expect(wrong.errors.hasPrefix("cimg: .dive-ci: lowestEficiency: no such rule; there are "))
        #expect(
            try bench.cimg("check", "--rules", "none", "oci:layout:new")
                == .trouble("--rules none: No such file or directory"))
        bench.scratch.file(".dive-ci", "rules:\n  lowest-efficiency: off\n")
        // A name alone is the rule as it is where nothing is said.
        for name in ["lowest-efficiency", "lowestEfficiency"] {
            let alone = try bench.cimg("check", "--rule", name, "oci:layout:new")
            #expect(alone.code == 1 && alone.output.contains("\nFAIL  lowest-efficiency            0."), "\(alone)")
            #expect(alone.output.contains(" < 0.9\n"), "\(alone)")
        }
        try expect(
            bench.cimg("check", "--rule", "highest-size", "oci:layout:new"),
            is: .trouble("--rule highest-size: needs a value: highest-size=20MB"))
        #expect(
            try bench.cimg("check", "--rule", "x", "oci:layout:new")
                == .trouble(
                    "--rule: x: no such rule; there are lowest-efficiency, highest-wasted-bytes, "
                        + "highest-user-wasted-percent, highest-dead-bytes, highest-dead-percent, highest-layer-count, "
                        + "highest-size, highest-growth, highest-dead-growth, blocked-paths, blocked-waste"))
    }

    @Test func `directories tell what they take, files of several names once`() throws {
        let bench = Workbench()
        OCILayoutBuilder {
            $0.image(
                ImageBuilder([
                    LayerBuilder(.gzip) {
                        $0.file("a/b/one", "1234567890")
                        $0.hardLink("z/two", to: "a/b/one")
                        $0.file("z/three", "12345")
                    }, LayerBuilder(.gzip) { $0.file("a/four", "1") },
                ]), tag: "i")
        }.write(to: bench.scratch)
        try expect(
            bench.cimg("du", "--all", "oci:layout:i"),
            is: .success(
                """
                SIZE  PART      FILES  PATH
                16 B  100.00 %  3      /
                11 B  68.75 %   2      /a/
                10 B  62.50 %   1      /a/b/
                1 B   6.25 %    1      /a/four
                5 B   31.25 %   1      /z/
                5 B   31.25 %   1      /z/three
                0 B   0.00 %    0      /z/two

                """))
        #expect(
            try bench.cimg("du", "--depth", "0", "oci:layout:i:/z").output.hasSuffix("15 B  100.00 %  2      /z/\n"))
        #expect(
            try bench.shell("cimg du --layer 1 --json oci:layout:i | jq -c '.[] | [.path, .size]'")
                == .success("[\"/\",1]\n[\"/a\",1]\n"))
        #expect(try bench.cimg("du", "--layer", "2", "oci:layout:i") == .trouble("--layer 2: the image has 2 layers"))
        #expect(try bench.cimg("du", "--sort", "x", "oci:layout:i") == .trouble("--sort \"x\": neither size nor name"))
    }
}
