// SPDX-License-Identifier: Apache-2.0

package import ArgumentParser
import CommandOptions
import Console
import LayerStore
import OCI
import Objects
import Registry

/// `cimg images delete`: takes names away, in the store or in a registry.
package struct ImagesDeleteCommand: ParsableCommand {
    package static let configuration = CommandConfiguration(
        commandName: "delete", abstract: "Take names of images away, in the store or in a registry.",
        discussion: """
            In the store it is "cimg rm": the image stays on the disk until "cimg images prune". With --remote the \
            manifest is deleted in the registry, and with it every tag that names it.

            Examples:

              cimg images delete alpine-old && cimg images prune
              cimg images delete --remote localhost:5000/app:1

            Exit status: 0 deleted, 2 trouble.
            """)

    @OptionGroup var store: StoreOptions

    @OptionGroup var registry: RegistryOptions

    @Argument(help: "Names of images.")
    var names: [String] = []

    @Flag(help: "Delete in the registry; what the store has stays.")
    var remote = false

    @Flag(name: .shortAndLong, help: "Take all names of the store away.")
    var all = false

    /// Makes the command for the parser.
    package init() {}

    package mutating func run() throws {
        try reportingTrouble {
            try refuse(together: [("--remote", remote), ("--all", all)])
            guard all != !names.isEmpty else {
                throw CommandError(all ? "--all and names exclude each other" : "name an image, or give --all")
            }
            if remote { return try deleteRemotely() }
            let store = try self.store.openExistingStore()
            let found = try all ? store.references().map(\.name) : store.knownNames(names)
            for name in found where try store.removeReference(name) { self.store.tell("\(name): name removed") }
        }
    }

    private func deleteRemotely() throws {
        let client = try registry.client()
        let targets = try names.map { name -> Reference in
            let text = RegistryName.explicit(name) ?? name
            guard !RegistriesConfiguration.isShort(text) else {
                throw CommandError("\"\(text.printable)\": name the registry to delete from")
            }
            return try Reference(parsing: text).withDefaultTag
        }
        for target in targets {
            let repository = try client.repository(target)
            let name: RemoteRepository.Name = target.digest.map { .digest($0) } ?? .tag(target.tag ?? "latest")
            // Registries delete by digest; by tag only some do.
            guard let digest = try repository.digest(name) else {
                throw CommandError("docker://\(target): not found")
            }
            try repository.delete(.digest(digest))
            try StandardOutput.write("\(target) \(digest)\n")
        }
    }
}
