// SPDX-License-Identifier: Apache-2.0

import Console
package import LayerStore
import OCI
package import Objects

extension ObjectFinder {
    /// The documents of an image that a user named.
    ///
    /// - Throws: `CommandError` for what is no image that has them.
    package func describe(_ text: String) throws -> ImageDescription {
        switch isDirectoryName(text) ? nil : try resolve(text) {
        case nil, .engine(.container):
            throw CommandError("\"\(text.printable)\": has no configuration to compare; only images have one")
        case .engine(.image), .image: break
        }
        if let image = try documents(ofImage: text) { return image }
        // Its layers are taken in to make some.
        return try place.openStore().describe(openSource(text))
    }

    /// The documents of an image that a user named, without its layers; nil for a container and whatever else has none.
    package func documents(_ text: String) throws -> ImageDescription? {
        if isDirectoryName(text) || RawArguments.bytes(of: text).starts(with: "upper:".utf8) { return nil }
        switch try resolve(text) {
        case .engine(.container): return nil
        case .engine(.image), .image: break
        }
        return try documents(ofImage: text)
    }

    /// The documents of what a user named; nil for a container and whatever else has none.
    package func describeIfImage(_ text: String) throws -> ImageDescription? {
        if isDirectoryName(text) || RawArguments.bytes(of: text).starts(with: "upper:".utf8) { return nil }
        if case .engine(.container) = try resolve(text) { return nil }
        return try describe(text)
    }
}
