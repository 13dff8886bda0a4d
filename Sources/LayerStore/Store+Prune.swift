// SPDX-License-Identifier: Apache-2.0

import Glibc
import LinuxIO
import OCI
import SystemPackage

/// What `prune` took away.
package struct PruneReport: Sendable, Equatable {
    /// Blobs removed.
    package var blobs = 0
    /// Uncompressed layers removed.
    package var layers = 0
    /// Trees removed.
    package var trees = 0
    /// Bytes of disk given back.
    package var byteCount: UInt64 = 0
}

extension Store {
    /// Removes what no entry of the index needs: blobs, layers, trees, and what killed commands left.
    ///
    /// Waits for commands that take images in.
    ///
    /// Mounted trees stay readable: their servers hold the files open. Files whose names are no digests are not touched.
    /// - Parameter seconds: what came into the store in so many seconds before now stays too.
    /// - Throws: `StoreError` before anything is removed if a manifest, an index or a configuration that is needed
    ///   cannot be read: nobody can tell then what belongs to it.
    package func prune(keepingLast seconds: Int64 = 0) throws -> PruneReport {
        let lock = try hold(exclusive: true)
        defer { withExtendedLifetime(lock) {} }
        let needed = try neededContent()
        if let problem = needed.obstacles.first {
            throw StoreError(
                .damaged, "store \(path)",
                "\(problem): nothing was removed, for what belongs to it cannot be told; import the image again, "
                    + "or take its name away with \"cimg rm\"")
        }
        var report = PruneReport()
        TemporaryDirectory.sweep(temporary)
        // What is pruned goes to `tmp` first, so that a kill leaves nothing half. On a full disk that may be impossible:
        // then it is removed where it is; what a kill leaves of it is incomplete and counts as missing.
        let writer = try? TemporaryDirectory(self)
        let limit = seconds == 0 ? Int64.max : Int64(time(nil)).subtractingReportingOverflow(seconds).partialValue
        report.trees = try prune(trees, keeping: needed.trees, before: limit, writer, &report.byteCount)
        report.layers = try prune(layers, keeping: needed.layers, before: limit, writer, &report.byteCount)
        report.blobs = try prune(blobs, keeping: needed.blobs, before: limit, writer, &report.byteCount)
        return report
    }

    private func prune(
        _ parent: Descriptor, keeping needed: Set<Digest>, before limit: Int64, _ writer: TemporaryDirectory?,
        _ byteCount: inout UInt64
    ) throws -> Int {
        var count = 0
        for bytes in try parent.entryNames() {
            let name = String(decoding: bytes, as: UTF8.self)
            guard let digest = Digest(hex: name), !needed.contains(digest) else { continue }
            do throws(Errno) {
                guard try parent.entryStatus(bytes).st_mtim.tv_sec < limit else { continue }
                byteCount += try diskBytes(bytes, in: parent)
                if let writer {
                    try parent.rename(name, to: writer.directory, as: name)
                    try writer.directory.removeTree(name)
                } else {
                    try parent.removeTree(name)
                }
            } catch {
                throw StoreError(.system, "store \(path)", "cannot remove \(name): \(error)")
            }
            count += 1
        }
        return count
    }

    /// Bytes of disk that vanish with an entry: files with another name elsewhere do not count.
    private func diskBytes(_ name: [UInt8], in parent: Descriptor) throws(Errno) -> UInt64 {
        let status = try parent.entryStatus(name)
        guard status.st_mode & S_IFMT == S_IFDIR else { return Self.diskBytes(status) }
        let directory = try parent.openBeneath(name, O_RDONLY | O_DIRECTORY)
        var sum: UInt64 = 0
        for entry in try directory.entryNames() { sum += Self.diskBytes(try directory.entryStatus(entry)) }
        return sum
    }

    private static func diskBytes(_ status: stat) -> UInt64 {
        status.st_nlink > 1 ? 0 : UInt64(max(0, status.st_blocks)) * 512
    }
}
