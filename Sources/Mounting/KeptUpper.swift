// SPDX-License-Identifier: Apache-2.0

import FileTree
import FuseServer
import Glibc
import LinuxIO
import Overlay
import OverlayLayers
import SystemPackage

/// The changes of a mount that would be removed when it ends, on their way to a directory of the user.
///
/// They leave the server's reach before the unmount, which can then be undone: to the user's directory itself where
/// that is one rename, else aside in the store, from where they are copied when the mount has ended. The server holds
/// its directories open and notices nothing. Whatever dies on the way, the changes have a name.
struct KeptUpper {
    private let served: (directory: Descriptor, work: Descriptor)
    private let target: KeptDirectory
    /// The directory around the upper.
    private let origin: HeldName
    /// Where it waits to be copied; nil where it was renamed to its place.
    private let aside: HeldName?

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
        guard upper.isDiscarded else {
            throw problem("its changes are kept in \"\(Bytes.escaped(upper.path))\" already")
        }
        served = try process.openUpper()
        do throws(Errno) {
            origin = try HeldName(of: served.work)
        } catch { throw problem("\(error)") }
        let image = ListedMount(mount)
        target = try KeptDirectory(path, device: mount.device)
        do {
            try UpperDirectory.write(image.digest ?? image.name, served.work)
            if try target.take(origin, served.work) {
                aside = nil
                return
            }
            guard !lazily else {
                throw problem("\"\(Bytes.escaped(path))\" is on another file system, which does not go with --lazy")
            }
            let kept = HeldName(
                parent: origin.parent, name: Array("kept-\(getpid())-\(UInt64.random(in: 0...UInt64.max))".utf8))
            aside = kept
            try origin.rename(to: kept)
        } catch {
            target.remove()
            throw error is MountError ? error : problem("\(error)")
        }
    }

    /// Where the changes are now.
    var path: [UInt8] { aside.map { $0.path + Array("/upper".utf8) } ?? target.path }

    /// Gives the changes back to a server whose mount could not be ended.
    func undo() {
        // Who unmounted meanwhile has left the changes where they are: they have a name there.
        if let aside { try? aside.rename(to: origin) } else { target.giveBack(origin, served.work) }
        target.remove()
    }

    /// Brings the changes to their directory, the mount having ended.
    ///
    /// - Returns: a remark for the user, where something is left that should not be.
    /// - Throws: `MountError` that says where they are.
    func finish() throws -> String? {
        guard let aside else {
            target.settle(origin, served.work)
            return nil
        }
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
        do throws(Errno) {
            // Under its old name it is what a killed server leaves, which the store's next writer removes.
            try aside.rename(to: origin)
        } catch {
            return "\"\(Bytes.escaped(target.path))\" has the changes; \"\(Bytes.escaped(self.path))\" has them "
                + "as well, and can be removed: \(error)"
        }
        try? origin.parent.removeTree(origin.name)  // What stays is the next writer's.
        return nil
    }
}

/// A name in a directory that is held: renamed is what is there, whatever the path to it comes to lead to.
private struct HeldName {
    let parent: Descriptor
    let name: [UInt8]

    init(parent: Descriptor, name: [UInt8]) {
        self.parent = parent
        self.name = name
    }

    /// The name of an open directory.
    init(of directory: Descriptor) throws(Errno) {
        let path = try MountPoint.path(of: directory)
        parent = try directory.openParent()
        name = path.lastIndex(of: UInt8(ascii: "/")).map { Array(path[($0 + 1)...]) } ?? []
        guard try PlaceIdentity(of: name, in: parent).isSameFile(as: PlaceIdentity(of: directory)) else {
            throw .staleNFSFileHandle
        }
    }

    /// The absolute path, for messages.
    var path: [UInt8] { ((try? MountPoint.path(of: parent)) ?? []) + [UInt8(ascii: "/")] + name }

    func rename(to other: HeldName, flags: RenameFlags = []) throws(Errno) {
        try parent.renameEntry(name, to: other.parent, as: other.name, flags: flags)
    }

    /// Makes a directory of that name.
    ///
    /// - Returns: false where something has it.
    func makeDirectory(mode: mode_t) throws(Errno) -> Bool {
        do throws(Errno) {
            try parent.makeEntryDirectory(name, mode: mode)
            return true
        } catch .fileExists { return false }
    }

    /// Opens the directory of that name; a symbolic link is none.
    func open() throws(Errno) -> Descriptor { try parent.openBeneath(name, O_RDONLY | O_DIRECTORY) }

    /// Removes the directory of that name where it is empty.
    func removeIfEmpty() {
        // What is in use by somebody else stays.
        try? parent.removeEntry(name, isDirectory: true)
    }
}

/// The directory that a user wants changes to be kept in, and the work directory beside it.
private struct KeptDirectory {
    let path: [UInt8]
    let directory: Descriptor
    let work: Descriptor
    private let place: HeldName
    private let workPlace: HeldName
    private let isNew: (directory: Bool, work: Bool)
    private static let upperName = Array("upper".utf8)

    /// Makes the two where they are missing.
    ///
    /// - Parameter device: of the mount that is to end, `major:minor`.
    init(_ path: [UInt8], device: String) throws {
        func problem(_ reason: String) -> MountError { MountError("--keep \"\(Bytes.escaped(path))\": \(reason)") }
        var trimmed = path
        while trimmed.count > 1, trimmed.last == UInt8(ascii: "/") { trimmed.removeLast() }
        self.path = trimmed
        var made: [HeldName] = []
        do {
            let parent = try Self.parent(of: trimmed)
            let name = trimmed.lastIndex(of: UInt8(ascii: "/")).map { Array(trimmed[($0 + 1)...]) } ?? trimmed
            place = HeldName(parent: parent, name: name)
            workPlace = HeldName(parent: parent, name: name + Array(".work".utf8))
            let isNew = try place.makeDirectory(mode: 0o755)
            if isNew { made.append(place) }
            directory = try place.open()
            let isWorkNew = try workPlace.makeDirectory(mode: 0o700)
            if isWorkNew { made.append(workPlace) }
            work = try workPlace.open()
            self.isNew = (isNew, isWorkNew)
            for open in [directory, work] {
                guard try PlaceIdentity(of: open).deviceText != device else {
                    throw problem("lies in the mount that is to end")
                }
            }
            guard try MountPoint.isEmpty(directory) else { throw problem("not empty") }
            guard try MountPoint.isEmpty(work) else { throw problem("its work directory, DIR.work, is not empty") }
        } catch {
            made.forEach { $0.removeIfEmpty() }
            throw error is MountError ? error : problem("\(error)")
        }
    }

    private static func parent(of path: [UInt8]) throws(Errno) -> Descriptor {
        guard let slash = path.lastIndex(of: UInt8(ascii: "/")) else {
            return try Descriptor.open(".", O_RDONLY | O_DIRECTORY)
        }
        return try Descriptor.open(FilePath(Array(path[..<max(slash, 1)])), O_RDONLY | O_DIRECTORY)
    }

    /// Puts the directory around an upper, and that, in the place of the two; false where only copying does it.
    func take(_ origin: HeldName, _ around: Descriptor) throws(Errno) -> Bool {
        do throws(Errno) {
            try origin.rename(to: workPlace, flags: .exchange)
        } catch {
            guard error == .improperLink || error == .invalidArgument || error == .resourceBusy else { throw error }
            return false
        }
        do throws(Errno) {
            try HeldName(parent: around, name: Self.upperName).rename(to: place, flags: .exchange)
            return true
        } catch {
            try origin.rename(to: workPlace, flags: .exchange)
            guard error == .improperLink || error == .resourceBusy else { throw error }
            return false
        }
    }

    /// Takes back what `take` did.
    func giveBack(_ origin: HeldName, _ around: Descriptor) {
        // Each is tried: what somebody else has moved meanwhile stays where it is, with a name.
        try? HeldName(parent: around, name: Self.upperName).rename(to: place, flags: .exchange)
        try? origin.rename(to: workPlace, flags: .exchange)  // As above.
    }

    /// Removes the two empty directories that `take` put elsewhere.
    func settle(_ origin: HeldName, _ around: Descriptor) {
        HeldName(parent: around, name: Self.upperName).removeIfEmpty()
        origin.removeIfEmpty()
        // The changes are there; when they reach the disk is the kernel's.
        try? work.synchronizeFileSystem()
    }

    /// Removes what `init` made, as far as it is empty.
    func remove() {
        if isNew.work { workPlace.removeIfEmpty() }
        if isNew.directory { place.removeIfEmpty() }
    }
}
