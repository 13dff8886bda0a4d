// SPDX-License-Identifier: Apache-2.0

#if DEBUG
    import FileSystems
    import FileTree
    import Glibc
    import LinuxIO
    import Overlay
    import OverlayLayers
    import SystemPackage
    import TestSupport
    import Testing

    /// What a lower file becomes in the upper, and what is written to it, when a system call fails.
    @Suite(.enabled(if: Requirements.root), .timeLimit(.minutes(15))) struct CopyUpLoops {
        private static let bare = FailingOverlay.Settings(bareSize: 1)
        private static let deferred = FailingOverlay.Settings(deferredSize: 1)
        private static let mappedUser = FailingOverlay.Settings(marks: [.user, .overrideStat], recordsOverrides: true)

        static let cases: [FailureCase] = [
            FailureCase("copy-up of a small file", .append("d/sub/f", "new")).inDepth,
            FailureCase("copy-up of a file with attributes", .append("d/g", "new")),
            FailureCase("copy-up of a file with capabilities", .mode("d/big", 0o700)),
            FailureCase("copy-up of a symbolic link", .owner("d/s", 7)).inDepth,
            FailureCase("copy-up of a hard-linked symbolic link", .owner("d/t", 7)),
            FailureCase("copy-up of a fifo", .mode("d/p", 0o600)),
            FailureCase("copy-up of a device", .owner("d/c", 7)),
            FailureCase("copy-up of a directory", .mode("d/sub", 0o711)).inDepth,
            FailureCase("copy-up of a hard-linked file", .append("d/h", "more")).inDepth,
            FailureCase("copy-up of a hard-linked file that lost a name", .append("d/h", "more"))
                .after(.unlink("d/i")),
            FailureCase("copy-up of attributes alone", .mode("d/big", 0o711)).with { $0.settings = bare },
            FailureCase("copy-up of attributes alone that is cut", .truncate("d/big", 100)).with { $0.settings = bare },
            FailureCase("bytes for a copy that has none", .append("d/big", "more")).after(.mode("d/big", 0o711)).with {
                $0.settings = bare
            },
            FailureCase("bytes for a moved copy that has none") { place in
                try place.open("e/moved", O_RDWR)
            }.after(.rename("d/big", "e/moved")).with { $0.settings = bare },
            FailureCase("copy-up for a plain user", .append("d/g", "new")).with { $0.settings = mappedUser },
            FailureCase("a cut by open") { try $0.open("d/g", O_WRONLY | O_TRUNC) }.inDepth,
            FailureCase("a cut by open of a file of the upper") { try $0.open("d/g", O_WRONLY | O_TRUNC) }
                .after(.append("d/g", "new")),
            FailureCase("a cut", .truncate("d/big", 50_000)),
            FailureCase("a longer file", .truncate("d/g", 50_000)),
            FailureCase("a cut of a file of the upper", .truncate("d/g", 2)).after(.append("d/g", "new")),
            FailureCase("a write to a file of the upper", .append("d/g", "newer")).after(.append("d/g", "new")),
            FailureCase("a write to one that is open", .append("d/sub/f", "new")).with { $0.opened = ["d/sub/f"] },
            FailureCase("a synced write") { place in
                try place.open("d/sub/f", O_RDWR) { number, handle in
                    _ = try [0x41].withUnsafeBytes {
                        try place.fileSystem().write(number, handle, at: 0, UnsafeRawBufferPointer(rebasing: $0[..<1]))
                    }
                    try place.fileSystem().synchronize(number, handle, dataOnly: false)
                }
            }.with { $0.isRepeated = true },
            FailureCase("allocation") { place in
                try place.open("d/g", O_RDWR) { number, handle in
                    try place.fileSystem().allocate(number, handle, mode: 0, at: 0, count: 10_000)
                }
            },
            FailureCase("a large file that is written to") { place in
                try place.open("d/big", O_RDWR) { number, handle in
                    let bytes: [UInt8] = [65, 66, 67]
                    var done = 0
                    while done < bytes.count {
                        done += try bytes[done...].withUnsafeBytes {
                            try place.fileSystem().write(number, handle, at: 5 + UInt64(done), $0)
                        }
                    }
                }
            }.inDepth.with { $0.settings = deferred },
        ]

        @Test(arguments: cases) func `a file comes to the upper whole or not at all`(_ failing: FailureCase) throws {
            try failing.run()
        }
    }
#endif
