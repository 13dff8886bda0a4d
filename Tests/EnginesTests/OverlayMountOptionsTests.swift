// SPDX-License-Identifier: Apache-2.0

import EngineRecords
import Foundation
import LinuxIO
import SystemPackage
import TestSupport
import Testing

@testable import Engines

/// Overlays that the kernel mounts, read back from what it says of them.
@Suite("Processes and their overlays", .timeLimit(.minutes(15)))
struct OverlayMountOptionsTests {
    @Test(
        "directories of any name are found in the kernel's list of mounts", .enabled(if: Requirements.root),
        arguments: ["plain", "with blank", "comma,", "co:lon", "back\\slash", "tab\tnew\nline", "ü", "a=b", "\\,\\:"])
    func names(name: String) throws {
        let scratch = ScratchDirectory()
        for part in ["\(name)/lower1", "\(name)/lower2", "\(name)/upper", "\(name)/work", "mnt"] {
            scratch.directory(part)
        }
        func escaped(_ part: String, _ characters: String) -> String {
            characters.reduce("\(scratch.path)/\(name)/\(part)".replacing("\\", with: "\\\\")) {
                $0.replacing(String($1), with: "\\\($1)")
            }
        }
        let options =
            "lowerdir=\(escaped("lower1", ":,")):\(escaped("lower2", ":,")),upperdir=\(escaped("upper", ",")),"
            + "workdir=\(escaped("work", ","))"
        let target = scratch.path("mnt").string
        try #require(mount("cimg-test", target, "overlay", 0, options) == 0, "\(String(cString: strerror(errno)))")
        defer { umount2(target, Int32(MNT_DETACH)) }
        let entry = try #require(try MountTable.mount(at: Array(target.utf8)))
        let found = try #require(OverlayMountOptions(entry))
        let directory = scratch.path(name)
        #expect(found.lowers == [directory.appending("lower1"), directory.appending("lower2")])
        #expect(found.upper == directory.appending("upper"))
        #expect(found.work == directory.appending("work"))
        #expect(!found.usesUserXattrs)
    }

    @Test("options of newer programs, of plain users and of other file systems are told apart")
    func options() throws {
        func parse(_ type: String, _ options: String) -> OverlayMountOptions? {
            MountTable.parse(Array("1 2 0:3 / / rw - \(type) none \(options)\n".utf8)).first.flatMap {
                OverlayMountOptions($0)
            }
        }
        let found = try #require(
            parse("overlay", "rw,lowerdir+=/a:b,lowerdir+=/c\\134d,upperdir=/u,workdir=/w,userxattr"))
        #expect(found.lowers == ["/a:b", "/c\\d"])
        #expect(found.usesUserXattrs)
        let relative = try #require(parse("overlay", "rw,lowerdir=l/A:l/B"))
        #expect(relative.lowers == ["l/A", "l/B"])
        #expect(relative.upper == nil)
        #expect(parse("ext4", "rw,lowerdir=/a") == nil)
        #expect(parse("overlay", "rw") == nil)
    }

    @Test("a process that is gone, or none, is an error of one line", arguments: [0, -1, Int32.max])
    func noProcess(number: Int32) {
        #expect(throws: EngineError("pid:\(number)", "there is no such process")) { try Engines.process(number) }
    }

    @Test("what is asked of a process that has ended meanwhile is an error")
    func ended() throws {
        let null = try Descriptor.open("/dev/null", O_WRONLY)
        let child = try Spawn(program: "sleep", arguments: ["sleep", "9999"].map { Array($0.utf8) }, errorOutput: null)
            .start()
        let found = try Engines.process(child.identifier)
        #expect(found.status() == EngineStatus(.running, process: child.identifier))
        #expect(try found.layers().lowers.isEmpty == false)
        kill(child.identifier, SIGKILL)
        _ = try child.wait()
        #expect(found.status() == EngineStatus(.stopped))
        #expect(throws: EngineError("pid:\(child.identifier)", "the process has ended")) { try found.layers() }
        #expect(throws: EngineError("pid:\(child.identifier)", "the process has ended")) { try found.mounts() }
    }

    @Test("the root of a process in a plain directory is read in place", .enabled(if: Requirements.root))
    func inPlace() throws {
        let scratch = ScratchDirectory()
        let busybox = try #require(["/bin/busybox", "/usr/bin/busybox"].first { fileExists(FilePath($0)) })
        try FileManager.default.createDirectory(atPath: scratch.path("bin").string, withIntermediateDirectories: true)
        try FileManager.default.copyItem(atPath: busybox, toPath: scratch.path("bin/busybox").string)
        let null = try Descriptor.open("/dev/null", O_WRONLY)
        let arguments = ["unshare", "-m", "chroot", scratch.path.string, "/bin/busybox", "sleep", "9999"]
        let child = try Spawn(program: "unshare", arguments: arguments.map { Array($0.utf8) }, errorOutput: null)
            .start()
        defer {
            kill(child.identifier, SIGKILL)
            _ = try? child.wait()
        }
        // It has its root once it has become the program in there.
        try Waiting.until("the program in the new root") {
            try FileManager.default.destinationOfSymbolicLink(atPath: "/proc/\(child.identifier)/exe")
                .hasSuffix("busybox")
        }
        let layers = try Engines.process(child.identifier).layers()
        #expect(layers.upper == nil)
        #expect(layers.lowers.map(\.path.string) == ["/proc/\(child.identifier)/root"])
        let opened = try #require(layers.lowers.first).open()
        #expect(try opened.entryNames() == [Array("bin".utf8)])
    }
}
