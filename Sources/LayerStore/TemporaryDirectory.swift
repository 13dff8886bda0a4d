// SPDX-License-Identifier: Apache-2.0

import Glibc
import LinuxIO
import SystemPackage

/// A directory of one writer below a store's `tmp`, gone with its owner.
///
/// The writer holds a lock on it while it lives; what a killed writer left behind has no lock any more and is removed
/// by the next one.
final class TemporaryDirectory: Sendable {
    let directory: Descriptor
    private let parent: Descriptor
    private let name: String
    private let store: FilePath

    /// Makes a directory, after what killed writers left has been removed.
    ///
    /// - Throws: `StoreError`: the store cannot be written.
    init(_ store: Store) throws {
        try store.checkWriting()
        parent = store.temporary
        self.store = store.path
        Self.sweep(store.temporary)
        do throws(Errno) {
            // Between its making and its locking a sweep of another process may take it for a leftover: then another
            // one is made. Its name is a new one, so that a late sweep of the first cannot mean the second.
            for _ in 0..<100 {
                let name = "\(getpid())-\(UInt64.random(in: 0...UInt64.max))"
                if let directory = try Self.make(name, in: store.temporary) {
                    self.name = name
                    self.directory = directory
                    return
                }
            }
        } catch {
            throw StoreError(.system, "store \(store.path)", "cannot write to it: \(error)\(error.advice)")
        }
        throw StoreError(.system, "store \(store.path)", "directories in tmp vanish as soon as they are made")
    }

    deinit {
        // A failure leaves a directory without a lock, which the next writer removes.
        try? parent.removeTree(name)
    }

    /// Makes a directory and locks it; nil if it was swept before.
    private static func make(_ name: String, in temporary: Descriptor) throws(Errno) -> Descriptor? {
        do throws(Errno) {
            let made = try temporary.makeDirectory(name)
            guard try made.tryLock(), try temporary.hasEntry(name) else { return nil }
            return made
        } catch .noSuchFileOrDirectory {
            return nil
        }
    }

    /// Removes what killed writers left, as far as it can be; the rest is tried again by the next writer.
    ///
    /// What begins with `kept-` is a user's, who could not be given it otherwise.
    static func sweep(_ temporary: Descriptor) {
        guard let names = try? temporary.entryNames() else { return }  // Swept by the next writer.
        for name in names where !name.starts(with: "kept-".utf8) {
            guard let directory = try? temporary.openBeneath(name, O_RDONLY | O_DIRECTORY),  // As above.
                (try? directory.tryLock()) ?? false  // As above.
            else { continue }
            // The lock is held until the directory is gone: nobody can begin to use it meanwhile.
            try? temporary.removeTree(String(decoding: name, as: UTF8.self))
            withExtendedLifetime(directory) {}
        }
    }

    /// Makes an empty file for writing.
    func create(_ name: String) throws -> Descriptor {
        try directory.openBeneath(name, O_RDWR | O_CREAT | O_EXCL, mode: 0o600)
    }

    /// Makes a directory for what shall be published together.
    func makeDirectory(_ name: String) throws -> Descriptor { try directory.makeDirectory(name) }

    /// Writes a small file and waits until it is on the disk.
    ///
    /// - Throws: `StoreError`.
    func write(_ bytes: [UInt8], as name: String) throws {
        do {
            let file = try create(name)
            try file.write(bytes)
            try file.synchronize()
        } catch {
            let advice = (error as? Errno)?.advice ?? ""
            throw StoreError(.system, "store \(store)", "cannot write \(name): \(error)\(advice)")
        }
    }

    /// Gives a file or directory its name in the store.
    ///
    /// Returns false if the name was taken and is kept.
    ///
    /// - Throws: `StoreError`.
    @discardableResult
    func publish(_ name: String, in target: Descriptor, as final: String, replacing: Bool) throws -> Bool {
        do throws(Errno) {
            try directory.rename(name, to: target, as: final, replacing: replacing)
            return true
        } catch .fileExists {
            return false
        } catch {
            throw StoreError(.system, "store \(store)", "cannot publish \(final): \(error)\(error.advice)")
        }
    }
}
