// SPDX-License-Identifier: Apache-2.0

import FileTree
import Glibc
import LayerStore
import LinuxIO
import OCI
import Overlay
import SystemPackage

/// Opens where a writable mount keeps what is changed.
///
/// The work directory of `DIR` is `DIR.work`, beside it. It has a file `image` that says what the upper belongs to, and
/// it is locked while a mount uses it.
enum UpperDirectory {
    /// Opens the upper of a user, made where it is missing.
    ///
    /// - Parameters:
    ///   - image: what is mounted below, in a line.
    ///   - force: whether the upper may belong to something else.
    /// - Throws: `MountError` that says what is wrong with the directory.
    static func open(
        _ path: [UInt8], image: String, force: Bool, settings: UpperSettings
    ) throws -> WritableUpper {
        var path = path
        while path.count > 1, path.last == UInt8(ascii: "/") { path.removeLast() }
        func problem(_ reason: String) -> MountError { MountError("upper \"\(Bytes.escaped(path))\": \(reason)") }
        let work: Descriptor
        let directory: Descriptor
        do throws(Errno) {
            directory = try opened(path, mode: 0o755)
            // Beside the directory itself, whatever link leads to it: one upper has one work directory.
            work = try opened(try MountPoint.path(of: directory) + Array(".work".utf8), mode: 0o700)
        } catch {
            throw problem("\(error)")
        }
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

    private static func opened(_ path: [UInt8], mode: mode_t) throws(Errno) -> Descriptor {
        do throws(Errno) {
            _ = try retrying { withCString(path) { mkdir($0, mode) } }
        } catch .fileExists {}
        return try Descriptor.open(FilePath(path), O_RDONLY | O_DIRECTORY)
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
    static func recordedImage(_ directory: Descriptor) throws -> String? {
        do throws(Errno) {
            let path = try MountPoint.path(of: directory) + Array(".work".utf8)
            return try record(in: Descriptor.open(FilePath(path), O_RDONLY | O_DIRECTORY))
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
        try work.removeTree("image.new")
        let file = try work.openBeneath("image.new", O_WRONLY | O_CREAT | O_EXCL, mode: 0o600)
        try file.write(Array(image.utf8))
        try file.synchronizeAll()
        try work.rename("image.new", to: work, as: "image")
        try work.synchronizeAll()
    }
}
