// SPDX-License-Identifier: Apache-2.0

import EROFS
import FileTree
import Foundation
import LinuxIO
import TestSupport
import Testing

@Suite(.enabled(if: Requirements.kernelEROFS), .timeLimit(.minutes(15))) struct KernelMountTests {
    @Test func `the kernel shows a tree at every edge of the format as it was`() throws {
        let written = try ImageFixture.edge.get()
        let mount = try KernelMount(written)
        let found = try TreeDump.lines(try KernelTree(mount.root)) { $0.name == OwnAttribute.layer }
        let expected = try TreeDump.lines(written.expected)
        #expect(found.count == expected.count)
        for (line, wanted) in zip(found, expected) { #expect(line == wanted) }
    }

    @Test func `the kernel tells which layer brought a file or directory, whatever the image says`() throws {
        var fixture = TreeFixture(layerCount: 2)
        let forged = [OwnAttribute.digest, OwnAttribute.layer].map { ExtendedAttribute(name: $0, value: [1]) }
        let own = ExtendedAttribute(name: Array("user.a".utf8), value: [0x31])
        fixture.add("d", Attributes(type: .directory, permissions: 0o755, xattrs: [own]))
        fixture.add("d/f", Attributes(type: .regular, permissions: 0o644, xattrs: forged), layer: 1)
        fixture.add("link", Attributes(type: .symbolicLink, permissions: 0o777, target: Array("d".utf8)))
        fixture.add("fifo", Attributes(type: .fifo, permissions: 0o600))
        let written = try ImageFixture(fixture)
        let tree = try KernelTree(KernelMount(written).root)
        var attributes: [String: [String]] = [:]
        var open: [(path: String, node: TreeNode)] = [("", tree.root)]
        while let (path, node) = open.popLast() {
            let found = try tree.attributes(of: node)
            attributes[path] = found.xattrs.map { "\(Bytes.escaped($0.name))=\(Bytes.escaped($0.value))" }
            guard found.type == .directory else { continue }
            for child in try tree.children(of: node) {
                open.append((path + "/" + Bytes.escaped(child.name), child.node))
            }
        }
        #expect(attributes["/d"] == ["user.a=1", "user.cimg.layer=\(written.tree.layers[0])"])
        #expect(attributes["/d/f"] == ["user.cimg.layer=\(written.tree.layers[1])"])
        #expect(attributes[""] == [])
        #expect(attributes["/link"] == [])
        #expect(attributes["/fifo"] == [])
        #expect(written.remarks.listed.map(\.attribute) == forged.map(\.name))
        #expect(written.remarks.listed.allSatisfy { $0.kind == .attributeMissing })
    }

    @Test func `the kernel finds names among a hundred thousand and counts links beyond 65,535`() throws {
        var fixture = TreeFixture(layerCount: 0)
        fixture.directory("d")
        for index in 0..<30_000 { fixture.add("d/\(index)", Attributes(type: .fifo, permissions: 0o600)) }
        for index in 0..<70_000 { fixture.hardLink("d/link\(index)", to: "d/7") }
        let mount = try KernelMount(ImageFixture(fixture))
        let base = "/proc/self/fd/\(mount.root.rawValue)/d/"
        var status = stat()
        for name in ["0", "7", "29999", "link0", "link69999"] { #expect(lstat(base + name, &status) == 0, "\(name)") }
        #expect(status.st_nlink == 70_001)
        #expect(lstat(base + "30000", &status) == -1)
    }

    @Test func `attributes that the kernel cannot show are reported and the rest is there`() throws {
        var fixture = TreeFixture()
        fixture.file("f", "text", xattrs: ["system.other": "1", "btrfs.x": "2", "user.a": "3"])
        let written = try ImageFixture(fixture)
        let mount = try KernelMount(written)
        let lines = try TreeDump.lines(try KernelTree(mount.root)) { $0.name == OwnAttribute.layer }
        let hidden = try TreeDump.lines(written.expected) { !$0.name.starts(with: "user.".utf8) }
        #expect(lines == hidden)
        #expect(lines.last?.contains(" user.a=3 ") == true)
        #expect(written.remarks.listed.map(\.attribute) == [Array("btrfs.x".utf8), Array("system.other".utf8)])
        #expect(try TreeDump.lines(written.mapped()) == TreeDump.lines(written.expected))
    }
}
