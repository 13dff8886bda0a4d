// SPDX-License-Identifier: Apache-2.0

import FuseServer
import MountCommands
import Mounting
import SystemPackage
import TestSupport
import Testing

/// Which label a mount gets, on machines with and without SELinux: directories stand for theirs.
@Suite(.timeLimit(.minutes(15))) struct SecurityLabelTests {
    private static let contexts = "etc/selinux/targeted/contexts/lxc_contexts"

    private func machine(_ files: [String: String]) -> ScratchDirectory {
        let scratch = ScratchDirectory()
        for (name, text) in files {
            var directory = ""
            for component in name.split(separator: "/").dropLast() {
                directory += (directory.isEmpty ? "" : "/") + component
                scratch.directory(directory)
            }
            scratch.file(name, text)
        }
        return scratch
    }

    @Test func `SELinux is on where its file system is mounted`() {
        let (on, off) = (
            machine(["sys/fs/selinux/enforce": "0"]), machine(["etc/selinux/config": "SELINUX=enforcing\n"])
        )
        withExtendedLifetime((on, off)) {
            #expect(SecurityLabel.isEnabled(root: on.path))
            #expect(!SecurityLabel.isEnabled(root: off.path))
        }
    }

    @Test(arguments: [
        (
            [
                contexts: """
                process = "system_u:system_r:container_t:s0"
                file = "system_u:object_r:container_file_t:s0"
                ro_file = "system_u:object_r:container_ro_file_t:s0:c1,c2"

                """
            ], "system_u:object_r:container_ro_file_t:s0"
        ),
        (
            [contexts: "file=\"system_u:object_r:container_file_t:s0:c1023\"\n"],
            "system_u:object_r:container_file_t:s0"
        ),
        (
            [
                "etc/selinux/config": "# SELINUXTYPE=other\nSELINUXTYPE=mls\n",
                "etc/selinux/mls/contexts/lxc_contexts": "ro_file = \"a:b:c:s0\"\n",
            ], "a:b:c:s0"
        ),
        (["etc/selinux/config": "SELINUXTYPE=../x\n", contexts: "file = \"a:b:d:s0\"\n"], "a:b:d:s0"),
        ([contexts: "nothing of use\n"], "system_u:object_r:svirt_sandbox_file_t:s0"),
        ([:], "system_u:object_r:svirt_sandbox_file_t:s0"),
    ]) func `the shared label is the policy's own, without categories`(files: [String: String], label: String) {
        let machine = machine(files)
        withExtendedLifetime(machine) { #expect(SecurityLabel.shared(root: machine.path) == label) }
    }

    @Test(arguments: [
        "", "a:b", "a:b:c d", "a:b:c\",suid", "a:b:c\\", "a:b:\u{e9}", String(repeating: "a:", count: 600),
    ])
    func `what is no label is refused`(label: String) {
        #expect(throws: (any Error).self) { try SecurityLabel.check(label) }
    }

    @Test func `a label reaches the kernel whole, categories and all`() throws {
        let label = "system_u:object_r:container_file_t:s0:c1,c2"
        try SecurityLabel.check(label)
        let options = try MountOptions(parsing: ["context=\"\(label)\",noexec"], isRoot: true)
        #expect(options.context == label)
        #expect(options.others == ["noexec"])
        // libfuse parts its list at commas without a backslash; the kernel does not part what is quoted.
        let list = options.list(source: "x").split(separator: "\\,").joined(separator: ",")
        #expect(list.contains(",context=\"\(label)\""))
        #expect(try MountOptions(parsing: options.arguments, isRoot: true) == options)
    }
}
