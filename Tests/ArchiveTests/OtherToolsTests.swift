// SPDX-License-Identifier: Apache-2.0

import Archive
import FileTree
import Foundation
import OCI
import SystemPackage
import TestSupport
import Testing

/// Tars written by GNU tar and by Python, and what Python reads in them.
@Suite(.timeLimit(.minutes(15))) struct OtherToolsTests {
    private let scratch = ScratchDirectory()

    /// A line for each entry in the words of `list.py`.
    private func lines(_ tar: [UInt8]) throws -> [String] {
        try readEntries(tar, pieceByteCount: 10_240).map { read in
            var path = read.entry.path[...]
            while path.last == UInt8(ascii: "/") { path = path.dropLast() }
            let name = path.map { hex($0) }.joined()
            guard case .file(let attributes) = read.entry.kind else {
                guard case .hardLink(let target) = read.entry.kind else { return name }
                return "\(name) 1 \(target.map { hex($0) }.joined())"
            }
            let type =
                switch attributes.type {
                case .regular: "0"
                case .symbolicLink: "2"
                case .characterDevice: "3"
                case .blockDevice: "4"
                case .directory: "5"
                case .fifo, .socket: "6"
                }
            var line = "\(name) \(type) \(String(attributes.permissions, radix: 8)) \(attributes.uid):\(attributes.gid)"
            line += " \(attributes.mtime.seconds)+\(attributes.mtime.nanoseconds)"
            if attributes.type == .regular {
                line += " \(attributes.size) \(read.entry.dataOffset) \(Digest(of: read.content).hex)"
            }
            if attributes.type == .symbolicLink { line += " \(attributes.target.map { hex($0) }.joined())" }
            if [.characterDevice, .blockDevice].contains(attributes.type) {
                line += " \(attributes.device.major):\(attributes.device.minor)"
            }
            for attribute in attributes.xattrs {
                line += " " + attribute.name.map { hex($0) }.joined() + "=" + attribute.value.map { hex($0) }.joined()
            }
            return line
        }
    }

    private static let list = """
        import decimal, hashlib, sys, tarfile
        def text(s): return s.encode("utf-8", "surrogateescape").hex()
        decimal.getcontext().prec = 60
        with tarfile.open(sys.argv[1], "r:", encoding="utf-8", errors="surrogateescape") as tar:
            for m in tar:
                if m.islnk():
                    print(text(m.name.rstrip("/")), 1, text(m.linkname)); continue
                time = decimal.Decimal(m.pax_headers.get("mtime", int(m.mtime)))
                seconds = int(time.to_integral_value(decimal.ROUND_FLOOR))
                nanos = int((time - seconds) * 10**9)
                kind = "5" if m.isdir() else m.type.decode()
                if m.isreg(): kind = "0"
                if m.issym(): m.mode = 0o777
                line = f"{text(m.name.rstrip('/'))} {kind} {m.mode & 0o7777:o} {m.uid}:{m.gid} {seconds}+{nanos}"
                if m.isreg():
                    data = tar.extractfile(m).read()
                    line += f" {m.size} {m.offset_data} {hashlib.sha256(data).hexdigest()}"
                if m.issym(): line += " " + text(m.linkname)
                if m.ischr() or m.isblk(): line += f" {m.devmajor}:{m.devminor}"
                xattrs = {k[13:]: v for k, v in m.pax_headers.items() if k.startswith("SCHILY.xattr.")}
                for k in sorted(xattrs, key=lambda k: k.encode("utf-8", "surrogateescape")):
                    line += f" {text(k)}={text(xattrs[k])}"
                print(line)
        """

    @discardableResult
    private func run(_ command: String, _ arguments: [String], environment: [String: String] = [:]) throws -> String {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments = [command] + arguments
        process.currentDirectoryURL = URL(fileURLWithPath: scratch.path.string)
        process.environment = ProcessInfo.processInfo.environment.merging(environment) { $1 }
        let output = Pipe()
        process.standardOutput = output
        try process.run()
        let text = String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
        process.waitUntilExit(atMost: 600)
        try #require(process.terminationStatus == 0, "\(command) \(arguments.prefix(4))")
        return text
    }

    private func compare(_ name: String) throws -> [String] {
        let theirs = try run("python3", [scratch.file("list.py", Self.list).string, name])
            .split(separator: "\n").map(String.init)
        let tar = Array(try Data(contentsOf: URL(fileURLWithPath: scratch.path(name).string)))
        let ours = try lines(tar)
        #expect(ours == theirs)
        return ours
    }

    /// A tree with names, holes and links of many kinds.
    private func makeTree() throws {
        try run(
            "python3",
            [
                "-c",
                """
                import os
                os.makedirs("tree/sub/" + "/".join(["deep" * 10] * 5))
                names = ["plain", "n" * 99, "n" * 100, "n" * 101, "n" * 255, "new\\nline", "\\u00e9", "e\\u0301", b"\\xff\\xfe", "a b"]
                for i, n in enumerate(names):
                    path = os.path.join(b"tree/sub", n if isinstance(n, bytes) else n.encode())
                    with open(path, "wb") as f: f.write(os.urandom(i * 300))
                    os.chmod(path, 0o600 + i)
                    os.utime(path, ns=(0, [0, 1, 10**9 - 1, -1, -10**9, -1500000000, 2**33 * 10**9, 1700000000123456789, 5, 6][i]))
                for i, runs in enumerate([[], [(0, 5000)], [(1 << 20, 100)], [(k << 16, 4096) for k in range(40)]]):
                    with open(f"tree/sparse{i}", "wb") as f:
                        for offset, count in runs:
                            f.seek(offset); f.write(os.urandom(count))
                        f.truncate(3 << 20)
                os.link("tree/sub/plain", "tree/sub/hard")
                os.symlink("../" + "t" * 200, "tree/sub/long link")
                os.symlink("plain", "tree/sub/link")
                os.mkfifo("tree/fifo")
                """,
            ])
    }

    @Test(arguments: [
        ["--format=gnu"], ["--format=gnu", "--sparse"], ["--format=oldgnu", "--sparse"], ["--format=posix"],
        ["--format=posix", "--sparse", "--sparse-version=0.0"], ["--format=posix", "--sparse", "--sparse-version=0.1"],
        ["--format=posix", "--sparse", "--sparse-version=1.0"],
        ["--format=gnu", "--owner=:4294967294", "--group=:2097152"],
    ])
    func `what GNU tar writes is read as Python reads it`(options: [String]) throws {
        try makeTree()
        try run("tar", options + ["--sort=name", "-cf", "tree.tar", "tree"])
        #expect(try compare("tree.tar").count > 20)
    }

    @Test(arguments: ["ustar", "v7"])
    func `what GNU tar writes in formats with short names is read as Python reads it`(format: String) throws {
        try run(
            "python3",
            [
                "-c",
                """
                import os
                os.makedirs("tree/sub/" + ("d" * 40 + "/") * 1)
                for i in range(30):
                    path = "tree/sub/" + "d" * 40 + f"/file{i}"
                    with open(path, "wb") as f: f.write(os.urandom(i * 100))
                    os.utime(path, (0, i * 1000))
                os.symlink("x", "tree/l"); os.link("tree/l", "tree/m")
                """,
            ])
        try run("tar", ["--format=\(format)", "--sort=name", "-cf", "tree.tar", "tree"])
        #expect(try compare("tree.tar").count == 35)
    }

    @Test(arguments: ["USTAR", "GNU", "PAX"])
    func `what Python writes is read as Python reads it`(format: String) throws {
        let seed = UInt32.random(in: 0...UInt32.max)
        try run(
            "python3",
            [
                "-c",
                """
                import io, random, sys, tarfile
                random.seed(int(sys.argv[1]))
                form = getattr(tarfile, sys.argv[2] + "_FORMAT")
                ustar, pax = sys.argv[2] == "USTAR", sys.argv[2] == "PAX"
                with tarfile.open("made.tar", "w", format=form, encoding="utf-8", errors="surrogateescape") as tar:
                    for i in range(300):
                        part = lambda n: "".join(random.choice("abc-. \\n\\u00e9\\u4e2d\\udcff") for _ in range(random.randint(1, n)))
                        name = f"{i}" + part(12 if ustar else random.choice([12, 250]))
                        m = tarfile.TarInfo(name)
                        m.type = random.choice([tarfile.REGTYPE] * 3 + [tarfile.DIRTYPE, tarfile.SYMTYPE, tarfile.LNKTYPE,
                                                tarfile.CHRTYPE, tarfile.BLKTYPE, tarfile.FIFOTYPE, tarfile.AREGTYPE, tarfile.CONTTYPE])
                        m.mode = random.randrange(0o10000)
                        limit = 2097151 if ustar else 4294967294
                        m.uid, m.gid = random.choice([0, 5, limit]), random.randrange(limit)
                        m.mtime = random.choice([0, 1, 2**33 - 1]) if ustar else random.choice([0, -1, -2**40, 2**40])
                        if m.issym() or m.islnk(): m.linkname = "t" + part(12 if ustar else random.choice([12, 250]))
                        if m.ischr() or m.isblk(): m.devmajor, m.devminor = random.randrange(4096), random.randrange(2**20)
                        if pax:
                            if random.random() < .5:
                                m.pax_headers["mtime"] = random.choice(["-1.5", "1.25", "-0.000000001", "12345678901.123456789"])
                            if random.random() < .3: m.pax_headers["SCHILY.xattr.user." + part(9).replace("\\udcff", "")] = part(300)
                        data = random.randbytes(random.choice([0, 1, 511, 512, 513, 3000])) if m.isreg() else b""
                        m.size = len(data)
                        tar.addfile(m, io.BytesIO(data))
                """, "\(seed)", format,
            ])
        #expect(try compare("made.tar").count == 300, "seed \(seed)")
    }
}
