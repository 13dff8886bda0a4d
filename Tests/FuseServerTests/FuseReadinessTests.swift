// SPDX-License-Identifier: Apache-2.0

import LinuxIO
import SystemPackage
import TestSupport
import Testing

@testable import FuseServer

/// What is looked for before a mount is begun.
@Suite(.timeLimit(.minutes(15))) struct FuseReadinessTests {
    private static let container = "start the container with --device /dev/fuse --cap-add SYS_ADMIN"

    /// A machine that has some files.
    private func problem(
        _ files: [String], isRoot: Bool = false, mayMount: Bool = false, mayOpen: Bool = true, isContained: Bool = false
    ) -> String? {
        let root = ScratchDirectory()
        for file in files {
            root.directory(file.split(separator: "/").dropLast().joined(separator: "/"))
            root.file(file, [])
        }
        let machine = FuseReadiness.Machine(
            root: root.path.string + "/", programDirectories: ["opt/bin"], isRoot: isRoot, mayMount: mayMount,
            mayOpenDevice: mayOpen, isContained: isContained)
        do throws(FuseError) {
            try FuseReadiness.check(machine)
            return nil
        } catch { return error.reason }
    }

    @Test func `a machine that has everything is ready`() {
        #expect(problem(["dev/fuse", "usr/bin/fusermount3", "etc/mtab"]) == nil)
        #expect(problem(["dev/fuse", "opt/bin/fusermount3", "etc/mtab"]) == nil)
        // Who may mount needs no helper.
        #expect(problem(["dev/fuse"], isRoot: true, mayMount: true) == nil)
    }

    @Test func `a missing device is told, in a container with the options to start it with`() {
        #expect(problem([]) == "there is no /dev/fuse: load its module (modprobe fuse)")
        #expect(problem([], isContained: true) == "there is no /dev/fuse in this container: \(Self.container)")
    }

    @Test func `root without the capability is told`() {
        let reason = "root may not mount here, as CAP_SYS_ADMIN is missing"
        #expect(problem(["dev/fuse"], isRoot: true) == reason)
        #expect(problem(["dev/fuse"], isRoot: true, isContained: true) == "\(reason): \(Self.container)")
    }

    @Test func `what plain users need is looked for before the mount`() {
        #expect(
            problem(["dev/fuse", "etc/mtab"])
                == "fusermount3, through which plain users mount, is missing: install the package fuse3")
        #expect(
            problem(["dev/fuse", "bin/fusermount3", "etc/mtab"], mayOpen: false)
                == "only root may open /dev/fuse, through which plain users mount: as root, chmod 666 /dev/fuse")
        #expect(
            problem(["dev/fuse", "bin/fusermount3"])
                == "/etc/mtab is missing, without which fusermount3 does not unmount: make it with "
                + "\"ln -s ../proc/self/mounts /etc/mtab\" as root")
    }
}
