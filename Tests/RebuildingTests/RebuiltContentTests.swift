// SPDX-License-Identifier: Apache-2.0

import Rebuilding
import Testing

/// Causes that bytes, paths and keys tell, and verdicts.
@Suite(.timeLimit(.minutes(5))) struct RebuiltContentTests {
    private static func cause(_ path: String, _ left: [UInt8], _ right: [UInt8]) -> RebuildCause? {
        RebuiltContent.finding(Array(path.utf8), left, right)?.cause
    }

    private static func cause(_ left: String, _ right: String, path: String = "/f") -> RebuildCause? {
        cause(path, Array(left.utf8), Array(right.utf8))
    }

    @Test func `times in headers are recognised, and nothing beside them`() {
        let gzip: [UInt8] = [0x1F, 0x8B, 8, 0, 1, 2, 3, 4, 0, 3] + [UInt8](repeating: 7, count: 12)
        var other = gzip
        other[5] = 9
        #expect(Self.cause("/f.gz", gzip, other) == .gzip)
        other[12] = 8
        #expect(Self.cause("/f.gz", gzip, other) == nil)
        let bytecode: [UInt8] = [0xA7, 0x0D, 0x0D, 0x0A, 0, 0, 0, 0, 1, 2, 3, 4, 5, 0, 0, 0, 0xE3, 0]
        other = bytecode
        other[9] = 7
        #expect(Self.cause("/a.pyc", bytecode, other) == .pythonBytecode)
        other[4] = 1
        #expect(Self.cause("/a.pyc", bytecode, other) == nil)
        let elf: [UInt8] =
            [0x7F, 0x45, 0x4C, 0x46] + [4, 0, 0, 0, 8, 0, 0, 0, 3, 0, 0, 0, 0x47, 0x4E, 0x55, 0]
            + [1, 2, 3, 4, 5, 6, 7, 8, 9, 9]
        other = elf
        other[21] = 0
        #expect(Self.cause("/a.so", elf, other) == .buildID)
        other[28] = 0
        #expect(Self.cause("/a.so", elf, other) == nil)
    }

    private static func padded(_ text: String, _ count: Int, _ filler: UInt8 = 0x20) -> [UInt8] {
        Array(text.utf8) + [UInt8](repeating: filler, count: count - text.utf8.count)
    }

    private static func ar(_ time: String, _ content: String) -> [UInt8] {
        Array("!<arch>\n".utf8) + padded("a.o/", 16) + padded(time, 12) + padded("0", 6) + padded("0", 6)
            + padded("644", 8) + padded("\(content.utf8.count)", 10) + [0x60, 0x0A] + Array(content.utf8)
    }

    private static func tar(_ time: String, _ content: String) -> [UInt8] {
        var header = padded("f", 512, 0)
        func put(_ text: String, _ offset: Int) {
            header.replaceSubrange(offset..<offset + text.utf8.count, with: text.utf8)
        }
        put("00000000001", 124)
        put(time, 136)
        put("ustar", 257)
        return header + padded(content, 512, 0) + [UInt8](repeating: 0, count: 1024)
    }

    @Test func `members of archives are compared without their times`() {
        #expect(Self.cause("/l.a", Self.ar("1", "xy"), Self.ar("2", "xy")) == .ar)
        #expect(Self.cause("/l.a", Self.ar("1", "xy"), Self.ar("2", "xz")) == nil)
        #expect(Self.cause("/l.a", Self.ar("1", "xy"), Self.ar("2", "xy").dropLast()) == nil)
        #expect(Self.cause("/s.tar", Self.tar("1", "x"), Self.tar("2", "x")) == .tar)
        #expect(Self.cause("/s.tar", Self.tar("1", "x"), Self.tar("2", "y")) == nil)
        func zip(_ time: UInt8, _ sum: UInt8, _ name: String) -> [UInt8] {
            let local: [UInt8] = [0x50, 0x4B, 3, 4, time]
            var entry: [UInt8] = [0x50, 0x4B, 1, 2] + [UInt8](repeating: 0, count: 42) + Array(name.utf8)
            (entry[12], entry[16], entry[28]) = (time, sum, UInt8(name.utf8.count))
            var end: [UInt8] = [0x50, 0x4B, 5, 6] + [UInt8](repeating: 0, count: 18)
            (end[10], end[16]) = (1, UInt8(local.count))
            return local + entry + end
        }
        #expect(Self.cause("/a.jar", zip(1, 1, "m"), zip(2, 1, "m")) == .zip)
        #expect(Self.cause("/a.jar", zip(1, 1, "m"), zip(2, 2, "m")) == nil)
        #expect(Self.cause("/a.jar", zip(1, 1, "m"), zip(2, 1, "n")) == nil)
    }

    @Test func `texts tell order, times and names that are made up`() {
        #expect(Self.cause("a\nb\n", "b\na\n") == .order)
        #expect(Self.cause("{\"a\": 1, \"b\": 2}", "{\"b\": 2, \"a\": 1}") == .order)
        #expect(Self.cause("built 2026-01-02T03:04:05Z\n", "built 2026-02-02T03:04:05Z\n") == .dates)
        #expect(Self.cause("Mon Jan  5 10:00:00 UTC 2026", "Tue Jan  6 10:00:01 UTC 2026") == .dates)
        #expect(Self.cause("at=1767322800;", "at=1767322801;") == .dates)
        #expect(Self.cause("in /tmp/tmp.aB3xY9 now", "in /tmp/tmp.Zz3xY0 now") == .temporary)
        #expect(Self.cause("host 0123456789ab", "host ba9876543210") == .temporary)
        #expect(Self.cause("version 12", "version 13") == nil)
        #expect(Self.cause("a 2026-01-02 x", "a 2026-01-03 y") == nil)
        #expect(Self.cause("one\n", "one\ntwo\n") == nil)
        #expect(Self.cause("", "a") == nil)
        #expect(Self.cause("a:*:1:0:::\n", "a:*:2:0:::\n", path: "/etc/shadow") == .passwordDays)
        #expect(Self.cause("a:*:1:0:::\n", "a:x:2:0:::\n", path: "/etc/shadow") == nil)
    }

    @Test func `what is cut off anywhere is no reason to fail`() {
        let samples = [
            Self.ar("1", "xyz"), Self.tar("1", "x"), [0x50, 0x4B, 3, 4, 0x50, 0x4B, 5, 6], [0x7F, 0x45, 0x4C, 0x46, 4],
        ]
        for sample in samples {
            for count in 0...min(sample.count, 600) {
                _ = Self.cause("/f", Array(sample.prefix(count)), Array(sample.prefix(count)) + [1])
                _ = Self.cause("/etc/shadow", Array(sample.suffix(count)), sample)
            }
        }
        var end = [UInt8](repeating: 0xFF, count: 60)
        end.replaceSubrange(0..<4, with: [0x50, 0x4B, 3, 4])
        end.replaceSubrange(38..<42, with: [0x50, 0x4B, 5, 6])
        #expect(Self.cause("/f", end, end + [0]) == nil)
    }

    @Test(arguments: [
        ("/var/log/apt/term.log", RebuildCause.logs), ("/var/cache/ldconfig/aux-cache", .caches),
        ("/var/lib/dpkg/status-old", .caches), ("/etc/machine-id", .identities),
        ("/etc/ssh/ssh_host_rsa_key", .identities), ("/usr/lib/locale/locale-archive", .generated),
        ("/opt/tmp.Xy12ab34/f", .temporary), ("/usr/bin/app", nil), ("/var/logs", nil), ("/var/lib/dpkg/status", nil),
    ])
    func `paths tell what is written anew each time`(_ path: String, _ cause: RebuildCause?) {
        #expect(RebuiltPath.finding(Array(path.utf8))?.cause == cause)
    }

    @Test(arguments: [
        ("created", RebuildCause.created), ("Labels.org.opencontainers.image.revision", .labels),
        ("Annotations.org.opencontainers.image.base.digest", .base), ("Labels.mine", nil), ("Env.PATH", nil),
    ])
    func `keys tell what is of the build`(_ key: String, _ cause: RebuildCause?) {
        #expect(RebuiltKey.finding(key)?.cause == cause)
    }

    @Test func `a verdict is the nearest that all of it allows`() {
        var evidence = RebuildEvidence()
        #expect(evidence.verdict == .repackaged)
        evidence.hasSameForm = true
        #expect(evidence.verdict == .equivalent)
        evidence.hasSameForm = false
        (evidence.hasSameLayers, evidence.hasSameConfiguration) = (true, true)
        #expect(evidence.verdict == .recompressed)
        evidence.keys = [.created]
        #expect(evidence.verdict == .retimed)
        evidence.keys = [.created, nil]
        #expect(evidence.verdict == .relabelled)
        evidence.files = [[.times]]
        #expect(evidence.verdict == .different)
        evidence.keys = [.created]
        #expect(evidence.verdict == .retimed)
        evidence.files = [[.times], [.times, .logs]]
        #expect(evidence.verdict == .retimed)
        evidence.files.append([.gzip])
        #expect(evidence.verdict == .explained)
        evidence.files.append(nil)
        #expect(evidence.verdict == .different)
        evidence.hasSameManifest = true
        #expect(evidence.verdict == .identical)
        #expect(RebuildVerdict.identical < .equivalent && RebuildVerdict.equivalent < .recompressed)
        #expect(RebuildVerdict.explained < .different)
        #expect(Set(RebuildCause.allCases.map(\.remedy)).count > 15)
    }
}
