// SPDX-License-Identifier: Apache-2.0

import Foundation
import LinuxIO
import SystemPackage
import TestSupport
import Testing

private func smallFixture() -> TreeFixture {
    var fixture = TreeFixture()
    fixture.file("hello", "world")
    return fixture
}

private func isMounted(_ path: String) throws -> Bool { try MountTable.mount(at: Array(path.utf8)) != nil }

@Suite(.serialized, .enabled(if: Requirements.fuse && Requirements.root), .timeLimit(.minutes(15)))
struct MountLifeTests {
    private let nothing = CimgProcess.Outcome(code: 0, output: "", errors: "")

    @Test(.timeLimit(.minutes(15))) func `umount ends the mount of another user, whose server ends by itself`() throws {
        let mount = try MountedFixture(smallFixture(), user: "65534")
        #expect(try CimgProcess.run("umount", mount.mountpoint + "/") == nothing)
        #expect(try !isMounted(mount.mountpoint))
        #expect(try mount.ended() == .exit(0))
    }

    @Test func `umount ends the mount and waits for the server`() throws {
        let mount = try MountedFixture(smallFixture(), user: nil)
        #expect(try CimgProcess.run("umount", mount.mountpoint + "/") == nothing)
        #expect(try !isMounted(mount.mountpoint))
        // Waited for: the server is a zombie of ours by now, not a running process.
        var status: Int32 = 0
        #expect(waitpid(mount.server.identifier, &status, WNOHANG) == mount.server.identifier)
        #expect(status == 0)
    }

    @Test(arguments: [nil, "65534"]) func `a killed server's mount is found dead and taken away`(user: String?) throws {
        let mount = try MountedFixture(smallFixture(), user: user)
        let file = open(mount.path("hello"), O_RDONLY)
        defer { close(file) }
        kill(mount.server.identifier, SIGKILL)
        #expect(try mount.ended() == .signal(SIGKILL))
        #expect(try isMounted(mount.mountpoint))
        if user == nil {
            #expect(try CimgProcess.run("mounts").output.contains("-        dead\n"))
            let again = try CimgProcess.run("mount", "none", mount.mountpoint)
            #expect(again.code == 2)
            #expect(again.errors.hasSuffix("a mount whose server has died is there; \"cimg umount\" removes it\n"))
        }
        #expect(try CimgProcess.run("umount", mount.mountpoint) == nothing)
        #expect(try !isMounted(mount.mountpoint))
    }

    @Test(arguments: [SIGTERM, SIGINT, SIGHUP]) func `a signal unmounts cleanly`(signal: Int32) throws {
        let mount = try MountedFixture(smallFixture())
        kill(mount.server.identifier, signal)
        #expect(try mount.ended() == .exit(0))
        #expect(try !isMounted(mount.mountpoint))
    }

    @Test func `a mount in use stays unless it is taken away lazily`() throws {
        let mount = try MountedFixture(smallFixture())
        let file = open(mount.path("hello"), O_RDONLY)
        let refused = try CimgProcess.run("umount", mount.mountpoint)
        let user = ProcessTable.name(getpid()) ?? ""
        let reason = "in use by process \(getpid()) (\(user)); end it, or unmount it with --lazy"
        #expect(
            refused == .init(code: 2, output: "", errors: "cimg: mountpoint \"\(mount.mountpoint)\": \(reason)\n"))
        #expect(try isMounted(mount.mountpoint))
        #expect(try CimgProcess.run("unmount", "--lazy", mount.mountpoint) == nothing)
        #expect(try !isMounted(mount.mountpoint))
        var buffer = [UInt8](repeating: 0, count: 10)
        #expect(read(file, &buffer, 10) == 5)
        close(file)
        #expect(try mount.ended() == .exit(0))
    }

    @Test func `several mounts end at once`() throws {
        let first = try MountedFixture(smallFixture())
        let second = try MountedFixture(smallFixture())
        #expect(try CimgProcess.run("umount", first.mountpoint, second.mountpoint) == nothing)
        #expect(try first.ended() == .exit(0))
        #expect(try second.ended() == .exit(0))
    }

    @Test func `all mounts of a user end at once and nobody else's`() throws {
        // A user of whom no other test has mounts.
        let others = try MountedFixture(smallFixture())
        let first = try MountedFixture(smallFixture(), user: "1")
        let second = try MountedFixture(smallFixture(), user: "1")
        let outcome = try CimgProcess.run(
            "/usr/bin/setpriv",
            ["--reuid", "1", "--regid", "1", "--clear-groups", CimgProcess.path, "umount", "--all"])
        #expect(
            outcome
                == .init(code: 0, output: "\(second.mountpoint) fixture\n\(first.mountpoint) fixture\n", errors: ""))
        #expect(try first.ended() == .exit(0))
        #expect(try second.ended() == .exit(0))
        #expect(try isMounted(others.mountpoint))
    }

    @Test(arguments: [nil, "65534"]) func `mounts lists source, digest, server and options`(user: String?) throws {
        let digest = "sha256:" + String(repeating: "0a", count: 32)
        let mount = try MountedFixture(
            smallFixture(), source: "na,\u{301}me \\1\t\"x\"@\(digest)", user: user,
            directory: Array("mount point, \\x".utf8), options: ["noexec", "noatime", "max_read=65536"])
        struct Listed: Decodable {
            let mountpoint: String
            let source: String
            let name: String
            let digest: String?
            let pid: Int32?
            let state: String
            let options: String
        }
        let text = try CimgProcess.run("mounts", "--json").output
        let listed = try JSONDecoder().decode([Listed].self, from: Data(text.utf8)).filter {
            $0.mountpoint == mount.mountpoint
        }
        #expect(listed.map(\.source) == ["na,\u{301}me \\1\t\"x\"@\(digest)"])
        #expect(listed.map(\.name) == ["na,\u{301}me \\1\t\"x\""])
        #expect(listed.map(\.digest) == [digest])
        #expect(listed.map(\.pid) == [mount.server.identifier])
        #expect(listed.map(\.state) == ["serving"])
        let options = Set(listed.flatMap { $0.options.split(separator: ",").map(String.init) })
        #expect(options.isSuperset(of: ["ro", "nosuid", "nodev", "noexec", "noatime", "max_read=65536"]))
        #expect(options.contains("allow_other") == (user == nil))
        #expect(options.contains("default_permissions") == (user == nil))
        #expect(try CimgProcess.run("umount", mount.mountpoint) == nothing)
        #expect(try mount.ended() == .exit(0))
    }

    @Test func `a mountpoint may have any bytes`() throws {
        let mount = try MountedFixture(smallFixture(), directory: [0xFF, 0x0A, 0x20, 0xC3])
        let text = try CimgProcess.run("mounts", "--json").output
        #expect(text.contains("\"mountpoint\": \"\(mount.scratch.path)/\\\\xff\\\\n \\\\xc3\","))
        #expect(text.contains("\"mountpoint_base64\": \"\(Data(mount.mountpointBytes).base64EncodedString())\""))
        let child = try Spawn(
            program: CimgProcess.path, arguments: [Array("cimg".utf8), Array("umount".utf8), mount.mountpointBytes],
            errorOutput: Descriptor.open("/dev/null", O_WRONLY)
        ).start()
        #expect(try child.wait() == .exit(0))
        #expect(try mount.ended() == .exit(0))
    }

    @Test func `a plain user's mount in use stays unless it is taken away lazily`() throws {
        let mount = try MountedFixture(smallFixture(), user: "65534")
        let asUser = ["--reuid", "65534", "--regid", "65534", "--clear-groups"]
        let script =
            "exec 3< \(mount.path("hello")); \(CimgProcess.path) umount \(mount.mountpoint); echo $?; "
            + "\(CimgProcess.path) umount --lazy \(mount.mountpoint); echo $?; cat <&3"
        let outcome = try CimgProcess.run("/usr/bin/setpriv", asUser + ["sh", "-c", script])
        #expect(outcome.output == "2\n0\nworld")
        #expect(outcome.errors.contains(": in use by process "), "\(outcome.errors)")
        #expect(outcome.errors.hasSuffix(" (sh); end it, or unmount it with --lazy\n"), "\(outcome.errors)")
        #expect(try mount.ended() == .exit(0))
    }

    @Test func `reading ahead goes as far as a reply is long`() throws {
        let mount = try MountedFixture(smallFixture())
        let device = try #require(try MountTable.mount(at: Array(mount.mountpoint.utf8))?.device)
        let text = try String(contentsOfFile: "/sys/class/bdi/\(device)/read_ahead_kb", encoding: .utf8)
        #expect(text == "1024\n")
    }

    @Test func `a server that nobody waits for unmounts`() throws {
        let scratch = ScratchDirectory()
        let mountpoint = scratch.directory("mnt").string
        var child: ChildProcess
        do {
            let mount = try MountedFixture(smallFixture())
            let files = try ["tree", "notes", "layer0"].map { try Descriptor.open(mount.scratch.path($0)) }
            child = try MountedFixture.start(files, source: "x", at: Array(mountpoint.utf8)).child
        }
        // The pipe is gone: the command that started it has died.
        #expect(try child.wait() == .exit(0))
        #expect(try !isMounted(mountpoint))
    }
}
