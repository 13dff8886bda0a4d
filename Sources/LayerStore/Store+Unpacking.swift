// SPDX-License-Identifier: Apache-2.0

package import OCI
package import Unpacking

/// How layers are read to become a tree, where that is not as the specification says.
package struct EngineReading: Sendable {
    /// Whose way it is.
    let engine: UnpackingEngine

    /// Takes an engine's way.
    package init(_ engine: UnpackingEngine) { self.engine = engine }

    /// The engine as a word.
    package var name: String { engine.rawValue }
}

extension ChainID {
    /// What a new way of simulating an engine changes, so that trees made in the old way are not found.
    private static let version = 1

    /// The name of a stack of layers, as an engine has it: another one than that of the layers alone.
    init(_ diffIDs: [DiffID], as engine: UnpackingEngine?) {
        let own = ChainID(diffIDs)
        guard let engine else {
            self = own
            return
        }
        self.init(Digest(of: Array("cimg unpacking \(Self.version) \(engine.rawValue) \(own)".utf8)))
    }
}

extension Store {
    /// The tree that an engine's disk would show of layers that are in the store.
    ///
    /// - Throws: `LayerError` where the engine refuses a layer.
    package func tree(
        of diffIDs: [DiffID], as reading: EngineReading, sharing opened: OpenedLayers = OpenedLayers()
    ) throws -> StoredTree {
        let engine = reading.engine
        if let tree = try openTree(diffIDs, as: engine, sharing: opened) { return tree }
        let hold = try holdForWriting()
        defer { withExtendedLifetime(hold) {} }
        _ = try makeTree(diffIDs, as: engine, writer: try TemporaryDirectory(self))
        guard let tree = try openTree(diffIDs, as: engine) else {
            throw StoreError(.damaged, "tree \(ChainID(diffIDs))", "vanished while it was made")
        }
        return tree
    }
}
