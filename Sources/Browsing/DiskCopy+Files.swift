// SPDX-License-Identifier: Apache-2.0

import FileTree
import Glibc
import LinuxIO
import SystemPackage

extension DiskCopy {
    /// Copies what is no directory to a name.
    ///
    /// - Parameters:
    ///   - source: its path in the tree.
    ///   - isNew: whether the directory was made by this copy: then nothing can have the name, and nobody sees it.
    ///   - names: the components of the directory's path below the root.
    mutating func place(
        _ child: TreeChild, _ source: [UInt8], in directory: Descriptor, isNew: Bool, below names: [[UInt8]] = []
    ) throws {
        let start = path.count
        if start > 0, path.last != UInt8(ascii: "/") { path.append(UInt8(ascii: "/")) }
        path += child.name
        defer { path.removeSubrange(start...) }
        do {
            try make(child, source, in: directory, isNew: isNew, names + [child.name])
        } catch let error as BrowsingError {
            losses.add(error)
        } catch let error as InTheWay {
            losses.add(error.reason, at: path)
        }
    }

    private mutating func make(
        _ child: TreeChild, _ source: [UInt8], in directory: Descriptor, isNew: Bool, _ names: [[UInt8]]
    ) throws {
        let file = BrowsedFile(path: source, node: child.node, type: child.type)
        let attributes = try tree.attributes(of: file)
        let hasSeveralNames = try tree.linkCount(of: file) > 1
        let name = isNew ? child.name : Array(Descriptor.unfinishedName().utf8)
        do {
            let isLinked = try hasSeveralNames && link(file, in: directory, as: name)
            if !isLinked { try makeAlone(file, attributes, in: directory, as: name) }
            if !isNew { try rename(name, in: directory, to: child.name) }
            // Where both were names of one file, the rename did nothing; else there is nothing to remove.
            if isLinked, !isNew { try? directory.removeEntry(name) }
        } catch {
            // The whole new directory goes, or what was made aside.
            if !isNew { try? directory.removeEntry(name) }
            throw error
        }
        if hasSeveralNames, copies[child.node] == nil {
            let place = try disk { () throws(Errno) in try PlaceIdentity(of: child.name, in: directory) }
            copies[child.node] = (names, place)
        }
    }

    private func rename(_ aside: [UInt8], in directory: Descriptor, to name: [UInt8]) throws {
        do throws(Errno) {
            try directory.renameEntry(aside, to: directory, as: name)
        } catch .isDirectory {
            throw InTheWay(reason: "is a directory, and what is copied is none")
        } catch { throw self.error("\(error)") }
    }

    /// Gives the file that was copied before one more name; false where it cannot be found any more.
    private func link(_ file: BrowsedFile, in directory: Descriptor, as name: [UInt8]) throws -> Bool {
        guard let copy = copies[file.node], let last = copy.names.last else { return false }
        do throws(Errno) {
            let parents = Array(copy.names.dropLast().joined(separator: [UInt8(ascii: "/")]))
            let parent = parents.isEmpty ? root : try root.openPathBeneath(parents, O_DIRECTORY)
            guard try PlaceIdentity(of: last, in: parent).isSameFile(as: copy.place) else { return false }
            try parent.linkEntry(last, to: directory, as: name)
            return true
        } catch {
            switch error {
            case .noSuchFileOrDirectory, .notDirectory, .tooManySymbolicLinkLevels, .fileNameTooLong, .tooManyLinks,
                .improperLink, .notPermitted, .notSupported:
                return false
            default: throw self.error("\(error)")
            }
        }
    }

    private mutating func makeAlone(
        _ file: BrowsedFile, _ attributes: Attributes, in directory: Descriptor, as name: [UInt8]
    ) throws {
        let special = attributes.type.modeBits | 0o600
        switch attributes.type {
        case .directory: return
        case .regular:
            let target = try disk { () throws(Errno) in
                try directory.openEntry(name, O_WRONLY | O_CREAT | O_EXCL, mode: 0o600)
            }
            try copyBytes(of: file, size: attributes.size, to: target)
            return try setAttributes(attributes, [], in: target)
        case .symbolicLink:
            try disk { () throws(Errno) in try directory.makeEntryLink(name, to: attributes.target) }
        case .fifo, .socket:
            try disk { () throws(Errno) in try directory.makeEntryNode(name, mode: special, device: 0) }
        case .characterDevice, .blockDevice:
            let device: dev_t = deviceNumber(major: attributes.device.major, minor: attributes.device.minor)
            do throws(Errno) {
                try directory.makeEntryNode(name, mode: special, device: device)
            } catch .notPermitted {
                throw InTheWay(reason: "a device, which only root may make")
            } catch { throw self.error("\(error)") }
        }
        try setAttributes(attributes, name, in: directory)
    }

    private func copyBytes(of file: BrowsedFile, size: UInt64, to target: Descriptor) throws {
        let room = UnsafeMutableRawBufferPointer.allocate(
            byteCount: Int(min(max(size, 1 << 14), 1 << 20)), alignment: 4096)
        defer { room.deallocate() }
        var (offset, dataEnd) = (UInt64(0), UInt64(0))
        while true {
            if offset < size, offset >= dataEnd {
                switch try tree.at(file.path, { try tree.source.nextData(of: file.node, from: offset) }) {
                case .unknown: dataEnd = .max
                case .none: (offset, dataEnd) = (size, .max)
                case .run(let run): (offset, dataEnd) = (run.lowerBound, run.upperBound)
                }
            }
            // What is made when it is read says that it has no bytes.
            guard offset < size || size == 0 else { break }
            let wanted = offset < size ? Int(min(UInt64(room.count), min(dataEnd, size) - offset)) : room.count
            let part = UnsafeMutableRawBufferPointer(rebasing: room[..<wanted])
            let count = try tree.at(file.path) { try tree.source.read(file.node, at: offset, into: part) }
            guard count > 0 else { break }
            try disk { () throws(Errno) in
                try target.write(UnsafeRawBufferPointer(rebasing: part[..<count]), at: offset)
            }
            offset += UInt64(count)
        }
        // A hole at the end, or a file that became shorter.
        let length = try disk { () throws(Errno) in try target.size() }
        if length < offset { try disk { () throws(Errno) in try target.truncate(to: offset) } }
    }

    /// Gives a directory on the disk the metadata of one of the tree.
    mutating func setAttributes(of file: BrowsedFile, _ name: [UInt8], in directory: Descriptor) throws {
        do {
            try setAttributes(tree.attributes(of: file), name, in: directory)
        } catch let error as BrowsingError {
            losses.add(error)
        }
    }

    /// Sets owner, extended attributes, mode and time, in the order in which none undoes another.
    private mutating func setAttributes(_ attributes: Attributes, _ name: [UInt8], in directory: Descriptor) throws {
        var isOwned = false
        if keepsOwners {
            do throws(Errno) {
                try directory.setEntryOwner(name, user: attributes.uid, group: attributes.gid)
                isOwned = true
            } catch {
                switch error {
                case .notPermitted, .invalidArgument: losses.ownerCount += 1
                default: throw self.error("\(error)")
                }
            }
        } else {
            let status = try disk { () throws(Errno) in try directory.entryStatus(name) }
            isOwned = status.st_uid == attributes.uid && status.st_gid == attributes.gid
        }
        for attribute in attributes.xattrs {
            do throws(Errno) {
                try directory.setEntryXattr(attribute.name, of: name, to: attribute.value)
            } catch {
                switch error {
                case .notPermitted, .permissionDenied, .notSupported, .invalidArgument, .outOfRange:
                    losses.attributeCount += 1
                default: throw self.error("\(error)")
                }
            }
        }
        if attributes.type != .symbolicLink {
            // What runs as its owner must not run as somebody else.
            let mode = mode_t(attributes.permissions) & (isOwned ? 0o7777 : 0o1777)
            try disk { () throws(Errno) in try directory.setEntryMode(name, mode) }
        }
        let time = timespec(tv_sec: Int(attributes.mtime.seconds), tv_nsec: Int(attributes.mtime.nanoseconds))
        try disk { () throws(Errno) in try directory.setEntryTimes(name, access: time, modification: time) }
    }
}
