// SPDX-License-Identifier: Apache-2.0

import Glibc
package import LayerStore
import LinuxIO
package import OCI
package import SystemPackage

/// Opens an image of this machine: reads its manifest and configuration, and tells how to read its layers.
///
/// Manifests, indexes and configurations are read whole, bounded (`DocumentLimit`) and checked against the digests and
/// sizes that name them. Layers are opened when they are asked for and not checked here.
/// - Parameters:
///   - location: where, and which of the images there.
///   - platform: the platform asked for; nil for whatever there is, or this machine's among several.
///   - temporaryDirectory: where a compressed archive is decompressed to; nil for `$TMPDIR` or `/var/tmp`.
///   - report: told, one line each, what of a directory cannot be part of an image and is left out.
/// - Throws: `SourceError` or `FormatError`.
package func openImage(
    _ location: ImageLocation, platform: Platform? = nil, temporaryDirectory: FilePath? = nil,
    report: @escaping @Sendable (String) -> Void = { _ in }
) throws -> SourceImage {
    switch location.transport {
    case .oci, .ociArchive:
        let layout = try openLayout(location, temporaryDirectory)
        return try ImageChoice(blobs: layout.blobs).image(location.selection, of: layout.index, platform: platform)
    case .dockerArchive:
        return try DockerArchive(openArchive(location, temporaryDirectory))
            .image(location.selection, platform: platform)
    case .dir:
        return try directoryImage(location, platform: platform)
    case .rootfs:
        return try rootFileSystem(location, report: report)
    case .registryDir:
        return try RegistryDirectory(location.path, name: location.source).image(location.selection, platform: platform)
    }
}

/// What a source says of one of its images.
package struct ListedImage: Sendable, Hashable {
    /// The tag or name; nil if it has none.
    package var name: String?
    /// The digest of its manifest, or of its index; in an older Docker archive nil.
    package var digest: Digest?
    /// Its platform, where the source says so without more reading.
    package var platform: Platform?

    /// Makes an entry.
    package init(name: String? = nil, digest: Digest? = nil, platform: Platform? = nil) {
        self.name = name
        self.digest = digest
        self.platform = platform
    }
}

/// Lists the images of a source by their names, in the order of the source; attestations are left out.
///
/// - Throws: `SourceError` or `FormatError`.
package func listImages(
    _ location: ImageLocation, temporaryDirectory: FilePath? = nil
) throws -> [ListedImage] {
    switch location.transport {
    case .oci, .ociArchive:
        return try openLayout(location, temporaryDirectory).index.manifests.filter(ImageChoice.isCandidate).map {
            ListedImage(name: $0.referenceName, digest: $0.digest, platform: $0.platform)
        }
    case .dockerArchive:
        return try DockerArchive(openArchive(location, temporaryDirectory)).allNames.map { ListedImage(name: $0) }
    case .dir, .rootfs:
        return [ListedImage()]
    case .registryDir:
        let directory = try RegistryDirectory(location.path, name: location.source)
        let repositories: [String]
        if case .name(let name) = location.selection {
            repositories = [name]
        } else {
            repositories = try directory.repositories()
        }
        return try repositories.flatMap { repository in
            try directory.tags(of: repository).map { ListedImage(name: "\(repository):\($0.tag)", digest: $0.digest) }
        }
    }
}

private func openArchive(_ location: ImageLocation, _ temporaryDirectory: FilePath?) throws -> ArchiveFiles {
    let directory =
        temporaryDirectory ?? getenv("TMPDIR").map { FilePath(platformString: $0) } ?? FilePath("/var/tmp")
    return try ArchiveFiles(
        location.isStandardStream ? nil : location.path, name: location.source, temporaryDirectory: directory)
}

/// Opens an image layout, a directory or an archive, and reads its index.
func openLayout(
    _ location: ImageLocation, _ temporaryDirectory: FilePath?
) throws -> (blobs: ImageBlobs, index: ImageIndex) {
    let name = location.source
    let files: any SourceFiles =
        location.transport == .oci
        ? try DirectoryFiles(location.path, name: name) : try openArchive(location, temporaryDirectory)
    guard files.contains("index.json") else {
        let hint = files.contains("manifest.json") ? (location.transport == .oci ? "dir" : "docker-archive") : nil
        throw SourceError(
            name, "has no index.json: it is " + (hint.map { "a \($0) source" } ?? "no image layout"))
    }
    try checkLayoutVersion(files)
    let object = "\(name): index.json"
    let json = try files.open("index.json").bytes(limit: DocumentLimit.manifest, object: object)
    return (ImageBlobs(files: files, naming: .layout), try ImageIndex(json: json, name: object))
}

/// The marker of a layout (image-layout.md).
private struct LayoutMarker: Decodable {
    var imageLayoutVersion: String?
}

/// Refuses a layout of another version than 1.0.0, which may mean something else by the same files.
///
/// A layout without the marker, which some tools leave out, is taken for one of this version.
private func checkLayoutVersion(_ files: any SourceFiles) throws {
    guard files.contains("oci-layout") else { return }
    let object = "\(files.name): oci-layout"
    let json = try files.open("oci-layout").bytes(limit: 64 << 10, object: object)
    let version = try decode(LayoutMarker.self, json, name: object, limit: 64 << 10).imageLayoutVersion ?? "no version"
    guard version == "1.0.0" else {
        throw SourceError(object, "is of a layout of \(version.printable); only 1.0.0 is known")
    }
}

/// Opens an image in a directory as skopeo writes it; its manifest may be an index with the manifests beside it.
private func directoryImage(_ location: ImageLocation, platform: Platform?) throws -> SourceImage {
    let files = try DirectoryFiles(location.path, name: location.source)
    let blobs = ImageBlobs(files: files, naming: .flat)
    let object = "\(location.source): manifest.json"
    let json = try files.open("manifest.json").bytes(limit: DocumentLimit.manifest, object: object)
    switch try ManifestDocument(json: json, name: object) {
    case .manifest(let manifest):
        // What is wrong with it is told below.
        let configuration = try? ImageConfiguration(json: blobs.configuration(manifest.config), name: "")
        if let platform, let found = configuration?.platform, platform.distance(to: found) == nil {
            throw SourceError(location.source, "no image for \(platform)", has: ["\(found)"])
        }
        return try blobs.image(manifest: json, mediaType: nil, name: nil)
    case .index(let index):
        return try ImageChoice(blobs: blobs).image(.only, of: index, platform: platform)
    }
}
