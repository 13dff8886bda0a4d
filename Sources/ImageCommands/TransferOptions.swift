// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import CommandOptions
import Console
import OCI

/// What of an image goes from one place to another, and what is told of it.
struct TransferOptions: ParsableArguments {
    @Option(help: ArgumentHelp("The platform to take of several.", valueName: "os/arch[/variant]"))
    var platform: String?

    @Flag(help: "Take every platform, and the index that lists them.")
    var all = false

    @Flag(name: .shortAndLong, help: "Print the digest only, and no progress.")
    var quiet = false

    /// Makes the options for the parser.
    init() {}

    /// The platform that was named; nil for this machine's, or for all.
    ///
    /// - Throws: where one is named and all are asked for.
    func chosenPlatform() throws -> Platform? {
        try refuse(together: [("--all", all), ("--platform", platform != nil)])
        return try platform.map { try Platform(parsing: $0) }
    }

    /// Prints the line that a transfer ends with.
    func report(_ digest: Digest, of name: String) throws {
        try StandardOutput.write(quiet ? "\(digest)\n" : "\(name) \(digest)\n")
    }
}
