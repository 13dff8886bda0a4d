// SPDX-License-Identifier: Apache-2.0

package import OCI

/// Writes a registry's storage folder as the distribution project does, below `PATH/docker/registry/v2`.
package struct RegistryFolderBuilder {
    private let scratch: ScratchDirectory
    private let path: String

    /// Begins a folder in a scratch directory.
    package init(_ scratch: ScratchDirectory, _ path: String = "storage") {
        self.scratch = scratch
        self.path = "\(path)/docker/registry/v2"
        scratch.directory("\(self.path)/repositories")
    }

    /// Where a blob lies, relative to the scratch directory.
    package func blobPath(_ digest: Digest) -> String {
        "\(path)/blobs/sha256/\(digest.hex.prefix(2))/\(digest.hex)/data"
    }

    /// Writes a blob.
    package func blob(_ bytes: [UInt8]) { scratch.file(blobPath(Digest(of: bytes)), bytes) }

    /// Writes a link of a repository.
    package func link(_ repository: String, _ name: String, _ text: String) {
        scratch.file("\(path)/repositories/\(repository)/_manifests/\(name)/link", text)
    }

    /// Writes an image into a repository.
    package func image(_ image: ImageBuilder, _ repository: String, tag: String?) {
        for bytes in image.blobs { blob(bytes) }
        manifest(image.digest, repository, tag: tag)
    }

    /// Writes the links of a manifest whose blob is there.
    package func manifest(_ digest: Digest, _ repository: String, tag: String?) {
        link(repository, "revisions/sha256/\(digest.hex)", "\(digest)")
        guard let tag else { return }
        link(repository, "tags/\(tag)/current", "\(digest)")
    }
}
