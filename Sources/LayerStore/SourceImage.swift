// SPDX-License-Identifier: Apache-2.0

package import LinuxIO
package import OCI

/// A layer as a transport offers it: what is claimed of it, and how to read it.
package struct SourceLayer: Sendable {
    /// The layer's descriptor as its manifest has it; nil where the source has no manifest.
    ///
    /// Its digest and size are checked while the layer is read.
    package var descriptor: ContentDescriptor?
    /// Opens the layer's bytes as they lie in the source: compressed or not.
    package var open: @Sendable () throws -> any ByteStream

    /// Makes a layer.
    package init(descriptor: ContentDescriptor?, open: @escaping @Sendable () throws -> any ByteStream) {
        self.descriptor = descriptor
        self.open = open
    }
}

/// An image as a transport offers it.
package struct SourceImage: Sendable {
    /// The manifest, byte for byte, already checked against the digest that named it; nil where the source has none
    /// (an older Docker archive, a plain root file system): the store makes one.
    package var manifest: [UInt8]?
    /// The configuration, byte for byte, checked against the manifest's descriptor where there is a manifest; nil for
    /// a plain root file system: the store makes one.
    package var configuration: [UInt8]?
    /// The layers, base layer first.
    package var layers: [SourceLayer]
    /// What the source calls the image, such as a tag; nil if it has no name.
    package var name: String?

    /// Makes an image.
    package init(manifest: [UInt8]?, configuration: [UInt8]?, layers: [SourceLayer], name: String? = nil) {
        self.manifest = manifest
        self.configuration = configuration
        self.layers = layers
        self.name = name
    }
}
