// SPDX-License-Identifier: Apache-2.0

import Glibc
import LinuxIO
import SystemPackage

/// Directories of derived data: whole when they have their name, but perhaps not yet on the disk.
///
/// A directory that has not reached the disk holds a file `boot` with the boot in which it was written. If the machine
/// went down since, the directory is worth nothing: it is removed and derived again.
extension Store {
    static let bootMark = "boot"

    /// Opens a published directory of derived data; nil if it is not there or did not survive the machine's going down.
    func openDerived(_ name: String, in parent: Descriptor) throws -> Descriptor? {
        do {
            let directory = try parent.openBeneath(name, O_RDONLY | O_DIRECTORY)
            guard let mark = try unsyncedMark(of: directory) else { return directory }
            if !bootID.isEmpty, mark == bootID { return directory }
            try discardDerived(directory, name, in: parent)
            return nil
        } catch Errno.noSuchFileOrDirectory {
            return nil
        } catch let error as Errno {
            throw StoreError(.system, "store \(path)", "\(name): \(error)")
        }
    }

    /// The boot in which a directory was written; nil if it is on the disk.
    private func unsyncedMark(of directory: Descriptor) throws(Errno) -> [UInt8]? {
        let mark: Descriptor
        do throws(Errno) {
            mark = try directory.openBeneath(Self.bootMark, O_RDONLY | O_NONBLOCK)
        } catch .noSuchFileOrDirectory {
            return nil
        }
        var bytes = [UInt8](repeating: 0, count: 64)
        let count = try Self.read(mark, into: &bytes)
        return Array(bytes.prefix(count))
    }

    static func read(_ file: Descriptor, into bytes: inout [UInt8]) throws(Errno) -> Int {
        do {
            return try bytes.withUnsafeMutableBytes { try file.read(at: 0, into: $0) }
        } catch let error as Errno { throw error } catch { throw .ioError }
    }

    /// Takes a directory of derived data out of the store, if the name still means this directory.
    ///
    /// In a store that is not written to it stays, and counts as not there.
    func discardDerived(_ directory: Descriptor, _ name: String, in parent: Descriptor) throws {
        if stranger != nil { return }
        do throws(Errno) {
            // Who else finds it worthless waits here, and then sees that the name is gone or means a newer one.
            try directory.lock(exclusive: true)
            let current = try parent.entryStatus(Array(name.utf8))
            let own = try directory.status()
            guard current.st_ino == own.st_ino, current.st_dev == own.st_dev else { return }
        } catch .noSuchFileOrDirectory {
            return
        } catch {
            throw StoreError(.system, "store \(path)", "cannot remove \(name): \(error)")
        }
        let writer = try TemporaryDirectory(self)
        do throws(Errno) {
            try parent.rename(name, to: writer.directory, as: name)
        } catch .noSuchFileOrDirectory {
        } catch {
            throw StoreError(.system, "store \(path)", "cannot remove \(name): \(error)")
        }
    }

    /// Marks a directory that is about to be published as not yet on the disk.
    ///
    /// Where the boot has no ID (no `/proc`), nothing could tell later whether the machine went down: then it is
    /// brought to the disk now.
    func markUnsynced(_ directory: Descriptor) throws(Errno) {
        guard bootID.isEmpty else {
            let mark = try directory.openBeneath(Self.bootMark, O_WRONLY | O_CREAT | O_EXCL, mode: 0o600)
            return try mark.write(bootID)
        }
        for name in try directory.entryNames() { try directory.openBeneath(name).synchronize() }
        try directory.synchronizeDirectory()
    }

    /// Brings all derived data to the disk and takes the marks away.
    ///
    /// Takes as long as the disk needs.
    package func settle() throws {
        if stranger != nil { return }
        for parent in [layers, trees] {
            var names = try parent.entryNames()[...]
            while !names.isEmpty {
                // Only what was there before the call has reached the disk after it. A descriptor means the same
                // directory whatever becomes of its name.
                let unsynced = names.prefix(256).compactMap { name in
                    // What vanished meanwhile needs no mark taken away.
                    (try? openDerived(String(decoding: name, as: UTF8.self), in: parent)).flatMap { directory in
                        // A mark that stays is no harm.
                        directory.flatMap { (try? $0.hasEntry(Self.bootMark)) ?? false ? $0 : nil }
                    }
                }
                names = names.dropFirst(256)
                guard !unsynced.isEmpty else { continue }
                try root.synchronizeFileSystem()
                for directory in unsynced { try? directory.remove(Self.bootMark) }  // Derived again after a crash then.
            }
        }
    }
}
