// SPDX-License-Identifier: Apache-2.0

import Foundation
import LinuxIO
import SystemPackage
import TestSupport
import Testing

@Suite(.serialized, .enabled(if: Requirements.fuse && Requirements.root), .timeLimit(.minutes(15)))
struct MountRefusalTests {
    struct Refusal: Sendable, CustomTestStringConvertible {
        let testDescription: String
        let arguments: [String]
        let message: String

        init(_ arguments: String..., message: String) {
            testDescription = arguments.joined(separator: " ")
            self.arguments = arguments
            self.message = message
        }
    }

    static let refusals: [Refusal] = [
        Refusal("mount", "x", "DIR/none", message: "mountpoint \"DIR/none\": no such directory"),
        Refusal("mount", "x", "DIR/file", message: "mountpoint \"DIR/file\": not a directory"),
        Refusal("mount", "x", "DIR", message: "mountpoint \"DIR\": not empty; --nonempty hides what is there"),
        Refusal(
            "mount", "x", "/proc", message: "mountpoint \"/proc\": already a mountpoint of proc; --nonempty hides it"),
        Refusal(
            "mount", "-o", "rw", "x", "DIR/empty",
            message: "mount option \"rw\": a mount is always read-only, nosuid and nodev"),
        Refusal(
            "mount", "-o", "noexec,magic", "x", "DIR/empty",
            message:
                "mount option \"magic\": not supported (supported: ro, nosuid, nodev, noexec, noatime, relatime, "
                + "nodiratime, allow_other, default_permissions, max_read=BYTES of at least 4096, context=LABEL)"),
        Refusal(
            "umount", "DIR/none",
            message: "mountpoint \"DIR/none\": no such directory; \"cimg mounts\" lists what is mounted"),
        Refusal("umount", "DIR/empty", message: "mountpoint \"DIR/empty\": nothing is mounted there"),
        Refusal("umount", "/proc", message: "mountpoint \"/proc\": not a mount of cimg but of proc"),
    ]

    @Test(arguments: refusals) func `what cannot be is refused with a reason`(refusal: Refusal) throws {
        let scratch = ScratchDirectory()
        scratch.file("file")
        scratch.directory("empty")
        let directory = try #require(realpath(scratch.path.string, nil).map { String(cString: $0) })
        func filled(_ text: String) -> String { text.replacingOccurrences(of: "DIR", with: directory) }
        let outcome = try CimgProcess.run(CimgProcess.path, refusal.arguments.map(filled))
        #expect(outcome == .init(code: 2, output: "", errors: "cimg: \(filled(refusal.message))\n"))
    }

    @Test func `a mount is not mounted over`() throws {
        let mount = try MountedFixture(TreeFixture(), source: "first")
        for flags in [[], ["--nonempty"]] {
            let outcome = try CimgProcess.run(CimgProcess.path, ["mount"] + flags + ["x", mount.mountpoint])
            #expect(
                outcome
                    == .init(
                        code: 2, output: "",
                        errors: "cimg: mountpoint \"\(mount.mountpoint)\": already mounted: first\n"))
        }
    }

    @Test func `a plain user may not mount on another's directory`() throws {
        let scratch = ScratchDirectory()
        scratch.directory("mnt")
        chmod(scratch.path.string, 0o755)
        let mountpoint = scratch.path("mnt").string
        let outcome = try CimgProcess.run(
            "/usr/bin/setpriv",
            ["--reuid", "65534", "--regid", "65534", "--clear-groups", CimgProcess.path, "mount", "x", mountpoint])
        #expect(
            outcome
                == .init(
                    code: 2, output: "",
                    errors: "cimg: mountpoint \"\(mountpoint)\": not permitted: only a directory that you may write to "
                        + "can be mounted on\n"))
    }

    @Test func `a server that cannot mount says why`() throws {
        #expect {
            try MountedFixture(TreeFixture(), user: "65534", options: ["allow_other"])
        } throws: { error in
            "\(error)".contains("user_allow_other")
        }
    }
}
