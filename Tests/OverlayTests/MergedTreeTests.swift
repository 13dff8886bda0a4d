// SPDX-License-Identifier: Apache-2.0

import FileTree
import Overlay
import OverlayLayers
import SystemPackage
import TestSupport
import Testing
import Transports

@Suite(.enabled(if: Requirements.root), .timeLimit(.minutes(15))) struct MergedTreeTests {
    @Test(arguments: LayerCase.trusted) func `layers look as kernel overlayfs shows them`(_ layers: LayerCase) throws {
        try compare(layers, marks: [.trusted])
    }

    @Test(arguments: LayerCase.user) func `a user's layers look as kernel overlayfs shows them`(
        _ layers: LayerCase
    ) throws {
        try compare(layers, marks: [.user])
    }

    @Test func `a file that was listed is found after the directories above it are listed again`() throws {
        let stack = try LayerStack(["mkdir -p a/b/c; echo 1 >a/b/c/f", "mkdir -p a/b; echo 2 >a/b/g"])
        let tree = try OverlayTree(stack.layers(), name: [])
        func child(_ name: String, of node: TreeNode) throws -> TreeNode {
            try #require(try tree.children(of: node).first { $0.name == Array(name.utf8) }?.node)
        }
        let b = try child("b", of: child("a", of: tree.root))
        let file = try child("f", of: child("c", of: b))
        // Directories on the way, that are not walked any further.
        _ = try child("c", of: b)
        #expect(try tree.attributes(of: file).size == 2)
        let other = try child("g", of: b)
        _ = try child("b", of: child("a", of: tree.root))
        #expect(try tree.attributes(of: other).size == 2)
        var byte: [UInt8] = [0]
        #expect(try byte.withUnsafeMutableBytes { try tree.read(file, at: 0, into: $0) } == 1)
        #expect(byte == [UInt8(ascii: "1")])
    }

    private func compare(_ layers: LayerCase, marks: OverlayMarkFormats) throws {
        let stack = try LayerStack(layers.layers)
        let kernel = try TreeDump.lines(DirectoryTree(path: stack.mountKernel(layers.kernelOptions)))
        let options = OverlayOptions(marks: marks)
        let tree = try OverlayTree(stack.layers(), name: Array("test".utf8), options: options)
        #expect(try TreeDump.lines(tree) == kernel)
        let fileSystem = try OverlayFileSystem(stack.layers(), options: options) { _ in }
        let shown = try TreeDump.lines(FileSystemSource(fileSystem)) { !MachineAttributes.isOfFile($0.name) }
        #expect(shown == kernel)
    }
}
