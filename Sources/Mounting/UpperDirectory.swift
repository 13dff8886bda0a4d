// SPDX-License-Identifier: Apache-2.0

import FileTree
package import Glibc
import LayerStore
package import LinuxIO
import OCI
import OverlayLayers
package import SystemPackage

/// Opens where a writable mount keeps what is changed.
///
/// The work directory of `DIR` is `DIR.work`, beside it. It has a file `image` that says what the upper belongs to, and
/// it is locked while a mount uses it. Neither may be a symbolic link: what is written and removed there must be where the
/// user sees it.
package enum UpperDirectory {
    /// Why an upper directory that somebody named, `upper:DIR`, cannot be opened.
    package static func problem(_ name: String, _ error: Errno) -> String {
        let reason =
            error == .noSuchFileOrDirectory
            ? "no such directory; DIR is what \"cimg mount --rw --upper DIR\" was given" : "\(error)"
        return "\"\(name.printable)\": \(reason)"
    }

    /// Opens the upper of a user, made where it is missing.
    ///
    /// - Parameters:
    ///   - image: what is mounted below, in a line.
    ///   - force: whether the upper may belong to something else.
    /// - Throws: `MountError` that says what is wrong with the directory.
    static func open(
        _ path: [UInt8], image: String, force: Bool, settings: UpperSettings
    ) throws -> WritableUpper {
        func problem(_ reason: String) -> MountError { MountError("upper \"\(Bytes.escaped(path))\": \(reason)") }
        let work: Descriptor
        let directory: Descriptor
        do throws(Errno) {
            directory = try opened(path, mode: 0o755)
        } catch .tooManySymbolicLinkLevels {
            throw problem("a symbolic link; name the directory itself")
        } catch {
            throw problem("\(error)")
        }
        let owner: UInt32
        do throws(Errno) {
            work = try openedBeside(directory)
            owner = try work.status().st_uid
        } catch .tooManySymbolicLinkLevels {
            throw problem("its work directory beside it is a symbolic link")
        } catch {
            throw problem("its work directory beside it: \(error)")
        }
        guard owner == geteuid() else { throw problem("its work directory beside it belongs to user \(owner)") }
        var settings = settings
        settings.isNew = try check(directory, work, image: image, force: force, problem)
        let upper = WritableUpper(directory: directory, work: work, settings: settings)
        try upper.checkMarks(problem)
        return upper
    }

    /// Opens a new upper that lasts as long as its mount.
    static func temporary(in store: Store, settings: UpperSettings) throws -> (WritableUpper, DiscardedUpper) {
        let (discarded, directory) = try DiscardedUpper.make(in: store.temporaryDirectory)
        func problem(_ reason: String) -> MountError {
            MountError("the directory for changes \"\(Bytes.escaped(discarded.path))\": \(reason)")
        }
        do {
            try directory.makeEntryDirectory(Array("upper".utf8), mode: 0o755)
            let upper = try directory.openBeneath("upper", O_RDONLY | O_DIRECTORY)
            // It is its own work directory: by that the server keeps its lock.
            var settings = settings
            settings.isNew = true
            let result = WritableUpper(directory: upper, work: directory, settings: settings)
            try result.checkMarks(problem)
            return (result, discarded)
        } catch {
            discarded.remove()
            throw error as? MountError ?? problem("\(error)")
        }
    }

    /// Opens a directory that is no symbolic link, by its path.
    ///
    /// - Parameter mode: of one that is made where nothing is; nil to make none.
    /// - Throws: the `Errno` of a call; `.tooManySymbolicLinkLevels` for a symbolic link.
    package static func opened(_ path: [UInt8], mode: mode_t? = nil) throws(Errno) -> Descriptor {
        var path = path
        // A slash behind a link would follow it.
        while path.count > 1, path.last == UInt8(ascii: "/") { path.removeLast() }
        if let mode { try FilePath(path).makeDirectoryIfMissing(mode: mode) }
        do throws(Errno) {
            return try Descriptor.open(FilePath(path), O_RDONLY | O_DIRECTORY | O_NOFOLLOW)
        } catch .notDirectory {
            throw try FilePath(path).isSymbolicLink() ? .tooManySymbolicLinkLevels : .notDirectory
        }
    }

    /// Opens the work directory beside an upper, made where it is missing; both are found from one open directory.
    private static func openedBeside(_ directory: Descriptor) throws(Errno) -> Descriptor {
        let parent = try directory.openParent()
        let path = try MountPoint.path(of: directory)
        let name = Array(path[((path.lastIndex(of: UInt8(ascii: "/")) ?? -1) + 1)...])
        guard !name.isEmpty else { throw .invalidArgument }
        let (found, own) = (try parent.entryStatus(name), try directory.status())
        // It is no longer where it was opened.
        guard found.st_dev == own.st_dev, found.st_ino == own.st_ino else { throw .staleNFSFileHandle }
        let work = name + Array(".work".utf8)
        do throws(Errno) {
            try parent.makeEntryDirectory(work, mode: 0o700)
        } catch .fileExists {}
        do throws(Errno) {
            return try parent.openEntry(work, O_RDONLY | O_DIRECTORY)
        } catch .notDirectory {
            throw try parent.entryStatus(work).st_mode & S_IFMT == S_IFLNK ? .tooManySymbolicLinkLevels : .notDirectory
        }
    }

    /// Sees to it that an upper is nobody else's and belongs to an image.
    ///
    /// - Returns: whether nothing was ever written to it.
    private static func check(
        _ directory: Descriptor, _ work: Descriptor, image: String, force: Bool, _ problem: (String) -> MountError
    ) throws -> Bool {
        let owner: String?
        do throws(Errno) {
            guard try UpperUse.lock(directory, work), try !KernelOverlay.isInUse(directory) else {
                throw .resourceBusy
            }
            guard try directory.status().st_dev == work.status().st_dev else { throw .improperLink }
            owner = try record(in: work)
        } catch .resourceBusy {
            throw problem("in use by another mount")
        } catch .improperLink {
            throw problem("its work directory beside it is on another file system")
        } catch {
            throw problem("\(error)")
        }
        guard owner != image else { return false }
        if let owner, !force {
            throw problem("has the changes of \(owner.printable), not of \(image.printable); --force mounts it")
        }
        do throws(Errno) {
            let isEmpty = try MountPoint.isEmpty(directory)
            try write(image, work)
            return owner == nil && isEmpty
        } catch {
            throw problem("\(error)")
        }
    }

    /// What an upper that may be in use belongs to; nil where that is not written down.
    package static func recordedImage(_ directory: Descriptor) throws -> String? {
        try work(of: directory).flatMap { try record(in: $0) }
    }

    /// The work directory of an upper that may be in use; nil where there is none.
    static func work(of directory: Descriptor) throws(Errno) -> Descriptor? {
        do throws(Errno) {
            let path = try MountPoint.path(of: directory) + Array(".work".utf8)
            return try Descriptor.open(FilePath(path), O_RDONLY | O_DIRECTORY)
        } catch .noSuchFileOrDirectory { return nil }
    }

    /// What an upper belongs to; nil for a new one.
    static func record(in work: Descriptor) throws(Errno) -> String? {
        do throws(Errno) {
            let file = try work.openBeneath("image", O_RDONLY | O_NONBLOCK | O_NOCTTY)
            let status = try file.status()
            guard status.st_mode & S_IFMT == S_IFREG, status.st_size <= 1 << 16 else { throw .invalidArgument }
            return String(decoding: try file.readToEnd(), as: UTF8.self)
        } catch .noSuchFileOrDirectory { return nil } catch .noSuchAddressOrDevice { throw .invalidArgument }
    }

    /// Records in a work directory what its upper belongs to.
    static func write(_ image: String, _ work: Descriptor) throws(Errno) {
        do throws(Errno) {
            try work.remove("image.new")
        } catch .noSuchFileOrDirectory {}
        let file = try work.openBeneath("image.new", O_WRONLY | O_CREAT | O_EXCL, mode: 0o600)
        try file.write(Array(image.utf8))
        try file.synchronizeAll()
        try work.rename("image.new", to: work, as: "image")
        try work.synchronizeAll()
    }
}
