// SPDX-License-Identifier: Apache-2.0

package import ArgumentParser
import OCI
package import Objects

/// What every command takes that opens objects: the policy for what comes from elsewhere, the platform, and whether
/// registries are asked.
package struct ObjectOptions: ParsableArguments {
    /// The policy.
    @OptionGroup package var policy: PolicyOptions

    /// How registries are spoken with.
    @OptionGroup package var registry: RegistryOptions

    /// The platform, as it was written.
    @Option(help: platformHelp)
    package var platform: String?

    /// Whether registries are asked.
    @Option(help: pullHelp)
    package var pull: PullPolicy?

    /// Makes the options for the parser.
    package init() {}

    /// A finder of objects that goes by them.
    ///
    /// - Parameter directoryHint: what is to be put before the path of a directory to name it.
    package func finder(_ store: StoreOptions, directoryHint: String = "./") throws -> ObjectFinder {
        var finder = ObjectFinder(in: try policy.place(store))
        finder.platform = try platform.map { try Platform(parsing: $0) }
        finder.pull = pull ?? .missing
        finder.isPullChosen = pull != nil
        finder.client = registry.client
        finder.directoryHint = directoryHint
        return finder
    }
}

private let platformHelp = ArgumentHelp("The platform to take of several.", valueName: "os/arch[/variant]")

private let pullHelp = ArgumentHelp(
    "When the registry is asked for an image of one: always, missing (if the store has none of the name), newer (always, "
        + "if it can be asked), never. Without it: always for docker://NAME, else missing.", valueName: "policy")
