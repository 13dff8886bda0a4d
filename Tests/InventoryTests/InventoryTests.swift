// SPDX-License-Identifier: Apache-2.0

import Browsing
import Cryptography
import FileTree
import OCI
import Packages
import TestSupport
import Testing

@testable import Inventory

private func text(_ bytes: [UInt8]) -> String { String(decoding: bytes, as: UTF8.self) }

/// What trees contain, and whose their files are.
@Suite(.timeLimit(.minutes(15))) struct InventoryTests {
    private static let debian: [MemoryEntry] = [
        .file("usr/lib/os-release", "ID=debian\nVERSION_ID=\"12\"\n"),
        .symlink("etc/os-release", to: "../usr/lib/os-release"),
        .symlink("lib", to: "usr/lib"),
        .file("usr/lib/libz.so.1", "zlib\n", mode: 0o755),
        .file("usr/bin/own", "x", mode: 0o755),
        .file("etc/z.conf", "changed\n"),
        .file("var/lib/dpkg/status", "Package: zlib1g\nVersion: 1:1.2\nArchitecture: amd64\nSource: zlib\n"),
        .file("var/lib/dpkg/info/zlib1g:amd64.list", "/.\n/lib\n/lib/libz.so.1\n/etc/z.conf\n/usr/lib/gone\n"),
        .file(
            "var/lib/dpkg/info/zlib1g:amd64.md5sums",
            // Of "zlib\n", of nothing, and of nothing.
            "\(md5OfZlib)  lib/libz.so.1\nd41d8cd98f00b204e9800998ecf8427e  etc/z.conf\n"
                + "d41d8cd98f00b204e9800998ecf8427e  usr/lib/gone\n"),
        .file("var/lib/dpkg/info/zlib1g:amd64.conffiles", "/etc/z.conf\n"),
        .file("usr/lib/python3/dist-packages/six-1.16.0.dist-info/METADATA", "Name: six\nVersion: 1.16.0\n\n"),
        .file("srv/app/node_modules/a/package.json", #"{"name":"a","version":"1.0.0"}"#),
        .file("srv/app/node_modules/a/test/package.json", #"{"name":"no","version":"9"}"#),
        .file("srv/app/node_modules/@s/b/package.json", #"{"name":"@s/b","version":"2.0.0"}"#),
    ]

    private static let md5OfZlib = ((try? HashAlgorithm.md5.digest(of: Array("zlib\n".utf8))) ?? [])
        .map { String(UInt16($0) + 0x100, radix: 16).dropFirst() }.joined()

    private func tree(_ entries: [MemoryEntry], failures: [String: any Error] = [:]) -> BrowsedTree {
        BrowsedTree(MemoryTree(entries, failures: failures), name: Array("box".utf8))
    }

    @Test func `packages of the system come first, and those of languages only from their roots`() throws {
        let inventory = TreeInventory(of: tree(Self.debian))
        #expect(inventory.problems.isEmpty)
        #expect(inventory.distribution.map { text($0.id) } == "debian")
        #expect(
            inventory.packages.map { "\($0.package.kind.rawValue) \(text($0.package.name))" } == [
                "deb zlib1g", "npm @s/b", "npm a", "python six",
            ])
        #expect(inventory.packages.map { text($0.record) }.first == "/var/lib/dpkg/status")
        let only = TreeInventory(of: tree(Self.debian), .init(kinds: [.npm]))
        #expect(only.packages.map { text($0.package.name) } == ["@s/b", "a"])
    }

    @Test func `a path has its owner also where a package says it by a link`() throws {
        let tree = tree(Self.debian)
        let inventory = TreeInventory(of: tree, .init(files: true))
        let owners = try FileOwners(tree, inventory.packages)
        #expect(owners.owners(of: Array("/usr/lib/libz.so.1".utf8)).map { text($0.name) } == ["zlib1g"])
        #expect(owners.owners(of: Array("/usr/bin/own".utf8)).isEmpty)
        var unowned: [String] = []
        try owners.forEachUnownedProgram(in: tree) { unowned.append(text($0.path)) }
        #expect(unowned == ["/usr/bin/own"])
    }

    @Test func `files that differ from what was promised are told, and those that are not there`() throws {
        let tree = tree(Self.debian)
        let inventory = TreeInventory(of: tree, .init(kinds: [.deb], files: true))
        let verification = PackageVerification(of: inventory.packages, in: tree)
        #expect(verification.problems.isEmpty)
        #expect(verification.comparedCount == 2)
        #expect(
            verification.deviations.map { "\($0.kind.rawValue) \(text($0.path)) \($0.isConfiguration)" } == [
                "changed /etc/z.conf true", "missing /usr/lib/gone false",
            ])
    }

    @Test func `languages' packages that the system brought have an owner`() throws {
        let record = "usr/lib/python3/dist-packages/six-1.16.0.dist-info/METADATA"
        let entries =
            Self.debian + [.file("var/lib/dpkg/info/zlib1g.list", "/.\n/\(record)\n")]
        let inventory = TreeInventory(of: tree(entries), .init(owners: true))
        #expect(
            inventory.packages.map { "\(text($0.package.name)) \($0.owner.map { text($0) } ?? "")" } == [
                "zlib1g ", "@s/b ", "a ", "six zlib1g",
            ])
    }

    @Test func `a database that cannot be read is a problem beside what the others say`() throws {
        struct Failure: Error, CustomStringConvertible { var description: String { "the disk is broken" } }
        let entries: [MemoryEntry] =
            Self.debian + [
                .file("lib/apk/db/installed", "P:musl\nV:1\n\n"), .file("x/node_modules/c/package.json", "{"),
            ]
        let inventory = TreeInventory(
            of: tree(entries.filter { $0.path != Array("lib".utf8) }, failures: ["/var/lib/dpkg/status": Failure()]))
        #expect(
            inventory.packages.map { text($0.package.name) }.contains("musl")
                && inventory.packages.map { text($0.package.name) }.contains("six"))
        #expect(Set(inventory.problems.map(\.path)).count == 2, "\(inventory.problems)")
        #expect(
            inventory.problems.map(\.description).allSatisfy { $0.hasPrefix("box: \"/") },
            "\(inventory.problems)")
    }

    @Test func `a database that two paths lead to is read once`() throws {
        let inventory = TreeInventory(
            of: tree([
                .file("usr/lib/apk/db/installed", "P:musl\nV:1\n\n"), .symlink("lib", to: "usr/lib"),
            ]))
        #expect(inventory.packages.map { text($0.package.name) } == ["musl"])
    }
}
