// SPDX-License-Identifier: Apache-2.0

import FileTree
import FuseServer
import Glibc
import LinuxIO
import Overlay
import SystemPackage

/// The changes of a mount that would be removed when it ends, on their way to a directory of the user.
///
/// They leave the server's reach before the unmount, which can then be undone: to the user's directory itself where
/// that is one rename, else aside in the store, from where they are copied when the mount has ended. The server holds
/// its directories open and notices nothing. Whatever dies on the way, the changes have a name.
struct KeptUpper {
    private let served: (directory: Descriptor, work: Descriptor)
    private let target: KeptDirectory
    /// The directory around the upper, as the server knows it.
    private let origin: [UInt8]
    /// Where it waits to be copied; nil where it was renamed to its place.
    private let aside: [UInt8]?

    /// Takes the changes of a mount away from its server.
    ///
    /// - Parameters:
    ///   - path: a new or empty directory.
    ///   - lazily: whether the mount may go on in secret.
    /// - Throws: `MountError`; then nothing has changed.
    init(_ mount: MountEntry, to path: [UInt8], lazily: Bool) throws {
        func problem(_ reason: String) -> MountError { MountError(at: mount.path, "--keep: \(reason)") }
        if KernelTree.isTree(mount) { throw problem("has no changes to keep: it was mounted without --rw") }
        let server = try MountedServer.of(mount)
        guard server.identifier != nil else { throw problem("the process that serves it is not to be seen") }
        guard let process = server.process() else {
            throw problem(
                "what serves it is not believed: it is another user's, runs another version of this program, or "
                    + "serves in the foreground")
        }
        guard let upper = try process.upper() else {
            throw problem("has no changes to keep: it was mounted without --rw")
        }
        guard upper.isDiscarded, let slash = upper.path.lastIndex(of: UInt8(ascii: "/")) else {
            throw problem("its changes are kept in \"\(Bytes.escaped(upper.path))\" already")
        }
        served = try process.openUpper()
        let origin = Array(upper.path[..<slash])
        self.origin = origin
        let image = ListedMount(entry: mount, state: "", options: [])
        target = try KeptDirectory(path, device: mount.device)
        do {
            try UpperDirectory.write(image.digest ?? image.name, served.work)
            if try target.take(origin) {
                aside = nil
                return
            }
            guard !lazily else {
                throw problem("\"\(Bytes.escaped(path))\" is on another file system, which does not go with --lazy")
            }
            let kept = Array("/kept-\(getpid())-\(UInt64.random(in: 0...UInt64.max))".utf8)
            let parent = origin.lastIndex(of: UInt8(ascii: "/")).map { origin[..<$0] } ?? []
            aside = Array(parent) + kept
            try Descriptor.rename(origin, to: Array(parent) + kept)
        } catch {
            target.remove()
            throw error is MountError ? error : problem("\(error)")
        }
    }

    /// Where the changes are now.
    var path: [UInt8] { aside.map { $0 + Array("/upper".utf8) } ?? target.path }

    /// Gives the changes back to a server whose mount could not be ended.
    func undo() {
        // Who unmounted meanwhile has left the changes where they are: they have a name there.
        if let aside { try? Descriptor.rename(aside, to: origin) } else { target.giveBack(origin) }
        target.remove()
    }

    /// Brings the changes to their directory, the mount having ended.
    ///
    /// - Throws: `MountError` that says where they are.
    func finish() throws {
        guard let aside else { return target.settle(origin) }
        do {
            let copy = UpperCopy()
            try copy.copy(served.directory, to: target.directory)
            try copy.copy(
                served.work.openBeneath("links", O_RDONLY | O_DIRECTORY), to: target.work.makeDirectory("links"))
            let image = try UpperDirectory.record(in: served.work) ?? ""
            try UpperDirectory.write(image, target.work)
            try target.directory.synchronizeFileSystem()
        } catch {
            throw MountError(
                "\"\(Bytes.escaped(target.path))\": \(error); the changes are in \"\(Bytes.escaped(self.path))\"")
        }
        DiscardedUpper(path: aside).remove()
    }
}

/// The directory that a user wants changes to be kept in, and the work directory beside it.
private struct KeptDirectory {
    let path: [UInt8]
    let directory: Descriptor
    let work: Descriptor
    private let workPath: [UInt8]
    private let isNew: (directory: Bool, work: Bool)

    /// Makes the two where they are missing.
    ///
    /// - Parameter device: of the mount that is to end, `major:minor`.
    init(_ path: [UInt8], device: String) throws {
        func problem(_ reason: String) -> MountError { MountError("--keep \"\(Bytes.escaped(path))\": \(reason)") }
        var trimmed = path
        while trimmed.count > 1, trimmed.last == UInt8(ascii: "/") { trimmed.removeLast() }
        self.path = trimmed
        workPath = trimmed + Array(".work".utf8)
        var made: [[UInt8]] = []
        do {
            let isNew = try Self.make(trimmed, 0o755)
            if isNew { made.append(trimmed) }
            directory = try Self.open(trimmed)
            let isWorkNew = try Self.make(workPath, 0o700)
            if isWorkNew { made.append(workPath) }
            work = try Self.open(workPath)
            self.isNew = (isNew, isWorkNew)
            for open in [directory, work] {
                let parts = deviceParts(try open.status().st_dev)
                if "\(parts.major):\(parts.minor)" == device { throw problem("lies in the mount that is to end") }
            }
            guard try MountPoint.isEmpty(directory) else { throw problem("not empty") }
            guard try MountPoint.isEmpty(work) else { throw problem("its work directory, DIR.work, is not empty") }
        } catch {
            for path in made { _ = withCString(path) { rmdir($0) } }
            throw error is MountError ? error : problem("\(error)")
        }
    }

    /// Puts the directory around an upper, and that, in the place of the two; false where only copying does it.
    func take(_ origin: [UInt8]) throws(Errno) -> Bool {
        do throws(Errno) {
            try Descriptor.rename(origin, to: workPath, flags: .exchange)
        } catch {
            guard error == .improperLink || error == .invalidArgument || error == .resourceBusy else { throw error }
            return false
        }
        do throws(Errno) {
            try Descriptor.rename(workPath + Array("/upper".utf8), to: path, flags: .exchange)
            return true
        } catch {
            try Descriptor.rename(origin, to: workPath, flags: .exchange)
            guard error == .improperLink || error == .resourceBusy else { throw error }
            return false
        }
    }

    /// Takes back what `take` did.
    func giveBack(_ origin: [UInt8]) {
        try? Descriptor.rename(workPath + Array("/upper".utf8), to: path, flags: .exchange)
        try? Descriptor.rename(origin, to: workPath, flags: .exchange)
    }

    /// Removes the two empty directories that `take` put elsewhere.
    func settle(_ origin: [UInt8]) {
        for path in [workPath + Array("/upper".utf8), origin] { _ = withCString(path) { rmdir($0) } }
        try? work.synchronizeFileSystem()
    }

    /// Removes what `init` made, as far as it is empty.
    func remove() {
        if isNew.work { _ = withCString(workPath) { rmdir($0) } }
        if isNew.directory { _ = withCString(path) { rmdir($0) } }
    }

    private static func make(_ path: [UInt8], _ mode: mode_t) throws(Errno) -> Bool {
        do throws(Errno) {
            _ = try retrying { withCString(path) { mkdir($0, mode) } }
            return true
        } catch .fileExists { return false }
    }

    private static func open(_ path: [UInt8]) throws(Errno) -> Descriptor {
        try Descriptor.open(FilePath(path), O_RDONLY | O_DIRECTORY)
    }
}
