// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import LayerStore
import OCI
import Objects
package import Registry

/// Options that name many objects at once: images of the store, containers, images of registries.
package struct FleetOptions: ParsableArguments {
    /// Whether all images of the store are meant.
    @Flag(help: "Take all images of the store that have a name.")
    package var all = false

    /// Whether all containers are meant.
    @Flag(help: "Take all containers of this machine's engines.")
    package var containers = false

    @Option(
        help: ArgumentHelp(
            "Take every tag of a repository, HOST/NAME, or of all repositories of a registry, HOST/.",
            valueName: "repository"))
    var repository: [String] = []

    /// Makes the options for the parser.
    package init() {}

    /// Whether more is meant than what is named.
    package var isFleet: Bool { all || containers || !repository.isEmpty }

    /// What the options name, and what could not be listed, a line each.
    ///
    /// - Parameters:
    ///   - client: what registries are asked with, where one is.
    ///   - allNames: whether images of the store that have several names are told by each; else by the first.
    /// - Throws: where nothing can be listed.
    package func names(
        _ store: StoreOptions, allNames: Bool = false, client: () throws -> RegistryClient
    ) throws -> (names: [String], problems: [String]) {
        var names: [String] = []
        var problems: [String] = []
        if all {
            var seen: Set<Digest> = []
            names += try store.openStore().references()
                .filter { seen.insert($0.descriptor.digest).inserted || allNames }.map(\.name)
        }
        if containers {
            let found = MachineEngines().containerNames
            names += found.names
            problems += found.problems
        }
        if !repository.isEmpty {
            let client = try client()
            for text in repository {
                let images = try RegistryImages(of: text, client: client)
                names += images.names
                problems += images.problems
            }
        }
        return (names, problems)
    }
}
