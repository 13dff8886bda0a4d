// SPDX-License-Identifier: Apache-2.0

import Glibc
import LayerStore
import LinuxIO
import OCI
import SystemPackage

/// The storage folder of a registry, as the distribution project's file system driver lays it out
/// (registry/storage/paths.go): `docker/registry/v2` with `blobs` and `repositories`.
///
/// Read in place, also while the registry writes: tags are small files that hold a digest.
struct RegistryDirectory: Sendable {
    /// Directories of repositories that are looked at.
    private static let directoryLimit = 1_000_000
    /// Components of a repository's name.
    private static let depthLimit = 64

    let blobs: ImageBlobs
    private let files: DirectoryFiles
    private let repositoriesRoot: Descriptor
    private var name: String { files.name }

    /// Opens a storage folder: the directory that has `docker/registry/v2` in it, or that one itself.
    init(_ path: FilePath, name: String) throws {
        let given = try DirectoryFiles(path, name: name)
        do throws(Errno) {
            var root = try Descriptor.open(path, O_RDONLY | O_DIRECTORY)
            if try root.hasEntry("docker") { root = try root.openBeneath("docker/registry/v2", O_RDONLY | O_DIRECTORY) }
            guard try root.hasEntry("repositories") else { throw Errno.noSuchFileOrDirectory }
            repositoriesRoot = try root.openBeneath("repositories", O_RDONLY | O_DIRECTORY)
            files = DirectoryFiles(root, name: name)
        } catch {
            guard error == .noSuchFileOrDirectory || error == .notDirectory else { throw SourceError(name, "\(error)") }
            throw SourceError(given.name, "is no storage of a registry: it has no docker/registry/v2/repositories")
        }
        blobs = ImageBlobs(files: files, naming: .registry)
    }

    // MARK: - Lists

    /// The repositories, sorted.
    func repositories() throws -> [String] {
        var found: [String] = []
        var pending: [(path: String, directory: Descriptor, depth: Int)] = [("", repositoriesRoot, 0)]
        var count = 0
        while let (path, directory, depth) = pending.popLast() {
            for bytes in try located({ () throws(Errno) in try directory.entryNames() }) {
                let entry = String(decoding: bytes, as: UTF8.self)
                if entry == "_manifests" { found.append(path) }
                // What begins so is the registry's own.
                guard !entry.hasPrefix("_"), let inner = try folder(bytes, in: directory) else { continue }
                count += 1
                guard count <= Self.directoryLimit, depth < Self.depthLimit else {
                    throw SourceError(
                        name, "has more than \(Self.directoryLimit) repositories, or names of too many parts")
                }
                pending.append((path.isEmpty ? entry : "\(path)/\(entry)", inner, depth + 1))
            }
        }
        return found.filter { (try? Self.parsed($0)) != nil }.sorted()  // No name of a repository.
    }

    /// A directory in another one; nil where there is none of that name.
    ///
    /// - Throws: `SourceError`: what cannot be looked into may have images.
    private func folder(_ path: [UInt8], in directory: Descriptor) throws(SourceError) -> Descriptor? {
        do throws(Errno) {
            return try directory.openBeneath(path, O_RDONLY | O_DIRECTORY)
        } catch .noSuchFileOrDirectory, .notDirectory, .tooManySymbolicLinkLevels, .noSuchAddressOrDevice {
            return nil
        } catch {
            throw SourceError("\(name): \(String(decoding: path, as: UTF8.self).printable)", "\(error)")
        }
    }

    /// The tags of a repository, sorted, with what they name.
    ///
    /// - Throws: `SourceError`: there is no such repository, or one of its links is none.
    func tags(of repository: String) throws -> [(tag: String, digest: Digest)] {
        let reference = try Self.parsed(repository)
        let path = "\(reference.repository)/_manifests/tags"
        let directory: Descriptor
        do throws(Errno) {
            directory = try repositoriesRoot.openBeneath(path, O_RDONLY | O_DIRECTORY)
        } catch .noSuchFileOrDirectory {
            // A repository whose tags were all removed, or one that is pushed to by digest.
            guard try folder(Array("\(reference.repository)/_manifests".utf8), in: repositoriesRoot) != nil else {
                throw SourceError(name, "has no repository \"\(repository.printable)\"", has: try repositories())
            }
            return []
        } catch {
            throw SourceError("\(name): \(repository.printable)", "\(error)")
        }
        let names = try located { () throws(Errno) in try directory.entryNames() }
        return try names.map { String(decoding: $0, as: UTF8.self) }.filter { Reference.isTag($0) }.sorted().compactMap
        {
            tag in
            guard let digest = try self.digest(of: tag, in: reference.repository) else { return nil }
            return (tag, digest)
        }
    }

    /// What a tag names; nil if there is no such tag.
    private func digest(of tag: String, in repository: String) throws -> Digest? {
        try link("\(repository)/_manifests/tags/\(tag)/current/link")
    }

    /// The digest in a link; nil if there is none.
    private func link(_ path: String) throws -> Digest? {
        let path = "repositories/\(path)"
        guard files.contains(path) else { return nil }
        let object = "\(name): \(path)"
        let bytes = try files.open(path).bytes(limit: 1024, object: object)
        let text = String(decoding: bytes, as: UTF8.self).split(whereSeparator: \.isWhitespace)
        do {
            return try Digest(parsing: text.first ?? "")
        } catch {
            throw SourceError(object, "\(error)")
        }
    }

    // MARK: - Images

    /// What a selection names, which may be an index.
    func entry(_ selection: ImageSelection) throws -> ContentDescriptor {
        let text: String
        switch selection {
        case .only:
            let repositories = try repositories()
            guard repositories.count == 1, let only = repositories.first else {
                throw SourceError(name, "has several repositories, name one behind //", has: repositories)
            }
            text = only
        case .name(let given): text = given
        case .digest(let digest): return try entry(digest)
        case .position(let position):
            throw SourceError(name, "@\(position) is no name of a repository")
        }
        let reference = try Self.parsed(text)
        if let digest = reference.digest {
            guard try link("\(reference.repository)/_manifests/revisions/sha256/\(digest.hex)/link") != nil else {
                throw SourceError(name, "\(reference.repository) has no manifest \(digest)")
            }
            return try entry(digest)
        }
        let tag = reference.tag ?? "latest"
        guard let digest = try digest(of: tag, in: reference.repository) else {
            let tags = try tags(of: reference.repository)
            guard reference.tag == nil, tags.count == 1 else {
                throw SourceError(
                    "\(name)//\(reference.repository)", "has no tag \"\(tag)\"", has: tags.map(\.tag))
            }
            return try entry(tags[0].digest)
        }
        return try entry(digest)
    }

    private func entry(_ digest: Digest) throws -> ContentDescriptor {
        let bytes = try blobs.document(digest)
        return ContentDescriptor(mediaType: "", digest: digest, size: Int64(bytes.count))
    }

    /// The image that is meant.
    func image(_ selection: ImageSelection, platform: Platform?) throws -> SourceImage {
        let entry = try entry(selection)
        let bytes = try blobs.document(entry.digest)
        let object = "\(name): manifest \(entry.digest)"
        switch try ManifestDocument(json: bytes, name: object) {
        case .manifest:
            return try blobs.image(manifest: bytes, mediaType: nil, name: Self.imageName(selection))
        case .index(let index):
            return try ImageChoice(blobs: blobs).image(.only, of: index, platform: platform)
        }
    }

    private static func imageName(_ selection: ImageSelection) -> String? {
        // Then it has none.
        guard case .name(let name) = selection, let reference = try? parsed(name), reference.digest == nil else {
            return nil
        }
        return "\(reference.repository):\(reference.tag ?? "latest")"
    }

    /// A repository with its tag or digest; only what registries allow leads to a path.
    private static func parsed(_ text: String) throws(SourceError) -> Reference {
        do {
            // The registry in front makes every name a whole one.
            return try Reference(parsing: "localhost/" + text)
        } catch {
            throw SourceError("repository \"\(text.printable)\"", error.cause)
        }
    }

    private func located<Result>(_ body: () throws(Errno) -> Result) throws(SourceError) -> Result {
        do {
            return try body()
        } catch {
            throw SourceError(name, "\(error)")
        }
    }
}
