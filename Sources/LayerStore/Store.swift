// SPDX-License-Identifier: Apache-2.0

import FileTree
import Glibc
package import LinuxIO
package import OCI
package import SystemPackage

/// A store of images: a valid OCI image layout, and beside it what was derived from it (docs/store-format.md).
///
/// ```
/// oci-layout  index.json  blobs/sha256/<hex>     the truth: manifests, configurations, layers as received
/// layers/sha256/<diff ID>/{data,index}           uncompressed layers and their entries
/// trees/sha256/<chain ID>/{tree,notes}           flattened trees
/// tmp/  lock  references.lock
/// ```
/// Several processes may use a store at once. Everything is written below `tmp` and gets its name when it is whole.
package final class Store: Sendable {
    /// Where the store is.
    package let path: FilePath
    let root: Descriptor
    let blobs: Descriptor
    let layers: Descriptor
    let trees: Descriptor
    let temporary: Descriptor
    /// Where things lie that end with their owner: a directory in it that nobody has locked (flock(2)) is removed.
    ///
    /// - Throws: `StoreError` where nothing may be written; see `checkWriting()`.
    package var temporaryDirectory: Descriptor {
        get throws {
            try checkWriting()
            return temporary
        }
    }
    let bootID: [UInt8]
    let limits: LayerLimits
    /// The store's owner where that is somebody else than root, whom this process belongs to.
    let stranger: UInt32?

    /// Opens a store, making it first where there is none.
    ///
    /// One that is complete need not be writable.
    ///
    /// - Parameters:
    ///   - path: the store's directory; those above it are made too where they are missing.
    ///   - bootID: what tells this boot of the machine from others; empty for unknown, nil for the kernel's answer.
    ///   - limits: what a layer may become.
    /// - Throws: `StoreError` that names the place; a directory with other things in it is not made a store.
    package init(_ path: FilePath, bootID: [UInt8]? = nil, limits: LayerLimits = LayerLimits()) throws {
        self.path = path
        self.limits = limits
        self.bootID = bootID ?? Self.readBootID()
        let hasLayout: Bool
        // Known to the handler of errors, too.
        var other: UInt32?
        do {
            // What images hold is nobody else's business.
            root = try Descriptor.openDirectory(path, making: 0o700)
            let owner = try root.status().st_uid
            other = geteuid() == 0 && owner != 0 ? owner : nil
            stranger = other
            hasLayout = try root.hasEntry("oci-layout")
            if !hasLayout, let stranger = try root.entryNames().first(where: { !Self.ownNames.contains($0) }) {
                throw StoreError(
                    .invalid, "store \(path)",
                    "is no store but a directory with \"\(Bytes.escaped(stranger))\" in it; "
                        + "choose another with --root or CIMG_ROOT")
            }
            let mayMake = other == nil
            func directory(_ name: String, in parent: Descriptor) throws(Errno) -> Descriptor {
                mayMake ? try parent.makeDirectory(name) : try parent.openBeneath(name, O_RDONLY | O_DIRECTORY)
            }
            blobs = try directory("sha256", in: directory("blobs", in: root))
            layers = try directory("sha256", in: directory("layers", in: root))
            trees = try directory("sha256", in: directory("trees", in: root))
            temporary = try directory("tmp", in: root)
        } catch let error as Errno {
            if let other, error == .noSuchFileOrDirectory { throw Self.refusal(path, other) }
            throw StoreError(.system, "store \(path)", "\(error); choose another with --root or CIMG_ROOT")
        }
        if !hasLayout { try prepareLayout() }
    }

    /// What may be in a directory that becomes a store: what a killed first command left, and the names of new file
    /// systems.
    private static let ownNames = Set(
        [
            "blobs", "layers", "trees", "tmp", "index.json", "lock", "references.lock", "lost+found",
        ].map { Array($0.utf8) })

    private static func readBootID() -> [UInt8] {
        guard let file = try? Descriptor.open("/proc/sys/kernel/random/boot_id") else { return [] }  // See below.
        var bytes = [UInt8](repeating: 0, count: 64)
        // Without a boot ID nothing is trusted to have survived: what was derived is derived again.
        let count = (try? bytes.withUnsafeMutableBytes { try file.read(into: $0) }) ?? 0
        return Array(bytes.prefix(count))
    }

    /// Makes an empty image layout; the marker comes last.
    private func prepareLayout() throws {
        let writer = try TemporaryDirectory(self)
        try writer.write(Array(#"{"schemaVersion":2,"manifests":[]}"#.utf8), as: "index.json")
        try writer.publish("index.json", in: root, as: "index.json", replacing: false)
        try writer.write(Array(#"{"imageLayoutVersion":"1.0.0"}"#.utf8), as: "oci-layout")
        try writer.publish("oci-layout", in: root, as: "oci-layout", replacing: true)
    }

    // MARK: - Blobs

    /// Opens a stored blob; nil if it is not there.
    package func openBlob(_ digest: Digest) throws -> Descriptor? {
        do {
            // Neither a fifo nor a device that somebody put there is waited for.
            let file = try blobs.openBeneath(digest.hex, O_RDONLY | O_NONBLOCK | O_NOCTTY)
            guard try file.status().st_mode & S_IFMT == S_IFREG else {
                throw StoreError(.damaged, "blob \(digest)", "is not a regular file")
            }
            return file
        } catch Errno.noSuchFileOrDirectory {
            return nil
        } catch Errno.noSuchAddressOrDevice {
            throw StoreError(.damaged, "blob \(digest)", "is not a regular file")
        } catch let error as Errno {
            throw StoreError(.system, "blob \(digest)", "\(error)")
        }
    }

    /// Reads a small blob whole and checks its digest.
    ///
    /// - Throws: `StoreError`: not found, larger than `limit`, damaged.
    package func readBlob(_ digest: Digest, limit: Int) throws -> [UInt8] {
        guard let file = try openBlob(digest) else {
            throw StoreError(.notFound, "blob \(digest)", "is not in the store")
        }
        do {
            let size = try file.size()
            guard size <= UInt64(limit) else {
                throw StoreError(.tooLarge, "blob \(digest)", "has \(size) bytes, more than \(limit)")
            }
            var bytes = [UInt8](repeating: 0, count: Int(size))
            let count = try Self.read(file, into: &bytes)
            guard count == bytes.count, Digest(of: bytes) == digest else {
                throw StoreError(.damaged, "blob \(digest)", "does not have this digest")
            }
            return bytes
        } catch let error as Errno {
            throw StoreError(.system, "blob \(digest)", "\(error)")
        }
    }

    /// Stores a small blob under its digest, in place of a damaged one.
    ///
    /// Its bytes are on the disk when this returns, its name is after `blobs` is synchronized.
    func addBlob(_ bytes: [UInt8], _ writer: TemporaryDirectory) throws {
        let digest = Digest(of: bytes)
        // One that cannot be read is replaced.
        if let stored = try? readBlob(digest, limit: bytes.count), stored == bytes { return }
        let name = "blob-\(digest.hex)"
        try writer.write(bytes, as: name)
        try writer.publish(name, in: blobs, as: digest.hex, replacing: true)
    }

    /// A hold on the store that keeps `prune` away while something is taken in and has no name yet.
    ///
    /// Whoever holds it may take `references.lock`, never the other way round.
    package func holdForWriting() throws -> Descriptor { try hold(exclusive: false) }

    /// Waits for the store's lock; it ends with the descriptor.
    func hold(exclusive: Bool) throws -> Descriptor {
        if exclusive { try checkWriting() }
        do throws(Errno) {
            // A shared lock needs no writing: a complete store may lie on a medium that cannot be written.
            let flags = (exclusive ? O_RDWR : O_RDONLY) | O_NONBLOCK | (stranger == nil ? O_CREAT : 0)
            let lock = try root.openBeneath("lock", flags, mode: 0o600)
            try lock.lock(exclusive: exclusive)
            return lock
        } catch {
            if error == .noSuchFileOrDirectory { try checkWriting() }
            throw StoreError(.system, "store \(path)", "cannot lock it: \(error)")
        }
    }
}
