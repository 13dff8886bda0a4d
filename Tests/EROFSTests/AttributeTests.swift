// SPDX-License-Identifier: Apache-2.0

import FileTree
import TestSupport
import Testing

@testable import EROFS

@Suite(.timeLimit(.minutes(15))) struct AttributeTests {
    private func attribute(_ name: String, _ value: [UInt8]) -> ExtendedAttribute {
        ExtendedAttribute(name: Array(name.utf8), value: value)
    }

    private func written(_ sets: [[ExtendedAttribute]]) throws -> ImageFixture {
        var fixture = TreeFixture()
        for (index, xattrs) in sets.enumerated() {
            fixture.add("\(index)", Attributes(type: .regular, permissions: 0o644, xattrs: xattrs))
        }
        return try ImageFixture(fixture)
    }

    static let namespaces: [(String, UInt8, Int)] = [
        ("user.a", 1, 5), ("user.", 1, 5), ("system.posix_acl_access", 2, 23), ("system.posix_acl_default", 3, 24),
        ("trusted.overlay.opaque", 4, 8), ("security.selinux", 6, 9), ("system.posix_acl_accessory", 0, 0),
        ("system.other", 0, 0), ("btrfs.compression", 0, 0), ("use", 0, 0), ("user", 0, 0), ("lustre.lov", 0, 0),
    ]

    @Test(arguments: namespaces)
    func `names are shortened by their namespace`(name: String, index: UInt8, count: Int) throws {
        let split = AttributeNamespace.split(Array(name.utf8))
        #expect(split.index == index)
        #expect(split.prefixCount == count)
        let written = try written([[attribute(name, [1, 0, 2])]])
        let image = try written.image()
        let file = try #require(try image.find("0"))
        #expect(try image.xattrs(of: file) == [attribute(name, [1, 0, 2])])
        #expect(try image.xattr(Array(name.utf8), of: file) == [1, 0, 2])
        #expect(try image.xattr(Array((name + "x").utf8), of: file) == nil)
        #expect(try image.xattr(Array(name.utf8.dropLast()), of: file) == nil)
        #expect(written.remarks.count == (index == 0 ? 1 : 0))
    }

    @Test(
        arguments: [
            (["user.a", "security.capability"], []), (["security.selinux"], .labels),
            (["user.a", "system.posix_acl_access"], .accessLists), (["system.posix_acl_default"], .accessLists),
            (["system.posix_acl_default", "security.selinux"], [.accessLists, .labels]),
            (["system.posix_acl_accessory", "security.selinuxes"], []),
        ] as [([String], AttributeKinds)])
    func `an image says what kinds of attributes it has`(names: [String], kinds: AttributeKinds) throws {
        let image = try written([[]] + names.map { [attribute($0, [1])] }).image()
        #expect(image.attributeKinds == kinds)
    }

    @Test func `what several files have is stored once`() throws {
        let label = attribute("security.selinux", EdgeTree.pattern(200, 1))
        let own = (0..<100).map { attribute("user.own", [UInt8($0)]) }
        let written = try written(own.map { [label, $0] })
        let image = try written.image()
        for (index, own) in own.enumerated() {
            let file = try #require(try image.find("\(index)"))
            #expect(try image.xattrs(of: file) == [label, own])
            #expect(try image.xattr(label.name, of: file) == label.value)
            #expect(try image.xattr(own.name, of: file) == own.value)
        }
        #expect(written.bytes.count < 100 * 200)
    }

    @Test func `more shared attributes than one file may have go beside it`() throws {
        let many = (0..<300).map { attribute("user.\(1000 + $0)", [UInt8(truncatingIfNeeded: $0)]) }
        let image = try written([many, many]).image()
        for index in 0..<2 {
            let file = try #require(try image.find("\(index)"))
            #expect(try image.xattrs(of: file) == many)
        }
    }

    @Test func `what is too big in sum is shared, and what is beyond that is reported`() throws {
        let fits = (0..<200).map { attribute("user.\(1000 + $0)", EdgeTree.pattern(65535, $0)) }
        let image = try written([fits])
        #expect(image.remarks.count == 0)
        #expect(try image.image().xattrs(of: #require(try image.image().find("0"))) == fits)

        let tooMany = (0..<300).map { attribute("user.\(1000 + $0)", EdgeTree.pattern(65535, $0)) }
        let cut = try written([tooMany])
        let found = try cut.image().xattrs(of: #require(try cut.image().find("0")))
        #expect(found.count == 258)
        #expect(cut.remarks.count == 42)
        #expect(cut.remarks.listed.allSatisfy { $0.kind == .attributeMissing && $0.inode == 1 })
        let all = Set(found.map(\.name)).union(cut.remarks.listed.map(\.attribute))
        #expect(all.count == 300)
    }

    @Test func `values and names beyond the format are reported`() throws {
        let written = try written([
            [attribute("user.big", Array(repeating: 1, count: 65536)), attribute("user.ok", [1])]
        ])
        #expect(
            written.remarks.listed == [
                WriterRemarks.Remark(kind: .attributeMissing, inode: 1, attribute: Array("user.big".utf8))
            ])
        let image = try written.image()
        #expect(try image.xattrs(of: #require(try image.find("0"))) == [attribute("user.ok", [1])])
    }

    @Test func `device numbers beyond the kernel's are reduced and reported`() throws {
        var fixture = TreeFixture()
        fixture.add(
            "d",
            Attributes(
                type: .characterDevice, permissions: 0o600, device: DeviceNumber(major: 4096, minor: 1_048_576)))
        let written = try ImageFixture(fixture)
        #expect(written.remarks.listed.map(\.kind) == [.deviceNumberReduced])
        #expect(try written.image().find("d")?.device == DeviceNumber(major: 4095, minor: 1_048_575))
    }

    @Test func `an image of a writer without the layers' attribute is told apart`() throws {
        var written = try ImageFixture(TreeFixture()).bytes
        #expect(try Memory(written).image().isCurrent)
        written.replaceSubrange(1088..<1094, with: "cimg\0\0".utf8)
        written.replaceSubrange(1028..<1032, with: [0, 0, 0, 0])
        let checksum = Format.checksum(Array(written[1024..<1536]))
        written.replaceSubrange(1028..<1032, with: (0..<4).map { UInt8(truncatingIfNeeded: checksum >> (8 * $0)) })
        #expect(try !Memory(written).image().isCurrent)
    }
}
