// SPDX-License-Identifier: Apache-2.0

import Glibc
import LinuxIO
import SystemPackage
import TestSupport
import Testing

@Suite(.timeLimit(.minutes(15))) struct MountTableTests {
    @Test func `a line gives paths, types and options`() {
        let text = """
            36 35 98:0 /mnt1 /mnt\\0402 rw,noatime master:1 shared:7 - ext3 /dev/root\\134 rw,errors=continue
            100 36 0:52 / /a\\011b ro,nosuid - fuse.cimg na,me@x\\012y ro,user_id=1001

            """
        let lines = MountTable.parse(Array(text.utf8)).map { entry in
            [
                "\(entry.identifier)", "\(entry.parent)",
                entry.device, String(decoding: entry.root, as: UTF8.self), String(decoding: entry.path, as: UTF8.self),
                entry.options.joined(separator: "|"), entry.type, String(decoding: entry.source, as: UTF8.self),
                entry.superOptions.joined(separator: "|"),
            ]
        }
        #expect(
            lines == [
                ["36", "35", "98:0", "/mnt1", "/mnt 2", "rw|noatime", "ext3", "/dev/root\\", "rw|errors=continue"],
                ["100", "36", "0:52", "/", "/a\tb", "ro|nosuid", "fuse.cimg", "na,me@x\ny", "ro|user_id=1001"],
            ])
    }

    @Test(arguments: [
        "", "36", "36 35 98:0 / /", "36 35 98:0 / / rw a b c d e", "36 35 98:0 / / rw - ext3", "- - - -",
        "x 1 0:1 / / rw - t s o",
    ])
    func `a line of another form is left out`(line: String) {
        #expect(MountTable.parse(Array(line.utf8)) == [])
    }

    @Test func `an option's value is found by its name`() throws {
        let entry = try #require(MountTable.parse(Array("1 2 0:1 / / rw - t s a,user_id=7,b=".utf8)).first)
        #expect(entry.superOption("user_id") == "7")
        #expect(entry.superOption("b") == "")
        #expect(entry.superOption("user") == nil)
    }

    @Test func `proc is mounted where it is`() throws {
        #expect(try MountTable.mount(at: Array("/proc".utf8))?.type == "proc")
        #expect(try MountTable.mount(at: Array("/proc/self".utf8)) == nil)
    }

    @Test func `a canonical path has neither links nor closing slashes`() throws {
        let scratch = ScratchDirectory()
        scratch.directory("real")
        symlink("real", scratch.path("link").string)
        let real = try MountPoint.path(of: MountPoint.hold(Array(scratch.path("real").string.utf8)))
        #expect(real.suffix(5).elementsEqual("/real".utf8))
        #expect(try MountPoint.path(of: MountPoint.hold(Array((scratch.path("link").string + "//").utf8))) == real)
        #expect(try MountPoint.path(of: MountPoint.hold(Array("/".utf8))) == Array("/".utf8))
        #expect(throws: Errno.noSuchFileOrDirectory) { try MountPoint.path(of: MountPoint.hold([])) }
        #expect(throws: Errno.noSuchFileOrDirectory) { try MountPoint.path(of: MountPoint.hold([0x2F, 0, 0x2F])) }
    }

    @Test func `a directory is empty until it has an entry`() throws {
        let scratch = ScratchDirectory()
        let directory = try Descriptor.open(scratch.path, O_RDONLY | O_DIRECTORY)
        #expect(try MountPoint.isEmpty(directory))
        scratch.file(".hidden")
        #expect(try !MountPoint.isEmpty(directory))
    }
}
