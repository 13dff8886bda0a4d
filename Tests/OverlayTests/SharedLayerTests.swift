// SPDX-License-Identifier: Apache-2.0

import FileSystems
import FileTree
import OCI
import Overlay
import OverlayLayers
import Synchronization
import SystemPackage
import TestSupport
import Testing
import TreeDiff

/// Counts what a comparison asks of a tree.
final class CountedTree: TreeSource {
    let tree: OverlayTree
    let listed = Mutex<[[UInt8]]>([])
    let asked = Mutex(0)
    let reads = Mutex(0)

    init(_ tree: OverlayTree) { self.tree = tree }

    var root: TreeNode { tree.root }

    func attributes(of node: TreeNode) throws -> Attributes {
        asked.withLock { $0 += 1 }
        return try tree.attributes(of: node)
    }

    func linkCount(of node: TreeNode) throws -> UInt32 { try tree.linkCount(of: node) }

    func children(of directory: TreeNode) throws -> [TreeChild] {
        let children = try tree.children(of: directory)
        listed.withLock { $0.append(children.first?.name ?? []) }
        return children
    }

    func contentDigest(of node: TreeNode) throws -> Digest? { try tree.contentDigest(of: node) }

    func subtreeDigest(of node: TreeNode) throws -> Digest? { try tree.subtreeDigest(of: node) }

    func contentIdentity(of node: TreeNode) throws -> FileIdentity? { try tree.contentIdentity(of: node) }

    func read(_ node: TreeNode, at offset: UInt64, into buffer: UnsafeMutableRawBufferPointer) throws -> Int {
        reads.withLock { $0 += 1 }
        return try tree.read(node, at: offset, into: buffer)
    }
}

@Suite(.enabled(if: Requirements.root), .timeLimit(.minutes(15))) struct SharedLayerTests {
    @Test func `an image against a container looks at what the container's own layer has and nothing else`() throws {
        let stack = try LayerStack([
            "for d in {a..z}; do mkdir -p $d/sub; for f in 1 2 3 4 5; do echo $d$f >$d/sub/$f; done; done",
            "mkdir -p c/sub m; echo more >c/sub/6; echo x >m/x",
            """
            mkdir -p b/sub; echo changed >b/sub/3; mknod b/sub/4 c 0 0; mkdir -p q/new; echo new >q/new/n
            mknod z c 0 0; mkdir m; chmod 700 m; mkdir d; setfattr -n trusted.overlay.opaque -v y d; echo only >d/only
            """,
        ])
        let layers = try stack.layers()
        let image = CountedTree(try OverlayTree(Array(layers.dropFirst()), name: Array("image".utf8)))
        let container = CountedTree(try OverlayTree(layers, name: Array("container".utf8)))
        var changes: [String] = []
        try TreeComparison(left: image, right: container).forEachChange { change in
            changes.append("\(change.kind) \(Bytes.escaped(change.path))")
        }
        #expect(
            changes == [
                "modified /b/sub/3", "removed /b/sub/4", "added /d/only", "removed /d/sub", "removed /d/sub/1",
                "removed /d/sub/2", "removed /d/sub/3", "removed /d/sub/4", "removed /d/sub/5", "modified /m",
                "added /q/new", "added /q/new/n", "removed /z", "removed /z/sub", "removed /z/sub/1",
                "removed /z/sub/2", "removed /z/sub/3", "removed /z/sub/4", "removed /z/sub/5",
            ])
        // The root, b, b/sub, d, m, q, q/new on one side; the root, b, b/sub, d, d/sub, m, q, z, z/sub on the other.
        #expect(container.listed.withLock(\.count) == 7)
        #expect(image.listed.withLock(\.count) == 9)
        // The same and b/sub/3, d/only, q/new/n; b/sub/3, b/sub/4, the ten files of d/sub and z/sub.
        #expect(container.asked.withLock { $0 } == 10)
        #expect(image.asked.withLock { $0 } == 21)
        // "changed" and "b3" differ in size.
        #expect(image.reads.withLock { $0 } == 0)
    }

    @Test func `a copied-up file with equal bytes is no change of content, and one file under two trees is not read`()
        throws
    {
        let stack = try LayerStack([
            "echo same >copied; echo same >shared; mkdir d; echo below >d/f",
            "echo same >copied; chmod 600 copied; mkdir e; ln ../l1/shared shared",
        ])
        let layers = try stack.layers()
        let image = CountedTree(try OverlayTree(Array(layers.dropFirst()), name: []))
        let container = CountedTree(try OverlayTree(layers, name: []))
        var changes: [String] = []
        try TreeComparison(left: image, right: container).forEachChange { change in
            changes.append("\(change.kind) \(Bytes.escaped(change.path)) \(change.fields.named.map(\.name))")
        }
        #expect(changes == ["modified /copied [\"mode\"]", "added /e []"])
        #expect(image.reads.withLock { $0 } == 1)
    }

    @Test func `places under another mapping of users are others`() throws {
        let stack = try LayerStack(["mkdir d; echo x >d/f"])
        let plain = try OverlayTree(stack.layers(), name: [])
        let mapping = IdentifierMapping(users: [IdentifierRange(container: 0, host: 1000, count: 10)])
        let mapped = try OverlayTree(stack.layers(), name: [], options: OverlayOptions(identifiers: [mapping]))
        #expect(try plain.subtreeDigest(of: plain.root) != nil)
        #expect(try plain.subtreeDigest(of: plain.root) != mapped.subtreeDigest(of: mapped.root))
        #expect(try mapped.attributes(of: mapped.root).uid == 65534)
    }

    @Test func `numbers are shown as a container sees them`() throws {
        let stack = try LayerStack([
            "echo x >root; chown 100000:100000 root; echo x >five; chown 100004:100007 five; echo x >none"
        ])
        let ranges = [
            IdentifierRange(container: 0, host: 100_000, count: 1),
            IdentifierRange(container: 1, host: 100_001, count: 65535),
        ]
        let options = OverlayOptions(identifiers: [IdentifierMapping(users: ranges, groups: ranges)])
        let fileSystem = try OverlayFileSystem(stack.layers(), options: options) { _ in }
        let shown = try ["root", "five", "none"].map { name in
            let attributes = try file(name, of: fileSystem)
            return "\(name) \(attributes.uid):\(attributes.gid)"
        }
        #expect(shown == ["root 0:0", "five 4:7", "none 65534:65534"])
    }
}
