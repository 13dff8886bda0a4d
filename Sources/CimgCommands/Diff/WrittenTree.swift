// SPDX-License-Identifier: Apache-2.0

import EROFS
import FileTree
import FuseServer
import Glibc
import LinuxIO
import OCI
import Overlay
import SystemPackage

/// What lies below an upper, and the same with the upper on top.
struct WrittenTree {
    let below: any TreeSource
    let whole: any TreeSource

    /// Puts trees together from what a writable mount serves; nil for one that cannot be written to.
    init?(_ content: MountSource.Content, name: String) throws {
        guard case .writable(let lower, let upper) = content else { return nil }
        var options = upper.options
        let layers: [OverlayLayer]
        switch lower {
        case .tree(let files):
            let tree = try mappedTree(files)
            below = tree
            layers = [.tree(tree)]
        case .directories(let directories, let own):
            options.identifiers = own.identifiers
            options.marks.formUnion(own.marks)
            layers = directories.map { .directory($0) }
            below = try OverlayTree(layers, name: Array("what is below \(name)".utf8), options: options)
        case .writable: return nil
        }
        whole = try OverlayTree([.directory(upper.directory)] + layers, name: Array(name.utf8), options: options)
    }

    /// Puts an upper directory over an image.
    init(upper path: [UInt8], over image: MappedTree, name: String) throws {
        let directory: Descriptor
        do throws(Errno) {
            directory = try Descriptor.open(FilePath(path), O_RDONLY | O_DIRECTORY)
        } catch {
            throw CommandError("\"\(name.printable)\": \(error)")
        }
        let settings = UpperSettings(isPrivileged: Privilege.hasTrustedAttributes, isRoot: geteuid() == 0)
        let options = OverlayOptions(marks: OverlayMarkFormats(rawValue: settings.marks), isChanging: false)
        below = image
        whole = try OverlayTree([.directory(directory), .tree(image)], name: Array(name.utf8), options: options)
    }
}

extension ServedContent {
    /// What a server of ours serves, by the descriptors that it was given, opened once more.
    ///
    /// - Parameter process: the server's process.
    /// - Returns: nil for a process that serves something else.
    /// - Throws: the `Errno` of looking at the process; `.permissionDenied` for another user's.
    static func content(of process: Int32) throws -> MountSource.Content? {
        let line = try Descriptor.open(FilePath("/proc/\(process)/cmdline")).readToEnd()
        let arguments = line.split(separator: 0, omittingEmptySubsequences: false)
            .map { String(decoding: $0, as: UTF8.self) }
        guard arguments.dropFirst().first == "serve" else { return nil }
        func values(_ option: String) -> [String] {
            arguments.indices.dropLast().filter { arguments[$0] == option }.map { arguments[$0 + 1] }
        }
        guard let count = values("--descriptors").first.flatMap({ Int($0) }) else { return nil }
        let served = try ServedContent(
            count: count, hasNotes: arguments.contains("--notes"),
            marks: values("--marks").first.flatMap { UInt8($0) }, identifiers: values("--identifiers"),
            isChanging: arguments.contains("--changing"), upper: values("--upper").first)
        return try served.content(
            (0..<count).map { try Descriptor.open(FilePath("/proc/\(process)/fd/\(3 + $0)"), O_RDONLY) })
    }
}
