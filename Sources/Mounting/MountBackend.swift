// SPDX-License-Identifier: Apache-2.0

package import FuseServer
import LinuxIO
import OCI

/// Who answers the programs that look into a mount.
package enum MountBackend: String, CaseIterable, Sendable {
    /// A process of cimg.
    case fuse
    /// The kernel.
    case kernel
    /// The kernel where it can, else a process of cimg.
    case auto

    /// Mounts; returns when the mount answers.
    ///
    /// - Parameters:
    ///   - tell: takes a line about how it was done.
    ///   - warn: takes a line that everybody shall see.
    ///   - renewUpper: puts a new upper over a source whose own is gone, as it was to be discarded.
    /// - Throws: `MountError`; then there is no mount.
    package func start(
        _ source: MountSource, at mountpoint: Mountpoint, options: MountOptions, tell: (String) -> Void,
        warn: (String) -> Void, renewUpper: (inout MountSource) throws -> Void
    ) throws {
        switch self {
        case .fuse: try BackgroundServer.start(source, at: mountpoint, options: options)
        case .kernel where source.isWritable:
            try startBelowOverlay(source, at: mountpoint, options: options)
        case .kernel:
            do {
                try attachTree(source, at: mountpoint, options: options, tell: tell)
            } catch {
                throw MountError("--backend kernel: \(error)")
            }
        case .auto:
            var source = source
            do {
                if source.isWritable {
                    guard Privilege.hasTrustedAttributes else { throw MountError(KernelTree.onlyRoot) }
                    try startBelowOverlay(source, at: mountpoint, options: options)
                } else {
                    try attachTree(source, at: mountpoint, options: options, tell: tell)
                }
                return
            } catch {
                let line = "--backend auto: mounted through FUSE: \(error)"
                // A plain user knows it.
                if Privilege.hasTrustedAttributes { warn(line) } else { tell(line) }
                source.kernelRefusal = "\(error)"
                if source.discarded != nil, Privilege.hasTrustedAttributes {
                    // The server has removed it.
                    source.content = source.content.belowUpper
                    try renewUpper(&source)
                }
            }
            try BackgroundServer.start(source, at: mountpoint, options: options)
        }
    }

    /// Lets the kernel mount the tree of an image.
    private func attachTree(
        _ source: MountSource, at mountpoint: Mountpoint, options: MountOptions, tell: (String) -> Void
    ) throws {
        let (mount, way) = try KernelTree.mount(source, options: options)
        do {
            try mountpoint.attach(mount)
        } catch {
            throw MountError(at: mountpoint.path, "\(error)")
        }
        tell("\(source.name.printable): mounted by the kernel from \(way.rawValue)")
    }

    /// Starts the server, and puts the kernel's overlayfs over it.
    private func startBelowOverlay(_ source: MountSource, at mountpoint: Mountpoint, options: MountOptions) throws {
        var below = source
        below.isBelow = true
        try BackgroundServer.start(below, at: mountpoint, options: options)
        do {
            try KernelOverlay.attach(below, on: mountpoint, options: options)
        } catch {
            mountpoint.giveUp()
            throw error
        }
    }
}
