// SPDX-License-Identifier: Apache-2.0

#if DEBUG
    import FileSystems
    import LinuxIO
    import Overlay
    import OverlayLayers
    import SystemPackage
    import TestSupport
    import Testing

    /// What a rename leaves when a system call fails.
    @Suite(.enabled(if: Requirements.root), .timeLimit(.minutes(15))) struct RenameLoops {
        private static let old = FailingOverlay.Settings(lacksWhiteouts: true)

        /// A program that is told EXDEV copies.
        private static func directory(_ name: String, _ operation: Operation) -> FailureCase {
            FailureCase(name, operation).with { $0.answers = [.improperLink] }
        }

        static let files: [FailureCase] = [
            FailureCase("rename of a lower file", .rename("d/sub/f", "e/n")).inDepth,
            FailureCase("rename of an upper file", .rename("d/n", "e/n")).after(.write("d/n", "new")),
            FailureCase("rename of a file of both", .rename("d/g", "e/n")).after(.append("d/g", "new")),
            FailureCase("rename over a lower file", .rename("d/n", "d/g")).after(.write("d/n", "new")),
            FailureCase("rename over a lower file that is open", .rename("d/sub/f", "d/g")).with {
                $0.opened = ["d/g", "d/sub/f"]
            },
            FailureCase("rename over an upper file that is open", .rename("d/sub/f", "d/n"))
                .after(.write("d/n", "new")).with { $0.opened = ["d/n"] },
            FailureCase("rename over a whiteout", .rename("d/sub/f", "d/g")).after(.unlink("d/g")),
            FailureCase("rename of one of several names", .rename("d/h", "e/n")).inDepth,
            FailureCase("rename of one of several names of a copy", .rename("e/j", "e/n")).after(
                .append("d/h", "more")),
            FailureCase("rename over one of several names", .rename("d/sub/f", "d/i")),
            FailureCase("rename over one of several names of a copy", .rename("d/sub/f", "d/i"))
                .after(.append("d/h", "more")),
            FailureCase("rename over another name of a copy", .rename("d/i", "d/h")).after(.append("d/h", "more")),
            FailureCase("rename over the last name of a copy", .rename("d/sub/f", "d/h"))
                .after(.append("d/h", "more"), .unlink("d/i"), .unlink("e/j")),
            FailureCase("rename of attributes alone", .rename("d/big", "e/n")).with {
                $0.settings.bareSize = 1
                $0.answers = [.improperLink]
            },
            FailureCase("exchange of files", .exchange("d/g", "d/sub/f")),
            FailureCase("exchange of names of a copy", .exchange("d/i", "d/g")).after(.append("d/h", "more")),
            FailureCase("exchange of a file and a directory", .exchange("d/g", "e")).with {
                $0.answers = [.improperLink]
            },
            FailureCase("rename without RENAME_WHITEOUT", .rename("d/g", "e/n")).with { $0.settings = old },
            FailureCase("rename over a file without RENAME_WHITEOUT", .rename("d/g", "d/sub/f")).with {
                $0.settings = old
            },
            FailureCase("rename over a whiteout without RENAME_WHITEOUT", .rename("d/g", "d/s")).after(.unlink("d/s"))
                .with { $0.settings = old },
        ]

        static let directories: [FailureCase] = [
            directory("rename of a lower directory", .rename("d/sub", "e/n")).inDepth,
            directory("rename of an upper directory", .rename("new", "e/n")).after(
                .makeDirectory("new"), .write("new/f", "1")),
            directory("rename of a directory of both", .rename("d", "e/n")).after(.write("d/n", "1")),
            directory("a second rename of a directory", .rename("e/n", "m")).after(.rename("d", "e/n")),
            directory("rename of a directory in a moved one", .rename("m/sub", "e/n")).after(.rename("d", "m")),
            directory("rename over a lower directory", .rename("d/sub", "empty")).inDepth,
            directory("rename of an upper directory over a lower one", .rename("new", "empty"))
                .after(.makeDirectory("new"), .write("new/f", "1")),
            directory("rename over an upper directory", .rename("d", "new")).after(.makeDirectory("new")),
            directory("rename over a directory of whiteouts", .rename("d/sub", "w/x")).after(.unlink("w/x/y")),
            directory("rename of a new directory over one of whiteouts", .rename("new", "w/x"))
                .after(.unlink("w/x/y"), .makeDirectory("new"), .write("new/f", "1")),
            directory("rename over a whiteout of a directory", .rename("d/sub", "empty")).after(
                .removeDirectory("empty")),
            directory("rename of a new directory over a whiteout", .rename("new", "d/g"))
                .after(.unlink("d/g"), .makeDirectory("new"), .write("new/f", "1")),
            directory("exchange of directories", .exchange("d/sub", "e")),
            directory("exchange with an upper directory", .exchange("new", "e")).after(.makeDirectory("new")),
            directory("rename of a directory without RENAME_WHITEOUT", .rename("d/sub", "e/n")).with {
                $0.settings = old
            },
            directory("rename over a directory without RENAME_WHITEOUT", .rename("d/sub", "empty")).with {
                $0.settings = old
            },
        ]

        @Test(arguments: files) func `a file is renamed or it is not`(_ failing: FailureCase) throws {
            try failing.run()
        }

        @Test(arguments: directories) func `a directory is renamed or it is not`(_ failing: FailureCase) throws {
            try failing.run()
        }
    }
#endif
