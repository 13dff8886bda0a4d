// SPDX-License-Identifier: Apache-2.0

import FileTree
import Overlay
import OverlayLayers
import SystemPackage
import TestSupport
import Testing

@Suite(.enabled(if: Requirements.root), .timeLimit(.minutes(15))) struct RandomLayerTests {
    @Test(arguments: 0..<10) func `random layers look as kernel overlayfs shows them`(_ series: UInt64) throws {
        for number in 0..<25 {
            let seed = series * 1000 + UInt64(number)
            var random = RandomLayers(seed: seed)
            let scripts = random.layers()
            let stack = try LayerStack(scripts)
            let options = OverlayOptions(marks: [.trusted])
            let fileSystem = try OverlayFileSystem(stack.layers(), options: options) { _ in }
            let shown = try lines(FileSystemSource(fileSystem))
            let tree = try OverlayTree(stack.layers(), name: [], options: options)
            let kernel = try lines(PathSource(stack.mountKernel()))
            #expect(shown == kernel, "seed \(seed): \(scripts)")
            #expect(try lines(tree) == kernel, "seed \(seed): \(scripts)")
        }
    }
}
