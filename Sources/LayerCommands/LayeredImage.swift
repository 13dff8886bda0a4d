// SPDX-License-Identifier: Apache-2.0

import CommandTrees
import Console
import Engines
import FileTree
package import LayerStore
package import Layering
package import OCI
package import Objects

/// An image with its layers, to be counted and judged.
package struct LayeredImage {
    /// What the user called it.
    package let name: String
    /// The image.
    package let object: ImageObject
    /// Its layers, base first.
    package let layers: [StoredLayer]
    /// How many of them belong to the image that it was built on, and how that is known.
    package let base: (count: Int, reason: String)

    /// The annotation that names the manifest of the image that another was built on.
    static let baseAnnotation = "org.opencontainers.image.base.digest"

    /// Whether a text names an image, and neither a container, a process nor a directory.
    package static func isImage(_ text: String, in finder: ObjectFinder) throws -> Bool {
        if isDirectoryName(text) || text.utf8.starts(with: "upper:".utf8) { return false }
        switch try finder.resolve(text) {
        case .image, .engine(.image): return true
        default: return false
        }
    }

    /// Opens an image.
    ///
    /// - Parameter base: the image that it was built on; nil to find out.
    package static func open(_ text: String, base: String? = nil, in finder: ObjectFinder) throws -> LayeredImage {
        if !isDirectoryName(text), case .engine(.container(let container)) = try finder.resolve(text) {
            throw CommandError(
                "\"\(text.printable)\": a container of \(container.imageName?.printable ?? "an image"); "
                    + "layers have images, and \"cimg commit\" makes one of a container")
        }
        let object = try finder.open(text)
        let layers = try object.tree.diffIDs.map { diffID in
            guard let layer = try object.store.openLayer(diffID) else {
                throw CommandError("layer \(diffID): was pruned while it was opened; try again")
            }
            return layer
        }
        return LayeredImage(
            name: text, object: object, layers: layers, base: try Self.base(of: object, base, in: finder))
    }

    /// What the layers cost.
    package func costs() throws -> LayerCosts {
        try LayerCosts(
            layers.enumerated().map { index, layer in
                CountedLayer(
                    entries: layer.index, tarByteCount: layer.index.layerByteCount,
                    blobByteCount: object.manifest.layers.indices.contains(index)
                        ? UInt64(clamping: object.manifest.layers[index].size) : nil)
            })
    }

    /// dive's figures.
    func figures(isCompatible: Bool) throws -> DiveFigures {
        try DiveFigures(layers.map(\.index), isCompatible: isCompatible)
    }

    /// The step of the history that made each layer; nil where the history tells none.
    package var steps: [ImageConfiguration.HistoryEntry?] {
        let steps = (object.configuration.history ?? []).filter { $0.emptyLayer != true }
        return layers.indices.map { steps.indices.contains($0) ? steps[$0] : nil }
    }

    /// What a layer was made by, as one line.
    package static func command(_ step: ImageConfiguration.HistoryEntry?) -> String {
        (step?.createdBy ?? "").split(whereSeparator: \.isWhitespace).joined(separator: " ").printable
    }

    private static func base(
        of object: ImageObject, _ named: String?, in finder: ObjectFinder
    ) throws -> (count: Int, reason: String) {
        let own = object.tree.diffIDs
        if let named {
            let base = try finder.open(named).tree.diffIDs
            guard own.starts(with: base) else {
                throw CommandError(
                    "\"\(named.printable)\": \"\(object.name.printable)\" does not begin with its layers")
            }
            return (base.count, "\(named.printable)")
        }
        // What is no digest names no base.
        if let text = object.manifest.annotations?[baseAnnotation], let digest = try? Digest(parsing: text),
            let found = try object.store.find("\(digest)"),
            // A base that cannot be read is as one that is not there.
            let base = try? object.store.describe(found).configuration.rootfs.diffIDs, own.starts(with: base)
        {
            let name = object.manifest.annotations?["org.opencontainers.image.base.name"]
            return (base.count, "annotated: \((name ?? "\(digest)").printable)")
        }
        return (min(1, own.count), "the first layer; --base names another")
    }
}
