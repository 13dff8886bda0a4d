// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import CommandOptions
import Console
import FileTree
import Glibc
import LayerStore
import LinuxIO
import Mounting
import OCI
import OverlayLayers
import SystemPackage

/// Options of a mount that can be written to.
struct WritingOptions: ParsableArguments {
    @Flag(
        name: .customLong("rw"),
        help: "Let the mount be written to; the changes are discarded when it ends.")
    var isWritable = false

    @Option(
        help: ArgumentHelp(
            "With --rw: keep the changes in this directory, in the format of kernel overlayfs; its work directory is "
                + "DIR.work.", valueName: "dir"), completion: .directory)
    var upper: String?

    @Flag(help: "With --upper: mount it although it has the changes of another image.")
    var force = false

    /// Makes the options for the parser.
    init() {}

    /// The source of a directory that is mounted in place: `rootfs:DIR` with `--rw`; nil for anything else.
    func lowerDirectory(_ object: String) throws -> MountSource? {
        guard isWritable else {
            if upper != nil || force { throw MountError("--upper and --force have no meaning without --rw") }
            return nil
        }
        if force, upper == nil { throw MountError("--force has no meaning without --upper") }
        let bytes = RawArguments.bytes(of: object)
        guard bytes.starts(with: "rootfs:".utf8) else { return nil }
        return try MountSource(directory: FilePath(Array(bytes.dropFirst(7))), called: object)
    }

    /// Puts an upper over what is mounted, if that is asked for.
    func addUpper(to source: inout MountSource, store: StoreOptions) throws {
        guard isWritable else { return }
        if let upper {
            try source.keepChanges(in: RawArguments.bytes(of: upper), force: force)
        } else {
            try source.discardChanges(in: store.openStore())
        }
    }
}
