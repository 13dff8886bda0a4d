// SPDX-License-Identifier: Apache-2.0

package import LayerStore
import LinuxIO
import OCI
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
    case .digest: throw SourceError(location.description, "a digest cannot be given to what is written")
    }
    switch location.transport {
    case .oci: return try LayoutDestination(location.path, tag: tag, name: location.source)
    case .ociArchive: return try LayoutArchiveDestination(location.path, tag: tag, name: location.source)
    case .dir: return try FlatDestination(location.path, name: location.source)
    case .dockerArchive, .rootfs, .registryDir: return nil
    }
}

/// Opens an image of this machine, or an index with all that it lists, to be copied byte for byte.
///
/// - Returns: nil where the source has no manifest: then `openImage` is to be used.
package func openGraph(_ location: ImageLocation) throws -> SourceGraph? {
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
    return try SourceGraph(
        top, mediaType: mediaType, fetch: { try blobs.document($0.digest, size: $0.size) },
        open: { try blobs.files.open(blobs.path($0.digest)).stream() })
}
