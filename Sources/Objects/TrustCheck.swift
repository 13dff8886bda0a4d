// SPDX-License-Identifier: Apache-2.0

import Console
import LayerStore
package import OCI
package import Registry
package import Signatures
import Transports
package import Trust

/// Judging images without using them.
package struct TrustCheck {
    private let judge: ImageJudge
    private let client: RegistryClient
    /// The platform to take of several; nil for this machine's.
    package var platform: Platform?
    /// Whether an index is judged with all that it lists.
    package var takesAll = false

    /// Makes a check.
    package init(judge: ImageJudge, client: RegistryClient) {
        self.judge = judge
        self.client = client
    }

    /// Judges what a text names: one verdict for each manifest that would be used.
    ///
    /// - Throws: where it cannot be said.
    package func verdicts(on text: String) throws -> [Verdict] {
        let (image, digests) = try found(text)
        return try digests.map { digest in
            try judge.verdict(on: image.subject, manifest: digest) { try image.evidence(for: digest) }
        }
    }

    /// Why the policy's signatures are missing of what a text names: what it refuses, and what it accepts without any.
    ///
    /// - Throws: where it cannot be said.
    package func signatureRefusals(of text: String) throws -> [String] {
        try verdicts(on: text).compactMap { verdict in
            if let refusal = verdict.refusal { return refusal }
            let isSigned = verdict.requirements.contains { $0.requirement != .insecureAcceptAnything }
            return isSigned ? nil : "the policy demands no signature of it"
        }
    }

    private func found(_ text: String) throws -> (JudgedImage, [Digest]) {
        if RegistryName.explicit(text) == nil, let location = try ImageLocation(parsing: text) {
            let image = try JudgedImage(location)
            if takesAll, let graph = try openGraph(location) {
                return (image, graph.documents.map(\.descriptor.digest))
            }
            let source = try openImage(location, platform: platform)
            return (image, [Digest(of: source.manifest ?? source.configuration ?? [])])
        }
        let (reference, document, repository) = try client.document(named: RegistryName.explicit(text) ?? text)
        let image = JudgedImage(reference, in: repository, judge.settings, client: client)
        guard takesAll else {
            return (image, [try repository.manifest(of: document, platform: platform).digest])
        }
        return (image, try repository.graph(document).documents.map(\.descriptor.digest))
    }

    /// What rules a text is looked up by; nothing is asked of a registry.
    ///
    /// - Throws: for a text that names no image.
    package static func subject(of text: String, client: RegistryClient) throws -> PolicySubject {
        if RegistryName.explicit(text) == nil, let location = try ImageLocation(parsing: text) {
            return try JudgedImage(location).subject
        }
        let names = try client.settings.registries.candidates(for: RegistryName.explicit(text) ?? text)
        guard let name = names.first else { throw CommandError("\"\(text.printable)\": names no image") }
        return .docker(name)
    }
}
