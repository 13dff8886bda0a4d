// SPDX-License-Identifier: Apache-2.0

package import OCI
package import SystemPackage

/// An image as its engine's files describe it.
package struct EngineImage: Sendable {
    /// The engine that has it.
    package var engine: EngineKind
    /// Where the engine keeps it: the storage's directory.
    package var storage: FilePath
    /// containerd's namespace; nil elsewhere.
    package var namespace: String?
    /// The engine's identifier in hexadecimal digits: the digest of its configuration; containerd's that of its
    /// manifest or index.
    package var id: String
    /// Its names as the engine writes them; `docker.io/library/busybox:latest` may be `busybox:latest` in Docker's.
    package var names: [String]
    /// The digest of its manifest or index, where the engine knows it.
    package var digest: Digest?
    /// When it was made or came here, as RFC 3339 writes it; nil where the engine does not tell.
    package var created: String?

    let readSize: @Sendable () -> UInt64?
    let readManifest: @Sendable () throws(EngineError) -> [UInt8]?
    let readConfiguration: @Sendable () throws(EngineError) -> [UInt8]
    let readLayers: @Sendable () throws(EngineError) -> EngineLayers
    let readData: @Sendable () throws(EngineError) -> [EngineLayerData]

    /// How many bytes its uncompressed layers have, where the engine tells.
    package func size() -> UInt64? { readSize() }

    /// Its manifest as the registry or archive had it, not checked against a digest; nil where the engine keeps none.
    ///
    /// - Throws: `EngineError`.
    package func manifest() throws(EngineError) -> [UInt8]? { try readManifest() }

    /// Its configuration, not checked against a digest.
    ///
    /// - Throws: `EngineError`.
    package func configuration() throws(EngineError) -> [UInt8] { try readConfiguration() }

    /// Where its layers are now; `upper` is nil.
    ///
    /// - Throws: `EngineError`: a layer is missing or damaged, was never unpacked, or the storage is of a kind that
    ///   cannot be read in place.
    package func layers() throws(EngineError) -> EngineLayers { try readLayers() }

    /// How the bytes of its layers are to be had, base layer first.
    ///
    /// - Throws: `EngineError`: the engine has kept too little of a layer to tell what its bytes were.
    package func data() throws(EngineError) -> [EngineLayerData] { try readData() }
}
