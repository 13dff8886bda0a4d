// SPDX-License-Identifier: Apache-2.0

import CFuse
package import FileSystems
import FileTree
import Glibc
import LinuxIO
import SystemPackage

/// Serves file systems through the kernel's FUSE.
package enum FuseServer {
    /// Mounts a file system and serves it until it is unmounted, also by SIGTERM, SIGINT or SIGHUP to the process.
    ///
    /// Call it on the process's first thread, once.
    ///
    /// The process takes the name `MountedServer.name(device:)` once the mount is there.
    ///
    /// - Parameters:
    ///   - fileSystem: what to serve.
    ///   - source: what the mount table shows as the source.
    ///   - mountpoint: the absolute path of a directory.
    ///   - options: how to mount.
    ///   - beforeServing: called once, when the mount is there and nothing was asked of it; this process has a single
    ///     thread then.
    ///   - isKept: asked when the mount has ended: whether what was written shall be whole.
    ///   - whenReady: called once, on another thread, when the mount has answered a first request; returns false if
    ///     nobody wants the mount any more, which ends it.
    /// - Throws: `FuseError` if the mount cannot be made or the kernel's connection breaks.
    package static func serve(
        _ fileSystem: any FileSystem, source: String, at mountpoint: [UInt8], options: MountOptions,
        beforeServing: () throws -> Void = {}, isKept: () -> Bool = { true }, whenReady: @escaping @Sendable () -> Bool
    ) throws(FuseError) {
        let served = Served(fileSystem, options)
        // Modes are as the program asks; what it masks comes with its request.
        if served.caching.isWritable { umask(0) }
        FuseLog.capture()
        let session = try FuseSession(served, options: options.list(source: source))
        try session.mount(at: mountpoint)
        let device = MountedServer.device(at: mountpoint)
        if let device { ProcessTable.setOwnName(MountedServer.name(device: device)) }
        do {
            try beforeServing()
        } catch {
            session.unmount()
            throw FuseError("\(Bytes.escaped(mountpoint)): \(error)")
        }
        let greeter = withSignalsBlocked {
            WorkerThread { greet(mountpoint, device: device, whenReady) }
        }
        let ending = session.loop {
            fileSystem.rest()
            ProgramPages.release()
        }
        served.lockWaiters.end()
        session.unmount()
        if isKept() { fileSystem.finish() }
        // The worker throws nothing; if it waited for the mount, the unmount has ended that.
        _ = try? greeter.join()
        guard ending >= 0 else {
            let reason = FuseLog.text.isEmpty ? "\(Errno(rawValue: -ending))" : FuseLog.text
            throw FuseError("\(Bytes.escaped(mountpoint)): the connection to the kernel broke: \(reason)")
        }
    }

    /// Waits for the mount's first answer, then tells who waits for it.
    private static func greet(_ mountpoint: [UInt8], device: String?, _ whenReady: @Sendable () -> Bool) {
        // A mount that ended before it answered is told by the loop's end.
        do throws(Errno) {
            try MountPoint.probe(mountpoint)
        } catch .permissionDenied {
            // The user of a user namespace that the process has entered may not use the mount, or not find it.
        } catch {
            return
        }
        // Only root may, and reading is right without it.
        if let device { try? MountPoint.setReadahead(kibibytes: 1024, device: device) }
        guard whenReady() else {
            kill(getpid(), SIGTERM)
            return
        }
        // Of what starting touched, answering needs little.
        ProgramPages.release()
    }
}
