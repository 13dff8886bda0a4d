// SPDX-License-Identifier: Apache-2.0

package import ArgumentParser
import OCI
package import Objects

/// Options of commands that open an object to look into it: the store, the policy, registries, the platform.
package struct FinderOptions: ParsableArguments {
    /// The store.
    @OptionGroup package var store: StoreOptions

    /// The policy.
    @OptionGroup package var policy: PolicyOptions

    /// How registries are spoken with.
    @OptionGroup package var registry: RegistryOptions

    @Option(help: ArgumentHelp("The platform to take of several.", valueName: "os/arch[/variant]"))
    var platform: String?

    /// Makes the options for the parser.
    package init() {}

    /// What finds the object.
    package func finder() throws -> ObjectFinder {
        var finder = ObjectFinder(in: try policy.place(store))
        finder.platform = try platform.map { try Platform(parsing: $0) }
        finder.client = registry.client
        return finder
    }
}
