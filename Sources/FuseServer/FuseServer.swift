// SPDX-License-Identifier: Apache-2.0

// The conversation with the kernel about a mount, the only user of libfuse; the servers that are running, and
// whether they may be believed.
// In: a `FileSystem` and a directory to mount on. Out: the kernel's questions answered until the mount ends.
// Not here: images, what is served.

import CFuse
package import FileSystems
import FileTree
import Glibc
package import LinuxIO
import SystemPackage
import Threads

/// Serves file systems through the kernel's FUSE.
package enum FuseServer {
    /// Mounts a file system and serves it until it is unmounted, also by SIGTERM, SIGINT or SIGHUP to the process.
    ///
    /// Call it on the process's first thread, once. The working directory is another one meanwhile.
    ///
    /// The process takes the name `MountedServer.name(device:)` once the mount is there.
    ///
    /// - Parameters:
    ///   - fileSystem: what to serve.
    ///   - source: what the mount table shows as the source.
    ///   - mountpoint: the directory to mount on, held with `O_PATH`.
    ///   - options: how to mount.
    ///   - beforeServing: called once, when the mount is there and nothing was asked of it; this process has a single
    ///     thread then.
    ///   - isKept: asked when the mount has ended: whether what was written shall be whole.
    ///   - whenReady: called once, on another thread, when the mount has answered a first request; returns false if
    ///     nobody wants the mount any more, which ends it.
    /// - Throws: `FuseError` if the mount cannot be made or the kernel's connection breaks.
    package static func serve(
        _ fileSystem: any FileSystem, source: String, on mountpoint: Descriptor, options: MountOptions,
        beforeServing: () throws -> Void = {}, isKept: () -> Bool = { true },
        whenReady: @escaping @Sendable () -> Bool
    ) throws(FuseError) {
        let served = Served(fileSystem, options)
        // Modes are as the program asks; what it masks comes with its request.
        if served.caching.isWritable { umask(0) }
        FuseLog.capture()
        let session = try FuseSession(served, options: options.list(source: source))
        let mount = try session.mount(on: mountpoint)
        ProcessTable.setOwnName(MountedServer.name(device: mount.entry.device))
        let path = Bytes.escaped(mount.entry.path)
        do {
            try beforeServing()
        } catch {
            session.unmount(mount)
            throw FuseError("\(path): \(error)")
        }
        let greeter = withSignalsBlocked {
            WorkerThread { greet(mount, whenReady) }
        }
        // A tree that can be written to starts threads of its own while it answers.
        let ending = session.loop(isNear: !served.caching.isWritable) {
            fileSystem.rest()
            ProgramPages.release()
        }
        served.lockWaiters.end()
        // The device number may be another mount's from here on.
        ProcessTable.setOwnName(MountedServer.name(device: "ended"))
        session.unmount(mount)
        if isKept() { fileSystem.finish() }
        // The worker throws nothing; if it waited for the mount, the unmount has ended that.
        _ = try? greeter.join()
        guard ending >= 0 else {
            let reason = FuseLog.text.isEmpty ? "\(Errno(rawValue: -ending))" : FuseLog.text
            throw FuseError("\(path): the connection to the kernel broke: \(reason)")
        }
    }

    /// Waits for the mount's first answer, then tells who waits for it.
    private static func greet(_ mount: LocatedMount, _ whenReady: @Sendable () -> Bool) {
        // A mount that ended before it answered is told by the loop's end.
        do throws(Errno) {
            _ = try mount.place.openRoot(of: mount.entry).fileSystemStatus()
        } catch .permissionDenied {
            // The user of a user namespace that the process has entered may not use the mount, or not find it.
        } catch {
            return
        }
        // Only root may, and reading is right without it.
        try? MountPoint.setReadahead(kibibytes: 1024, device: mount.entry.device)
        guard whenReady() else {
            kill(getpid(), SIGTERM)
            return
        }
        // Of what starting touched, answering needs little.
        ProgramPages.release()
    }
}
