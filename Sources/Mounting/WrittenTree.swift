// SPDX-License-Identifier: Apache-2.0

import FileSystems
package import FileTree
import Glibc
import LinuxIO
import OCI
package import OverlayLayers
import SystemPackage

/// What lies below an upper, and the same with the upper on top.
package struct WrittenTree {
    /// What lies below the upper.
    package let below: any TreeSource
    /// The same with the upper on top.
    package let whole: any TreeSource
    /// What the user should know of it.
    package private(set) var remark: String?

    /// Puts trees together from what a writable mount serves; nil for one that cannot be written to.
    package init?(_ content: MountSource.Content, name: String) throws {
        guard case .writable(let lower, let upper) = content else { return nil }
        var options = upper.options
        let layers: [OverlayLayer]
        switch lower {
        case .tree(let files):
            let tree = try mappedTree(image: files.image, notes: files.notes, layers: files.layers)
            below = tree
            layers = [.tree(tree)]
        case .directories(let directories, let own):
            options.identifiers = own.identifiers
            options.marks.formUnion(own.marks)
            layers = directories.map { .directory($0) }
            below = try OverlayTree(layers, name: ArgumentText.bytes(of: "what is below \(name)"), options: options)
        case .writable: return nil
        }
        whole = try OverlayTree(
            [.directory(upper.directory)] + layers, name: ArgumentText.bytes(of: name), options: options,
            links: Self.links(in: upper.work))
    }

    /// Where a work directory has the copies of files with several names; nil where there are none.
    private static func links(in work: Descriptor) throws -> Descriptor? {
        do throws(Errno) {
            return try work.openBeneath("links", O_RDONLY | O_DIRECTORY)
        } catch .noSuchFileOrDirectory { return nil } catch .notDirectory { return nil }
    }

    /// Puts an upper directory over an image.
    ///
    /// - Parameters:
    ///   - image: the image's tree as a layer.
    ///   - below: the same as a tree.
    ///   - identity: what an upper of the image records; another one is told in `remark`.
    package init(upper path: [UInt8], over image: OverlayLayer, below: any TreeSource, identity: String, name: String)
        throws
    {
        let directory: Descriptor
        do throws(Errno) {
            directory = try Descriptor.open(FilePath(path), O_RDONLY | O_DIRECTORY)
        } catch {
            throw MountError(UpperDirectory.problem(name, error))
        }
        try UnfinishedCopies.finish(in: directory)
        if let recorded = try UpperDirectory.recordedImage(directory), recorded != identity {
            remark = "\(name.printable): has the changes of \(recorded.printable), not of \(identity)"
        }
        let settings = UpperSettings(isPrivileged: Privilege.hasTrustedAttributes, isRoot: geteuid() == 0)
        let options = OverlayOptions(marks: OverlayMarkFormats(rawValue: settings.marks), isChanging: false)
        self.below = below
        whole = try OverlayTree(
            [.directory(directory), image], name: ArgumentText.bytes(of: name), options: options,
            links: UpperDirectory.work(of: directory).flatMap { try Self.links(in: $0) })
    }
}
