// SPDX-License-Identifier: Apache-2.0

import Console
import Glibc
import LayerStore
import LinuxIO
package import OCI
package import Registry
package import Signatures
import SystemPackage
package import Transports
package import Trust

/// An image of another place as a policy sees it: its name, and where its signatures are.
package struct JudgedImage {
    /// What rules are looked up by.
    package let subject: PolicySubject
    private let find: (Digest) throws -> SignatureEvidence

    /// Looks for the signatures of a manifest.
    ///
    /// - Throws: what went wrong; that there are none is an answer, not an error.
    package func evidence(for digest: Digest) throws -> SignatureEvidence { try find(digest) }

    /// An image of a registry.
    ///
    /// - Parameters:
    ///   - reference: as the user means it.
    ///   - repository: the repository that had it, which may be a mirror.
    package init(
        _ reference: Reference, in repository: RemoteRepository, _ settings: TrustSettings, client: RegistryClient
    ) {
        subject = .docker(reference)
        let store = RegistrySignatureStore(repository, of: reference, settings, web: WebFiles(client.settings))
        find = { try store.evidence(for: $0) }
    }

    /// An image in a file or directory of this machine.
    ///
    /// - Throws: `CommandError` where the path leads nowhere.
    package init(_ location: ImageLocation) throws {
        let name = "\(location)"
        let path = location.path
        switch location.transport {
        // A stream has no place that a policy could name.
        case .ociArchive where location.isStandardStream: subject = .unscoped(transport: "oci-archive", name: name)
        case .oci, .ociArchive, .dir, .registryDir:
            subject = .path(
                transport: location.transport.rawValue, name: name, path: try Self.explicit(path, of: name).string)
        case .dockerArchive: subject = .unscoped(transport: "docker-archive", name: name)
        // Files of no image: the name that policies of other tools have for them.
        case .rootfs: subject = .unscoped(transport: "tarball", name: name)
        }
        guard location.transport == .dir else {
            let reason = "\(location.transport.rawValue): has no place for signatures"
            find = { _ in SignatureEvidence(places: [LookedPlace(name, .notLooked(reason))]) }
            return
        }
        find = { try DirectorySignatures.evidence(in: path, for: $0) }
    }

    private static func explicit(_ path: FilePath, of name: String) throws(CommandError) -> FilePath {
        do throws(Errno) {
            return try path.explicit()
        } catch {
            throw CommandError("\(name.printable): \(error)")
        }
    }
}

extension StorePlace {
    /// Refuses an image that the policy does not accept, before anything but its manifest is used.
    ///
    /// - Parameter manifests: the digests of all manifests that will be used.
    func admit(_ image: JudgedImage, _ manifests: [Digest]) throws {
        for digest in manifests {
            try judge.admit(image.subject, manifest: digest) { try image.evidence(for: digest) }
        }
    }

    /// Refuses an image of a registry, by the bytes that came from there.
    ///
    /// - Throws: what says why.
    package func admit(
        _ document: RemoteDocument, _ reference: Reference, in repository: RemoteRepository, client: RegistryClient
    ) throws {
        try admit(JudgedImage(reference, in: repository, judge.settings, client: client), [document.digest])
    }

    /// Refuses what is no image, of this machine, by its manifest.
    ///
    /// - Throws: what says why.
    package func admit(manifest: [UInt8], at location: ImageLocation) throws {
        try admit(JudgedImage(location), [Digest(of: manifest)])
    }

    /// Refuses an image of this machine.
    func admit(_ source: SourceImage, at location: ImageLocation) throws {
        // What has no manifest has no signatures either, which are of manifests.
        let digest = Digest(of: source.manifest ?? source.configuration ?? [])
        try admit(JudgedImage(location), [digest])
    }
}
