// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Console
import FileTree
import Glibc
import LayerStore
import LinuxIO
import Objects
import SystemPackage

/// Options of every command that uses the store.
struct StoreOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "The store. Without it: $CIMG_ROOT, else /var/lib/cimg for root, $XDG_DATA_HOME/cimg or "
                + "~/.local/share/cimg for others.", valueName: "dir"), completion: .directory)
    var root: String?

    @Flag(name: .shortAndLong, help: "Tell what is done, on standard error.")
    var verbose = false

    /// Makes the options for the parser.
    init() {}

    /// Where the store is.
    var path: FilePath {
        if let root { return FilePath(RawArguments.bytes(of: root)) }
        if let root = Environment.path("CIMG_ROOT") { return root }
        if geteuid() == 0 { return "/var/lib/cimg" }
        if let data = Environment.path("XDG_DATA_HOME") { return data.appending("cimg") }
        return (Environment.path("HOME") ?? "/").appending(".local/share/cimg")
    }

    /// The store, for what works with it.
    var place: StorePlace { StorePlace(path: path, isTalkative: verbose) }

    /// Opens the store.
    func openStore() throws -> Store { try place.openStore() }

    /// Tells something if the user wants to know it.
    func tell(_ text: @autoclosure () -> String) { place.tell(text()) }
}

/// Refuses flags that were given together although only one of them can be.
func refuse(together flags: [(name: String, isGiven: Bool)]) throws {
    let given = flags.filter(\.isGiven)
    guard given.count < 2 else { throw CommandError("\(given[0].name) and \(given[1].name) exclude each other") }
}
