// SPDX-License-Identifier: Apache-2.0

/// The name of an image in a registry: `registry/repository[:tag][@digest]`.
///
/// Read as Docker reads names: the first component is a registry if it holds a dot, a colon or an upper-case letter or
/// is `localhost`; otherwise the registry is `docker.io`, where a single component stands below `library/`.
package struct Reference: Sendable, Hashable, CustomStringConvertible {
    /// Host name and port: `docker.io`, `localhost:5000`, `[::1]:5000`.
    package var registry: String
    /// The repository: lower-case components with slashes between them.
    package var repository: String
    /// The tag, if one is given.
    package var tag: String?
    /// The digest of a manifest, if one is given.
    package var digest: Digest?

    /// Makes a reference of parts that are right.
    package init(registry: String, repository: String, tag: String? = nil, digest: Digest? = nil) {
        self.registry = registry
        self.repository = repository
        self.tag = tag
        self.digest = digest
    }

    /// Parses a name as users write it; short names are completed, no tag is added.
    ///
    /// - Throws: `FormatError` that names the text and the part that is wrong.
    package init(parsing text: String) throws(FormatError) {
        let object = "image name \"\(text.printable)\""
        var rest = text[...]
        digest = nil
        tag = nil
        if let at = rest.firstIndex(of: "@") {
            do {
                digest = try Digest(parsing: rest[rest.index(after: at)...])
            } catch {
                throw FormatError(object, "digest is \(error.reason)")
            }
            rest = rest[..<at]
        }
        let name: Substring
        if let colon = rest.lastIndex(of: ":"), !rest[colon...].contains("/") {
            let tag = rest[rest.index(after: colon)...]
            guard Self.isTag(tag) else {
                throw FormatError(object, "tag \"\(String(tag).printable)\" has characters that tags cannot have")
            }
            self.tag = String(tag)
            name = rest[..<colon]
        } else {
            name = rest
        }
        if let slash = name.firstIndex(of: "/"), Self.looksLikeRegistry(name[..<slash]) {
            registry = String(name[..<slash])
            repository = String(name[name.index(after: slash)...])
            guard Self.isRegistry(registry) else {
                throw FormatError(object, "registry \"\(registry.printable)\" is no host name")
            }
        } else {
            registry = "docker.io"
            repository = String(name)
        }
        if registry == "index.docker.io" { registry = "docker.io" }
        if registry == "docker.io", !repository.contains("/") { repository = "library/" + repository }
        guard Self.isRepository(repository) else {
            throw FormatError(
                object, repository == repository.lowercased() ? "is not valid" : "must be lower-case")
        }
        guard repository.utf8.count <= 255 else { throw FormatError(object, "is longer than 255 characters") }
        guard Digest(hex: String(name)) == nil else {
            throw FormatError(object, "is 64 hexadecimal digits, which could be a digest")
        }
    }

    /// The whole name: `docker.io/library/busybox:latest`.
    package var description: String {
        "\(registry)/\(repository)" + (tag.map { ":" + $0 } ?? "") + (digest.map { "@\($0)" } ?? "")
    }

    /// The reference with the tag `latest` where it has neither a tag nor a digest.
    package var withDefaultTag: Reference {
        var result = self
        if tag == nil && digest == nil { result.tag = "latest" }
        return result
    }

    /// Whether a text may be a tag: 1…128 of letters, digits, `_`, `.` and `-`, not starting with the last two.
    package static func isTag(_ text: some StringProtocol) -> Bool {
        guard let first = text.utf8.first, text.utf8.count <= 128 else { return false }
        return (isAlphanumeric(first) || first == UInt8(ascii: "_"))
            && text.utf8.allSatisfy { isAlphanumeric($0) || "_.-".utf8.contains($0) }
    }

    private static func looksLikeRegistry(_ component: Substring) -> Bool {
        component.utf8.contains { ".:".utf8.contains($0) || isUpper($0) } || component == "localhost"
    }

    private static func isRegistry(_ text: String) -> Bool {
        var host = text[...]
        if let colon = host.lastIndex(of: ":"), !host[colon...].contains("]") {
            let port = host[host.index(after: colon)...]
            guard let number = UInt16(port), number > 0, port.utf8.allSatisfy(isDigit) else { return false }
            host = host[..<colon]
        }
        if host.hasPrefix("["), host.hasSuffix("]") {
            let address = host.dropFirst().dropLast()
            return !address.isEmpty
                && address.utf8.allSatisfy { $0 == UInt8(ascii: ":") || Character(UnicodeScalar($0)).isHexDigit }
        }
        return host.split(separator: ".", omittingEmptySubsequences: false).allSatisfy { label in
            guard let first = label.utf8.first, let last = label.utf8.last else { return false }
            return isAlphanumeric(first) && isAlphanumeric(last)
                && label.utf8.allSatisfy { isAlphanumeric($0) || $0 == UInt8(ascii: "-") }
        }
    }

    /// Whether a text is lower-case components with single separators `.`, `_`, `__` or any number of `-` within.
    private static func isRepository(_ text: String) -> Bool {
        text.split(separator: "/", omittingEmptySubsequences: false).allSatisfy { component in
            let isWord = { (byte: UInt8) in isAlphanumeric(byte) && !isUpper(byte) }
            guard let first = component.utf8.first, let last = component.utf8.last, isWord(first), isWord(last)
            else { return false }
            let separators = component.utf8.split(whereSeparator: isWord)
            return separators.allSatisfy { run in
                let run = String(decoding: run, as: UTF8.self)
                return run == "." || run == "_" || run == "__" || run.allSatisfy { $0 == "-" }
            }
        }
    }

    private static func isUpper(_ byte: UInt8) -> Bool { (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains(byte) }

    private static func isDigit(_ byte: UInt8) -> Bool { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) }

    private static func isAlphanumeric(_ byte: UInt8) -> Bool {
        isUpper(byte) || isDigit(byte) || (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte)
    }
}
