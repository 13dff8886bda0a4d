// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import CommandOptions
import Console
import OCI
import Objects

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
    ///
    /// - Parameter onErrors: whether standard output has something else.
    func report(_ result: ImageCopy.Result, of name: String, onErrors: Bool = false) throws {
        let line = "\(name) \(result.digest)" + (result.note.isEmpty ? "" : " (\(result.note))")
        if onErrors {
            if !quiet { StandardError.print(line) }
        } else {
            try StandardOutput.write(quiet ? "\(result.digest)\n" : "\(line)\n")
        }
        if !quiet, let hint = result.hint { StandardError.print("cimg: \(hint)") }
    }
}
