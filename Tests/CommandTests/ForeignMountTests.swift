// SPDX-License-Identifier: Apache-2.0

import Foundation
import TestSupport
import Testing

/// What programs of a container serve inside of it.
@Suite(.serialized, .enabled(if: Requirements.root && Requirements.fuse), .timeLimit(.minutes(15)))
struct ForeignMountTests {
    /// A process with a root directory and a mount namespace of its own, in which another program than the tested one serves
    /// a directory, through FUSE.
    private static func process(_ bench: Workbench, _ unsharing: String) throws -> LiveProcess {
        for name in ["low/inner", "root/served", "root/plain"] { bench.scratch.directory(name) }
        bench.scratch.file("low/file", "served\n")
        // A copy is another program to who does not believe names.
        let preparations = """
            set -e
            cp \(Workbench.builtProgram) copy
            ./copy overlay "$PWD/root/served" -o "lowerdir=$PWD/low"
            mount -t tmpfs memory root/plain; echo plain > root/plain/file
            exec "$@"
            """
        return try LiveProcess(bench, ["unshare", unsharing, "sh", "-c", preparations, "sh"], root: "root")
    }

    @Test(arguments: ["-m", "-Urm"]) func `they are named, and left out where that is asked for`(
        unsharing: String
    ) throws {
        let bench = Workbench()
        let process = try Self.process(bench, unsharing)
        try expect(bench.cimg("mount", "--live", "--no-foreign", process.object, "mnt"), is: .success())
        #expect(try bench.shell("cat mnt/served/file").output == "")
        try expect(bench.shell("cat mnt/plain/file"), is: .success("plain\n"))
        try expect(bench.cimg("umount", "mnt"), is: .success())
        // To the process it is still there, and taken along whoever has mounted it already.
        bench.scratch.directory("again")
        for name in ["mnt", "again"] {
            try expect(
                bench.cimg("mount", "--live", process.object, name),
                is: Outcome(
                    0,
                    errors: "cimg: live mount of \"\(process.object)\": has what programs of its own serve at /served "
                        + "(fuse.cimg); who looks into one that does not answer cannot be ended; --no-foreign leaves "
                        + "them out\n"))
        }
        try expect(bench.shell("cat again/served/file"), is: .success("served\n"))
        for name in ["mnt", "again"] { try expect(bench.cimg("umount", name), is: .success()) }
    }

    @Test func `to leave them out has a meaning for live mounts only`() throws {
        let bench = Workbench()
        try expect(
            bench.cimg("mount", "--no-foreign", "new", "mnt"),
            is: .trouble("--no-foreign has no meaning without --live"))
    }
}
