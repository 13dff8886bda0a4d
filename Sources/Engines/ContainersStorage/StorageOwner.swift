// SPDX-License-Identifier: Apache-2.0

import Glibc
import LinuxIO
import SystemPackage

/// The user whose storage it is, and the user namespace in which that user's podman works.
struct StorageOwner: Sendable {
    /// The user's number on the host.
    let user: UInt32
    /// Which users the namespace sees for those of the host.
    let users: IDMap
    /// Which groups.
    let groups: IDMap

    /// Whether it is a plain user's, who is 0 within the user's own namespace: overlayfs then keeps its marks in
    /// `user.overlay.` attributes.
    let isRootless: Bool

    /// Finds out whose storage it is and which namespace belongs to it.
    ///
    /// The namespace is that of podman's process that keeps it open, else the one podman would make: the user as 0, the
    /// ranges of subuid(5) and subgid(5) from 1 on.
    init(of folder: StorageFolder, _ engine: ContainersStorage) throws(EngineError) {
        let status: stat
        do throws(Errno) {
            status = try folder.descriptor.status()
        } catch {
            throw EngineError(folder.name, reading: error)
        }
        user = status.st_uid
        isRootless = status.st_uid != 0 || engine.surroundings.user != 0
        guard status.st_uid != 0 else {
            users = .identity
            groups = .identity
            return
        }
        if let (users, groups) = Self.pausedNamespace(engine, user: status.st_uid) {
            self.users = users
            self.groups = groups
            return
        }
        let name = UserEntry(number: status.st_uid)?.name
        users = Self.map(
            own: status.st_uid, try Self.ranges(engine.surroundings.system("/etc/subuid"), status.st_uid, name))
        groups = Self.map(
            own: status.st_gid, try Self.ranges(engine.surroundings.system("/etc/subgid"), status.st_uid, name))
    }

    /// The maps of podman's pause process, which keeps a user's namespace open; nil where none runs.
    private static func pausedNamespace(_ engine: ContainersStorage, user: UInt32) -> (IDMap, IDMap)? {
        for root in engine.configuration.runRoots {
            let directory = root.removingLastComponent().appending("libpod/tmp")
            // What cannot be looked at tells of no process.
            guard let folder = try? StorageFolder(directory, name: directory.printable, ownedBy: user),
                let process = try? folder.number("pause.pid"), ProcessTable.owner(of: process) == user,  // As above.
                let users = ProcessFile.map(process, "uid_map"), let groups = ProcessFile.map(process, "gid_map"),
                users.host(of: 0) == user, !users.isIdentity
            else { continue }
            return (users, groups)
        }
        return nil
    }

    /// The map of a namespace: its user, where it has one of its own, and the ranges behind it.
    static func map(own: UInt32?, _ ranges: [(first: UInt32, count: UInt32)]) -> IDMap {
        var result = [own.flatMap { IDMapping(container: 0, host: $0, count: 1) }].compactMap { $0 }
        var next = UInt32(result.count)
        for range in ranges.prefix(IDMap.maximumCount - 1) {
            guard let mapping = IDMapping(container: next, host: range.first, count: range.count) else { continue }
            result.append(mapping)
            let (sum, overflow) = next.addingReportingOverflow(range.count)
            if overflow { break }
            next = sum
        }
        return IDMap(result)
    }

    /// The ranges that a file in the form of subuid(5) gives a user, by name or number; none where there is no file.
    static func ranges(
        _ path: FilePath, _ user: UInt32, _ name: String?
    ) throws(EngineError) -> [(first: UInt32, count: UInt32)] {
        let text: [UInt8]
        do throws(Errno) {
            text = try Descriptor.open(path, O_RDONLY | O_NONBLOCK | O_NOCTTY).read(atMost: 4 << 20)
        } catch .noSuchFileOrDirectory {
            return []
        } catch {
            throw EngineError(path.printable, reading: error)
        }
        var ranges: [(first: UInt32, count: UInt32)] = []
        for line in text.split(separator: UInt8(ascii: "\n")) {
            let fields = String(decoding: line, as: UTF8.self).split(separator: ":", omittingEmptySubsequences: false)
            guard fields.count == 3, fields[0] == "\(user)" || (name != nil && fields[0] == name ?? ""),
                let first = UInt32(fields[1]), let count = UInt32(fields[2]), count > 0
            else { continue }
            ranges.append((first, count))
        }
        return ranges
    }
}
