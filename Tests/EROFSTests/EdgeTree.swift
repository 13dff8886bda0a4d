// SPDX-License-Identifier: Apache-2.0

import FileTree
import TestSupport

/// A tree with everything that is at the edge of the format, all of it visible through the kernel too.
enum EdgeTree {
    static func fixture() -> TreeFixture {
        var fixture = TreeFixture(layerCount: 3)
        fixture.root.attributes.permissions = 0o1751
        fixture.root.attributes.uid = 7
        fixture.root.attributes.mtime = Timestamp(seconds: 1_700_000_000, nanoseconds: 5)
        fixture.root.attributes.xattrs = [ExtendedAttribute(name: Array("user.root".utf8), value: [1])]
        addNames(&fixture)
        addFiles(&fixture)
        addLinks(&fixture)
        addNodes(&fixture)
        addAttributes(&fixture)
        return fixture
    }

    private static func addNames(_ fixture: inout TreeFixture) {
        fixture.directory("bytes")
        for byte in UInt8(1)...255 where byte != 0x2F {
            let name: [UInt8] = byte == 0x2E ? [byte, 0x61] : [byte]
            fixture.file(Array("bytes/".utf8) + name, [byte])
        }
        fixture.directory("names")
        for name in ["...", "..a", ".!", ".a", "!", "-", String(repeating: "x", count: 255)] {
            fixture.file("names/\(name)", name)
        }
        fixture.directory("many")
        for index in 0..<2000 { fixture.file("many/file-\(index)", "") }
        fixture.directory("empty", mode: 0o7777)
        // Every length of the inline tail once, and the first blocks beyond.
        for count in [1, 5, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 25, 26, 27, 51, 52, 53] {
            fixture.directory("dir\(count)")
            for index in 0..<count { fixture.file("dir\(count)/0123456789abcdef\(index)", "") }
        }
        var path = "deep"
        fixture.directory(path)
        for _ in 0..<300 {
            path += "/d"
            fixture.directory(path)
        }
        fixture.file(path + "/file", "at the bottom")
    }

    private static func addFiles(_ fixture: inout TreeFixture) {
        for (index, size) in [0, 1, 511, 512, 513, 4095, 4096, 4097, 100_000].enumerated() {
            let content = (0..<size).map { UInt8(truncatingIfNeeded: $0 &* 31 + index) }
            fixture.file(Array("file\(size)".utf8), content, layer: UInt32(index % 3))
        }
        fixture.largeFile("large", size: 6 << 30 + 12345, start: Array("start".utf8), end: Array("end".utf8), layer: 1)
        fixture.sparseFile("hole", size: 3 << 40 + 1, pieces: [])
        fixture.sparseFile(
            "sparse-4k", size: 1 << 20, layer: 2,
            pieces: (0..<64).map { (UInt64($0) * 16384 + 4096, pattern(4096, $0), 0) })
        fixture.sparseFile(
            "sparse-mixed", size: 123_457,
            pieces: [
                (0, pattern(512, 1), 0), (600, pattern(100, 2), 0), (700, pattern(5000, 3), 3),
                (16384, pattern(16384, 4), 0), (32768, pattern(100, 5), 1), (40000, pattern(40000, 6), 7),
                (123_000, pattern(457, 7), 0),
            ])
        fixture.sparseFile("sparse-huge", size: 1 << 40, pieces: [(1 << 39, pattern(1000, 8), 0)])
        fixture.sparseFile("sparse-shifted", size: 5000, pieces: [(0, pattern(5000, 9), 100)])
    }

    static func pattern(_ count: Int, _ seed: Int) -> [UInt8] {
        (0..<count).map { UInt8(truncatingIfNeeded: $0 &* 7 &+ seed &* 13 &+ $0 >> 8) | 1 }
    }

    private static func addLinks(_ fixture: inout TreeFixture) {
        for length in [1, 60, 383, 384, 416, 447, 448, 449, 484, 485, 511, 512, 513, 600, 1024, 4095] {
            fixture.symbolicLink("link\(length)", to: String(String(repeating: "target/", count: 600).prefix(length)))
        }
        fixture.directory("hard")
        fixture.hardLink("hard/one", to: "file512")
        fixture.hardLink("hard/two", to: "file512")
        fixture.hardLink("hard/link", to: "link60")
    }

    private static func addNodes(_ fixture: inout TreeFixture) {
        func device(_ name: String, _ type: FileType, _ major: UInt32, _ minor: UInt32) {
            fixture.add(
                name,
                Attributes(type: type, permissions: 0o600, device: DeviceNumber(major: major, minor: minor)))
        }
        device("null", .characterDevice, 1, 3)
        device("whiteout", .characterDevice, 0, 0)
        device("disk", .blockDevice, 259, 300)
        device("last", .blockDevice, 4095, 1_048_575)
        fixture.add("fifo", Attributes(type: .fifo, permissions: 0o622))
        fixture.add("socket", Attributes(type: .socket, permissions: 0o777))
        fixture.add(
            "owned",
            Attributes(
                type: .regular, permissions: 0o6755, uid: 4_294_967_294, gid: 4_294_967_294,
                mtime: Timestamp(seconds: -1, nanoseconds: 999_999_999)))
        fixture.add(
            "old",
            Attributes(type: .regular, permissions: 0, uid: 65536, gid: 1, mtime: Timestamp(seconds: -(1 << 40))))
        fixture.add("new", Attributes(type: .regular, permissions: 0o444, mtime: Timestamp(seconds: 1 << 40)))
    }

    private static func addAttributes(_ fixture: inout TreeFixture) {
        func add(_ name: String, _ type: FileType, _ xattrs: [(String, [UInt8])]) {
            let attributes = xattrs.map { ExtendedAttribute(name: Array($0.0.utf8), value: $0.1) }
            fixture.add(
                name,
                Attributes(
                    type: type, permissions: 0o755, xattrs: attributes.sorted { Bytes.precedes($0.name, $1.name) }))
        }
        let capability: [UInt8] = [1, 0, 0, 2, 0, 4, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]
        let accessControl: [UInt8] = [
            2, 0, 0, 0, 1, 0, 7, 0, 255, 255, 255, 255, 2, 0, 5, 0, 232, 3, 0, 0, 4, 0, 5, 0, 255, 255, 255, 255, 16, 0,
            7, 0, 255, 255, 255, 255, 32, 0, 4, 0, 255, 255, 255, 255,
        ]
        add("x-one", .regular, [("user.a", []), ("user.b", [0, 10, 0xFF, 0]), ("trusted.c", Array("value".utf8))])
        add("x-capability", .regular, [("security.capability", capability)])
        add("x-same", .regular, [("security.capability", capability), ("user.a", [])])
        add(
            "x-acl", .directory,
            [
                ("system.posix_acl_access", accessControl), ("system.posix_acl_default", accessControl),
            ])
        add("x-name", .regular, [("user." + String(repeating: "n", count: 250), [1])])
        add("x-value", .regular, [("user.large", pattern(65535, 1)), ("user.small", [2])])
        add("x-values", .regular, (0..<8).map { ("user.large\($0)", pattern(60000, $0)) })
        add("x-thousand", .regular, (0..<1000).map { ("user.\($0)", pattern(3, $0)) })
        add("x-thousand-again", .regular, (0..<1000).map { ("user.\($0)", pattern(3, $0)) })
        add("x-directory", .directory, (0..<40).map { ("user.long\($0)", pattern(20, $0)) })
        for count in [1, 9, 30] {
            fixture.directory("x-directory/d\(count)", xattrs: ["user.x": String(repeating: "y", count: 41)])
            for index in 0..<count { fixture.file("x-directory/d\(count)/0123456789\(index)", "") }
        }
    }
}
