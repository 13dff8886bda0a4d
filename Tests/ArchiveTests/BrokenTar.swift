// SPDX-License-Identifier: Apache-2.0

import TestSupport

/// A tar that is none, and the error.
struct BrokenTar: Sendable, CustomStringConvertible {
    let description: String
    let tar: [UInt8]
    let error: String

    init(_ description: String, _ error: String, endBlocks: Int = 2, _ build: (inout TarBuilder) -> Void) {
        self.description = description
        self.error = error
        tar =
            TarBuilder {
                $0.endBlocks = endBlocks
                build(&$0)
            }.bytes
    }

    private static func header(_ name: String, type: Character = "0", _ change: (inout TarHeader) -> Void) -> TarHeader
    {
        var header = TarHeader(name, type: type)
        change(&header)
        return header
    }

    static let all = blocks + fields + extensions + sparseMaps

    static let blocks: [BrokenTar] = [
        BrokenTar("text", "byte 0: not a tar header: its checksum is wrong") {
            $0.raw(Array(repeating: 0x61, count: 512))
        },
        BrokenTar("a wrong checksum", "byte 0: not a tar header: its checksum is wrong") {
            $0.entry(header("a") { $0.checksum = .wrong(1) })
        },
        BrokenTar("a wrong checksum further on", "byte 1024: not a tar header: its checksum is wrong") {
            $0.file("a", "x")
            $0.entry(header("b") { $0.checksum = .wrong(1) })
        },
        BrokenTar("one byte", "byte 1: the tar is cut off", endBlocks: 0) { $0.raw([0x61]) },
        BrokenTar("half a header", "byte 256: the tar is cut off", endBlocks: 0) {
            $0.raw(Array(TarHeader("a").block.prefix(256)))
        },
        BrokenTar("half a block of zeros at the end", "byte 1124: the tar is cut off", endBlocks: 1) {
            $0.file("a")
            $0.trailing = [UInt8](repeating: 0, count: 100)
        },
        BrokenTar("data that is cut off", "byte 1000: the tar is cut off", endBlocks: 0) {
            $0.entry(header("a") { $0.size = 600 })
            $0.raw([UInt8](repeating: 1, count: 488))
        },
        BrokenTar("data that is missing", "byte 512: the tar is cut off", endBlocks: 0) {
            $0.entry(header("a") { $0.size = 1 << 40 })
        },
        BrokenTar("data shorter than its size", "byte 2048: not a tar header: its checksum is wrong") {
            $0.entry(header("a") { $0.size = 1025 }, content: [UInt8](repeating: 1, count: 512))
            $0.entry(header("b") { $0.size = 513 }, content: [UInt8](repeating: 1, count: 513))
        },
        BrokenTar("a lone block of zeros", "byte 512: a lone block of zeros within the tar") {
            $0.file("a")
            $0.raw([UInt8](repeating: 0, count: 512))
            $0.file("b")
        },
        BrokenTar("a block of zeros and garbage", "byte 512: not a tar header: its checksum is wrong") {
            $0.file("a")
            $0.raw([UInt8](repeating: 0, count: 512) + [UInt8](repeating: 1, count: 512))
        },
    ]

    static let fields: [BrokenTar] = [
        BrokenTar("a negative size", "entry \"a\": a malformed or negative size") {
            $0.entry(header("a") { $0.size = -1 })
        },
        BrokenTar("a size that is no number", "entry \"a\": a malformed or negative size") {
            $0.entry(header("a") { $0.patches = [(124, Array("12345678abc\u{0}".utf8))] })
        },
        BrokenTar("a size of 95 bits", "entry \"a\": a malformed or negative size") {
            $0.entry(header("a") { $0.patches = [(124, [0x80] + [UInt8](repeating: 0xFF, count: 11))] })
        },
        BrokenTar("the largest number as size", "entry \"a\": a size beyond any file") {
            $0.entry(header("a") { $0.size = .max })
        },
        BrokenTar("a huge size that is missing", "byte 512: the tar is cut off", endBlocks: 0) {
            $0.entry(header("a") { $0.size = .max - 1024 })
        },
        BrokenTar("a mode that is no number", "entry \"a\": a malformed mode") {
            $0.entry(header("a") { $0.patches = [(100, Array("0000894\u{0}".utf8))] })
        },
        BrokenTar("an owner that is no number", "entry \"a\": a malformed uid") {
            $0.entry(header("a") { $0.patches = [(108, Array("-\u{0}".utf8))] })
        },
        BrokenTar("a time that is no number", "entry \"a\": a malformed time") {
            $0.entry(header("a") { $0.patches = [(136, Array("tomorrow".utf8))] })
        },
        BrokenTar("an owner -1", "entry \"a\": uid -1 is not within 0 to 4294967294") { $0.file("a", uid: -1) },
        BrokenTar("a group 2^32-1", "entry \"a\": gid 4294967295 is not within 0 to 4294967294") {
            $0.file("a", gid: 4_294_967_295)
        },
        BrokenTar("a device beyond Linux", "entry \"a\": device number 4096:0 is beyond 4095:1048575") {
            $0.characterDevice("a", major: 4096, minor: 0)
        },
        BrokenTar("a device with a negative number", "entry \"a\": device number 0:-1 is beyond 4095:1048575") {
            $0.blockDevice("a", major: 0, minor: -1)
        },
        BrokenTar("a device that is no number", "entry \"a\": a malformed device number") {
            $0.entry(header("a", type: "3") { $0.patches = [(329, Array("nothing".utf8))] })
        },
        BrokenTar("a symbolic link to nothing", "entry \"a\": a symbolic link whose target has 0 bytes, not 1 to 4095")
        {
            $0.symlink("a", to: "")
        },
        BrokenTar(
            "a symbolic link that is too long",
            "entry \"a\": a symbolic link whose target has 4096 bytes, not 1 to 4095"
        ) {
            $0.symlink("a", to: String(repeating: "t", count: 4096))
        },
        BrokenTar("a hard link to nothing", "entry \"a\": a hard link without a target") { $0.hardLink("a", to: "") },
        BrokenTar("a volume", "entry \"a\": a piece of an archive in several volumes") {
            $0.entry(header("a", type: "M") { _ in })
        },
    ]

    static let extensions: [BrokenTar] = [
        BrokenTar("records and no entry", "byte 1024: a header without its entry") {
            $0.raw(TarFeature.pax([("path", "a")]))
        },
        BrokenTar("records and the end", "byte 1024: the tar is cut off", endBlocks: 0) {
            $0.raw(TarFeature.pax([("path", "a")]))
        },
        BrokenTar("records that are cut off", "byte 600: the tar is cut off", endBlocks: 0) {
            $0.raw(Array(TarFeature.pax([("path", String(repeating: "n", count: 300))]).prefix(600)))
        },
        BrokenTar("a GNU name and no entry", "byte 1024: a header without its entry") { $0.gnuLongName("a") },
        BrokenTar("extended headers with a negative size", "byte 512: a malformed or negative size") {
            $0.entry(header("x", type: "x") { $0.size = -1 })
        },
        BrokenTar("extended headers that are too large", "byte 512: an extended header of more than 1048576 bytes") {
            $0.entry(header("x", type: "x") { $0.size = 1_048_577 })
        },
        BrokenTar("a name that is too large", "byte 512: an extended header of more than 1048576 bytes") {
            $0.entry(header("x", type: "L") { $0.size = .max })
        },
        BrokenTar("many extended headers", "byte 5245440: extended headers of more than 4194304 bytes for one entry") {
            for _ in 0..<5 { $0.gnuLongName([UInt8](repeating: 0x6E, count: 1_048_576), isTerminated: false) }
            $0.file("a")
        },
        BrokenTar(
            "a file with data whose name ends in a slash",
            "entry \"f/\": a file with data whose name ends in a slash"
        ) { $0.file("f/", "x") },
        BrokenTar("two names for one entry", "entry \"gnu\": another name in its pax record than in its GNU header") {
            $0.gnuLongName("gnu")
            $0.file("a", pax: ["path": "pax"])
        },
        BrokenTar(
            "two names of a file with holes", "entry \"gnu\": another name in its pax record than in its GNU header"
        ) {
            $0.gnuLongName("gnu")
            $0.file("a", pax: ["GNU.sparse.name": "pax", "path": "gnu"])
        },
        BrokenTar(
            "two targets of one link", "entry \"a\": another link target in its pax record than in its GNU header"
        ) {
            $0.gnuLongName("gnu", type: "K")
            $0.symlink("a", to: "t", pax: ["linkpath": "pax"])
        },
        between("records for all files", "byte 1536") { $0.globalHeader(["uid": "7"]) },
        between("a volume's name", "byte 1536") { $0.entry(TarHeader("volume", type: "V")) },
        record("without a length", " path=a\n"), record("with an odd length", "x path=a\n"),
        record("that is longer than its header", "99 path=a\n"), record("with the length 0", "0 path=a\n"),
        record("without an equals sign", "9 path a\n"), record("without a keyword", "5 =a\n"),
        record("without its newline", "9 path=aX"), record("of its length alone", "3 \n"), record("of digits", "12345"),
        record("with a length of many digits", "000000000000000000000000009 path=a\n"),
        record("with a length beyond all numbers", "99999999999999999999 path=a\n"),
        BrokenTar("a name with a NUL", "byte 1024: a pax record \"path\" with a NUL") {
            $0.file("a", pax: ["path": [0x61, 0, 0x62] as [UInt8]])
        },
        BrokenTar("a target with a NUL", "byte 1024: a pax record \"linkpath\" with a NUL") {
            $0.symlink("a", to: "b", pax: ["linkpath": [0x61, 0] as [UInt8]])
        },
        BrokenTar("a pax size that is no number", "entry \"a\": pax record \"size\": not a number") {
            $0.file("a", pax: ["size": "1e3"])
        },
        BrokenTar("a negative pax size", "entry \"a\": a malformed or negative size") {
            $0.file("a", pax: ["size": "-1"])
        },
        BrokenTar("a pax size beyond 64 bits", "entry \"a\": pax record \"size\": not a number") {
            $0.file("a", pax: ["size": "18446744073709551616"])
        },
        BrokenTar("a pax size that is too large", "entry \"a\": a size beyond any file") {
            $0.file("a", pax: ["size": "9223372036854775807"])
        },
        BrokenTar("a pax owner -2", "entry \"a\": uid -2 is not within 0 to 4294967294") {
            $0.file("a", pax: ["uid": "-2"])
        },
        BrokenTar("a pax time", "entry \"a\": pax record \"mtime\": not a time") {
            $0.file("a", pax: ["mtime": "1.5x"])
        },
        BrokenTar("a pax time without digits", "entry \"a\": pax record \"mtime\": not a time") {
            $0.file("a", pax: ["mtime": "-.5"])
        },
        BrokenTar("a pax time beyond 64 bits", "entry \"a\": pax record \"mtime\": not a time") {
            $0.file("a", pax: ["mtime": "9223372036854775808"])
        },
        BrokenTar("an attribute without a name", attribute("")) { $0.file("a", xattrs: ["": "x"]) },
        BrokenTar("an attribute whose name is too long", attribute(String(repeating: "n", count: 256))) {
            $0.file("a", xattrs: [String(repeating: "n", count: 256): "x"])
        },
        BrokenTar("an attribute that is too long", attribute("user.a")) {
            $0.file("a", xattrs: ["user.a": [UInt8](repeating: 1, count: 65_536)])
        },
        BrokenTar(
            "an attribute that is not encoded as libarchive does", "byte 1024: a malformed LIBARCHIVE.xattr record"
        ) {
            $0.file("a", pax: ["LIBARCHIVE.xattr.user.a%4": "AA"])
        },
        BrokenTar("an attribute that is not base 64", "byte 1024: a malformed LIBARCHIVE.xattr record") {
            $0.file("a", pax: ["LIBARCHIVE.xattr.user.a": "A-A"])
        },
        global("path"), global("linkpath"), global("size"), global("SCHILY.xattr.user.a"),
        global("LIBARCHIVE.xattr.user.a"), global("SCHILY.acl.access"), global("RHT.security.selinux"),
        global("GNU.sparse.map"), global("GNU.sparse.offset"),
    ]

    private static func between(
        _ name: String, _ place: String, _ build: @escaping (inout TarBuilder) -> Void
    ) -> BrokenTar {
        BrokenTar(
            "\(name) between an entry's own records and the entry",
            "\(place): a header for all files between a file's own headers"
        ) {
            $0.raw(TarFeature.pax([("path", "name")]))
            build(&$0)
            $0.file("a")
        }
    }

    private static func attribute(_ name: String) -> String {
        "entry \"a\": extended attribute \"\(name)\": not a name of 1 to 255 bytes with a value of at most 65535"
    }

    private static func record(_ name: String, _ text: String) -> BrokenTar {
        BrokenTar("a record \(name)", "byte 1024: a malformed pax record") {
            $0.entry(header("x", type: "x") { $0.size = Int64(text.utf8.count) }, content: Array(text.utf8))
            $0.file("a")
        }
    }

    private static func global(_ key: String) -> BrokenTar {
        BrokenTar("\(key) for all files", "byte 1024: pax record \"\(key)\" in a header for all files") {
            $0.globalHeader([key: "0"])
        }
    }

    static let sparseMaps: [BrokenTar] = [
        sparse("a map that asks for less than is stored", "the map does not fit what is stored", "0,1", data: 2),
        sparse("a map that asks for more than is stored", "the map does not fit what is stored", "0,3", data: 2),
        sparse("pieces that overlap", "pieces out of order", "0,2,1,1", data: 3, count: 2),
        sparse("pieces in reverse", "pieces out of order", "5,1,0,1", data: 2, count: 2),
        sparse("a piece beyond the size", "a piece beyond its size", "999,2", data: 2),
        sparse("a piece beyond all numbers", "pieces out of order", "18446744073709551615,1", data: 1),
        sparse("an odd map", "a malformed map", "0,1,2", data: 1),
        sparse("an empty number", "a malformed map", "0,", data: 1),
        sparse("a map that is no number", "a malformed map", "0,x", data: 1),
        sparse("a wrong count of pieces", "a malformed map", "0,1", data: 1, count: 2),
        BrokenTar("a map without a size", "entry \"s\": sparse file: a malformed map") {
            $0.file("s", "x", pax: ["GNU.sparse.map": "0,1"])
        },
        BrokenTar("a size beyond any file", "entry \"s\": a size beyond any file") {
            $0.file("s", "x", pax: ["GNU.sparse.map": "0,1", "GNU.sparse.size": "9223372036854775807"])
        },
        BrokenTar("an offset without a length", "entry \"s\": sparse file: a malformed map") {
            $0.file("s", "x", pax: ["GNU.sparse.offset": "0", "GNU.sparse.size": "1"])
        },
        BrokenTar("a length without an offset", "byte 1024: sparse file: a malformed map") {
            $0.file("s", "x", pax: ["GNU.sparse.numbytes": "1", "GNU.sparse.size": "1"])
        },
        BrokenTar("a format of the future", "entry \"s\": sparse file: unknown format 2.0") {
            $0.file("s", "x", pax: ["GNU.sparse.major": "2", "GNU.sparse.minor": "0", "GNU.sparse.realsize": "1"])
        },
        mapInData("a map without its numbers", "2\n0\n1\n", "a malformed map"),
        mapInData("a map that is no number", "x\n", "a malformed map"),
        mapInData("a map with a long number", "100000000000000000000000\n", "a malformed map"),
        mapInData("a map with too many pieces", "262145\n", "more than 262144 pieces"),
        mapInData("a map with an empty line", "\n", "a malformed map"),
        BrokenTar("a map in no data", "entry \"s\": sparse file: a malformed map") {
            $0.file("s", "", pax: ["GNU.sparse.major": "1", "GNU.sparse.minor": "0", "GNU.sparse.realsize": "1"])
        },
        BrokenTar("an old GNU map that is no number", "entry \"s\": sparse file: a malformed map") {
            $0.entry(header("s", type: "S") { ($0.magic, $0.patches) = (.gnu, [(386, Array("zzz".utf8))]) })
        },
        BrokenTar("an old GNU map with a negative offset", "entry \"s\": sparse file: a malformed map") {
            $0.entry(
                header("s", type: "S") { ($0.magic, $0.patches) = (.gnu, [(386, [UInt8](repeating: 0xFF, count: 12))]) }
            )
        },
        BrokenTar("an old GNU map that goes on in nothing", "entry \"s\": the tar is cut off", endBlocks: 0) {
            $0.entry(header("s", type: "S") { ($0.magic, $0.patches) = (.gnu, [(482, [1])]) })
        },
        BrokenTar("an old GNU file with a negative size", "entry \"s\": sparse file: a malformed map") {
            $0.entry(header("s", type: "S") { ($0.magic, $0.patches) = (.gnu, [(483, Array("-1".utf8))]) })
        },
    ]

    private static func sparse(_ name: String, _ error: String, _ map: String, data: Int, count: Int = 1) -> BrokenTar {
        BrokenTar(name, "entry \"s\": sparse file: \(error)") {
            $0.file(
                "s", [UInt8](repeating: 1, count: data),
                pax: [
                    "GNU.sparse.size": "1000", "GNU.sparse.numblocks": "\(count)", "GNU.sparse.map": map,
                ])
        }
    }

    private static func mapInData(_ name: String, _ text: String, _ error: String) -> BrokenTar {
        BrokenTar("\(name), in the data", "entry \"s\": sparse file: \(error)") {
            let data = Array(text.utf8) + [UInt8](repeating: 0, count: 512 - text.utf8.count)
            $0.file("s", data, pax: ["GNU.sparse.major": "1", "GNU.sparse.minor": "0", "GNU.sparse.realsize": "1"])
        }
    }
}
