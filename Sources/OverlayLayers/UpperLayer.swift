// SPDX-License-Identifier: Apache-2.0

import FileSystems
import FileTree
import Glibc
package import LinuxIO
package import Synchronization
package import SystemPackage
package import Threads

/// Where an overlay keeps what is changed: a directory in the format of kernel overlayfs and one to work in, both on one
/// file system and used by one overlay at a time.
package struct OverlayUpper: Sendable {
    /// The upper directory.
    package var directory: Descriptor
    /// The work directory.
    package var work: Descriptor
    /// Whether directories that lower layers have are renamed by a mark; else `.improperLink` (EXDEV) tells the
    /// program to copy them.
    package var redirectsDirectories: Bool
    /// The least size of a file whose bytes are not copied when its attributes or its name alone change, which the
    /// kernel understands with `metacopy=on`; nil where all are copied.
    package var bareSize: UInt64?
    /// The least size of a file whose bytes are copied after the program that opened it to write has gone on.
    package var deferredSize: UInt64
    /// Whether owners, modes and devices that this process may not give a file are kept in
    /// `user.containers.override_stat`.
    package var recordsOverrides: Bool
    /// Whether its file system leaves a whiteout where a name was, in one call (`RENAME_WHITEOUT`); where it says that it
    /// does not, two calls do it.
    package var hasWhiteoutRenames = true
    /// Whether the upper directory gets what the root directory's attributes are below; else its own count.
    package var isNew: Bool

    /// Describes an upper.
    package init(
        directory: Descriptor, work: Descriptor, redirectsDirectories: Bool, bareSize: UInt64? = nil,
        deferredSize: UInt64 = 4 << 20, recordsOverrides: Bool, isNew: Bool = false
    ) {
        self.deferredSize = deferredSize
        self.bareSize = bareSize
        self.directory = directory
        self.work = work
        self.redirectsDirectories = redirectsDirectories
        self.recordsOverrides = recordsOverrides
        self.isNew = isNew
    }
}

/// The upper of a mounted overlay, ready to be written to.
///
/// In the work directory, `work` holds what is being made, `links` one more name for each upper file whose lower file
/// has several: it is called after that file, so that all its names lead to the one copy; see `KnownLinks`.
package final class UpperLayer: Sendable {
    /// Where changes go, and how.
    package let settings: OverlayUpper
    /// The upper's own directory.
    package let root: DiskDirectory
    /// Where things are made before they get their name.
    package let temporary: Descriptor
    /// Keeps changes of names apart from each other.
    package let changes = Monitor()
    /// Keeps two requests from copying the same file.
    package let copies = CopyLocks()
    /// The directory of the copies of files with several names.
    package let links: Descriptor
    /// The same as a directory of a layer.
    package let linksDirectory: DiskDirectory
    /// Which of these copies there are.
    package let known: Mutex<KnownLinks>
    private let counter = Atomic<UInt64>(0)
    /// What could not be ended or undone so far.
    private let unfinished = UnfinishedWork()
    /// Whether the file system leaves whiteouts where names were, as far as is known.
    package let leavesWhiteouts: Atomic<Bool>
    /// What the names of the marks begin with: `trusted.overlay.` or `user.overlay.`.
    package let prefix: [UInt8]

    /// What the names of things that are being made begin with.
    ///
    /// Nothing else in the work directory is ours to remove.
    private static let temporaryPrefix = Array("#cimg-".utf8)

    /// Whether reading what is made leaves its time of access.
    package let leavesTimes: Bool

    /// Takes an upper over: what an earlier overlay was making is removed.
    ///
    /// - Parameter root: the upper directory as the overlay's layer.
    package init(_ settings: OverlayUpper, root: DiskDirectory, _ options: OverlayOptions) throws(Errno) {
        let marks = options.marks
        leavesTimes = options.accessTimes.areLeft
        self.settings = settings
        leavesWhiteouts = Atomic(settings.hasWhiteoutRenames)
        self.root = root
        prefix = Self.markPrefix(marks)
        temporary = try settings.work.makeDirectory("work")
        for name in try temporary.entryNames() where name.starts(with: Self.temporaryPrefix) {
            try temporary.removeTree(name)
        }
        links = try settings.work.makeDirectory("links")
        linksDirectory = try DiskDirectory(root: links)
        known = Mutex(try KnownLinks(links))
        // A whiteout is a device that everybody may make, and a rename what the two directories share.
        guard try settings.directory.status().st_dev == temporary.status().st_dev else { throw .improperLink }
    }

    /// What the names of marks begin with in an upper in which these are understood.
    static func markPrefix(_ marks: OverlayMarkFormats) -> [UInt8] {
        Array((marks.contains(.trusted) ? "trusted.overlay." : "user.overlay.").utf8)
    }

    /// A name in `temporary` that nothing has.
    package func temporaryName() -> [UInt8] {
        Self.temporaryPrefix + Array(String(counter.add(1, ordering: .relaxed).newValue, radix: 16).utf8)
    }

    /// Makes an empty regular file, open for reading and writing, that the tree has no name for.
    package func makeUnnamed() throws(Errno) -> UnnamedFile {
        do throws(Errno) {
            let file = try temporary.openTemporary(mode: 0o600, leavingTimes: leavesTimes)
            return UnnamedFile(file: file, directory: file, name: [])
        } catch .notSupported {
            let name = temporaryName()
            let file = try temporary.openEntry(
                name, O_RDWR | O_CREAT | O_EXCL, mode: 0o600, leavingTimes: leavesTimes)
            return UnnamedFile(file: file, directory: temporary, name: name)
        }
    }

    /// Lets go of a file that `makeUnnamed` made; a name that it got meanwhile it keeps.
    package func discard(_ file: UnnamedFile) {
        if !file.name.isEmpty { removeRemains(file.name) }
    }

    /// Makes a whiteout of a name that the directory does not have.
    package func makeWhiteout(_ name: [UInt8], in directory: Descriptor) throws(Errno) {
        try directory.makeEntryNode(name, mode: S_IFCHR, device: 0)
    }

    /// Puts a whiteout in the place of what a name is, at once.
    ///
    /// A directory that has the name goes to `temporary` and is removed there, with the whiteouts in it.
    package func replaceByWhiteout(_ name: [UInt8], in directory: Descriptor, isDirectory: Bool) throws(Errno) {
        let spare = temporaryName()
        try makeWhiteout(spare, in: temporary)
        do throws(Errno) {
            try temporary.renameEntry(spare, to: directory, as: name, flags: isDirectory ? .exchange : [])
        } catch {
            removeRemains(spare)
            throw error
        }
        if isDirectory { removeRemains(spare) }
    }

    /// Changes names: one change after the other, and none before what an earlier one left is settled, if it can be.
    package func changing<Result>(_ body: () throws(Errno) -> Result) throws(Errno) -> Result {
        try changes.hold { () throws(Errno) in
            unfinished.retry()
            return try body()
        }
    }

    /// Does what ends a change, or undoes one.
    ///
    /// What fails now is tried again before the next change, when nothing is asked, and at the end.
    package func settle(_ work: @escaping UnfinishedWork.Work) { unfinished.settle(work) }

    /// Tries again what could not be settled; what it still fails with.
    @discardableResult
    package func settle() -> Errno? { unfinished.retry() }

    /// Removes what lies in `temporary`; what is not there is no error, and nobody sees it.
    package func removeRemains(_ name: [UInt8]) {
        settle { [temporary] () throws(Errno) in try temporary.removeTree(name) }
    }

    /// Sets one of the overlay's own marks.
    package func mark(_ mark: String, _ value: [UInt8], _ name: [UInt8], in directory: Descriptor) throws(Errno) {
        try directory.setEntryXattr(prefix + Array(mark.utf8), of: name, to: value)
    }
}

/// A regular file on its way into the tree.
package struct UnnamedFile {
    /// The file, open for writing.
    package let file: Descriptor
    /// Where its name is, or the file itself.
    package let directory: Descriptor
    /// Its name; none where the file system has files without one.
    package let name: [UInt8]
}
