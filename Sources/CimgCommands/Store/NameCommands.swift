// SPDX-License-Identifier: Apache-2.0

package import ArgumentParser
import LayerStore
import OCI
import Transports

/// `cimg tag`: gives a stored image one more name.
package struct TagCommand: ParsableCommand {
    package static let configuration = CommandConfiguration(
        commandName: "tag", abstract: "Give a stored image one more name.",
        discussion: """
            A name that is in use moves to the image.

            Examples:

              cimg tag alpine-new alpine:latest
              cimg tag 60bd1a592fef release

            Exit status: 0 named, 2 trouble.
            """)

    @OptionGroup var store: StoreOptions

    @Argument(help: "A name or digest of the store.")
    var image: String

    @Argument(help: "The new name.")
    var name: String

    /// Makes the command for the parser.
    package init() {}

    package mutating func run() throws {
        try reportingTrouble {
            let store = try self.store.openStore()
            guard let digest = try store.find(image) else { throw CommandError.unknownImage(image) }
            try store.name(name, digest, telling: self.store)
        }
    }
}

/// `cimg rm`: takes names away.
package struct RemoveCommand: ParsableCommand {
    package static let configuration = CommandConfiguration(
        commandName: "rm", abstract: "Take names of images away.",
        discussion: """
            An image without a name stays on the disk until "cimg prune". What is mounted stays mounted. If one of the \
            names is unknown, none is taken away.

            Example:

              cimg rm alpine-old alpine-new && cimg prune

            Exit status: 0 removed, 2 trouble.
            """)

    @OptionGroup var store: StoreOptions

    @Argument(help: "Names of the store, as \"cimg images\" lists them.")
    var names: [String]

    /// Makes the command for the parser.
    package init() {}

    package mutating func run() throws {
        try reportingTrouble {
            let store = try self.store.openStore()
            let found = try store.knownNames(names)
            for name in found where try store.removeReference(name) { self.store.tell("\(name): name removed") }
        }
    }
}

extension Store {
    /// The names as the store has them: `name` stands for `name:latest` too.
    ///
    /// - Throws: `CommandError` for one that it does not have.
    func knownNames(_ names: [String]) throws -> [String] {
        let known = Set(try references().map(\.name))
        return try names.map { name in
            guard let match = [name, "\(name):latest"].first(where: known.contains) else {
                throw CommandError.unknownImage(name)
            }
            return match
        }
    }

    /// Names an image as the user wants, and tells if the name meant another image before.
    ///
    /// - Throws: also for a name that reads as a source or a digest, which could never be told from one.
    func name(_ name: String, _ digest: Digest, telling options: StoreOptions) throws {
        try ImageName.check(name)
        let before = try references().first { $0.name == name }?.descriptor.digest
        try setReference(name, to: digest)
        if let before, before != digest { StandardError.print("cimg: \(name): named \(before) before") }
        options.tell("\(name): names \(digest)")
    }
}

/// Names that users, or sources, give to images.
enum ImageName {
    /// Checks a name.
    static func check(_ name: String) throws {
        try Store.checkName(name)
        let prefix = name.prefix { $0 != ":" }
        let isSource =
            prefix.count < name.count
            && (ImageLocation.Transport(rawValue: String(prefix)) != nil || prefix == "docker")
        guard !isSource, !name.hasPrefix("sha256:"), Digest(hex: name) == nil else {
            throw CommandError("name \"\(name)\": reads as a \(isSource ? "source" : "digest"), choose another")
        }
    }
}

extension CommandError {
    static func unknownImage(_ name: String) -> CommandError {
        CommandError("\"\(name.printable)\": no image of this name in the store; \"cimg images\" lists them")
    }
}
