// SPDX-License-Identifier: Apache-2.0

import LayerStore
import OCI
import Objects

/// Which of an image's layers are those of the image that it was made from.
struct BaseImage: Sendable {
    /// How many layers it has, from the lowest on.
    let layerCount: Int
    /// What the store calls it; nil where only the history tells of it.
    let name: String?

    /// Images of a store, with their layers.
    struct Known {
        let name: String
        let diffIDs: [DiffID]
    }

    /// Images of a store that are looked at.
    private static let limit = 256

    /// What is known of the images of a store; nothing where it cannot be told.
    static func known(in place: StorePlace) -> [Known] {
        // A store that cannot be opened says nothing about bases; the image itself is opened elsewhere.
        guard place.isMade, let store = try? place.openStore(), let references = try? store.references() else {
            return []
        }
        return references.prefix(limit).compactMap { reference in
            // What has no configuration is no base.
            guard let image = try? store.describe(reference.descriptor.digest) else { return nil }
            return Known(name: reference.name, diffIDs: image.configuration.rootfs.diffIDs)
        }
    }

    /// Finds the base of an image: the largest known image that it goes on from, else what its history says.
    ///
    /// Nil where neither tells, as for an image of one step.
    init?(of configuration: ImageConfiguration, known: [Known]) {
        let own = configuration.rootfs.diffIDs
        let below = known.filter { !$0.diffIDs.isEmpty && $0.diffIDs.count < own.count && own.starts(with: $0.diffIDs) }
        if let best = below.max(by: { ($0.diffIDs.count, $1.name) < ($1.diffIDs.count, $0.name) }) {
            self.init(layerCount: best.diffIDs.count, name: best.name)
            return
        }
        guard let count = Self.layerCount(configuration.history ?? [], own.count) else { return nil }
        self.init(layerCount: count, name: nil)
    }

    private init(layerCount: Int, name: String?) {
        self.layerCount = layerCount
        self.name = name
    }

    /// The layers below the last command to run that layers follow: builders end an image with it, and what goes on from
    /// it repeats its history.
    private static func layerCount(_ history: [ImageConfiguration.HistoryEntry], _ count: Int) -> Int? {
        guard history.count(where: { $0.emptyLayer != true }) == count,
            let last = history.lastIndex(where: { $0.emptyLayer != true })
        else { return nil }
        let end = history[..<last].lastIndex { step in
            guard step.emptyLayer == true, let command = step.createdBy else { return false }
            return ["/bin/sh -c #(nop)  CMD", "/bin/sh -c #(nop) CMD", "CMD "].contains(where: command.hasPrefix)
        }
        guard let end else { return nil }
        let layers = history[..<end].count { $0.emptyLayer != true }
        return layers > 0 ? layers : nil
    }
}
