// SPDX-License-Identifier: Apache-2.0

import EROFS
import FileTree
import OCI
import TestSupport
import Testing

@Suite(.timeLimit(.minutes(15))) struct RoundTripTests {
    @Test func `a small tree reads back as it was`() throws {
        var fixture = TreeFixture()
        fixture.directory("etc")
        fixture.file("etc/hostname", "box\n", mode: 0o600, xattrs: ["user.mime_type": "text/plain"])
        fixture.symbolicLink("host", to: "etc/hostname")
        fixture.hardLink("etc/name", to: "etc/hostname")
        let lines = try TreeDump.lines(try ImageFixture(fixture).mapped())
        #expect(
            lines == [
                "/ directory 755 0:0 0.0 links=3 size=0",
                "/etc directory 755 0:0 0.0 links=2 size=0",
                "/etc/hostname regular 600 0:0 0.0 links=2 size=4 user.mime_type=text/plain "
                    + Digest(of: "box\n".utf8).hex.prefix(12),
                "/etc/name regular 600 0:0 0.0 links=2 size=4 user.mime_type=text/plain = /etc/hostname",
                "/host symbolicLink 777 0:0 0.0 links=1 size=12 -> etc/hostname",
            ])
    }

    @Test func `a tree at every edge of the format reads back as it was`() throws {
        let written = try ImageFixture.edge.get()
        let found = try TreeDump.lines(try written.mapped())
        let expected = try TreeDump.lines(written.expected)
        #expect(found.count == expected.count)
        for (line, wanted) in zip(found, expected) { #expect(line == wanted) }
        #expect(written.remarks.count == 0)
    }

    @Test func `an empty tree reads back as it was`() throws {
        let written = try ImageFixture(TreeFixture(layerCount: 0))
        #expect(try TreeDump.lines(written.mapped()) == ["/ directory 755 0:0 0.0 links=2 size=0"])
        #expect(written.bytes.count == 2048)
    }

    @Test func `an image names its layers and counts its files`() throws {
        let fixture = EdgeTree.fixture()
        let written = try ImageFixture(fixture)
        let image = try written.image()
        #expect(image.devices.map(\.diffID) == fixture.layerNames)
        #expect(image.devices.map(\.blockCount) == fixture.layers.map { $0.size / 512 })
        #expect(image.inodeCount == UInt64(written.tree.inodeCount))
        #expect(written.bytes.count % 512 == 0)
    }

    @Test func `ordinals are the numbers of the tree`() throws {
        let written = try ImageFixture.edge.get()
        let image = try written.image()
        var stack: [(UInt32, UInt64)] = [(0, image.rootNumber)]
        var seen: Set<UInt32> = []
        while let (inode, number) = stack.popLast() {
            let record = try image.record(number)
            #expect(record.ordinal == inode)
            seen.insert(inode)
            guard record.type == .directory else { continue }
            var found: [UInt64] = []
            try image.readDirectory(record, from: 0) { entry in
                if !entry.name.elementsEqual(".".utf8) && !entry.name.elementsEqual("..".utf8) {
                    found.append(entry.number)
                }
                return true
            }
            stack += zip(written.tree.children(of: inode).map(\.inode), found)
        }
        #expect(seen.count == written.tree.inodeCount)
    }

    @Test func `the same tree gives the same bytes`() throws {
        #expect(try ImageFixture(EdgeTree.fixture()).bytes == ImageFixture.edge.get().bytes)
    }
}
