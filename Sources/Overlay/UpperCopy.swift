// SPDX-License-Identifier: Apache-2.0

import FileTree
import Glibc
package import LinuxIO
import OverlayLayers
package import SystemPackage

/// Copies directory trees to another file system as they are: whiteouts, marks, owners, times, holes and names that
/// share a file.
package final class UpperCopy {
    private struct Place {
        let source: DiskDirectory
        let target: DiskDirectory
    }

    private let sources = DirectoryCache(capacity: 64)
    private let targets = DirectoryCache(capacity: 64)
    /// Where the copy of a file with several names is.
    private var copies: [FileIdentity: (directory: DiskDirectory, name: [UInt8])] = [:]

    /// Makes a copier; trees that it copies one after the other may share files.
    package init() {}

    /// Copies what lies in a directory, and its attributes, to an empty one.
    ///
    /// - Throws: the `Errno` of a call; the copy then is not whole.
    package func copy(_ source: Descriptor, to target: Descriptor) throws(Errno) {
        // What is made in the target shall inherit nothing from it.
        do throws(Errno) {
            try target.removeEntryXattr(OverlayFileSystem.defaultACL, of: [])
        } catch .noData {} catch .notSupported {}
        var places = [Place(source: try DiskDirectory(root: source), target: try DiskDirectory(root: target))]
        var next = 0
        while next < places.count {
            try copyContent(of: places[next], &places)
            next += 1
        }
        // A directory's times change with its names, and its mode may forbid to make some: the innermost first.
        for place in places.reversed() {
            let (source, target) = (try sources.descriptor(of: place.source), try targets.descriptor(of: place.target))
            try copyAttributes(of: [UInt8(ascii: ".")], source.status(), in: source, to: target)
        }
    }

    /// Copies the attributes of a directory to another one.
    ///
    /// - Throws: the `Errno` of a call.
    package static func copyAttributes(of source: Descriptor, to target: Descriptor) throws(Errno) {
        try UpperCopy().copyAttributes(of: [UInt8(ascii: ".")], source.status(), in: source, to: target)
    }

    private func copyContent(of place: Place, _ places: inout [Place]) throws(Errno) {
        let source = try sources.descriptor(of: place.source)
        let target = try targets.descriptor(of: place.target)
        for name in try source.entryNames() {
            let status = try source.entryStatus(name)
            let identity = Self.identity(status)
            if status.st_mode & S_IFMT == S_IFDIR {
                try target.makeEntryDirectory(name, mode: 0o700)
                let made = DiskDirectory(name, in: place.target, Self.identity(try target.entryStatus(name)))
                places.append(Place(source: DiskDirectory(name, in: place.source, identity), target: made))
                continue
            }
            if let copy = copies[identity] {
                try targets.descriptor(of: copy.directory).linkEntry(copy.name, to: target, as: name)
                continue
            }
            switch status.st_mode & S_IFMT {
            case S_IFREG:
                let file = try target.openEntry(name, O_WRONLY | O_CREAT | O_EXCL, mode: 0o600)
                let size = UInt64(clamping: status.st_size)
                try FileCopy.copy(.disk(source.openEntry(name, O_RDONLY)), to: file, size: size, of: size)
            case S_IFLNK: try target.makeEntryLink(name, to: source.entryTarget(name))
            default: try target.makeEntryNode(name, mode: status.st_mode & S_IFMT | 0o600, device: status.st_rdev)
            }
            try copyAttributes(of: name, status, in: source, to: target)
            if status.st_nlink > 1 { copies[identity] = (place.target, name) }
        }
    }

    private func copyAttributes(
        of name: [UInt8], _ status: stat, in source: Descriptor, to target: Descriptor
    ) throws(Errno) {
        let now = try target.entryStatus(name)
        if now.st_uid != status.st_uid || now.st_gid != status.st_gid {
            try target.setEntryOwner(name, user: status.st_uid, group: status.st_gid)
        }
        for attribute in try source.entryXattrs(name, where: { _ in true }) {
            try target.setEntryXattr(attribute.name, of: name, to: attribute.value)
        }
        if status.st_mode & S_IFMT != S_IFLNK { try target.setEntryMode(name, status.st_mode & 0o7777) }
        try target.setEntryTimes(name, access: status.st_atim, modification: status.st_mtim)
    }

    private static func identity(_ status: stat) -> FileIdentity {
        FileIdentity(device: UInt64(status.st_dev), inode: UInt64(status.st_ino))
    }
}
