// SPDX-License-Identifier: Apache-2.0

package import Browsing
import CommandOptions
import Console
import EngineTrees
import Glibc
package import LayerStore
import LinuxIO
import Mounting
import OCI
package import Objects
import OverlayLayers
import SystemPackage
import Transports

/// An object that a user named, opened to be looked into: no mount is made, and nothing is asked of its engine.
package struct OpenedTree {
    /// What can be looked into, for help texts.
    package static let help = """
        An object is an image, a container, a process, a directory written with a leading / or ./, or upper:DIR. \
        \(ObjectFinder.help)
        """

    /// What the user called it.
    package let name: String
    /// The digest that identifies it; nil for what has none.
    package let digest: String?
    /// Its files.
    package let tree: BrowsedTree

    /// Takes a tree that is open.
    package init(name: String, digest: String?, tree: BrowsedTree) {
        self.name = name
        self.digest = digest
        self.tree = tree
    }

    /// Opens an image, a container, a directory, a process, or `upper:DIR` over the image that it is of.
    ///
    /// - Parameter layers: layers that are open already; those of this image join them.
    package static func open(
        _ text: String, in finder: ObjectFinder, sharing layers: OpenedLayers = OpenedLayers()
    ) throws -> OpenedTree {
        let side = try openSide(text, in: finder, sharing: layers)
        return OpenedTree(
            name: text, digest: side.digest, tree: BrowsedTree(side.tree, name: RawArguments.bytes(of: text)))
    }

    /// Opens one side of a comparison, whatever it is.
    package static func openSide(
        _ text: String, in finder: ObjectFinder, sharing layers: OpenedLayers = OpenedLayers()
    ) throws -> DiffSide {
        // Layers are open directories.
        Spawn.raiseOpenFileLimit()
        if finder.unpacking != nil { return try openUnpacked(text, in: finder, sharing: layers) }
        let bytes = RawArguments.bytes(of: text)
        if bytes.starts(with: "upper:".utf8) { return try openUpper(Array(bytes.dropFirst(6)), text, in: finder) }
        guard !isDirectoryName(text), case .engine(let object) = try finder.resolve(text) else {
            return try openDiffSide(text, in: finder, sharing: layers)
        }
        return try EngineSide(text, object).side(.whole)
    }

    /// Opens an image as an engine would unpack it.
    ///
    /// - Throws: for what is no image, which nothing unpacks.
    static func openUnpacked(
        _ text: String, in finder: ObjectFinder, sharing layers: OpenedLayers = OpenedLayers()
    ) throws -> DiffSide {
        var isImage = !isDirectoryName(text) && !RawArguments.bytes(of: text).starts(with: "upper:".utf8)
        if isImage, case .engine(let object) = try finder.resolve(text), case .container = object { isImage = false }
        guard isImage else {
            throw CommandError(
                "--as \(finder.unpackingName): \"\(text.printable)\" is no image, and has no layers to be unpacked")
        }
        return try openDiffSide(text, in: finder, sharing: layers)
    }

    /// The digest of the image that an upper directory, `upper:DIR`, says it is of; nil where it says none.
    package static func recordedImage(ofUpper text: String) throws -> String? {
        let directory: Descriptor
        do throws(Errno) {
            let path = Array(RawArguments.bytes(of: text).dropFirst(6))
            directory = try Descriptor.open(FilePath(path), O_RDONLY | O_DIRECTORY)
        } catch {
            throw CommandError(UpperDirectory.problem(text, error))
        }
        return try UpperDirectory.recordedImage(directory)
    }

    static func openUpper(_ path: [UInt8], _ text: String, in finder: ObjectFinder) throws -> DiffSide {
        guard let recorded = try recordedImage(ofUpper: text) else {
            throw CommandError(
                "\"\(text.printable)\": does not say which image its changes are of; \"cimg diff IMAGE upper:DIR\" "
                    + "compares it with one")
        }
        let image = try finder.open(recorded)
        let tree = try mappedTree(image.tree)
        let trees = try WrittenTree(
            upper: path, over: .tree(tree), below: tree, identity: "\(image.digest)", name: text)
        return DiffSide(name: text, digest: nil, tree: trees.whole)
    }
}

/// Runs what looks into trees; where a tree's own error tells the place, nothing is put before it.
package func lookingIntoTrees(_ work: () throws -> Void) throws {
    try reportingTrouble {
        do {
            try work()
        } catch let error as BrowsingError {
            throw CommandError(contentsText(error))
        } catch let error as Errno where error == .brokenPipe {
            // Whoever reads has seen enough.
        }
    }
}

/// The text of an error of a tree.
package func contentsText(_ error: BrowsingError) -> String {
    guard case .failed(let cause) = error.cause else { return "\(error)" }
    if let cause = cause as? DirectoryTreeError { return "\(cause)" }
    if let cause = cause as? OverlayTreeError { return "\(cause)" }
    return "\(error)"
}
