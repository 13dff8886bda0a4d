// SPDX-License-Identifier: Apache-2.0

import FileSystems
import FuseServer
import Glibc
import LinuxIO
import SystemPackage

/// The background process of a mount, `cimg serve`; see `BackgroundServer`.
package enum Server {
    /// Serves until the mount ends.
    ///
    /// - Returns: false where that could not be; the reason is said.
    package static func run() -> Bool {
        do {
            let (record, mountpoint) = try inherited()
            // Directories are opened as they are used.
            Spawn.raiseOpenFileLimit()
            let descriptors = try descriptors(of: record)
            if record.isLive {
                try LiveServing(record, descriptors).run(on: mountpoint)
            } else {
                try serve(record, descriptors, on: mountpoint)
            }
            return true
        } catch {
            // `cimg mount` says on what and for whom. If it has gone, nobody is left to be told.
            _ = try? FileDescriptor.standardError.writeAll("\(error)\n".utf8)
            return false
        }
    }

    private static func serve(
        _ record: ServerRecord, _ descriptors: [Descriptor], on mountpoint: Descriptor
    ) throws {
        let content = try ServedContent(record).content(descriptors)
        let isWritable = record.upper != nil && !record.isBelow
        let options = try MountOptions(
            parsing: record.options, isRoot: geteuid() == 0, isWritable: isWritable, isServer: true)
        let fileSystem = try openServed(record.isBelow ? content.belowUpper : content, options.accessTimes)
        try FuseServer.serve(
            fileSystem, source: record.source, on: mountpoint, options: options,
            beforeServing: {
                guard !record.users.isEmpty else { return }
                try SubordinateNumbers.takeRights(
                    users: record.users.map(ServedContent.range), groups: record.groups.map(ServedContent.range))
            },
            isKept: { record.discarded.map { !fileExists(FilePath($0).appending("upper")) } ?? true }
        ) { BackgroundServer.reportReady() }
        if let discarded = record.discarded { DiscardedUpper(path: discarded).remove() }
    }

    /// Takes over the record and the directory to mount on.
    ///
    /// The record stays open under its number, where `ServerProcess` finds it.
    private static func inherited() throws -> (ServerRecord, Descriptor) {
        do throws(Errno) {
            let memory = try Descriptor.copied(inherited: ServerRecord.descriptor)
            let bytes = try memory.sealedBytes(limit: ServerRecord.byteLimit)
            guard let record = ServerRecord(bytes) else { throw .invalidArgument }
            return (record, try .inherited(ServerRecord.mountpointDescriptor))
        } catch {
            throw MountError("is started by \"cimg mount\", which says what to serve")
        }
    }

    /// Takes over the descriptors to serve, which must be open.
    ///
    /// Those of a writable mount, with the lock of its upper, stay open under their numbers too, where `ServerProcess` finds
    /// them.
    private static func descriptors(of record: ServerRecord) throws -> [Descriptor] {
        try (0..<record.count).map { index in
            let number = ServerRecord.firstContent + Int32(index)
            return try record.upper == nil ? .inherited(number) : .copied(inherited: number)
        }
    }
}
