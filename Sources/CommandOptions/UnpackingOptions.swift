// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import LayerStore
package import Objects
import Unpacking

extension UnpackingEngine: ExpressibleByArgument {}

/// Whose way of unpacking an image's layers is shown.
package struct UnpackingOptions: ParsableArguments {
    /// The engines' names.
    package static let names = UnpackingEngine.allCases.map(\.rawValue)

    @Option(
        name: .customLong("as"),
        help: ArgumentHelp(
            "Show an image as this engine would unpack it: \(names.joined(separator: ", ")).", valueName: "engine"))
    var engine: UnpackingEngine?

    /// Makes the options for the parser.
    package init() {}

    /// Whether an engine is named.
    package var isGiven: Bool { engine != nil }

    /// Lets a finder open images as the engine would have them.
    package func apply(to finder: inout ObjectFinder) { finder.unpacking = engine.map { EngineReading($0) } }
}
