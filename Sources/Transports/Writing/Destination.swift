// SPDX-License-Identifier: Apache-2.0

package import LayerStore
import LinuxIO
package import OCI
import SystemPackage

/// Opens a place of this machine to write an image to.
///
/// - Returns: nil for the transports that cannot hold an image as it is: `docker-archive:`, see `writeDockerArchive`,
///   `rootfs:` and `registry-dir:`.
/// - Throws: `SourceError`: also for a place with other things in it.
package func openDestination(_ location: ImageLocation) throws -> (any ImageDestination)? {
    let tag: String?
    switch location.selection {
    case .only: tag = nil
    case .name(let name): tag = name
    case .digest, .position:
        throw SourceError(location.description, "a digest or position cannot be given to what is written")
    }
    switch location.transport {
    case .oci: return try LayoutDestination(location.path, tag: tag, name: location.source)
    case .ociArchive: return try LayoutArchiveDestination(location, tag: tag)
    case .dir: return try FlatDestination(location.path, name: location.source)
    case .dockerArchive, .rootfs, .registryDir: return nil
    }
}

/// Opens an image or artifact of this machine, or an index with all that it lists, to be copied byte for byte.
///
/// - Parameters:
///   - takesAll: whether an index is meant with all that it lists, not one of its images.
///   - platform: the image of an index; nil for this machine's, or the only one.
/// - Returns: nil where the source has no manifest: then `openImage` is to be used.
package func openGraph(
    _ location: ImageLocation, takesAll: Bool = true, platform: Platform? = nil
) throws -> SourceGraph? {
    guard let document = try openDocument(location) else { return nil }
    let blobs = document.blobs
    var (top, mediaType) = (document.bytes, document.mediaType)
    let object = "\(location.source): manifest \(Digest(of: top))"
    if !takesAll, case .index(let index) = try ManifestDocument(json: top, name: object, mediaType: mediaType) {
        let choice = ImageChoice(blobs: blobs)
        let entries = index.manifests.filter(ImageChoice.isCandidate)
        let leaf = try choice.choose(try choice.leaves(of: entries), platform: platform, object: location.source)
        (top, mediaType) = (try blobs.document(leaf.digest, size: leaf.size), leaf.mediaType)
    }
    return try SourceGraph(
        top, mediaType: mediaType, fetch: { try blobs.document($0.digest, size: $0.size) },
        open: { try blobs.open($0) })
}

/// The manifest or index that a location names, as it is; nil where the source has none.
///
/// - Throws: `SourceError` or `FormatError`.
package func openManifest(_ location: ImageLocation) throws -> [UInt8]? {
    try openDocument(location)?.bytes
}

private func openDocument(
    _ location: ImageLocation
) throws -> (blobs: ImageBlobs, bytes: [UInt8], mediaType: String)? {
    let (blobs, top, mediaType): (ImageBlobs, [UInt8], String)
    switch location.transport {
    case .oci, .ociArchive:
        let layout = try openLayout(location, nil)
        let choice = ImageChoice(blobs: layout.blobs)
        let entry = try choice.entry(location.selection, of: layout.index)
        (blobs, mediaType) = (layout.blobs, entry.mediaType)
        top = try blobs.document(entry.digest, size: entry.size)
    case .dir:
        let files = try DirectoryFiles(location.path, name: location.source)
        blobs = ImageBlobs(files: files, naming: .flat)
        top = try files.open("manifest.json").bytes(
            limit: DocumentLimit.manifest, object: "\(location.source): manifest.json")
        mediaType = ""
    case .registryDir:
        let directory = try RegistryDirectory(location.path, name: location.source)
        blobs = directory.blobs
        mediaType = ""
        top = try blobs.document(try directory.entry(location.selection).digest)
    case .dockerArchive, .rootfs: return nil
    }
    return (blobs, top, mediaType)
}
