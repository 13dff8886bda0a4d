// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import CommandOptions
import Console
import FuseServer
import Mounting

extension MountBackend: ExpressibleByArgument {}

extension MountCommand {
    /// Refuses what does not go with the kernel before anything is opened for it.
    func checkBackend() throws {
        guard backend == .kernel else { return }
        if foreground { throw MountError("--foreground and --backend kernel exclude each other") }
        guard Privilege.hasTrustedAttributes else { throw MountError("--backend kernel: \(KernelTree.onlyRoot)") }
    }

    /// Mounts with the backend that was asked for; returns when the mount answers.
    func start(_ source: MountSource, at mountpoint: Mountpoint, options: MountOptions) throws {
        try (backend ?? .fuse).start(
            source, at: mountpoint, options: options, tell: { store.tell($0) },
            warn: { StandardError.print("cimg: \($0)") },
            renewUpper: { try writing.addUpper(to: &$0, store: store) })
    }
}
