// SPDX-License-Identifier: Apache-2.0

#if DEBUG
    import FileSystems
    import Glibc
    import LinuxIO
    import Overlay
    import OverlayLayers
    import SystemPackage
    import TestSupport
    import Testing

    /// What making and removing names leaves when a system call fails.
    @Suite(.enabled(if: Requirements.root), .timeLimit(.minutes(15))) struct NameLoops {
        private static let mappedUser = FailingOverlay.Settings(marks: [.user, .overrideStat], recordsOverrides: true)
        private static let engines = FailingOverlay.Settings(marks: [.trusted, .dotNames])
        /// The list `u::rwx,u:9:r-x,g::r-x,m::r-x,o::---` for what is made in `d`.
        private static let list = "mkdir d; setfacl -d -m u::rwx,u:9:rx,g::rx,o::- d"

        static let removals: [FailureCase] = [
            FailureCase("unlink of a lower file", .unlink("d/sub/f")).inDepth,
            FailureCase("unlink of an upper file", .unlink("new/n")).after(.makeDirectory("new"), .write("new/n", "1")),
            FailureCase("unlink of an upper file beside lower ones", .unlink("d/n")).after(.write("d/n", "1")),
            FailureCase("unlink of a file of both", .unlink("d/g")).after(.append("d/g", "1")),
            FailureCase("unlink of an open lower file", .unlink("d/g")).with { $0.opened = ["d/g"] },
            FailureCase("unlink of an open upper file", .unlink("new/n"))
                .after(.makeDirectory("new"), .write("new/n", "1")).with { $0.opened = ["new/n"] },
            FailureCase("unlink of an open file of both", .unlink("d/g")).after(.append("d/g", "1")).with {
                $0.opened = ["d/g"]
            },
            FailureCase("unlink of one of several names", .unlink("d/h")).inDepth,
            FailureCase("unlink of a second name", .unlink("d/h")).after(.unlink("d/i")),
            FailureCase("unlink of the last of several names", .unlink("d/h")).after(.unlink("d/i"), .unlink("e/j"))
                .with { $0.opened = ["d/h"] },
            FailureCase("unlink of a lower name of a copy", .unlink("d/i")).after(.append("d/h", "1")),
            FailureCase("unlink of an upper name of a copy", .unlink("d/h")).after(.append("d/h", "1")),
            FailureCase("unlink of the last name of a copy", .unlink("d/h"))
                .after(.append("d/h", "1"), .unlink("d/i"), .unlink("e/j")),
            FailureCase("unlink of the last name of an open copy", .unlink("d/h"))
                .after(.append("d/h", "1"), .unlink("d/i"), .unlink("e/j")).with { $0.opened = ["d/h"] },
            FailureCase("unlink of the last, lower name of a copy", .unlink("d/i"))
                .after(.append("d/h", "1"), .unlink("d/h"), .unlink("e/j")).with { $0.opened = ["d/i"] },
            FailureCase("unlink of a name of a symbolic link's copy", .unlink("d/t")).after(.owner("d/t", 7)),
            FailureCase("unlink of a moved name of a copy", .unlink("e/n")).after(
                .append("d/h", "1"), .rename("d/h", "e/n")),
            FailureCase("unlink of an upper hard link", .unlink("d/n")).after(.link("d/g", "d/n")),
            FailureCase("rmdir of a lower directory", .removeDirectory("empty")).inDepth,
            FailureCase("rmdir of an upper directory", .removeDirectory("new")).after(.makeDirectory("new")),
            FailureCase("rmdir of a directory in an upper one", .removeDirectory("new/n"))
                .after(.makeDirectory("new"), .makeDirectory("new/n")),
            FailureCase("rmdir of a directory of both", .removeDirectory("w/x")).after(.unlink("w/x/y")),
            FailureCase("rmdir of a moved directory with whiteouts", .removeDirectory("d/n"))
                .after(.unlink("w/x/y"), .rename("w/x", "d/n")),
        ]

        static let links: [FailureCase] = [
            FailureCase("link to a lower file", .link("d/sub/f", "e/n")).inDepth,
            FailureCase("link to an upper file", .link("d/n", "e/n")).after(.write("d/n", "1")),
            FailureCase("link over a whiteout", .link("d/sub/f", "d/g")).after(.unlink("d/g")),
            FailureCase("link to one of several names", .link("d/h", "e/n")),
            FailureCase("link to a copy", .link("d/i", "e/n")).after(.append("d/h", "1")),
            FailureCase("link to a symbolic link", .link("d/s", "e/n")),
            FailureCase("link over the whiteout of another name", .link("d/h", "d/i")).after(.unlink("d/i")),
        ]

        static let makings: [FailureCase] = ["new": "d", "g": "d", "n": "m"].sorted { $0.key < $1.key }.flatMap {
            (name, directory) in
            [
                ("create", 0o644 as UInt32), ("mkdir", S_IFDIR | 0o755), ("symlink", S_IFLNK),
                ("mknod", S_IFCHR | 0o600),
                ("mkfifo", S_IFIFO | 0o4644),
            ].map { (call, mode) in
                FailureCase("\(call) of \(directory)/\(name)") {
                    try $0.make(name, in: directory, mode: mode, device: mode & S_IFMT == S_IFCHR ? 0x103 : 0)
                }.after(.unlink("d/g"), .makeDirectory("m"))
            }
        }

        static let inheriting: [FailureCase] = ["new", "g"].flatMap { name in
            [0o664 as UInt32, S_IFDIR | 0o775].flatMap { mode in
                [
                    FailureCase("\(name), \(mode) with a list of its directory") {
                        try $0.make(name, in: "d", mode: mode)
                    }.after(.unlink("d/g")).with { $0.upper = list },
                    FailureCase("\(name), \(mode) with the group of its directory") {
                        try $0.make(name, in: "d", mode: mode)
                    }.after(.unlink("d/g"), .owner("d", 77), .mode("d", 0o2777)),
                    FailureCase("\(name), \(mode) by a plain user") {
                        try $0.make(name, in: "d", mode: mode)
                    }.after(.unlink("d/g")).with { $0.settings = mappedUser },
                    FailureCase("\(name), \(mode) in an engine's directory") {
                        try $0.make(name, in: "d", mode: mode)
                    }.with { (failing: inout FailureCase) in
                        (failing.settings, failing.upper) = (engines, "mkdir d; touch d/.wh.g")
                    },
                ]
            }
        }

        @Test(arguments: removals) func `a name is removed or it is not`(_ failing: FailureCase) throws {
            try failing.run()
        }

        @Test(arguments: links) func `a link is made or it is not`(_ failing: FailureCase) throws { try failing.run() }

        @Test(arguments: makings + inheriting) func `a file is made or it is not`(_ failing: FailureCase) throws {
            try failing.run()
        }
    }
#endif
