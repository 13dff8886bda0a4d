// SPDX-License-Identifier: Apache-2.0

import Foundation
import LinuxIO
import TestSupport
import Testing

/// Root works below directories that somebody else swaps meanwhile.
@Suite(.serialized, .enabled(if: Requirements.root && Requirements.fuse), .timeLimit(.minutes(15)))
struct SwapTests {
    /// A program that exchanges two names, for as long as it is not killed.
    private final class Swapper {
        private let process: Process

        init(_ bench: Workbench, _ one: String, _ other: String) throws {
            let script = """
                import ctypes, sys
                libc = ctypes.CDLL(None); a, b = [n.encode() for n in sys.argv[1:]]
                print('ready', flush=True)
                while True: libc.renameat2(-100, a, -100, b, 2)
                """
            process = bench.command(["/usr/bin/python3", "-c", script, one, other])
            let output = Foundation.Pipe()
            process.standardOutput = output
            try process.run()
            try #require(output.first() == "ready\n")
        }

        deinit { stop() }

        func stop() {
            guard process.isRunning else { return }
            kill(process.processIdentifier, SIGKILL)
            process.waitUntilExit(atMost: 600)
        }
    }

    /// A directory `r`, and a link `link` to `victim`, both with a directory `mnt`, of which the victim's has a file.
    private static func bench() throws -> Workbench {
        let bench = try Sample.bench()
        bench.scratch.directory("r/mnt")
        bench.scratch.file("victim/mnt/precious", "precious")
        try FileManager.default.createSymbolicLink(atPath: "\(bench.path)/link", withDestinationPath: "victim")
        return bench
    }

    private static func mounts(_ bench: Workbench, below name: String) throws -> [MountEntry] {
        try MountTable.read().filter { $0.path.starts(with: "\(bench.path)/\(name)".utf8) }
    }

    @Test(arguments: ["fuse", "kernel"]) func `a mount lands on the directory that was looked at`(
        backend: String
    ) throws {
        guard backend == "fuse" || Requirements.kernelEROFS else { return }
        let bench = try Self.bench()
        let swapper = try Swapper(bench, "r", "link")
        defer {
            swapper.stop()
            for entry in (try? Self.mounts(bench, below: "")) ?? [] {
                try? MountPlace(entry.path).unmount(entry, lazily: true)
            }
        }
        for _ in 0..<40 {
            _ = try bench.cimg("mount", "--backend", backend, "new", "r/mnt")
            #expect(try Self.mounts(bench, below: "victim") == [])
            for entry in try Self.mounts(bench, below: "") {
                // Its parent may be called either; the path in the table may be another's by now.
                for name in ["r", "link"] {
                    try? MountPlace(Array("\(bench.path)/\(name)/mnt".utf8)).unmount(entry, lazily: true)
                }
            }
        }
        #expect(try bench.shell("cat victim/mnt/precious").output == "precious")
    }

    @Test func `an unmount takes what was looked at, and nothing else`() throws {
        let bench = try Self.bench()
        try expect(bench.cimg("mount", "old", "victim/mnt", "--nonempty"), is: .success())
        let victim = try Self.mounts(bench, below: "victim")
        #expect(victim.count == 1)
        defer { _ = try? bench.cimg("umount", "--lazy", "victim/mnt") }
        for _ in 0..<25 {
            try expect(bench.cimg("mount", "new", "r/mnt"), is: .success())
            let own = try #require(Self.mounts(bench, below: "r").last)
            let swapper = try Swapper(bench, "r", "link")
            // By its number, since the name may mean the other mount, which then is the one that was looked at.
            for _ in 0..<10 { try? MountPlace(own.path).unmount(own, lazily: false) }
            swapper.stop()
            #expect(try Self.mounts(bench, below: "victim") == victim)
            let isSwapped = try bench.shell("test -L r").code == 0
            if isSwapped { try expect(bench.shell("mv r l && mv link r && mv l link"), is: .success()) }
            for entry in try Self.mounts(bench, below: "r") {
                try MountPlace(entry.path).unmount(entry, lazily: true)
            }
        }
    }

    @Test func `changes are kept in the directory that was looked at`() throws {
        let bench = try Self.bench()
        let before = try bench.shell("ls -a victim victim/mnt").output
        for _ in 0..<10 {
            try expect(bench.cimg("mount", "--rw", "new", "mnt"), is: .discarding)
            try expect(bench.shell("echo x > mnt/x"), is: .success())
            let swapper = try Swapper(bench, "r", "link")
            let outcome = try bench.cimg("umount", "--keep", "r/kept", "mnt")
            swapper.stop()
            // Whichever of the two the name led to, all is in that one.
            let found = try bench.shell("cat r/kept/x link/kept/x; ls -d r/kept.work link/kept.work")
            #expect(outcome == .success(), "\(found)")
            #expect(found.output.hasPrefix("x\n") && found.output.hasSuffix("/kept.work\n"), "\(found)")
            try expect(bench.shell("rm -rf r/kept r/kept.work link/kept link/kept.work; ls store/tmp"), is: .success())
        }
        try expect(bench.shell("rm -f link; ls -a victim victim/mnt").output, is: before)
    }
}
