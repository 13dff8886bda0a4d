// SPDX-License-Identifier: Apache-2.0

import CommandOptions
import Console
import LayerStore
import OCI
import Objects
import Registry

extension ImportCommand {
    /// Takes an image of a registry, which the user named as a source.
    func pull(_ text: String) throws {
        let store = try self.store.openStore()
        var pull = ImagePull(place: try policy.place(self.store), client: try registry.client())
        pull.platform = try platform.map { try Platform(parsing: $0) }
        if quiet { pull.telling = .nothing }
        let pulled = try pull.run(text, into: store, name: name)
        try Self.settleBehind(store)
        for image in pulled.images { try report(pulled.name, image.manifestDigest, image.diffIDs) }
        if pulled.images.isEmpty { try report(pulled.name, pulled.digest, []) }
    }
}
