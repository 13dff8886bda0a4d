// SPDX-License-Identifier: Apache-2.0

import EROFS
import FileTree
import OCI
import TestSupport
import Testing

@Suite(.timeLimit(.minutes(15))) struct TreeNotesTests {
    private static func fixture(_ change: (inout TreeFixture) -> Void = { _ in }) -> TreeFixture {
        var fixture = TreeFixture(layerCount: 2)
        fixture.directory("a")
        fixture.file("a/one", "1", layer: 1)
        fixture.directory("b", xattrs: ["user.x": "y"])
        fixture.directory("b/c")
        fixture.symbolicLink("b/c/link", to: "../one")
        fixture.file("b/empty", "")
        change(&fixture)
        return fixture
    }

    private func digests(_ fixture: TreeFixture) throws -> [String: Digest?] {
        let tree = try ImageFixture(fixture).mapped()
        var digests: [String: Digest?] = ["": try tree.subtreeDigest(of: tree.root)]
        for path in ["a", "b", "b/c"] {
            guard let record = try tree.image.find(path) else { continue }
            digests[path] = try tree.subtreeDigest(of: TreeNode(record.number))
        }
        return digests
    }

    @Test func `notes tell layer and content`() throws {
        let tree = try ImageFixture(Self.fixture()).mapped()
        let notes = try #require(tree.notes)
        #expect(notes.count == 7)
        let one = try #require(try tree.image.find("a/one"))
        #expect(notes.layer(of: one.ordinal) == 1)
        #expect(notes.layer(of: 0) == nil)
        #expect(try tree.contentDigest(of: TreeNode(one.number)) == Digest(of: "1".utf8))
        #expect(try tree.subtreeDigest(of: TreeNode(one.number)) == nil)
        #expect(try tree.contentDigest(of: tree.root) == nil)
        let link = try #require(try tree.image.find("b/c/link"))
        #expect(try tree.contentDigest(of: TreeNode(link.number)) == nil)
    }

    static let changes: [(String, @Sendable (inout TreeFixture) -> Void, Set<String>)] = [
        ("nothing", { _ in }, []),
        ("a new name", { $0.file("b/c/new", "") }, ["", "b", "b/c"]),
        ("content", { $0.file("a/two", "2") }, ["", "a"]),
        ("a link count", { $0.hardLink("b/c/again", to: "a/one") }, ["", "a", "b", "b/c"]),
        ("the root's mode", { $0.root.attributes.permissions = 0o700 }, [""]),
        ("the root's time", { $0.root.attributes.mtime.nanoseconds = 1 }, [""]),
        ("the root's owner", { $0.root.attributes.uid = 1 }, [""]),
        ("the root's attributes", { $0.root.attributes.xattrs = [.init(name: [1], value: [])] }, [""]),
        ("the root's layer", { $0.root.layer = 0 }, []),
    ]

    @Test(arguments: changes)
    func `a change shows in the digests above it`(
        name: String, change: @Sendable (inout TreeFixture) -> Void, expected: Set<String>
    ) throws {
        let before = try digests(Self.fixture())
        let after = try digests(Self.fixture(change))
        #expect(Set(before.keys.filter { before[$0] != after[$0] }) == expected)
        #expect(before.values.allSatisfy { $0 != nil })
    }

    static let files: [(String, Attributes)] = [
        ("type", Attributes(type: .fifo, permissions: 0o644)),
        ("mode", Attributes(type: .regular, permissions: 0o600)),
        ("owner", Attributes(type: .regular, permissions: 0o644, uid: 1)),
        ("group", Attributes(type: .regular, permissions: 0o644, gid: 1)),
        ("time", Attributes(type: .regular, permissions: 0o644, mtime: Timestamp(seconds: -1))),
        (
            "attributes",
            Attributes(
                type: .regular, permissions: 0o644, xattrs: [ExtendedAttribute(name: [1], value: [2])])
        ),
        ("link", Attributes(type: .symbolicLink, permissions: 0o644, size: 1, target: [1])),
        ("other link", Attributes(type: .symbolicLink, permissions: 0o644, size: 1, target: [2])),
        ("device", Attributes(type: .blockDevice, permissions: 0o644)),
        ("device number", Attributes(type: .blockDevice, permissions: 0o644, device: DeviceNumber(minor: 1))),
        ("directory", Attributes(type: .directory, permissions: 0o644)),
        ("plain", Attributes(type: .regular, permissions: 0o644)),
    ]

    @Test func `all that a comparison could report is in the digest`() throws {
        var seen: [Digest: String] = [:]
        for (name, attributes) in Self.files {
            var fixture = TreeFixture()
            fixture.add("x", attributes)
            let digest = try #require(try digests(fixture)[""] ?? nil)
            #expect(seen[digest] == nil, "\(name) and \(seen[digest] ?? "")")
            seen[digest] = name
        }
    }

    @Test func `a file without a digest leaves the directories above it unknown`() throws {
        let found = try digests(
            Self.fixture { $0.sparseFile("b/c/unknown", size: 5, pieces: []) })
        #expect(found.filter { $0.value == nil }.keys.sorted() == ["", "b", "b/c"])
    }

    @Test func `a fixed tree has the digests and the image that it always had`() throws {
        let written = try ImageFixture(Self.fixture())
        let root = try digests(Self.fixture())[""] ?? nil
        #expect(root?.hex == "66b059e80a5c9f699184d54a651bd706430b27246173fe60334587ab2e484cb5")
        #expect(
            try Digest(of: TreeNotes.encode(written.tree)).hex
                == "524ce5cabf442676aef6608122d4ee38a06ae6b35cc2bd3d23c1fac384e01af7")
        #expect(Digest(of: written.bytes).hex == "db7f26985e4e873cd55d092bf7b5c3879bbd704d77f5e085a03d347281e5dbf7")
    }
}
