// SPDX-License-Identifier: Apache-2.0

import Archive
import Glibc
import LayerStore
import LinuxIO
import SystemPackage

/// Opens a plain root file system as an image of one layer: a tar as it is, a directory as a tar made while it is read.
func rootFileSystem(
    _ location: ImageLocation, report: @escaping @Sendable (String) -> Void
) throws(SourceError) -> SourceImage {
    let file: Descriptor
    let kind: mode_t
    do throws(Errno) {
        file = try Descriptor.open(location.path, O_RDONLY | O_NONBLOCK | O_NOCTTY)
        kind = try file.status().st_mode & S_IFMT
    } catch {
        let isSpecial = error == .noSuchAddressOrDevice
        throw SourceError(
            location.source, isSpecial ? "is neither a directory nor a regular file" : "\(error)")
    }
    let name = location.source
    let layer: SourceLayer
    switch kind {
    case S_IFREG:
        do {
            layer = SourceLayer(descriptor: nil, open: try opening(file))
        } catch {
            throw SourceError(name, "\(error)")
        }
    case S_IFDIR: layer = SourceLayer(descriptor: nil) { try DirectoryTar(file, name: name, report: report) }
    default: throw SourceError(name, "is neither a directory nor a regular file")
    }
    return SourceImage(manifest: nil, configuration: nil, layers: [layer], name: nil)
}

/// What gives the tar of a file: itself, or what an archive of another kind or a rare compression is turned into.
private func opening(_ file: Descriptor) throws -> @Sendable () throws -> any ByteStream {
    if let (name, purpose) = try ForeignArchive.purpose(of: file) {
        return { try ForeignStream(file: file, purpose, name: name) }
    }
    var head = [UInt8](repeating: 0, count: Compression.headByteCount)
    let count = try head.withUnsafeMutableBytes { try file.read(at: 0, into: $0) }
    let compression = Compression(firstBytes: head.prefix(count))
    guard compression.isForeign else { return { FileStream(file) } }
    return { try ForeignStream(FileStream(file), .decompress, name: "compressed with \(compression.rawValue)") }
}
