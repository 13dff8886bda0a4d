// SPDX-License-Identifier: Apache-2.0

#if DEBUG
    import FileSystems
    import FileTree
    import Glibc
    import LinuxIO
    import Overlay
    import OverlayLayers
    import SystemPackage

    /// A mounted overlay of one run.
    final class Place {
        let name: String
        private var mounted: OverlayFileSystem?
        /// What a program has open.
        var opened: [(FileNumber, FileSystems.FileHandle)] = []

        init(_ name: String, of overlay: FailingOverlay, _ fileSystem: OverlayFileSystem) {
            self.name = name
            mounted = fileSystem
        }

        func fileSystem() throws -> OverlayFileSystem {
            guard let mounted else { throw Errno.staleNFSFileHandle }
            return mounted
        }

        /// Does what a program does.
        func run(_ operations: Operation...) throws {
            for operation in operations { try FileSystemTarget(fileSystem()).attempt(operation) }
        }

        /// Ends the mount.
        func release() {
            guard let mounted else { return }
            for (number, handle) in opened { mounted.close(handle, of: number) }
            mounted.finish()
            self.mounted = nil
        }
    }

    /// What can be seen of an overlay.
    struct Shown: Equatable, CustomStringConvertible {
        var lines: [String]
        /// Size, link count and bytes of the open files.
        var opened: [String] = []
        /// What is seen after an unmount and a mount where that is something else.
        var mountedAnew: [String]?

        var description: String {
            var text = "[\(lines.joined(separator: ", "))]"
            if !opened.isEmpty { text += " open: [\(opened.joined(separator: ", "))]" }
            if let mountedAnew {
                text += " but mounted anew [\(mountedAnew.filter { !lines.contains($0) }.joined(separator: ", "))]"
            }
            return text
        }
    }

    /// Everything that an overlay shows, a line for each name; a time of this century is `now`, those of directories and
    /// their link counts do not count.
    func shownLines(_ fileSystem: any FileSystem) throws -> [String] {
        let source = FileSystemSource(fileSystem)
        var found: [String] = []
        var stack: [(path: String, node: TreeNode)] = [("", source.root)]
        while let (path, node) = stack.popLast() {
            let attributes = try source.attributes(of: node)
            var line = "\(path) \(attributes.type) \(String(attributes.permissions, radix: 8)) \(attributes.uid)"
            line += ":\(attributes.gid) \(attributes.size)"
            if attributes.type != .directory {
                let isNew = attributes.mtime.seconds > 946_684_800
                line += " \(try source.linkCount(of: node)) \(isNew ? "now" : "\(attributes.mtime.seconds)")"
            }
            if !attributes.target.isEmpty { line += " -> \(String(decoding: attributes.target, as: UTF8.self))" }
            if attributes.device != DeviceNumber() { line += " \(attributes.device)" }
            for attribute in attributes.xattrs {
                line += " \(String(decoding: attribute.name, as: UTF8.self))=\(attribute.value.count)"
                line += ".\(attribute.value.last ?? 0)"
            }
            if attributes.type == .regular {
                let number = FileNumber(node.rawValue)
                let handle = try fileSystem.open(number, flags: 0)
                defer { fileSystem.close(handle, of: number) }
                line += " \(try contentHash(number, handle, attributes.size, of: fileSystem))"
            }
            found.append(line)
            if attributes.type == .directory {
                stack += try source.children(of: node).map {
                    (path + "/" + String(decoding: $0.name, as: UTF8.self), $0.node)
                }
            }
        }
        return found.sorted()
    }

    /// A short text for the bytes of an open file, the same for the same ones.
    func contentHash(
        _ number: FileNumber, _ handle: FileSystems.FileHandle, _ size: UInt64, of fileSystem: any FileSystem
    ) throws -> String {
        guard size < 1 << 24 else { throw Errno.fileTooLarge }
        var bytes = [UInt8](repeating: 0, count: Int(size) + 1)
        let count = try bytes.withUnsafeMutableBytes { try fileSystem.read(number, handle, at: 0, into: $0) }
        if count < 12 { return String(decoding: bytes[..<count], as: UTF8.self).filter { !$0.isNewline } }
        var hasher = Hasher()
        bytes[..<count].withUnsafeBytes { hasher.combine(bytes: $0) }
        return "\(count)#\(String(UInt16(truncatingIfNeeded: hasher.finalize()), radix: 16))"
    }

    /// A line for each file in a directory of the disk, with its marks.
    func files(in top: Descriptor) throws -> [String] {
        var found: [String] = []
        var stack = [""]
        while let directory = stack.popLast() {
            let open = directory.isEmpty ? top : try top.openBeneath(directory, O_RDONLY | O_DIRECTORY)
            for name in try open.entryNames() {
                let path = (directory.isEmpty ? "" : directory + "/") + String(decoding: name, as: UTF8.self)
                let status = try open.entryStatus(name)
                var line = "\(path) \(String(status.st_mode, radix: 8))"
                if status.st_mode & S_IFMT == S_IFDIR {
                    stack.append(path)
                } else {
                    line += " \(status.st_nlink) \(status.st_size)"
                }
                for attribute in try open.entryXattrs(name, where: { _ in true }) {
                    line += " \(String(decoding: attribute.name, as: UTF8.self))"
                    line += "=\(String(decoding: attribute.value, as: UTF8.self).filter { !$0.isNewline })"
                }
                found.append(line)
            }
        }
        return found
    }
#endif
