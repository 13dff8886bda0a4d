// SPDX-License-Identifier: Apache-2.0

import Glibc
import LinuxIO
import SystemPackage
import TestSupport
import Testing

@Suite(.timeLimit(.minutes(15))) struct SpawnTests {
    /// Runs a script of /bin/sh with descriptors; gives what it wrote to its standard error.
    private func run(
        _ script: String, _ descriptors: [Descriptor] = [], isDetached: Bool = false
    ) throws -> (text: String, ending: ChildProcess.Ending) {
        let (child, output) = try start(script, descriptors, isDetached)
        return (String(decoding: try output.readToEnd(), as: UTF8.self), try child.wait())
    }

    private func start(
        _ script: String, _ descriptors: [Descriptor], _ isDetached: Bool
    ) throws -> (ChildProcess, Descriptor) {
        let pipe = try Pipe()
        var spawn = Spawn(
            program: "sh", arguments: ["sh", "-c", script].map { Array($0.utf8) }, errorOutput: pipe.writeEnd)
        spawn.descriptors = descriptors
        spawn.isDetached = isDetached
        return (try spawn.start(), pipe.readEnd)
    }

    @Test func `descriptors arrive in order from 3 on, and no others`() throws {
        let scratch = ScratchDirectory()
        let files = try (0..<12).map { try Descriptor.open(scratch.file("f\($0)", "content \($0)")) }
        let leak = dup(0)
        defer { close(leak) }
        // In the reverse order too: then sources and targets overlap the other way round.
        for (order, expected) in [(files, "content 0content 6"), (files.reversed(), "content 11content 5")] {
            let (text, ending) = try run("cat <&3 >&2; cat <&9 >&2; ls /proc/self/fd | wc -w >&2", order)
            // Three standard ones, twelve files, and what ls opened.
            #expect(text == expected + "16\n")
            #expect(ending == .exit(0))
        }
    }

    @Test func `a detached child leads a session in the root directory`() throws {
        let text = try run("pwd >&2; cut -d' ' -f6 /proc/$$/stat >&2; echo $$ >&2", isDetached: true).text
        let lines = text.split(separator: "\n")
        #expect(lines.first == "/")
        #expect(lines.count == 3 && lines[1] == lines[2])
    }

    @Test func `a confined program reads, writes in its home, and does nothing else`() throws {
        let scratch = ScratchDirectory()
        let home = try Descriptor.open(scratch.directory("home"), O_RDONLY | O_DIRECTORY)
        let user = Confinement.stranger()
        try Confinement.give(home, to: user)
        for path in [scratch.path, scratch.directory("outside")] { chmod(path.string, 0o777) }
        // Each line is tried by itself, and says so where it works.
        let script = """
            t() { sh -c "$1" 2>/dev/null && echo "$1" >&2; }
            cd /proc/self/fd/3
            t 'cat /etc/passwd >/dev/null'
            t 'echo x >inside; mkdir directory; ln inside directory/../link'
            t 'echo x >\(scratch.path)/outside/file'
            t 'python3 -c "import socket; socket.socket()"'
            t 'kill -0 $PPID'
            t 'dd if=/dev/zero of=large bs=64k count=1 && dd if=/dev/zero of=large bs=64k count=2'
            t 'test $(ulimit -v) = 524288'
            grep -E "^(CapEff|CapPrm|NoNewPrivs)" /proc/self/status >&2
            case $(id -u) in 0|65534) echo known >&2;; esac
            exit 0
            """
        let pipe = try Pipe()
        var spawn = Spawn(
            program: "sh", arguments: ["sh", "-c", script].map { Array($0.utf8) }, errorOutput: pipe.writeEnd)
        spawn.descriptors = [home]
        let child = try Confinement.start(
            spawn, home: home, user: user, memory: 512 << 20, seconds: 60, fileSize: 100_000)
        let output = pipe.readEnd
        #expect(try child.wait() == .exit(0))
        var text = [UInt8](repeating: 0, count: 4096)
        let count = try text.withUnsafeMutableBytes { try output.read(into: $0) }
        #expect(
            String(decoding: text.prefix(count), as: UTF8.self) == """
                cat /etc/passwd >/dev/null
                echo x >inside; mkdir directory; ln inside directory/../link
                test $(ulimit -v) = 524288
                CapPrm:\t0000000000000000
                CapEff:\t0000000000000000
                NoNewPrivs:\t1

                """)
        // The other threads of this process have lost nothing.
        scratch.file("outside/file", "x")
        #expect(socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0) >= 0)
    }

    @Test func `the ending tells code or signal`() throws {
        #expect(try run("exit 7").ending == .exit(7))
        #expect(try run("kill -KILL $$").ending == .signal(SIGKILL))
    }

    @Test func `a program that is not there is an error`() throws {
        let pipe = try Pipe()
        #expect(throws: Errno.noSuchFileOrDirectory) {
            try Spawn(program: "/no/such/program", arguments: [[0x78]], errorOutput: pipe.writeEnd).start()
        }
    }

    @Test func `a process is found by its name until it has ended`() throws {
        let pipe = try Pipe()
        let name = "cimg:\(getpid())"
        // The other process is forked before the name is set: it would have it too until it is another program.
        let child = try Spawn(
            program: "sh",
            arguments: ["sh", "-c", "sleep 60 & printf '\(name)' > /proc/self/comm; echo x >&2; wait"].map {
                Array($0.utf8)
            },
            errorOutput: pipe.writeEnd
        ).start()
        var byte: UInt8 = 0
        _ = try withUnsafeMutableBytes(of: &byte) { try pipe.readEnd.read(into: $0) }
        let found = try ProcessTable.processes(namedWithPrefix: name)
        #expect(found.map(\.identifier) == [child.identifier])
        #expect(found.map(\.uid) == [geteuid()])
        let handle = try ProcessHandle(identifier: child.identifier)
        #expect(try !handle.waitForEnd(milliseconds: 0))
        kill(child.identifier, SIGKILL)
        #expect(try handle.waitForEnd(milliseconds: 10_000))
        #expect(try ProcessTable.processes(namedWithPrefix: name) == [])
        #expect(try child.wait() == .signal(SIGKILL))
    }
}
