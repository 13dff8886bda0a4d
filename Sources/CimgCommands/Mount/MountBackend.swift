// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import FuseServer
import LinuxIO
import OCI

/// Who answers the programs that look into a mount.
enum MountBackend: String, ExpressibleByArgument, CaseIterable {
    /// A process of cimg.
    case fuse
    /// The kernel.
    case kernel
    /// The kernel where it can, else a process of cimg.
    case auto
}

extension MountCommand {
    /// Refuses what does not go with the kernel before anything is opened for it.
    func checkBackend() throws {
        guard backend == .kernel else { return }
        if foreground { throw MountError("--foreground and --backend kernel exclude each other") }
        guard Privilege.hasTrustedAttributes else { throw MountError("--backend kernel: \(KernelTree.onlyRoot)") }
    }

    /// Mounts with the backend that was asked for; returns when the mount answers.
    func start(_ source: MountSource, at mountpoint: Mountpoint, options: MountOptions) throws {
        switch backend ?? .fuse {
        case .fuse: try BackgroundServer.start(source, at: mountpoint, options: options)
        case .kernel where writing.isWritable:
            try startBelowOverlay(source, at: mountpoint, options: options)
        case .kernel:
            do {
                try attachTree(source, at: mountpoint, options: options)
            } catch {
                throw MountError("--backend kernel: \(error)")
            }
        case .auto:
            var source = source
            do {
                if writing.isWritable {
                    guard Privilege.hasTrustedAttributes else { throw MountError(KernelTree.onlyRoot) }
                    try startBelowOverlay(source, at: mountpoint, options: options)
                } else {
                    try attachTree(source, at: mountpoint, options: options)
                }
                return
            } catch {
                store.tell("--backend auto: mounted through FUSE: \(error)")
                if source.discarded != nil, Privilege.hasTrustedAttributes {
                    // The server has removed it.
                    source.content = source.content.belowUpper
                    try writing.addUpper(to: &source, store: store)
                }
            }
            try BackgroundServer.start(source, at: mountpoint, options: options)
        }
    }

    /// Lets the kernel mount the tree of an image.
    private func attachTree(_ source: MountSource, at mountpoint: Mountpoint, options: MountOptions) throws {
        let (mount, way) = try KernelTree.mount(source, options: options)
        do {
            try mountpoint.attach(mount)
        } catch {
            throw MountError(at: mountpoint.path, "\(error)")
        }
        store.tell("\(object.printable): mounted by the kernel from \(way.rawValue)")
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
