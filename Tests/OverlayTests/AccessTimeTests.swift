// SPDX-License-Identifier: Apache-2.0

import FileSystems
import FileTree
import Foundation
import LinuxIO
import Overlay
import OverlayLayers
import SystemPackage
import TestSupport
import Testing

/// When reading changes times of access.
@Suite(.enabled(if: Requirements.root), .timeLimit(.minutes(15))) struct AccessTimeTests {
    @Test func `a time of access is due where it is not later than the last change, or a day old`() {
        let day: Int64 = 24 * 60 * 60
        func isDue(access: Int64, modification: Int64 = 10, change: Int64 = 10, now: Int64 = 20) -> Bool {
            AccessTimes.isDue(
                access: Timestamp(seconds: access), modification: Timestamp(seconds: modification),
                change: Timestamp(seconds: change), now: Timestamp(seconds: now))
        }
        #expect(isDue(access: 10))
        #expect(!isDue(access: 11))
        #expect(isDue(access: 11, change: 12))
        #expect(!isDue(access: 11, now: 11 + day - 1))
        #expect(isDue(access: 11, now: 11 + day))
        #expect(isDue(access: .min, modification: .min, change: .min, now: .max))
    }

    /// The names in the upper whose time of access is no longer that of 1999 after they were read, on a file system that
    /// is mounted with an option; a name in the lower layer is `lower` or `low`.
    private func touched(_ times: AccessTimes, mounted option: String) throws -> Set<String> {
        let scratch = ScratchDirectory()
        let path = scratch.directory("files")
        // tmpfs keeps times of access as other file systems do.
        try Shell.run("mount -t tmpfs -o \(option) none \(path)", in: scratch.path)
        defer { _ = try? Shell.run("umount -l \(path)", in: scratch.path) }
        try Shell.run(
            """
            mkdir -p low/low up/up work; echo 1 >low/lower; echo 1 >low/low/x; echo 1 >up/old; echo 1 >up/new
            touch -a -d '1999-01-01' low/lower low/low up/old up/up; touch -a -d '2037-01-01' up/new
            """, in: path)
        var options = OverlayOptions(marks: [.trusted])
        options.accessTimes = times
        func open(_ name: String) throws -> Descriptor {
            try Descriptor.open(path.appending(name), O_RDONLY | O_DIRECTORY)
        }
        let before = try Shell.run("stat -c '%X' up/new", in: path)
        let fileSystem = try OverlayFileSystem(
            [.directory(open("low"))],
            upper: OverlayUpper(
                directory: open("up"), work: open("work"), redirectsDirectories: true, recordsOverrides: false),
            options: options
        ) { _ in }
        for name in ["lower", "old", "new"] {
            let number = try file(name, of: fileSystem).number
            let handle = try fileSystem.open(number, flags: O_RDONLY)
            var bytes = [UInt8](repeating: 0, count: 5)
            _ = try bytes.withUnsafeMutableBytes { try fileSystem.read(number, handle, at: 0, into: $0) }
            // A read that is to be noted must not be answered by the kernel.
            #expect(fileSystem.isAccessDue(handle) == (name == "old" && !times.areLeft), "\(name)")
            fileSystem.close(handle, of: number)
        }
        for name in ["low", "up"] {
            let number = try file(name, of: fileSystem).number
            let handle = try fileSystem.open(number, flags: O_RDONLY)
            try fileSystem.readDirectory(number, handle, from: 0, wantsAttributes: false) { _ in true }
            fileSystem.close(handle, of: number)
        }
        #expect(try Shell.run("stat -c '%X' up/new", in: path) == before)
        let shown = try Shell.run("stat -c '%n %x' low/lower low/low up/old up/up", in: path)
        return Set(
            shown.split(separator: "\n").filter { !$0.contains(" 1999-") }.compactMap {
                $0.split(separator: " ").first.map(String.init)
            })
    }

    @Test(arguments: ["relatime", "strictatime"])
    func `reading changes times of access in the upper where they are due, and never below`(_ option: String) throws {
        #expect(try touched(AccessTimes(), mounted: option) == ["up/old", "up/up"])
        #expect(try touched(AccessTimes(areLeftOfDirectories: true), mounted: option) == ["up/old"])
        #expect(try touched(AccessTimes(areLeft: true), mounted: option) == [])
    }
}
