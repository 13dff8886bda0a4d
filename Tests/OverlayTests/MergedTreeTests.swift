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
