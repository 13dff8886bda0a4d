// SPDX-License-Identifier: Apache-2.0

import OCI
import Synchronization

/// The layers that some trees of one store have open: a layer of several trees is opened and looked at once.
///
/// For one command: what becomes of a layer's name meanwhile is not seen.
package final class OpenedLayers: Sendable {
    private struct State {
        var layers: [DiffID: StoredLayer] = [:]
        /// The marks that were found in the layers' directories.
        var marks: [DiffID: Set<String>] = [:]
    }

    private let state = Mutex(State())

    /// Starts with none.
    package init() {}

    /// The open layer; nil if it was not opened here.
    func layer(_ diffID: DiffID) -> StoredLayer? { state.withLock { $0.layers[diffID] } }

    /// Opens a layer that is known to be made of a blob; false if it is not known to be or has to be derived first.
    func open(_ diffID: DiffID, madeOf descriptor: ContentDescriptor, in store: Store) throws -> Bool {
        let mark = Store.verificationMark(descriptor)
        if state.withLock({ $0.marks[diffID]?.contains(mark) }) == true { return true }
        guard let directory = try store.openDerived(diffID.digest.hex, in: store.layers),
            Store.isMarked(directory, descriptor),
            let layer = try layer(diffID) ?? store.openLayer(diffID, in: directory)
        else { return false }
        state.withLock {
            $0.layers[diffID] = layer
            $0.marks[diffID, default: []].insert(mark)
        }
        return true
    }
}
