// SPDX-License-Identifier: Apache-2.0

package import FileSystems
import FileTree
import Glibc
import LinuxIO
import OverlayLayers
package import SystemPackage

extension OverlayFileSystem {
    /// Opens a regular file that may be written to.
    func openForWriting(
        _ file: FileNumber, _ flags: Int32, _ caching: HandleCaching
    ) throws(Errno) -> FileHandle {
        _ = try writableUpper()
        if flags & O_TRUNC == 0, let copy = try deferCopy(of: file) {
            return handles.add(.file(FileUse(copy, caching)))
        }
        if let made = try copyUp(file, size: flags & O_TRUNC != 0 ? 0 : nil) {
            return handles.add(.file(FileUse(.disk(made), isLower: false, caching)))
        }
        return try withNode(file) { node throws(Errno) in
            // Always readable too: the kernel reads a page before it writes to a part of it.
            let open = try core.open(node.place, O_RDWR | flags & O_TRUNC, isNoted: true)
            let isDue = flags & O_ACCMODE == O_RDWR && core.isAccessDue(open)
            return handles.add(.file(FileUse(open, isLower: false, caching, isAccessDue: isDue)))
        }
    }

    /// The upper file of a handle that was opened for writing.
    private func writable(_ handle: FileHandle) throws(Errno) -> Descriptor {
        let use = try handles.file(handle)
        guard !use.isLower, case .disk(let file) = use.current else { throw .badFileDescriptor }
        return file
    }

    package func write(
        _ file: FileNumber, _ handle: FileHandle, at offset: UInt64, _ bytes: UnsafeRawBufferPointer
    ) throws(Errno) -> Int {
        guard upper != nil else { throw .readOnlyFileSystem }
        if let copy = try handles.file(handle).pending, !copy.isWhole { return try copy.write(bytes, at: offset) }
        return try writable(handle).writeSome(bytes, at: offset)
    }

    package func allocate(
        _ file: FileNumber, _ handle: FileHandle, mode: Int32, at offset: UInt64, count: UInt64
    ) throws(Errno) {
        guard upper != nil else { throw .readOnlyFileSystem }
        try finishCopy(of: file)
        try writable(handle).allocate(mode: mode, at: offset, count: count)
    }

    package func copyRange(
        of file: FileNumber, _ handle: FileHandle, at offset: UInt64, to target: FileNumber,
        _ targetHandle: FileHandle, at targetOffset: UInt64, count: Int
    ) throws(Errno) -> Int {
        guard upper != nil else { throw .readOnlyFileSystem }
        try finishCopy(of: file)
        try finishCopy(of: target)
        // The kernel copies through its cache where the file is no file.
        guard case .disk(let source) = try openFile(file, handle) else { throw .improperLink }
        return try writable(targetHandle).copyRange(from: source, at: offset, to: targetOffset, count: count)
    }

    package func synchronize(_ file: FileNumber, _ handle: FileHandle, dataOnly: Bool) throws(Errno) {
        guard upper != nil else { return }
        try handles.use(handle)?.pending?.finish()
        try finishCopy(of: file)
        let node = try nodes.node(file)
        if node.type == .directory {
            guard let top = node.stack.first, top.layer == 0, case .disk(let disk) = top.kind else { return }
            let open = try core.directories.descriptor(of: disk).openBeneath(".", O_RDONLY | O_DIRECTORY)
            return try open.synchronizeAll()
        }
        guard node.isUpper else { return }
        // Of a file whose bytes are below, the upper has the attributes.
        guard case .disk(let open) = node.data == nil ? try openFile(file, handle) : try core.open(node.place) else {
            return
        }
        if dataOnly { try open.synchronize() } else { try open.synchronizeAll() }
    }
}
