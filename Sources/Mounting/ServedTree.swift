// SPDX-License-Identifier: Apache-2.0

package import FileSystems
import FileTree
import LinuxIO
import Overlay
import OverlayLayers
import SystemPackage

/// The file system of what a mount serves.
///
/// - Parameter times: what reading does to times of access.
package func openServed(_ content: MountSource.Content, _ times: AccessTimes = AccessTimes()) throws -> any FileSystem {
    let log: @Sendable (String) -> Void = { line in
        // The request has its error; the log is for whoever serves in the foreground.
        _ = try? FileDescriptor.standardError.writeAll("cimg: \(line)\n".utf8)
    }
    switch content {
    case .directories(let directories, let options):
        return try OverlayFileSystem(directories.map { .directory($0) }, options: options, log: log)
    case .tree(let files):
        return ReadOnlyTree(try mappedTree(image: files.image, notes: files.notes, layers: files.layers), log: log)
    case .writable(let lower, let upper):
        var options = upper.options
        options.accessTimes = times
        let layers: [OverlayLayer]
        switch lower {
        case .directories(let directories, let own):
            layers = directories.map { .directory($0) }
            options.identifiers = own.identifiers
            options.marks.formUnion(own.marks)
        case .tree(let files):
            layers = [.tree(try mappedTree(image: files.image, notes: files.notes, layers: files.layers))]
        case .writable: throw MountError("an upper has no upper")
        }
        return try OverlayFileSystem(layers, upper: upper.overlay, options: options, log: log)
    }
}
