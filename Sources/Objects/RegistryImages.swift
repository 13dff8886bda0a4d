// SPDX-License-Identifier: Apache-2.0

import Console
import OCI
package import Registry

/// The images of a repository, or of all repositories of a registry.
package struct RegistryImages {
    /// Their names with tags, sorted, each digest of a repository once.
    package private(set) var names: [String] = []
    /// What could not be listed, a line each.
    package private(set) var problems: [String] = []

    /// Images of one list.
    private static let limit = 10_000

    /// Lists the tags of `[docker://]HOST/NAME`, or of each repository of `[docker://]HOST/`.
    ///
    /// - Throws: where nothing can be listed; of several repositories one that cannot be is a problem.
    package init(of text: String, client: RegistryClient) throws {
        let name = RegistryName.explicit(text) ?? text
        guard name.contains("/"), !name.contains("@") else {
            throw CommandError(
                "\"\(text.printable)\": names no repository; write HOST/NAME, or HOST/ for all of a registry")
        }
        guard name.hasSuffix("/") else {
            let reference = try Reference(parsing: name)
            guard reference.tag == nil else {
                throw CommandError("\"\(text.printable)\": name a repository, without a tag")
            }
            try add(reference, client)
            return
        }
        let host = try RegistryName.host(name)
        for repository in try client.registry(host).repositories().sorted() {
            do {
                try add(try Reference(parsing: "\(host)/\(repository)"), client)
            } catch {
                problems.append("\(error)")
            }
        }
    }

    private mutating func add(_ reference: Reference, _ client: RegistryClient) throws {
        let repository = try client.repository(reference)
        var seen: Set<Digest> = []
        for tag in try repository.tags().sorted() {
            // Signatures and lists of referrers are no images.
            if tag.hasPrefix("sha256-") { continue }
            guard names.count < Self.limit else {
                throw CommandError("\(reference.registry): has more than \(Self.limit) images; name repositories")
            }
            do {
                // It may have gone since it was listed.
                guard let digest = try repository.digest(.tag(tag)), seen.insert(digest).inserted else { continue }
                names.append("docker://\(reference.registry)/\(reference.repository):\(tag)")
            } catch {
                problems.append("\(error)")
            }
        }
    }
}
