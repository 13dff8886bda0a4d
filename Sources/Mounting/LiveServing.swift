// SPDX-License-Identifier: Apache-2.0

import FileSystems
import FuseServer
import Glibc
import LinuxIO
import SystemPackage

/// The background process of a live mount that is not made of clones; see `BackgroundServer`.
///
/// It serves the root directory of a process, in whose user namespace it may have to act, and holds the process's mount
/// namespace: with that, what is mounted below the root directory would go.
struct LiveServing {
    private let record: ServerRecord
    private let root: Descriptor
    private let process: Descriptor
    private let namespace: Descriptor

    /// Takes what a server of `LiveTarget` gets.
    init(_ record: ServerRecord, _ descriptors: [Descriptor]) throws {
        guard descriptors.count == 3 else { throw MountError("descriptors are missing") }
        self.record = record
        root = descriptors[0]
        process = descriptors[1]
        namespace = descriptors[2]
    }

    /// Serves until the mount ends.
    func run(on mountpoint: Descriptor) throws {
        let live = try LiveServers()
        var isForbidden = live.contains
        if record.leavesForeign {
            let foreign = try ForeignMounts(of: ProcessHandle(descriptor: process))
            isForbidden = { live.contains($0) || foreign.contains($0) }
        }
        let files = try Passthrough(
            root, descriptorLimit: min(Spawn.openFileLimit / 4, 16384), isForbidden: isForbidden)
        defer { withExtendedLifetime(namespace) {} }
        // Modes come as the one who asks wants them.
        umask(0)
        try FuseServer.serve(
            files, source: record.source, on: mountpoint, options: LiveOptions(parsing: record.options).served,
            beforeServing: {
                // Behind the mount: there, nobody may mount here.
                if record.entersNamespace { try Self.enterNamespace(of: process) }
            },
            whenReady: { BackgroundServer.reportReady() })
    }

    private static func enterNamespace(of process: Descriptor) throws {
        do {
            try UserNamespace.enter(of: process)
        } catch Errno.noSuchProcess {
            throw MountError("the process has ended: only what runs can be mounted live")
        } catch {
            throw MountError("cannot enter the process's user namespace: \(error)")
        }
    }
}
