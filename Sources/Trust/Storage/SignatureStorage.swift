// SPDX-License-Identifier: Apache-2.0

package import OCI
package import Sigstore
import YAML

/// Where the signatures of images of registries are kept: the files of `registries.d` (containers-registries.d(5)).
package struct SignatureStorage: Sendable, Hashable {
    /// What is said of a scope.
    package struct Section: Sendable, Hashable {
        /// Where signatures are read; empty for what is not said.
        package var lookaside = ""
        /// Where they are written; empty for where they are read.
        package var lookasideStaging = ""
        /// Whether signatures of sigstore are looked for beside the image; nil for what is not said.
        package var usesSigstoreAttachments: Bool?
        /// The file that says so.
        package var file = ""

        fileprivate func address(writing: Bool) -> String {
            writing && !lookasideStaging.isEmpty ? lookasideStaging : lookaside
        }
    }

    /// What is said of all images.
    package private(set) var defaultSection: Section?
    /// What is said of scopes.
    package private(set) var sections: [String: Section] = [:]

    /// Nothing is said.
    package init() {}

    /// Adds what a file says.
    ///
    /// - Parameter name: the file, for messages.
    /// - Throws: `TrustError`: it is no such file, or says something of a scope of which another file does.
    package mutating func add(_ yaml: [UInt8], name: String) throws(TrustError) {
        let top = try Self.mapping(Self.document(yaml, name), name, "the file")
        if let value = top["default-docker"], !value.isNull {
            let section = try Self.section(value, name, "default-docker")
            if let other = defaultSection {
                throw Self.twice("\"default-docker\"", other.file, name)
            }
            defaultSection = section
        }
        guard let scopes = top["docker"], !scopes.isNull else { return }
        for (scope, value) in try Self.mapping(scopes, name, "docker").sorted(by: { $0.key < $1.key }) {
            let section = try Self.section(value, name, scope)
            if let other = sections.updateValue(section, forKey: scope) {
                throw Self.twice("\"docker\" namespace \(quoted(scope))", other.file, name)
            }
        }
    }

    private static func document(_ yaml: [UInt8], _ name: String) throws(TrustError) -> YAMLValue {
        do {
            return try YAMLValue(yaml, name: name)
        } catch {
            throw TrustError(error.description)
        }
    }

    private static func twice(_ what: String, _ first: String, _ second: String) -> TrustError {
        TrustError(
            "Error parsing signature storage configuration: \(what) defined both in \(quoted(first)) and \(quoted(second))"
        )
    }

    private static func mapping(_ value: YAMLValue, _ name: String, _ place: String) throws(TrustError) -> [String:
        YAMLValue]
    {
        guard case .mapping(let members) = value else {
            throw TrustError("\(name): \(place.printable): is not a mapping")
        }
        return members
    }

    private static func section(_ value: YAMLValue, _ name: String, _ place: String) throws(TrustError) -> Section {
        var section = Section()
        section.file = name
        if value.isNull { return section }
        let members = try mapping(value, name, place)
        func text(_ keys: String...) throws(TrustError) -> String {
            for key in keys {
                guard let value = members[key], !value.isNull else { continue }
                guard case .scalar(let text, _) = value else {
                    throw TrustError("\(name): \(place.printable): \(key): is not a string")
                }
                if !text.isEmpty { return text }
            }
            return ""
        }
        section.lookaside = try text("lookaside", "sigstore")
        section.lookasideStaging = try text("lookaside-staging", "sigstore-staging")
        if let value = members["use-sigstore-attachments"], !value.isNull {
            guard case .scalar(let text, isPlain: true) = value, let flag = flags[text.lowercased()] else {
                throw TrustError("\(name): \(place.printable): use-sigstore-attachments: is not true or false")
            }
            section.usesSigstoreAttachments = flag
        }
        return section
    }

    private static let flags = ["true": true, "yes": true, "on": true, "false": false, "no": false, "off": false]

    // MARK: - Looking up

    /// Where an image's signatures are read or written.
    ///
    /// - Returns: the address and the file that gives it; nil for an image of which nothing is said.
    package func address(for reference: Reference, writing: Bool) -> (address: String, file: String)? {
        for section in sections(for: reference) {
            let address = section.address(writing: writing)
            if !address.isEmpty { return (address, section.file) }
        }
        return nil
    }

    /// Whether signatures of sigstore are looked for beside the image.
    package func usesSigstoreAttachments(for reference: Reference) -> Bool {
        sections(for: reference).lazy.compactMap(\.usesSigstoreAttachments).first ?? false
    }

    /// Whether signatures of sigstore are looked for beside the images of a scope; of `default`, of which nothing else is
    /// said.
    package func usesSigstoreAttachments(in scope: String) -> Bool {
        PolicySubject.wider(scope).lazy.compactMap { sections[$0]?.usesSigstoreAttachments }.first
            ?? defaultSection?.usesSigstoreAttachments ?? false
    }

    /// What is said of an image, the most specific first; each setting is that of the first that has it.
    private func sections(for reference: Reference) -> [Section] {
        PolicySubject.docker(reference).scopes.compactMap { sections[$0] } + (defaultSection.map { [$0] } ?? [])
    }

    /// The directory of an image's signatures below an address.
    ///
    /// - Parameters:
    ///   - repository: the image's name without the registry.
    ///   - digest: of the image's manifest.
    package static func path(repository: String, digest: Digest) -> String { "\(repository)@sha256=\(digest.hex)" }
}
