// SPDX-License-Identifier: Apache-2.0

package import Browsing
import CommandTrees
import Console
import Engines
package import Expectations
import FileTree
import LayerStore
import LinuxIO
import OCI
package import Objects
import SystemPackage

/// An object to be looked into, with what the configuration of its image says.
package struct ConfiguredTree {
    /// Its files.
    package let tree: BrowsedTree
    /// The digest that identifies it; nil for what has none.
    package let digest: String?
    /// What its image's configuration says of what runs; nil for what is of no image.
    package private(set) var configuration: ExpectedConfiguration?

    /// Opens whatever a user can name.
    package static func open(_ text: String, in finder: ObjectFinder) throws -> ConfiguredTree {
        let isOther = isDirectoryName(text) || RawArguments.bytes(of: text).starts(with: "upper:".utf8)
        if !isOther, case .engine(let object) = try finder.resolve(text) {
            let opened = try OpenedTree.open(text, in: finder)
            var result = ConfiguredTree(tree: opened.tree, digest: opened.digest)
            if let image = image(of: object, finder), let bytes = try finder.source(of: image).configuration {
                let name = "\(text.printable): configuration"
                result.configuration = ExpectedConfiguration(
                    try ImageConfiguration(json: bytes, name: name).config,
                    try ConfigurationDetails(json: bytes, name: name).execution)
            }
            return result
        }
        if isOther {
            var result = ConfiguredTree(tree: try OpenedTree.open(text, in: finder).tree, digest: nil)
            if !isDirectoryName(text), let name = try OpenedTree.recordedImage(ofUpper: text) {
                result.take(try finder.open(name))
            }
            return result
        }
        let image = try finder.open(text)
        var result = ConfiguredTree(
            tree: BrowsedTree(try mappedTree(image.tree), name: RawArguments.bytes(of: text)),
            digest: "\(image.digest)")
        result.take(image)
        return result
    }

    private init(tree: BrowsedTree, digest: String?) {
        self.tree = tree
        self.digest = digest
    }

    private mutating func take(_ image: ImageObject) {
        configuration = ExpectedConfiguration(image.configuration.config, image.execution)
    }

    private static func image(of object: EngineObject, _ finder: ObjectFinder) -> EngineImage? {
        switch object {
        case .image(let image): image
        case .container(let container): finder.image(of: container)
        }
    }
}
