// SPDX-License-Identifier: Apache-2.0

import Browsing
import Cryptography
import FileTree
import OCI
import Packages
import TestSupport
import Testing

@testable import Inventory

/// Which changes of files changed packages account for.
@Suite(.timeLimit(.minutes(15))) struct ChangeExplanationTests {
    private static func sum(_ text: String) -> String {
        let digest = (try? HashAlgorithm.md5.digest(of: Array(text.utf8))) ?? []
        return digest.map { String(UInt16($0) + 0x100, radix: 16).dropFirst() }.joined()
    }

    /// A tree with two packages of Debian; what is promised of the tool is what `tool` says.
    private static func tree(_ version: String, tool: String, others: [MemoryEntry] = []) -> BrowsedTree {
        let status = """
            Package: tool
            Version: \(version)
            Architecture: amd64

            Package: old
            Version: 1
            Architecture: amd64

            """
        let info = "var/lib/dpkg/info/"
        let entries: [MemoryEntry] =
            [
                .file("var/lib/dpkg/status", status), .file(info + "tool.list", "/.\n/bin/tool\n/bin/more\n"),
                .file(info + "tool.md5sums", "\(sum(tool))  bin/tool\n\(sum("more"))  bin/more\n"),
                .file(info + "old.list", "/.\n/bin/old\n/etc/old.conf\n"),
                .file(info + "old.conffiles", "/etc/old.conf\n"),
                .file("bin/tool", tool), .file("bin/old", "old \(version)"), .file("etc/old.conf", version),
            ] + others
        return BrowsedTree(MemoryTree(entries), name: Array("box".utf8))
    }

    private func reasons(_ left: BrowsedTree, _ right: BrowsedTree, _ paths: [String]) throws -> [String] {
        let request = TreeInventory.Request(files: true)
        let (old, new) = (TreeInventory(of: left, request).packages, TreeInventory(of: right, request).packages)
        let explanation = try ChangeExplanation(
            left: (left, old), right: (right, new), changes: InventoryComparison(old, new).changes,
            paths: paths.map { Array($0.utf8) })
        return try paths.compactMap { path in
            let bytes = Array(path.utf8)
            guard let reason = try explanation.reason(bytes, file: try right.find(bytes)) else { return nil }
            return "\(path): \(reason.text.words)"
        }
    }

    @Test func `what no changed package owns is told, with the reason`() throws {
        let right = Self.tree(
            "2", tool: "new",
            others: [.file("bin/more", "not more"), .file("bin/x", "x"), .file("var/lib/dpkg/info/x.list", "")])
        let found = try reasons(
            Self.tree("1", tool: "tool"), right,
            [
                "/bin/tool", "/bin/more", "/bin/old", "/bin/x", "/etc/old.conf", "/var/lib/dpkg/status",
                "/var/lib/dpkg/info/tool.list", "/var/lib/dpkg/info/x.list",
            ])
        #expect(
            found == [
                "/bin/more: not as its package promised", "/bin/old: its package did not change",
                "/bin/x: no package owns it", "/etc/old.conf: configuration of a package that did not change",
                "/var/lib/dpkg/info/x.list: no package owns it",
            ])
    }

    @Test func `a package of the same version with other files was rebuilt`() throws {
        let (left, right) = (Self.tree("1", tool: "tool"), Self.tree("1", tool: "again"))
        let request = TreeInventory.Request(files: true)
        let changes = InventoryComparison(
            TreeInventory(of: left, request).packages, TreeInventory(of: right, request).packages
        )
        .changes
        #expect(changes.map(\.direction) == ["rebuilt"])
        // Where files are not read nothing is told of them.
        #expect(
            InventoryComparison(TreeInventory(of: left).packages, TreeInventory(of: right).packages).changes.isEmpty)
        #expect(try reasons(left, right, ["/bin/tool"]).isEmpty)
    }

    @Test func `files of languages' packages are those of their directories`() throws {
        func tree(_ version: String) -> BrowsedTree {
            BrowsedTree(
                MemoryTree([
                    .file("a/node_modules/x/package.json", "{\"name\":\"x\",\"version\":\"\(version)\"}"),
                    .file("a/node_modules/x/index.js", version),
                    .file("a/node_modules/x/node_modules/y/index.js", version),
                    .file(
                        "a/node_modules/x/node_modules/y/package.json", "{\"name\":\"y\",\"version\":\"1.0.0\"}"),
                ]), name: Array("box".utf8))
        }
        let found = try reasons(
            tree("1.0.0"), tree("2.0.0"),
            [
                "/a/node_modules/x/index.js", "/a/node_modules/x/package.json",
                "/a/node_modules/x/node_modules/y/index.js",
            ])
        #expect(found == ["/a/node_modules/x/node_modules/y/index.js: no package owns it"])
    }
}
