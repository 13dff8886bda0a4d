// SPDX-License-Identifier: Apache-2.0

import Foundation
import TestSupport
import Testing

/// What users of other tools type, and what names mean.
@Suite(.timeLimit(.minutes(15))) struct HabitTests {
    @Test(arguments: [
        ["images", "ls", "-q"], ["image", "ls", "-q"], ["image", "list", "--quiet"],
        ["--root", "store", "images", "-q"],
        ["--root=store", "image", "ls", "-q"], ["-v", "images", "-q"],
    ])
    func `words of other tools, and options before the command`(_ arguments: [String]) throws {
        let bench = try Sample.bench()
        try expect(bench.cimg(arguments), is: .success("\(Sample.new.digest)\n\(Sample.old.digest)\n"))
    }

    @Test func `images are taken away, and policies shown, by podman's words`() throws {
        let bench = try Sample.bench()
        try expect(bench.cimg("images", "rm", "old"), is: .success())
        try expect(bench.cimg("images", "-q"), is: .success("\(Sample.new.digest)\n"))
        try expect(bench.cimg("image", "trust", "show", "--json"), is: bench.cimg("trust", "show", "--json"))
    }

    @Test(arguments: [["version"], ["-V"], ["--version"]]) func `the version`(_ arguments: [String]) throws {
        let outcome = try Workbench().cimg(arguments)
        #expect(outcome.code == 0 && outcome.errors.isEmpty)
        #expect(outcome.output.split(separator: "\n").count == 1)
    }

    @Test func `commands that are called otherwise, or are no business of this program, are told`() throws {
        let bench = Workbench()
        try expect(
            bench.cimg("history", "x"),
            is: .usage("no command \"history\"; \"cimg inspect --history IMAGE\" shows it", help: "cimg help"))
        try expect(
            bench.cimg("run", "alpine"),
            is: .usage(
                "no command \"run\"; cimg starts no containers, it opens them; use podman or docker for that",
                help: "cimg help"))
        for word in [
            "info", "list", "save", "load", "rmi", "build", "containers", "manifest-digest", "generate-sigstore-key",
            "standalone-verify",
        ] {
            let outcome = try bench.cimg(word)
            #expect(outcome.code == 2 && outcome.errors.hasPrefix("cimg: no command \"\(word)\"; "), "\(outcome)")
        }
    }

    @Test(arguments: [
        ("docker-daemon:x", "an engine's image"), ("containers-storage:x", "an engine's image"),
        ("containerd-image:x", "an engine's image"), ("podman:x", "an engine's container"),
        ("docker:x", "an engine's container"), ("pid:1", "a process"), ("upper:p", "an upper directory"),
        ("tarball.tar", "a file (a source begins with oci-archive: or docker-archive:)"),
        ("a/b.tar.gz", "a file (a source begins with oci-archive: or docker-archive:)"),
    ])
    func `a name that reads as something else is refused`(_ name: String, _ meaning: String) throws {
        let bench = try Sample.bench()
        let problem = Outcome.trouble("name \"\(name)\": reads as \(meaning), choose another")
        try expect(bench.cimg("tag", "old", name), is: problem)
        try expect(bench.cimg("import", "oci:layout:new", name), is: problem)
        try expect(bench.cimg("images", "-q").output.split(separator: "\n").count, is: 2)
    }

    @Test func `a name is found with its tag, without, and with its digest`() throws {
        let bench = try Sample.bench()
        try expect(bench.cimg("tag", "old", "app:latest"), is: .success())
        try expect(bench.cimg("tag", "old", "plain"), is: .success())
        let digest = Sample.old.digest
        for name in ["app", "app:latest", "plain:latest", "app@\(digest)", "app:latest@\(digest)", "plain@\(digest)"] {
            try expect(bench.cimg("diff", "old", name), is: .success(), "\(name)")
        }
        try expect(bench.cimg("diff", "old", "other@\(digest)").code, is: 2)
        try expect(bench.cimg("diff", "old", "plain@\(Sample.new.digest)").code, is: 2)
    }

    @Test(arguments: ["mount", "inspect", "diff"])
    func `a platform that a stored image does not have is refused`(_ command: String) throws {
        let bench = try Sample.bench()
        let places = ["mount": ["mnt"], "inspect": [], "diff": ["old"]][command] ?? []
        try expect(
            bench.cimg([command, "--platform", "linux/arm64", "old"] + places),
            is: .trouble("image \(Sample.old.digest): no image for linux/arm64; it has: linux/amd64"))
    }

    @Test func `prune leaves what is younger than it is told`() throws {
        let bench = try Sample.bench()
        try expect(bench.cimg("rm", "old", "new"), is: .success())
        try expect(bench.cimg("prune", "--filter", "until=1h"), is: .success("removed nothing\n"))
        try expect(
            bench.cimg("prune", "--filter", "until=x"),
            is: .trouble("--filter \"until=x\": write until=DURATION, such as until=24h or until=7d"))
        #expect(try bench.cimg("prune", "--filter", "until=0s").output.hasPrefix("removed "))
    }

    @Test(.enabled(if: Requirements.fuse))
    func `a mount without a directory gets one, and is unmounted by the object's name`() throws {
        let bench = try Sample.bench()
        let place = "\(bench.path)/run"
        if geteuid() != 0 {
            bench.scratch.directory("run")
            bench.environment["XDG_RUNTIME_DIR"] = place
        }
        try expect(bench.cimg("tag", "old", "habit:latest"), is: .success())
        let outcome = try bench.cimg("mount", "habit:latest")
        let path = String(outcome.output.dropLast())
        try #require(outcome.code == 0 && path.contains("/cimg/habit_latest"), "\(outcome)")
        #expect(FileManager.default.fileExists(atPath: "\(path)/etc"))
        try expect(bench.cimg("umount", "habit"), is: .success())
        #expect(!FileManager.default.fileExists(atPath: path))
        try expect(
            bench.cimg("umount", "habit"),
            is: .trouble("mountpoint \"habit\": no such directory; \"cimg mounts\" lists what is mounted"))
    }

    @Test(.enabled(if: Requirements.fuse)) func `short options of umount, and -oro`() throws {
        let bench = try Sample.bench()
        try expect(bench.cimg("mount", "-onoexec", "old", "mnt"), is: .success())
        #expect(try bench.cimg("mounts", "--json").output.contains("noexec"))
        try expect(bench.cimg("umount", "-l", "mnt"), is: .success())
    }
}
