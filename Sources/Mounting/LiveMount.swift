// SPDX-License-Identifier: Apache-2.0

import FileTree
import FuseServer
import Glibc
import LinuxIO
import OCI
import SystemPackage

/// Mounts the files of a running process, as it sees them, so that changes go through both ways.
///
/// As root the process's mounts are cloned. For a plain user, and for a process in another user namespace, a background
/// process serves the mount and acts inside that namespace: so files have the owners that the process sees, and can be
/// made.
///
/// - Parameters:
///   - pid: a process, mostly the first one of a container. It must be known to be the right one: from here on no other
///     process can take its place.
///   - name: what the user called it, such as `sleepy` or `pid:1234`.
///   - identity: what keeps it apart from others of that name, such as a container's id; the process's number if nil.
///   - mountpoint: a directory, as the user named it.
///   - allowsHiding: whether it may have files, or a mount that is not ours, which the mount will hide.
///   - leavesForeign: whether what programs serve inside of it is left out.
///   - options: what the user asked of the mount.
/// - Returns: a remark for the user: what programs serve inside of what was mounted; nil where there is nothing.
/// - Throws: `MountError`; then nothing is mounted.
package func mountLive(
    pid: Int32, name: String, identity: String? = nil, at mountpoint: [UInt8], allowsHiding: Bool = false,
    leavesForeign: Bool = false, options: LiveOptions
) throws -> String? {
    var target = try LiveTarget(pid: pid, name: name, identity: identity)
    target.leavesForeign = leavesForeign
    let place = try Mountpoint(mountpoint, allowsHiding: allowsHiding)
    try place.lock()
    // Before the clone, by which they are known here too.
    let foreign = leavesForeign ? [] : target.ownForeign()
    try withExtendedLifetime(place) {
        if geteuid() == 0, !target.isElsewhere {
            try target.attachClone(at: place, options: options)
        } else {
            try target.startServer(at: place, options: options)
        }
    }
    return target.remark(on: foreign)
}

/// A running process whose files shall be mounted.
struct LiveTarget: Sendable {
    /// The process.
    let process: ProcessHandle
    /// Its root directory.
    let root: Descriptor
    /// Its mount namespace.
    let namespace: Descriptor
    /// Whether it has another user namespace than this process.
    let isElsewhere: Bool
    /// What the user called it.
    let name: String
    /// What the mount table shows.
    let source: String
    /// Whether what programs serve inside of it is left out.
    var leavesForeign = false

    /// Opens a process and its root directory.
    ///
    /// - Throws: `MountError` that says why it has no files to be shown.
    init(pid: Int32, name: String, identity: String?) throws {
        func problem(_ reason: String) -> MountError { MountError("live mount of \"\(name.printable)\": \(reason)") }
        let ended = "process \(pid) has ended: only what runs can be mounted live"
        do throws(Errno) {
            process = try ProcessHandle(identifier: pid)
        } catch {
            throw problem(
                error == .noSuchProcess ? "no process \(pid) is running" : "cannot open process \(pid): \(error)")
        }
        guard !ProcessTable.isKernelThread(pid) else {
            throw problem("process \(pid) is a thread of the kernel and has no files of its own")
        }
        guard !ProcessTable.hasEnded(pid) else { throw problem(ended) }
        do throws(Errno) {
            root = try process.openRoot()
            namespace = try process.openMountNamespace()
            isElsewhere = try process.hasOtherUserNamespace()
            // Had it ended before, its number could have led to another process.
            try process.checkRunning()
        } catch .noSuchProcess {
            throw problem(ended)
        } catch .permissionDenied {
            throw problem("not permitted: process \(pid) is not yours; root may mount it")
        } catch {
            throw problem("cannot open the root directory of process \(pid): \(error)")
        }
        self.name = name
        source = LiveMarker.source(name: name, identity: identity ?? "\(pid)")
    }

    /// Clones the process's mounts and attaches them to a directory: needs root.
    func attachClone(at mountpoint: Mountpoint, options: LiveOptions) throws {
        func problem(_ reason: String) -> MountError {
            MountError(at: mountpoint.path, "live mount of \"\(name.printable)\": \(reason)")
        }
        let marker: Descriptor
        let clone: Descriptor
        do {
            // Made first, so that the mount table lists it first and what is visible last.
            marker = try LiveMarker.make(source: source)
            clone = try process.cloneMounts(of: root, isLeftOut: leavesForeign ? foreign() : nil)
            try Mounts.restrict(clone, to: options.attributes)
        } catch Errno.notPermitted {
            throw problem(
                "not permitted: cloning the mounts of process \(process.identifier) needs CAP_SYS_ADMIN there")
        } catch {
            throw problem("cannot clone the mounts of process \(process.identifier): \(error)")
        }
        do {
            try mountpoint.attach(marker)
            do {
                // Where the mountpoint shares its mounts with other namespaces, the marker is in all of them by now; what
                // is mounted on a private mount stays here, and so cannot keep anybody's unmount from succeeding.
                try Mounts.restrict(marker, to: [])
                try Mounts.attach(clone, onto: marker)
            } catch {
                // The first failure is what the user is told; `cimg umount` can be tried.
                try? mountpoint.mounted()?.detach(lazily: true)
                throw error
            }
        } catch {
            throw problem("cannot mount: \(error)")
        }
    }

    /// Starts a process that serves the process's root directory.
    func startServer(at mountpoint: Mountpoint, options: LiveOptions) throws {
        var record = ServerRecord(source: source, count: 3)
        record.isLive = true
        record.entersNamespace = isElsewhere
        record.leavesForeign = leavesForeign
        record.options = options.arguments
        Spawn.raiseOpenFileLimit()
        try BackgroundServer.start(record, with: [root, process.descriptor, namespace], at: mountpoint)
    }

    /// What tells mounts apart that are left out of a clone.
    private func foreign() throws(Errno) -> @Sendable (MountEntry) -> Bool {
        let devices = Set(try ForeignMounts(of: process).all().map(\.device))
        return { devices.contains($0.device) }
    }

    /// What programs serve inside of the process's root directory; none for a process that has the root directory of this
    /// one, which is no container's.
    func ownForeign() -> [MountEntry] {
        // What cannot be told is left out of the remark.
        guard let own = try? PlaceIdentity(following: "/proc/self/root"), let other = try? PlaceIdentity(of: root),
            !other.isSameFile(as: own)
        else { return [] }
        // Of a process that has ended meanwhile nothing is said.
        return (try? ForeignMounts(of: process).all()) ?? []
    }

    /// Names what programs serve inside of what was mounted; nil where there is nothing.
    func remark(on foreign: [MountEntry]) -> String? {
        guard !foreign.isEmpty else { return nil }
        let places = foreign.prefix(20).map { "\(Bytes.escaped($0.path)) (\($0.type.printable))" }
        let rest = foreign.count > 20 ? " and \(foreign.count - 20) more" : ""
        return "live mount of \"\(name.printable)\": has what programs of its own serve at "
            + places.joined(separator: ", ") + rest
            + "; who looks into one that does not answer cannot be ended; --no-foreign leaves them out"
    }
}
