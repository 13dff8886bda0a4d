// SPDX-License-Identifier: Apache-2.0

package import FileSystems
import FileTree
package import Glibc
package import LinuxIO
package import SystemPackage

/// An open regular file of a layer.
package enum LayerFile: Sendable {
    /// A file on disk.
    case disk(Descriptor)
    /// A file of the frozen tree.
    case tree(ReadOnlyTree, FileNumber)
}

extension OverlayCore {
    /// Opens a regular file's bytes.
    ///
    /// - Parameters:
    ///   - flags: how, such as `O_RDONLY`; nothing else makes sense for the frozen tree.
    ///   - isNoted: whether a program reads it: of a file of the upper that changes the time of access, as the options
    ///     say.
    /// - Throws: `.staleNFSFileHandle` where something else has the file's name now.
    package func open(_ place: LayerPlace, _ flags: Int32 = O_RDONLY, isNoted: Bool = false) throws(Errno) -> LayerFile
    {
        if case .tree(let number) = place.kind {
            guard let tree = tree(place.layer) else { throw .ioError }
            return .tree(tree, number)
        }
        let (parent, name) = try reach(place)
        var leavesTimes = !isNoted || !isUpper(place.layer) || options.accessTimes.areLeft
        if !leavesTimes, !isUpperRelative {
            leavesTimes = !Self.isAccessDue(try parent.entryStatus(name))
        }
        do throws(Errno) {
            let file = try parent.openEntry(name, flags | O_NONBLOCK | O_NOCTTY, leavingTimes: leavesTimes)
            guard try file.status().st_mode & S_IFMT == S_IFREG else { throw .staleNFSFileHandle }
            return .disk(file)
        } catch .noSuchAddressOrDevice { throw .staleNFSFileHandle }
    }

    /// Whether reading an open file of the upper changes its time of access.
    package func isAccessDue(_ file: LayerFile) -> Bool {
        guard !options.accessTimes.areLeft, case .disk(let open) = file else { return false }
        do throws(Errno) {
            return Self.isAccessDue(try open.status())
        } catch {
            // Then the kernel does not answer from what it knows.
            return true
        }
    }

    /// Whether reading a file changes its time of access, as `relatime` has it.
    package static func isAccessDue(_ status: stat) -> Bool {
        AccessTimes.isDue(
            access: Timestamp(status.st_atim), modification: Timestamp(status.st_mtim),
            change: Timestamp(status.st_ctim), now: Timestamp(seconds: Int64(time(nil)), nanoseconds: 0))
    }

    /// A symbolic link's target.
    package func target(of place: LayerPlace) throws(Errno) -> [UInt8] {
        if case .tree(let number) = place.kind {
            guard let tree = tree(place.layer) else { throw .ioError }
            return try tree.target(of: number)
        }
        let (parent, name) = try reach(place)
        // A link that a user may not make himself is kept as a file.
        if try parent.entryStatus(name).st_mode & S_IFMT == S_IFREG {
            return try content(of: parent.openEntry(name, O_RDONLY | O_NONBLOCK))
        }
        do throws(Errno) {
            return try parent.entryTarget(name)
        } catch .invalidArgument {
            // Another file has the name by now.
            throw .staleNFSFileHandle
        }
    }

    private func content(of link: Descriptor) throws(Errno) -> [UInt8] {
        var target = [UInt8](repeating: 0, count: 4096)
        do {
            let count = try target.withUnsafeMutableBytes { try link.read(at: 0, into: $0) }
            return Array(target.prefix(count))
        } catch let error as Errno { throw error } catch { throw .ioError }
    }

    /// The full names of a file's own extended attributes, as they are shown.
    package func xattrNames(of place: LayerPlace) throws(Errno) -> [[UInt8]] {
        if case .tree(let number) = place.kind {
            guard let tree = tree(place.layer) else { throw .ioError }
            return try tree.xattrNames(of: number)
        }
        let (parent, name) = try reach(place)
        return try parent.entryXattrNames(name).compactMap { OverlayMarkName.shown($0, options.marks) }
    }

    /// The value of an extended attribute, by the name that is shown; nil where the file has none.
    package func xattr(_ attribute: [UInt8], of place: LayerPlace) throws(Errno) -> [UInt8]? {
        if case .tree(let number) = place.kind {
            guard let tree = tree(place.layer) else { throw .ioError }
            do throws(Errno) {
                return try tree.xattr(attribute, of: number)
            } catch .noData { return nil }
        }
        guard let stored = OverlayMarkName.stored(attribute, options.marks) else { return nil }
        let (parent, name) = try reach(place)
        let value = try parent.entryXattr(stored, of: name)
        guard attribute == FileCapability.name else { return value }
        return value.map { FileCapability.shown($0, by: options.identifiers(of: place.layer)) }
    }
}

extension LayerFile {
    /// Reads from an offset until the buffer is full or the file ends.
    package func read(at offset: UInt64, into buffer: UnsafeMutableRawBufferPointer) throws(Errno) -> Int {
        switch self {
        case .disk(let file): try file.read(at: offset, into: buffer)
        case .tree(let tree, let number): try tree.read(number, FileHandle(0), at: offset, into: buffer)
        }
    }

    /// The next data or hole; see `FileSystem.seek`.
    package func seek(from offset: UInt64, to goal: SeekGoal) throws(Errno) -> UInt64 {
        switch self {
        case .disk(let file): try file.seek(from: offset, toHole: goal == .hole)
        case .tree(let tree, let number): try tree.seek(number, FileHandle(0), from: offset, to: goal)
        }
    }
}
