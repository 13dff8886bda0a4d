// SPDX-License-Identifier: Apache-2.0

import FileSystems
import Glibc
import LinuxIO
import OverlayLayers
import SystemPackage

/// Copies the bytes of a file, with its holes.
enum FileCopy {
    private static let chunkSize = 1 << 20

    /// Copies the first `size` bytes, then gives the copy its whole length.
    ///
    /// - Throws: the `Errno` of a call; `.ioError` where the source has fewer bytes than it said.
    static func copy(_ source: LayerFile, to target: Descriptor, size: UInt64, of whole: UInt64) throws(Errno) {
        // What is not there must not become zeros.
        if case .disk(let file) = source, try file.size() < size { throw .ioError }
        if size == whole, size > 0, case .disk(let file) = source {
            do throws(Errno) {
                return try target.clone(file)
            } catch {
                // Most file systems share no bytes between files; then they are copied.
            }
        }
        var position: UInt64 = 0
        while position < size {
            do throws(Errno) {
                position = try source.seek(from: position, to: .data)
            } catch .noSuchAddressOrDevice { break }
            guard position < size else { break }
            let end = min(size, try source.seek(from: position, to: .hole))
            guard end > position else { break }
            try copy(source, from: position, to: end, target)
            position = end
        }
        try target.truncate(to: whole)
    }

    /// Copies a part of a file, holes as bytes.
    ///
    /// - Throws: the `Errno` of a call; `.ioError` where the source ends before the part does.
    static func copy(
        _ source: LayerFile, from start: UInt64, to end: UInt64, _ target: Descriptor
    ) throws(Errno) {
        var position = start
        if case .disk(let file) = source {
            do throws(Errno) {
                while position < end {
                    let count = try target.copyRange(
                        from: file, at: position, to: position, count: Int(min(end - position, 1 << 30)))
                    // A file system that copies nothing is asked for the bytes.
                    guard count > 0 else { break }
                    position += UInt64(count)
                }
            } catch {
                switch error {
                case .improperLink, .invalidArgument, .noFunction, .notSupported, .badFileDescriptor: break
                default: throw error
                }
            }
        }
        let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: chunkSize, alignment: 16)
        defer { buffer.deallocate() }
        while position < end {
            let part = UnsafeMutableRawBufferPointer(rebasing: buffer[..<Int(min(UInt64(chunkSize), end - position))])
            let count = try source.read(at: position, into: part)
            guard count > 0 else { throw .ioError }
            try target.write(UnsafeRawBufferPointer(rebasing: part[..<count]), at: position)
            position += UInt64(count)
        }
    }
}
