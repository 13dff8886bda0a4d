// SPDX-License-Identifier: Apache-2.0

import Console
import Engines
import LayerStore
import OCI
import Registry
import Signatures
import SystemPackage
import Transports
import Trust

/// What is copied, and where it comes from.
struct ImageCopySource {
    /// Its documents and blobs.
    var graph: SourceGraph
    /// The repository it is in; nil for none.
    var origin: RemoteRepository?
    /// The image of another place as policies see it; nil for one of the store.
    var judged: JudgedImage?
}

extension ImageCopy {
    /// The signatures that go to the destination, by the manifests they are of, the image's own last.
    ///
    /// They are made before anything is copied, so that a copy that cannot be signed does not begin.
    func signaturesToWrite(
        of source: ImageCopySource, to place: ImagePlace
    ) throws -> [(manifest: Digest, signatures: [SignatureFile])] {
        let obstacle = Self.takesSignatures(place)
        var written: [(manifest: Digest, signatures: [SignatureFile])] = []
        for document in source.graph.documents {
            let digest = document.descriptor.digest
            var signatures: [SignatureFile] = []
            if !removesSignatures, let judged = source.judged {
                signatures = try judged.evidence(for: digest).signatures.map(\.file)
            }
            if let signer {
                signatures.append(try signer.sign(digest, as: signedReference(place, signer)))
            }
            if !signatures.isEmpty { written.append((digest, signatures)) }
        }
        guard let obstacle, !written.isEmpty else { return written }
        let count = counted(written.reduce(0) { $0 + $1.signatures.count }, "signature")
        StandardError.print("cimg: \(Self.name(of: place)): \(obstacle); \(count) of the source left behind")
        return []
    }

    /// Refuses to sign for a place that cannot take signatures.
    func checkSigning(_ place: ImagePlace) throws {
        guard signer != nil, let reason = Self.takesSignatures(place) else { return }
        throw CommandError("\(Self.name(of: place)): \(reason)")
    }

    /// Why a place cannot take signatures; nil if it can.
    private static func takesSignatures(_ place: ImagePlace) -> String? {
        switch place {
        case .registry: return nil
        case .stored: return "signatures are not kept in the store"
        case .engine, .engineName: return "engines are handed images without signatures"
        case .local(let location):
            switch location.transport {
            case .dir: return nil
            case .oci, .ociArchive: return "Pushing signatures for OCI images is not supported"
            case .dockerArchive: return "Storing signatures for docker tar files is not supported"
            case .rootfs, .registryDir: return "signatures cannot be written there"
            }
        }
    }

    private static func name(of place: ImagePlace) -> String {
        switch place {
        case .registry(let name): "docker://\(name.printable)"
        case .stored(let name): name.printable
        case .local(let location): "\(location)"
        case .engine(let image): image.id.printable
        case .engineName(_, let name): name.printable
        }
    }

    /// What a new signature says that the image is called.
    private func signedReference(_ place: ImagePlace, _ signer: Signer) throws -> Reference {
        if case .registry(let name) = place { return try Self.target(name) }
        guard let identity = signer.identity else {
            throw CommandError(
                "\(Self.name(of: place)): has no name to sign; give one with --sign-identity HOST/REPOSITORY:TAG")
        }
        return try Reference(parsing: identity)
    }

    /// Writes signatures where the copy went.
    func write(_ signatures: [(manifest: Digest, signatures: [SignatureFile])], to place: ImagePlace) throws {
        switch place {
        case .registry(let name):
            let reference = try Self.target(name)
            let store = RegistrySignatureStore(
                try destinationClient.repository(reference), of: reference, self.place.judge.settings,
                web: WebFiles(destinationClient.settings))
            for (manifest, files) in signatures {
                let kept = try store.add(files, to: manifest)
                self.place.tell("\(manifest): \(counted(files.count, "signature")) in \(kept)")
            }
        case .local(let location) where location.transport == .dir:
            for (manifest, files) in signatures {
                try DirectorySignatures.add(files, to: location.path, for: manifest)
            }
        case .stored, .local, .engine, .engineName: return
        }
    }
}
