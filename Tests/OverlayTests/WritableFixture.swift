// SPDX-License-Identifier: Apache-2.0

import Foundation
import LinuxIO
import Overlay
import OverlayLayers
import SystemPackage
import TestSupport

/// Layers with an upper that can be written to.
final class WritableFixture {
    let stack: LayerStack
    let upper: FilePath
    let work: FilePath
    private(set) var fileSystem: OverlayFileSystem
    private let marks: OverlayMarkFormats
    private let bareSize: UInt64?
    private let deferredSize: UInt64

    /// Puts layers below an upper that a script may have put something into.
    init(
        _ layers: [String], upper script: String = "", marks: OverlayMarkFormats = [.trusted], bareSize: UInt64? = nil,
        deferredSize: UInt64 = 4 << 20
    ) throws {
        self.deferredSize = deferredSize
        self.marks = marks
        self.bareSize = bareSize
        stack = try LayerStack(layers)
        upper = stack.scratch.directory("upper")
        work = stack.scratch.directory("work")
        try Shell.run(script, in: upper)
        fileSystem = try Self.open(stack, upper, work, marks, bareSize, deferredSize)
    }

    /// Ends the use of the upper and begins another one.
    func reopen() throws {
        fileSystem.finish()
        fileSystem = try Self.open(stack, upper, work, marks, bareSize, deferredSize)
    }

    /// A directory with what the layers show.
    func plainCopy() throws -> FilePath {
        let merged = try stack.mountKernel()
        let plain = stack.scratch.path("plain")
        try Shell.run("cp -a \(merged) \(plain); umount \(merged)", in: stack.scratch.path)
        return plain
    }

    /// Mounts kernel overlayfs over the same layers and the upper.
    func mountKernel() throws -> FilePath {
        fileSystem.finish()
        let merged = stack.scratch.path("merged")
        let kernelWork = stack.scratch.directory("kernel-work")
        let lower = stack.paths.map(\.string).joined(separator: ":")
        try stack.mount(
            "lowerdir=\(lower),upperdir=\(upper),workdir=\(kernelWork),redirect_dir=on,metacopy=on", at: merged)
        return merged
    }

    /// Ends the kernel's use of the upper.
    func unmountKernel() throws { try stack.unmount() }

    private static func open(
        _ stack: LayerStack, _ upper: FilePath, _ work: FilePath, _ marks: OverlayMarkFormats, _ bareSize: UInt64?,
        _ deferredSize: UInt64
    ) throws -> OverlayFileSystem {
        return try OverlayFileSystem(
            stack.layers(),
            upper: OverlayUpper(
                directory: Descriptor.open(upper, O_RDONLY | O_DIRECTORY),
                work: Descriptor.open(work, O_RDONLY | O_DIRECTORY), redirectsDirectories: true, bareSize: bareSize,
                deferredSize: deferredSize, recordsOverrides: false),
            options: OverlayOptions(marks: marks)
        ) { _ in }
    }
}
