// SPDX-License-Identifier: Apache-2.0

import Foundation
import TestSupport
import Testing

/// Archives that are no layers, and rare compressions: read by a child that can do no harm.
@Suite(.timeLimit(.minutes(15))) struct ForeignArchiveTests {
    private static let hasArchiver = ["/usr/bin/bsdtar", "/bin/bsdtar"].contains {
        FileManager.default.isExecutableFile(atPath: $0)
    }

    /// A bench with a directory `root`, its tar `root.tar`, and the same as a Docker archive `saved.tar`.
    private static func bench(_ bench: Workbench = Workbench()) throws -> Workbench {
        let scratch = bench.scratch
        scratch.directory("root")
        scratch.directory("root/etc")
        scratch.file("root/etc/name", "text\n")
        try FileManager.default.linkItem(atPath: "\(bench.path)/root/etc/name", toPath: "\(bench.path)/root/etc/same")
        try FileManager.default.createSymbolicLink(
            atPath: "\(bench.path)/root/etc/link", withDestinationPath: "name")
        scratch.file(
            "root.tar",
            TarBuilder {
                $0.directory("etc")
                $0.file("etc/name", "text\n")
            }.bytes)
        scratch.file("saved.tar", DockerArchiveBuilder(.oci, Sample.new, tags: ["app:new"]).bytes)
        return bench
    }

    @Test(.enabled(if: hasArchiver), arguments: ["xz", "bzip2", "lz4", "lzip"])
    func `what is compressed otherwise is the same image`(_ compression: String) throws {
        let bench = try Self.bench()
        for name in ["root", "saved"] {
            let made = try bench.run(
                "/usr/bin/bsdtar", ["-cf", "\(name).\(compression)", "--format=raw", "--\(compression)", "\(name).tar"])
            #expect(made == .success())
        }
        let plain = try bench.cimg("import", "rootfs:root.tar", "plain").output
        #expect(plain.hasPrefix("plain sha256:"))
        #expect(
            try bench.cimg("import", "rootfs:root.\(compression)", "packed")
                == .success(plain.replacing("plain", with: "packed")))
        #expect(
            try bench.cimg("import", "docker-archive:saved.\(compression)", "saved")
                == .success("saved \(Sample.new.digest)\n"))
    }

    @Test(.enabled(if: hasArchiver), arguments: ["newc", "zip", "7zip", "iso9660", "odc"])
    func `files of an archive are files of an image`(_ format: String) throws {
        let bench = try Self.bench()
        let made = try bench.run("/usr/bin/bsdtar", ["-cf", "x", "--format=\(format)", "-C", "root", "etc"])
        #expect(made == .success())
        #expect(try bench.cimg("import", "rootfs:x", "x").code == 0)
        for name in ["name", "same", "link"] {
            #expect(try bench.cimg("cat", "x:/etc/\(name)") == .success("text\n"), "\(name)")
        }
        #expect(try bench.cimg("find", "x:/etc", "-type", "l") == .success("/etc/link\n"))
        // Both names are of one file where the format knows that.
        let links = try bench.cimg("find", "x:/etc", "-type", "f", "-links", "2").output
        #expect(links == (["zip", "7zip"].contains(format) ? "" : "/etc/name\n/etc/same\n"))
    }

    /// An input, and what is told of it.
    struct Hostile: Sendable, CustomTestStringConvertible {
        var testDescription: String
        var bytes: [UInt8]
        var message: String
    }

    static let hostile: [Hostile] = [
        Hostile(
            testDescription: "a zip that is cut off", bytes: Array("PK\u{3}\u{4}garbage".utf8),
            message: "layer 1: a zip archive: Truncated ZIP file header"),
        Hostile(
            testDescription: "a list of files with bytes",
            bytes: Array("#mtree\n./x type=file mode=0644 size=3\n".utf8),
            message: "layer 1: an mtree: \"./x\": has fewer bytes than it says"),
        Hostile(
            testDescription: "an ar that is no package", bytes: Array("!<arch>\ndebian-binary   ".utf8),
            message: "layer 1: a Debian package: has no data.tar"),
        Hostile(
            testDescription: "an xz of nothing but its mark", bytes: [0xFD, 0x37, 0x7A, 0x58, 0x5A, 0, 0, 0, 0, 0],
            message: "layer 1: compressed with xz: Lzma library error:  No progress is possible"),
    ]

    @Test(arguments: hostile)
    func `what cannot be read is told in a line`(_ input: Hostile) throws {
        let bench = Workbench()
        bench.scratch.file("x", input.bytes)
        #expect(try bench.cimg("import", "rootfs:x", "x") == .trouble(input.message))
        #expect(try bench.cimg("images", "-q").output == "")
    }

    @Test func `a plain user reads them as root does`() throws {
        guard geteuid() == 0 else { return }
        let bench = try Workbench.ofPlainUser()
        bench.scratch.file("x", "#mtree\n./etc type=dir mode=0755\n./etc/link type=link mode=0777 link=name\n")
        #expect(try bench.cimg("import", "rootfs:x", "x").code == 0)
        #expect(try bench.cimg("find", "x:/etc", "-type", "l") == .success("/etc/link\n"))
    }

    @Test func `the child has no rights left when it reads`() throws {
        let child = Process()
        child.executableURL = URL(filePath: Workbench.builtProgram)
        child.arguments = ["read-foreign", "tar"]
        let input = Foundation.Pipe()
        child.standardInput = input
        child.standardOutput = Foundation.Pipe()
        try child.run()
        defer { child.waitUntilExit() }
        defer { try? input.fileHandleForWriting.close() }
        let wanted = ["NoNewPrivs:\t1", "Seccomp:\t2", "CapEff:\t0000000000000000", "CapPrm:\t0000000000000000"]
        var status = ""
        for _ in 0..<600 {
            status = try String(contentsOfFile: "/proc/\(child.processIdentifier)/status", encoding: .utf8)
            if status.contains("Seccomp:\t2") { break }
            usleep(50_000)
        }
        for line in wanted { #expect(status.contains(line), "\(line)") }
        if geteuid() == 0 { #expect(status.contains("Uid:\t65534\t65534\t65534\t65534")) }
        let limits = try String(contentsOfFile: "/proc/\(child.processIdentifier)/limits", encoding: .utf8)
        #expect(limits.contains { $0.isNewline })
        #expect(
            limits.split(separator: "\n").contains { $0.hasPrefix("Max address space") && $0.contains("1073741824") })
    }
}
