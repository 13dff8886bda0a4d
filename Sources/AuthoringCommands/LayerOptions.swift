// SPDX-License-Identifier: Apache-2.0

import Archive
import ArgumentParser
import Authoring
import Console
import LinuxIO
import OCI
import SystemPackage

/// How the layer of what was changed is made.
struct LayerOptions: ParsableArguments {
    @Option(help: ArgumentHelp("The image that the layer is made against.", valueName: "image"))
    var onto: String?

    @Option(
        help: ArgumentHelp(
            "Seconds since 1970 that later times become. Without it: $SOURCE_DATE_EPOCH, if it is set.",
            valueName: "seconds"))
    var sourceDateEpoch: String?

    @Option(help: ArgumentHelp("Times in the layer: s for whole seconds, ns for all digits.", valueName: "unit"))
    var times = "s"

    @Option(
        help: ArgumentHelp(
            "How a directory that shows nothing of what is below is written: whiteouts, one for each name, or marker.",
            valueName: "form"))
    var opaque = "whiteouts"

    @Flag(help: "Leave out extended attributes without a value, which a tar cannot hold.")
    var dropEmpty = false

    /// Makes the options for the parser.
    init() {}

    /// The time that later ones become; nil for none.
    func epoch() throws -> Int64? {
        let name = sourceDateEpoch == nil ? "SOURCE_DATE_EPOCH" : "--source-date-epoch"
        guard let text = sourceDateEpoch ?? Environment.path(name)?.string, !text.isEmpty else { return nil }
        guard let seconds = Int64(text), seconds >= 0, text.utf8.allSatisfy({ (0x30...0x39).contains($0) }) else {
            throw CommandError("\(name) \"\(text.printable)\": not a number of seconds since 1970")
        }
        return seconds
    }

    /// The options as the plan of a layer takes them.
    func planOptions() throws -> LayerPlan.Options {
        var result = LayerPlan.Options()
        guard ["s", "ns"].contains(times) else {
            throw CommandError("--times \"\(times.printable)\": neither s nor ns")
        }
        result.cutsTimes = times == "s"
        guard let opaque = LayerPlan.Options.Opaque(rawValue: opaque) else {
            throw CommandError("--opaque \"\(opaque.printable)\": neither whiteouts nor marker")
        }
        result.opaque = opaque
        result.latest = try epoch()
        result.dropsEmptyAttributes = dropEmpty
        return result
    }

    /// A compression by its name.
    static func compression(_ name: String) throws -> Compression {
        guard let found = Compression(rawValue: name), !found.isForeign else {
            throw CommandError("--compress-format \"\(name.printable)\": none of gzip, zstd, none")
        }
        return found
    }
}
