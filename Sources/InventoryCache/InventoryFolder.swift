// SPDX-License-Identifier: Apache-2.0

import Glibc
package import Inventory
import LinuxIO
package import OCI
package import Packages
package import SystemPackage

/// The folder of what was found before.
package final class InventoryFolder: InventoryMemory, @unchecked Sendable {
    // SAFETY: used by one thread at a time, as the protocol says.

    /// Bytes of all files.
    package static let byteLimit: UInt64 = 256 << 20
    /// How long what is not used stays, in seconds: 30 days.
    package static let keepingTime = 30 * 86_400
    /// What the folder is called in a store.
    private static let name = "inventories"

    /// Bytes of one file.
    private static let fileLimit: UInt64 = 64 << 20
    /// How old a file may be before its use is written down, in seconds.
    private static let restingTime = 86_400
    private static let magic = Array("cimg inventory\n".utf8)

    private let directory: Descriptor
    private let limit: UInt64
    private var layers: [DiffID: [RecordKey: [Package]]] = [:]
    private var changed: Set<DiffID> = []

    /// Opens the folder of a store, which is made where there is none; nil where that cannot be: then nothing is known
    /// and kept.
    package convenience init?(ofStore store: FilePath, limit: UInt64 = InventoryFolder.byteLimit) {
        // A store that may only be read, or is another user's, is no trouble: what is not kept is found again.
        guard let parent = try? Descriptor.open(store, O_RDONLY | O_DIRECTORY),
            (try? parent.status().st_uid) == geteuid(),  // As above.
            let directory = try? Descriptor.openDirectory(store.appending(Self.name), making: 0o700)  // As above.
        else { return nil }
        self.init(directory, limit: limit)
    }

    private init(_ directory: Descriptor, limit: UInt64) {
        self.directory = directory
        self.limit = limit
    }

    /// The folder of a store where there is one.
    package static func existing(_ store: FilePath) -> InventoryFolder? {
        // Where there is none, there is nothing to take away.
        guard let parent = try? Descriptor.open(store, O_RDONLY | O_DIRECTORY),
            (try? parent.status().st_uid) == geteuid(),  // As above.
            let directory = try? parent.openBeneath(name, O_RDONLY | O_DIRECTORY)  // As above.
        else { return nil }
        return InventoryFolder(directory, limit: byteLimit)
    }

    // MARK: - Memory

    package func packages(_ key: RecordKey, in layer: DiffID) -> [Package]? { records(of: layer)[key] }

    package func keep(_ packages: [Package], _ key: RecordKey, in layer: DiffID) {
        _ = records(of: layer)
        layers[layer, default: [:]][key] = packages
        changed.insert(layer)
    }

    package func inventory(of layers: [DiffID]) -> KnownInventory? {
        read(Self.treeName(layers)).flatMap { InventoryCoding.inventory($0, layers: layers) }
    }

    package func keep(_ inventory: KnownInventory, of layers: [DiffID]) {
        write(InventoryCoding.bytes(inventory), as: Self.treeName(layers))
    }

    /// Writes what is new, and forgets what is written: between two objects.
    package func finish() {
        for layer in changed {
            guard let records = layers[layer] else { continue }
            write(InventoryCoding.bytes(records), as: "\(layer.digest.hex).layer")
        }
        if !changed.isEmpty { shrink() }
        layers = [:]
        changed = []
    }

    private func records(of layer: DiffID) -> [RecordKey: [Package]] {
        if let known = layers[layer] { return known }
        let found = read("\(layer.digest.hex).layer").flatMap { InventoryCoding.records($0) } ?? [:]
        layers[layer] = found
        return found
    }

    private static func treeName(_ layers: [DiffID]) -> String { "\(ChainID(layers).digest.hex).tree" }

    // MARK: - Files

    /// What stands at the end of a file: it is whole, and of this name.
    private static func seal(_ body: ArraySlice<UInt8>, _ name: String) -> [UInt8] {
        Array(Digest(of: body + [0] + Array(name.utf8)).bytes)
    }

    /// The content of a file; nil where it is missing, damaged, or not of who may write here.
    private func read(_ name: String) -> [UInt8]? {
        // Whatever is wrong with it: it is as good as missing.
        guard let file = try? directory.openBeneath(name, O_RDONLY | O_NONBLOCK), let status = try? file.status(),
            status.st_mode & S_IFMT == S_IFREG, status.st_uid == geteuid(),
            let size = UInt64(exactly: status.st_size), size <= Self.fileLimit
        else { return nil }
        var bytes = [UInt8](repeating: 0, count: Int(size))
        // As above.
        let count = bytes.withUnsafeMutableBytes { (try? file.read(at: 0, into: $0)) ?? 0 }
        let body = bytes.prefix(count).dropLast(Digest.byteCount)
        guard body.starts(with: Self.magic), Self.seal(body, name).elementsEqual(bytes.prefix(count).suffix(32)) else {
            return nil
        }
        if status.st_mtim.tv_sec < time(nil) - Self.restingTime {
            // That it was used is worth nothing more than a try.
            try? directory.setEntryTimes(Array(name.utf8), access: .omitted, modification: .now)
        }
        return Array(body.dropFirst(Self.magic.count))
    }

    /// Writes a file; what cannot be written is found again another time.
    private func write(_ content: [UInt8], as name: String) {
        let body = Self.magic + content
        guard UInt64(body.count) + 32 <= Self.fileLimit else { return }
        let temporary = Descriptor.unfinishedName()
        do {
            let file = try directory.openBeneath(temporary, O_WRONLY | O_CREAT | O_EXCL, mode: 0o600)
            try file.write(body + Self.seal(body[...], name))
            try directory.rename(temporary, to: directory, as: Array(name.utf8), replacing: true)
        } catch {
            // What remains has a name that nothing reads, and goes with the next prune.
            try? directory.remove(temporary)
        }
    }

    private struct Entry {
        let name: [UInt8]
        let size: UInt64
        let used: Int
    }

    private func entries() -> [Entry] {
        // A folder that cannot be listed is not pruned.
        let names = (try? directory.entryNames()) ?? []
        return names.compactMap { name in
            // It may have gone meanwhile.
            guard let status = try? directory.entryStatus(name), status.st_mode & S_IFMT == S_IFREG else { return nil }
            return Entry(name: name, size: UInt64(max(0, status.st_size)), used: status.st_mtim.tv_sec)
        }
    }

    /// Takes away what was not used for the longest time, down to three quarters of the limit.
    private func shrink() {
        var entries = entries()
        var size = entries.reduce(UInt64(0)) { $0 + $1.size }
        guard size > limit else { return }
        entries.sort { $0.used < $1.used }
        for entry in entries where size > limit / 4 * 3 {
            // Somebody else may have taken it.
            try? directory.remove(String(decoding: entry.name, as: UTF8.self))
            size -= entry.size
        }
    }

    /// Takes away what was not used in so many seconds before now, and what killed commands left.
    ///
    /// - Returns: how many files, and their bytes.
    package func prune(unusedFor seconds: Int) -> (count: Int, byteCount: UInt64) {
        var taken = (count: 0, byteCount: UInt64(0))
        let now = time(nil)
        for entry in entries() {
            let isUnfinished = entry.name.starts(with: Descriptor.unfinishedPrefix.utf8)
            guard entry.used < now - (isUnfinished ? min(seconds, Self.restingTime) : seconds) else { continue }
            // Somebody else may have taken it.
            guard (try? directory.remove(String(decoding: entry.name, as: UTF8.self))) != nil else { continue }
            taken = (taken.count + 1, taken.byteCount + entry.size)
        }
        return taken
    }
}
