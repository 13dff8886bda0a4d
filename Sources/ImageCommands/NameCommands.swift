// SPDX-License-Identifier: Apache-2.0

package import ArgumentParser
import CommandOptions
import Console
import LayerStore
import OCI
import Objects
import Transports

/// `cimg tag`: gives a stored image one more name.
package struct TagCommand: ParsableCommand {
    package static let configuration = CommandConfiguration(
        commandName: "tag", abstract: "Give a stored image one more name.",
        discussion: """
            A name that is in use moves to the image. An image of an engine or of a source is taken into the store.

            Examples:

              cimg tag alpine-new alpine:latest
              cimg tag 60bd1a592fef release
              cimg tag docker-daemon:app:1 app:1

            Exit status: 0 named, 2 trouble.
            """)

    @OptionGroup var store: StoreOptions

    @Argument(help: "An image.")
    var image: String

    @Argument(help: "The new name.")
    var name: String

    /// Makes the command for the parser.
    package init() {}

    package mutating func run() throws {
        try reportingTrouble {
            let store = try self.store.openExistingStore()
            try ImageName.check(name)
            let finder = ObjectFinder(in: self.store.place)
            // What is not in the store is taken into it: a name is one of the store's images.
            let digest = try store.find(image) ?? finder.take(image, into: store)
            try store.name(name, digest, telling: self.store.place)
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
            let store = try self.store.openExistingStore()
            let found = try store.knownNames(names)
            for name in found where try store.removeReference(name) { self.store.tell("\(name): name removed") }
        }
    }
}
