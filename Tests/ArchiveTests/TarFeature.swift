// SPDX-License-Identifier: Apache-2.0

import FileTree
import TestSupport

/// A feature of tars and the entries that it yields.
struct TarFeature: Sendable, CustomStringConvertible {
    let description: String
    let tar: [UInt8]
    let lines: [String]
    /// Entries whose stored bytes begin at these offsets; nil where it does not matter.
    var dataOffsets: [UInt64]?

    init(
        _ description: String, lines: [String], dataOffsets: [UInt64]? = nil,
        _ build: (inout TarBuilder) -> Void
    ) {
        self.description = description
        tar = TarBuilder(build).bytes
        self.lines = lines
        self.dataOffsets = dataOffsets
    }

    static let all = headers + numbers + longNames + paxRecords + attributes + sparseFiles + kinds + ends

    static func header(_ name: String, type: Character = "0", _ change: (inout TarHeader) -> Void) -> TarHeader {
        var header = TarHeader(name, type: type)
        change(&header)
        return header
    }

    static let headers: [TarFeature] = [
        TarFeature("ustar", lines: ["a/b regular 644 1:2 3s+0ns size=5 0:\"hello\""], dataOffsets: [512]) {
            $0.file("a/b", "hello", uid: 1, gid: 2, mtime: 3)
        },
        TarFeature("old GNU", lines: ["a regular 600 size=1 0:\"x\""]) {
            $0.entry(header("a") { ($0.magic, $0.mode, $0.size) = (.gnu, 0o600, 1) }, content: [0x78])
        },
        TarFeature("seventh edition, a directory by its name", lines: ["d/ directory 755", "f regular 644 size=0"]) {
            $0.entry(header("d/", type: "\0") { ($0.magic, $0.mode) = (.v7, 0o755) })
            $0.entry(header("f", type: "\0") { $0.magic = .v7 })
        },
        TarFeature(
            "a directory by its name has no data, whatever its size says",
            lines: [
                "d/ directory 755", "next regular 644 size=1 0:\"x\"", "long/ directory 755",
                "pax/ directory 755", "end regular 644 size=0",
            ]
        ) {
            let directory = header("d/", type: "\0") { ($0.magic, $0.mode, $0.size) = (.v7, 0o755, 1024) }
            $0.entry(directory)
            $0.file("next", "x")
            $0.gnuLongName("long/")
            $0.entry(header("f", type: "\0") { ($0.magic, $0.mode, $0.size) = (.gnu, 0o755, 1024) })
            $0.entry(
                header("f", type: "\0") { ($0.magic, $0.mode) = (.v7, 0o755) },
                pax: [("path", Array("pax/".utf8)), ("size", Array("1024".utf8))])
            $0.file("end")
        },
        TarFeature(
            "a name that a longer one replaces makes no directory", lines: ["f regular 644 size=1 0:\"x\""]
        ) {
            $0.entry(
                header("d/", type: "\0") { ($0.magic, $0.size) = (.v7, 1) }, content: [0x78],
                pax: [("path", Array("f".utf8))])
        },
        TarFeature("an empty file whose name ends in a slash", lines: ["f/ regular 644 size=0"]) {
            $0.file("f/", "")
        },
        TarFeature("a sum of signed bytes", lines: ["\\xff regular 644 size=0"]) {
            var header = TarHeader([0xFF])
            header.checksum = .signed
            $0.entry(header)
        },
        TarFeature("a name of exactly 100 bytes", lines: ["\(String(repeating: "n", count: 100)) regular 644 size=0"]) {
            $0.file(String(repeating: "n", count: 100))
        },
        TarFeature("every byte but NUL in a name", lines: ["\(escapedBytes) regular 644 size=0"]) {
            $0.file(everyByte)
        },
    ]

    static let everyByte = (1...255).map(UInt8.init)
    static let escapedBytes = Bytes.escaped(everyByte)

    static let numbers: [TarFeature] = [
        TarFeature("ids up to 2^32-2 in base 256", lines: ["a regular 644 4294967294:4294967293 size=0"]) {
            $0.file("a", uid: 4_294_967_294, gid: 4_294_967_293)
        },
        TarFeature("ids in pax records", lines: ["a regular 644 4294967294:2097152 size=0"]) {
            $0.file("a", uid: 1, gid: 2, pax: ["uid": "4294967294", "gid": "2097152"])
        },
        TarFeature("all numbers in base 256", lines: ["a regular 4755 7:8 9s+0ns size=1 0:\"x\""]) {
            let all = header("a") {
                ($0.mode, $0.uid, $0.gid, $0.mtime, $0.size, $0.isBase256) = (0o4755, 7, 8, 9, 1, true)
            }
            $0.entry(all, content: [0x78])
        },
        TarFeature(
            "a negative time in base 256",
            lines: ["a regular 644 -1s+0ns size=0", "b regular 644 -1099511627776s+0ns size=0"]
        ) {
            $0.file("a", mtime: -1)
            $0.file("b", mtime: -1 << 40)
        },
        TarFeature(
            "octal with blanks before and behind, and junk behind the NUL", lines: ["a regular 755 8:1 size=1 0:\"x\""]
        ) {
            let blanks = header("a") {
                $0.patches = [
                    (100, Array("  755 \u{0}7".utf8)), (108, Array("     10 ".utf8)), (116, Array("1\u{0}zzzzzz".utf8)),
                    (124, Array("          1 ".utf8)), (136, [UInt8](repeating: 0, count: 12)),
                ]
            }
            $0.entry(blanks, content: [0x78])
        },
        TarFeature("a mode with type bits", lines: ["a regular 6755 size=0"]) { $0.file("a", mode: 0o106755) },
        TarFeature("a negative octal time", lines: ["a regular 644 -8s+0ns size=0"]) {
            $0.entry(header("a") { $0.patches = [(136, Array("-0000000010\u{0}".utf8))] })
        },
        TarFeature(
            "times with a fraction",
            lines: [
                "a regular 644 1s+500000000ns size=0", "b regular 644 -2s+500000000ns size=0",
                "c regular 644 -1s+500000000ns size=0", "d regular 644 1s+123456789ns size=0",
                "e regular 644 -1s+999999999ns size=0", "f regular 644 -1s+999999999ns size=0",
                "g regular 644 size=0", "h regular 644 9223372036854775807s+999999999ns size=0",
                "i regular 644 -9223372036854775808s+1ns size=0", "j regular 644 -3s+0ns size=0",
                "k regular 644 7s+0ns size=0",
            ]
        ) {
            let times = [
                "1.5", "-1.5", "-0.5", "1.1234567899", "-0.000000001", "-0.0000000001", "-0",
                "9223372036854775807.999999999",
                "-9223372036854775807.999999999", "-2.9999999999", "7.",
            ]
            for (name, time) in zip("abcdefghijk", times) { $0.file(String(name), mtime: 99, pax: ["mtime": time]) }
        },
    ]

    static let long = String(repeating: "d/", count: 60) + "name"

    static let longNames: [TarFeature] = [
        TarFeature("ustar's prefix", lines: ["\(long) regular 644 size=0"]) {
            $0.longNames = .ustarPrefix
            $0.file(long)
        },
        TarFeature("the shorter prefix of star", lines: ["\(String(repeating: "p", count: 131))/a regular 644 size=0"])
        {
            $0.entry(
                header("a") {
                    $0.prefix = Array(repeating: 0x70, count: 131) + Array("00000000001\u{0}".utf8)
                    $0.patches = [(508, Array("tar\u{0}".utf8))]
                })
        },
        TarFeature("GNU's times are no prefix", lines: ["a regular 644 size=0"]) {
            $0.entry(
                header("a") {
                    $0.magic = .gnu
                    $0.prefix = Array("14000000000\u{0}14000000000\u{0}".utf8)
                })
        },
        TarFeature("a prefix behind GNU's magic, as Go wrote it", lines: ["usr/lib/a regular 644 size=0"]) {
            $0.entry(header("a") { ($0.magic, $0.prefix) = (.gnu, Array("usr/lib".utf8)) })
        },
        TarFeature(
            "a name and a target in pax records", lines: ["\(long) symbolicLink 777 -> /\(long)", "x = \(long)"]
        ) {
            $0.symlink(long, to: "/" + long)
            $0.hardLink("x", to: long)
        },
        TarFeature(
            "a name and a target in GNU entries",
            lines: ["\(long) symbolicLink 777 -> /\(long)", "b regular 644 size=0"]
        ) {
            $0.longNames = .gnu
            $0.symlink(long, to: "/" + long)
            $0.file("b")
        },
        TarFeature(
            "a GNU name without its NUL, one of 512 bytes, an empty one",
            lines: [
                "first regular 644 size=0", "\(String(repeating: "n", count: 512)) regular 644 size=0",
                "c regular 644 size=0",
            ]
        ) {
            $0.gnuLongName("first", isTerminated: false)
            $0.file("a")
            $0.gnuLongName(String(repeating: "n", count: 512), isTerminated: false)
            $0.file("b")
            $0.gnuLongName("")
            $0.file("c")
        },
        TarFeature(
            "a GNU name and the same one in a pax record, the last of several GNU names",
            lines: ["both regular 644 size=0", "b2 regular 644 size=0"]
        ) {
            $0.gnuLongName("both")
            $0.file("a", pax: ["path": "both"])
            $0.gnuLongName("b1")
            $0.gnuLongName("b2")
            $0.file("b")
        },
        TarFeature("bytes that are no text in a pax name", lines: ["\\xff\\xfe/a\\n regular 644 size=0"]) {
            $0.file("a", pax: ["path": [0xFF, 0xFE, 0x2F, 0x61, 0x0A] as [UInt8]])
        },
    ]

    static let paxRecords: [TarFeature] = [
        TarFeature("a size in a pax record", lines: ["a regular 644 size=5 0:\"hello\"", "b regular 644 size=0"]) {
            $0.entry(TarHeader("a"), content: Array("hello".utf8), pax: [("size", Array("5".utf8))])
            $0.file("b")
        },
        TarFeature(
            "of one keyword the last record wins, an empty one takes it back",
            lines: ["two regular 644 size=0", "b regular 644 size=0"]
        ) {
            $0.file("a", pax: ["path": "one", "path": "two"])
            $0.file("b", pax: ["path": "one", "path": ""])
        },
        TarFeature(
            "of two headers for one entry the last alone counts",
            lines: ["a regular 644 5:0 size=1 0:\"x\"", "b regular 644 size=0", "c regular 644 size=0 user.b=2"]
        ) {
            $0.raw(pax([("path", "name"), ("size", "1024"), ("uid", "4"), ("gid", "4")]))
            $0.raw(pax([("uid", "5")]))
            $0.file("a", "x")
            $0.raw(pax([("GNU.sparse.offset", "0"), ("GNU.sparse.numbytes", "9"), ("GNU.sparse.size", "9")]))
            $0.raw(pax([("comment", "")]))
            $0.file("b")
            $0.raw(pax([("SCHILY.xattr.user.a", "1"), ("LIBARCHIVE.xattr.user.c", "AA")]))
            $0.raw(pax([("SCHILY.xattr.user.b", "2")], type: "X"))
            $0.file("c")
        },
        TarFeature(
            "records for all files, and what overrides them",
            lines: [
                "a regular 644 7:0 5s+500000000ns size=0", "b regular 644 8:0 5s+500000000ns size=0",
                "c regular 644 1:0 5s+500000000ns size=0", "d regular 644 9:0 5s+500000000ns size=0",
            ]
        ) {
            $0.globalHeader(["uid": "7", "mtime": "5.5", "comment": "0123456789abcdef"])
            $0.file("a", uid: 1)
            $0.file("b", uid: 1, pax: ["uid": "8"])
            $0.file("c", uid: 1, pax: ["uid": ""])
            $0.globalHeader(["uid": "9"])
            $0.file("d", uid: 1)
        },
        TarFeature("zeros behind the records", lines: ["name regular 644 size=0"]) {
            var extended = TarHeader("x", type: "x")
            let text = TarBuilder.paxText([("path", Array("name".utf8))]) + [0, 0, 0]
            extended.size = Int64(text.count)
            $0.entry(extended, content: text)
            $0.file("a")
        },
        TarFeature("unknown records are passed over", lines: ["a regular 644 size=0"]) {
            $0.file("a", pax: ["atime": "junk", "hdrcharset": "BINARY", "SCHILY.ino": "5", "p": "", "\u{FFFD}": "x"])
        },
        TarFeature("Sun's extended headers", lines: ["name regular 644 size=0"]) {
            let text = TarBuilder.paxText([("path", Array("name".utf8))])
            var extended = TarHeader("x", type: "X")
            extended.size = Int64(text.count)
            $0.entry(extended, content: text)
            $0.file("a")
        },
    ]

    static let attributes: [TarFeature] = [
        TarFeature(
            "attributes are bytes",
            lines: [
                "a regular 644 size=0 security.capability=0100000200200000 user.empty= user.text=a=b user.\\xff=ff"
            ]
        ) {
            var header = TarHeader("a")
            header.mode = 0o644
            $0.raw(
                paxBytes([
                    (Array("SCHILY.xattr.user.text".utf8), Array("a=b".utf8)),
                    (Array("SCHILY.xattr.security.capability".utf8), [1, 0, 0, 2, 0, 0x20, 0, 0]),
                    (Array("SCHILY.xattr.user.".utf8) + [0xFF], [0xFF]), (Array("SCHILY.xattr.user.empty".utf8), []),
                ]))
            $0.entry(header)
        },
        TarFeature("of one name the last attribute wins", lines: ["a regular 644 size=0 user.a=2 user.b=3"]) {
            $0.file("a", xattrs: ["user.b": "1", "user.a": "1", "user.a": "2", "user.b": "3"])
        },
        TarFeature(
            "attributes as libarchive writes them", lines: ["a regular 644 size=0 user.a=00ff user.a=b%=hello user.e="]
        ) {
            $0.file(
                "a",
                pax: [
                    "LIBARCHIVE.xattr.user.a%3Db%25": "aGVsbG8", "LIBARCHIVE.xattr.user.a": "AP8=",
                    "LIBARCHIVE.xattr.user.e": "",
                ])
        },
        TarFeature("star's attributes go before libarchive's", lines: ["a regular 644 size=0 user.a=star"]) {
            $0.file("a", pax: ["SCHILY.xattr.user.a": "star", "LIBARCHIVE.xattr.user.a": "AP8="])
        },
        TarFeature(
            "a label as GNU tar writes it", lines: ["a regular 644 size=0 security.selinux=system_u:object_r:bin_t:s0"]
        ) {
            $0.file("a", pax: ["RHT.security.selinux": "system_u:object_r:bin_t:s0"])
        },
        TarFeature(
            "access control lists as text",
            lines: [
                "d directory 755 system.posix_acl_access=02000000" + "01000700ffffffff" + "0200070002000000"
                    + "02000400f6010000" + "04000500ffffffff" + "08000600feffffff" + "10000700ffffffff"
                    + "20000400ffffffff"
                    + " system.posix_acl_default=02000000" + "01000700ffffffff" + "04000500ffffffff"
                    + "20000000ffffffff"
            ]
        ) {
            $0.directory(
                "d",
                pax: [
                    "SCHILY.acl.access":
                        "user::rwx,user:lisa:r--:502,u:2:rwx,group::r-x,group:4294967294:rw-,mask::rwx,other::r-- # note",
                    "SCHILY.acl.default": "user::rwx\ngroup::r-x\nother::---\n",
                ])
        },
        TarFeature("a symbolic link has the mode that Linux shows", lines: ["l symbolicLink 777 -> t"]) {
            $0.entry(header("l", type: "2") { ($0.mode, $0.linkName) = (0o4600, Array("t".utf8)) })
        },
        TarFeature(
            "attributes of links and devices",
            lines: [
                "l symbolicLink 777 -> t trusted.x=1", "c characterDevice 600 1:3 user.y=2",
            ]
        ) {
            $0.symlink("l", to: "t", xattrs: ["trusted.x": "1"])
            $0.characterDevice("c", major: 1, minor: 3, pax: ["SCHILY.xattr.user.y": "2"])
        },
        TarFeature(
            "an attribute of 65,535 bytes",
            lines: [
                "a regular 644 size=0 user.a=" + String(repeating: "v", count: 65_535)
            ]
        ) { $0.file("a", xattrs: ["user.a": String(repeating: "v", count: 65_535)]) },
    ]
}
