// SPDX-License-Identifier: Apache-2.0

import EROFS
import FileSystems
import FileTree
import OCI
import SystemPackage
import TestSupport
import Testing

/// A tree with one of each.
func variedFixture() -> TreeFixture {
    var fixture = TreeFixture(layerCount: 2)
    fixture.directory("etc", mode: 0o751, xattrs: ["user.note": "kept"])
    fixture.file("etc/hostname", "box\n", mode: 0o640)
    fixture.file("etc/passwd", String(repeating: "root:x:0:0\n", count: 1000), layer: 1, xattrs: ["user.a": "b"])
    fixture.hardLink("etc/passwd-", to: "etc/passwd")
    fixture.symbolicLink("etc/link", to: "../usr/bin/\u{E9}t\u{E9}")
    fixture.directory("dev")
    fixture.add(
        "dev/null",
        Attributes(
            type: .characterDevice, permissions: 0o666, device: DeviceNumber(major: 1, minor: 3)))
    fixture.add("dev/fifo", Attributes(type: .fifo, permissions: 0o600, uid: 12, gid: 70000))
    fixture.add("dev/socket", Attributes(type: .socket, permissions: 0o755))
    fixture.add(
        "dev/disk",
        Attributes(
            type: .blockDevice, permissions: 0o660, mtime: Timestamp(seconds: -3, nanoseconds: 5),
            device: DeviceNumber(major: 259, minor: 70001)))
    fixture.file(Array("n\u{1}".utf8) + [0xFF, 0x0A], Array("odd".utf8), mode: 0o4755)
    fixture.file(Array(repeating: UInt8(ascii: "x"), count: 255), [])
    fixture.sparseFile(
        "sparse", size: 1 << 20,
        pieces: [(8192, Array(repeating: 7, count: 4096), 0), (65536, Array(repeating: 8, count: 4096), 0)])
    return fixture
}

@Suite(.timeLimit(.minutes(15))) struct ReadOnlyTreeTests {
    @Test func `all of a tree shows through the protocol`() throws {
        let sut = try TreeOfFixture(variedFixture())
        let expected = try TreeDump.lines(TreeInMemory(sut.tree, layers: sut.fixture.layers))
        #expect(try TreeDump.lines(FileSystemSource(sut.fileSystem)) == expected)
        #expect(sut.log.all == [])
    }

    @Test func `the root is number 1 and its own parent`() throws {
        let sut = try TreeOfFixture(variedFixture())
        #expect(try sut.fileSystem.attributes(of: .root).number == .root)
        let dots = try list(sut.fileSystem, .root).filter { $0.name.first == 0x2E }
        #expect(dots.map(\.number) == [.root, .root])
        let inner = try list(sut.fileSystem, sut.file("etc"))
        #expect(inner.first { $0.name == [0x2E] }?.number == (try sut.file("etc")))
        #expect(inner.first { $0.name == [0x2E, 0x2E] }?.number == .root)
    }

    @Test func `numbers are the same in a lookup, a listing and another mount`() throws {
        let first = try TreeOfFixture(variedFixture())
        let second = try TreeOfFixture(variedFixture())
        let listed = try list(first.fileSystem, first.file("etc"))
        for entry in listed where entry.name.first != 0x2E {
            let name = String(decoding: entry.name, as: UTF8.self)
            #expect(try first.file("etc/\(name)") == entry.number)
            #expect(try second.file("etc/\(name)") == entry.number)
        }
        #expect(try first.file("etc/passwd") == first.file("etc/passwd-"))
    }

    @Test func `a listing goes on behind every entry`() throws {
        var fixture = TreeFixture()
        fixture.directory("d")
        for index in 0..<300 { fixture.file("d/name-\(index)", "") }
        let sut = try TreeOfFixture(fixture)
        let directory = try sut.file("d")
        let all = try list(sut.fileSystem, directory)
        #expect(all.count == 302)
        for (index, entry) in all.enumerated() {
            #expect(try list(sut.fileSystem, directory, from: entry.next) == Array(all[(index + 1)...]))
        }
        #expect(try list(sut.fileSystem, directory, limit: 7) == Array(all[..<7]))
    }

    struct Refusal: Sendable, CustomTestStringConvertible {
        let testDescription: String
        let expected: Errno
        let attempt: @Sendable (TreeOfFixture) throws -> Void
    }

    static let refusals: [Refusal] = [
        Refusal(testDescription: "absent name", expected: .noSuchFileOrDirectory) { _ = try $0.file("etc/none") },
        Refusal(testDescription: "name in a file", expected: .notDirectory) { _ = try $0.file("sparse/x") },
        Refusal(testDescription: "long name", expected: .fileNameTooLong) {
            _ = try $0.file(String(repeating: "y", count: 256))
        },
        Refusal(testDescription: "target of a file", expected: .invalidArgument) {
            _ = try $0.fileSystem.target(of: $0.file("sparse"))
        },
        Refusal(testDescription: "listing of a file", expected: .notDirectory) {
            _ = try list($0.fileSystem, $0.file("sparse"))
        },
        Refusal(testDescription: "bytes of a directory", expected: .isDirectory) { try readByte($0, "etc") },
        Refusal(testDescription: "bytes of a device", expected: .invalidArgument) { try readByte($0, "dev/null") },
        Refusal(testDescription: "absent attribute", expected: .noData) { _ = try $0.xattr("user.none", "sparse") },
        Refusal(testDescription: "digest of a directory", expected: .noData) {
            _ = try $0.xattr("user.cimg.digest", "etc")
        },
        Refusal(testDescription: "layer of a device", expected: .noData) {
            _ = try $0.xattr("user.cimg.layer", "dev/null")
        },
        Refusal(testDescription: "layer of a directory nobody brought", expected: .noData) {
            _ = try $0.xattr("user.cimg.layer", "")
        },
        Refusal(testDescription: "unknown digest", expected: .noData) {
            _ = try $0.xattr("user.cimg.digest", "sparse")
        },
        Refusal(testDescription: "new directory", expected: .readOnlyFileSystem) {
            _ = try $0.fileSystem.makeDirectory(
                [65], in: .root, mode: 0o755, for: Caller(uid: 0, gid: 0, umask: 0))
        },
        Refusal(testDescription: "removal", expected: .readOnlyFileSystem) {
            try $0.fileSystem.unlink(Array("sparse".utf8), in: .root)
        },
        Refusal(testDescription: "number of no file", expected: .ioError) {
            _ = try $0.fileSystem.attributes(of: FileNumber(.max))
        },
    ]

    @Test(arguments: refusals) func `what cannot be is refused with its errno`(refusal: Refusal) throws {
        let sut = try TreeOfFixture(variedFixture())
        #expect(throws: refusal.expected) { try refusal.attempt(sut) }
        #expect(sut.log.all.isEmpty == (refusal.expected != .ioError))
    }

    static func readByte(_ sut: TreeOfFixture, _ path: String) throws {
        var byte: UInt8 = 0
        let file = try sut.file(path)
        _ = try withUnsafeMutableBytes(of: &byte) { try sut.fileSystem.read(file, FileHandle(0), at: 0, into: $0) }
    }

    @Test func `digest and layer answer but are not listed`() throws {
        let sut = try TreeOfFixture(variedFixture())
        let layers = sut.fixture.layerNames.map(\.description)
        #expect(try sut.xattr("user.cimg.digest", "etc/hostname") == Digest(of: "box\n".utf8).description)
        #expect(try sut.xattr("user.cimg.layer", "etc/hostname") == layers[0])
        #expect(try sut.xattr("user.cimg.layer", "etc/passwd") == layers[1])
        #expect(try sut.xattr("user.cimg.layer", "etc") == layers[0])
        #expect(try sut.fileSystem.xattrNames(of: sut.file("etc/passwd")) == [Array("user.a".utf8)])
        #expect(try sut.fileSystem.xattrNames(of: sut.file("etc/hostname")) == [])
    }

    @Test func `an image cannot speak for the mount`() throws {
        var fixture = TreeFixture()
        fixture.file("f", "x", xattrs: ["user.cimg.digest": "sha256:lie", "user.cimg.layer": "lie", "user.z": "1"])
        let sut = try TreeOfFixture(fixture)
        #expect(try sut.xattr("user.cimg.digest", "f") == Digest(of: "x".utf8).description)
        #expect(try sut.xattr("user.cimg.layer", "f") == fixture.layerNames[0].description)
        #expect(try sut.fileSystem.xattrNames(of: sut.file("f")) == [Array("user.z".utf8)])
    }

    @Test(
        arguments: [
            (0, SeekGoal.data, 8192), (0, .hole, 0), (8191, .data, 8192), (8192, .data, 8192), (8192, .hole, 12288),
            (10000, .hole, 12288), (12288, .data, 65536), (65536, .hole, 69632), (69632, .data, nil),
            (1_048_575, .hole, 1_048_575), (1_048_576, .hole, nil), (1_048_576, .data, nil),
        ] as [(UInt64, SeekGoal, UInt64?)])
    func `holes and data are found`(offset: UInt64, goal: SeekGoal, expected: UInt64?) throws {
        let sut = try TreeOfFixture(variedFixture())
        let file = try sut.file("sparse")
        let attempt = { try sut.fileSystem.seek(file, FileHandle(0), from: offset, to: goal) }
        if let expected {
            #expect(try attempt() == expected)
        } else {
            #expect(throws: Errno.noSuchAddressOrDevice) { try attempt() }
        }
    }

    @Test func `a dense file has its only hole at the end`() throws {
        let sut = try TreeOfFixture(variedFixture())
        let file = try sut.file("etc/passwd")
        #expect(try sut.fileSystem.seek(file, FileHandle(0), from: 5, to: .hole) == 11000)
        #expect(try sut.fileSystem.seek(file, FileHandle(0), from: 5, to: .data) == 5)
    }

    @Test(arguments: [("etc/passwd", 22), ("etc/hostname", 1), ("sparse", 16), ("dev/null", 0)])
    func `blocks count what is there`(path: String, blocks: UInt64) throws {
        let sut = try TreeOfFixture(variedFixture())
        #expect(try sut.fileSystem.attributes(of: sut.file(path)).blockCount == blocks)
    }

    @Test func `statistics count layers and files and nothing is free`() throws {
        let sut = try TreeOfFixture(variedFixture())
        let statistics = try sut.fileSystem.statistics()
        let image = try imageBytes(sut.tree, sut.fixture)
        let blocks = sut.fixture.layers.reduce(UInt64(image.count / 512)) { $0 + $1.size / 512 }
        #expect(
            statistics
                == FileSystemStatistics(
                    fragmentSize: 512, fragmentCount: blocks, fileCount: UInt64(sut.tree.inodeCount)))
    }
}
