// SPDX-License-Identifier: Apache-2.0

import Foundation
import TestSupport
import Testing

/// What `cimg umount --all` means.
///
/// Every bench has a store of its own, which narrows it.
@Suite(.enabled(if: Requirements.root && Requirements.fuse), .timeLimit(.minutes(15)))
struct UnmountAllTests {
    @Test func `all of a store are taken and named, the last first`() throws {
        let (bench, other) = (try Sample.bench(), try Sample.bench())
        for name in ["a", "b", "c"] { bench.scratch.directory(name) }
        try expect(bench.cimg("mount", "new", "a"), is: .success())
        try expect(bench.cimg("mount", "--rw", "old", "b"), is: .discarding)
        // Of no store.
        bench.scratch.directory("low")
        try expect(bench.cimg("overlay", "\(bench.path)/c", "-o", "lowerdir=\(bench.path)/low"), is: .success())
        try expect(other.cimg("mount", "new", "mnt"), is: .success())
        try expect(
            bench.cimg("umount", "--all"),
            is: .success("\(bench.path)/b old@\(Sample.old.digest)\n\(bench.path)/a new@\(Sample.new.digest)\n"))
        try expect(bench.cimg("umount", "--all"), is: .success())
        try expect(bench.cimg("umount", "c"), is: .success())
        // Whose mount it is makes no difference where the store is another.
        try expect(
            other.cimg("umount", "--all-users", "--root", "store"),
            is: .success(
                "\(other.path)/mnt new@\(Sample.new.digest)\n"))
        try expect(bench.cimg("umount", "--all", "--root", "none"), is: .success())
    }

    @Test func `a plain user is given the user's own, and no other`() throws {
        let (bench, user) = (try Sample.bench(), try Sample.bench(.ofPlainUser()))
        try expect(bench.cimg("mount", "new", "mnt"), is: .success())
        try expect(user.cimg("mount", "new", "mnt"), is: .success())
        try expect(
            user.cimg("umount", "--all-users"),
            is: .trouble("--all-users: only root may unmount what others have mounted"))
        try expect(user.cimg("umount", "--all"), is: .success("\(user.path)/mnt new@\(Sample.new.digest)\n"))
        try expect(bench.cimg("umount", "mnt"), is: .success())
    }

    @Test func `what excludes each other is told`() throws {
        let bench = Workbench()
        try expect(
            bench.cimg("umount", "--all", "--all-users"),
            is: .usage("--all and --all-users exclude each other", help: "cimg help umount"))
        try expect(
            bench.cimg("umount", "--root", "store", "mnt"),
            is: .usage("--root has no meaning without --all", help: "cimg help umount"))
    }
}
