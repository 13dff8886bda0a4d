// SPDX-License-Identifier: Apache-2.0

package import ArgumentParser
import CommandOptions
import Console
import OCI
import Objects
import Registry

/// `cimg tags`: lists the tags of a repository, or the repositories of a registry.
package struct TagsCommand: ParsableCommand {
    package static let configuration = CommandConfiguration(
        commandName: "tags", abstract: "List the tags of a repository, or the repositories of a registry.",
        discussion: """
            A host alone lists the registry's repositories where the registry tells them: HOST:PORT, or HOST with a dot \
            in it; any other with a slash behind it.

            Proxies are those of http_proxy and its companions: see "cimg help pull".

            Examples:

              cimg tags localhost:5000/alpine
              cimg tags localhost:5000

            Exit status: 0 listed, 2 trouble.
            """)

    @OptionGroup var registry: RegistryOptions

    @Argument(help: "A repository, HOST[:PORT]/REPOSITORY, or a registry, HOST[:PORT][/].")
    var name: String

    @Flag(help: "Print a JSON array.")
    var json = false

    /// Makes the command for the parser.
    package init() {}

    package mutating func run() throws {
        try reportingTrouble {
            let names = try list()
            guard json else { return try StandardOutput.write(names.map { "\($0.printable)\n" }.joined()) }
            var text = JSONText()
            text.beginArray()
            for name in names { text.string(name) }
            text.endArray()
            try StandardOutput.write(text.bytes)
        }
    }

    /// Whether a text is a registry alone, with a slash behind it or without a doubt.
    private static func isRegistry(_ text: String) -> Bool {
        let name = text.hasSuffix("/") ? text.dropLast() : text[...]
        guard !name.contains("/"), !name.contains("@") else { return false }
        let host = name.hasPrefix("[") ? name : name.prefix { $0 != ":" }
        return text.hasSuffix("/") || name.hasPrefix("[") || host.contains(".") || host == "localhost"
    }

    private func list() throws -> [String] {
        let text = RegistryName.explicit(name) ?? name
        if let listing = ImagePlace.listing(text) {
            throw CommandError("\"\(text.printable)\": is in no registry; \(listing)")
        }
        let client = try registry.client()
        if Self.isRegistry(text) { return try client.registry(RegistryName.host(text)).repositories() }
        let candidates = try client.settings.registries.candidates(for: text)
        guard let reference = candidates.first else { throw CommandError("\"\(text.printable)\": no name") }
        guard RegistriesConfiguration.isShort(text) || (reference.tag == nil && reference.digest == nil) else {
            throw CommandError("\"\(text.printable)\": name a repository, without a tag or digest")
        }
        let looksLikePort = reference.tag.map { (4...5).contains($0.count) && $0.allSatisfy(\.isNumber) } ?? false
        guard !looksLikePort else {
            throw CommandError(
                "\"\(text.printable)\": a repository and a tag, or a registry and a port? For the repositories of a "
                    + "registry put a slash behind it: \(text.printable)/")
        }
        return try client.repository(reference).tags()
    }
}
