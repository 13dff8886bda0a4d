// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Console
import FileTree
import Glibc
package import LayerStore
import LinuxIO
package import Objects
package import SystemPackage

/// Options of every command that uses the store.
package struct StoreOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "The store. Without it: $CIMG_ROOT, else /var/lib/cimg for root, $XDG_DATA_HOME/cimg or "
                + "~/.local/share/cimg for others.", valueName: "dir"), completion: .directory)
    var root: String?

    /// Whether what is done is told.
    @Flag(name: .shortAndLong, help: "Tell what is done, on standard error.")
    package var verbose = false

    /// Makes the options for the parser.
    package init() {}

    /// Where the store is, if the user has said so.
    private var namedPath: FilePath? {
        root.map { FilePath(RawArguments.bytes(of: $0)) } ?? Environment.path("CIMG_ROOT")
    }

    /// Where the store is; empty where nobody knows.
    package var path: FilePath { namedPath ?? Self.standardPath }

    /// Where the store is that the words of a command line name, or none.
    package static func named(in words: [String]) -> FilePath {
        for (position, word) in words.enumerated() {
            if word == "--root", position + 1 < words.count {
                return FilePath(RawArguments.bytes(of: words[position + 1]))
            }
            if word.hasPrefix("--root=") { return FilePath(RawArguments.bytes(of: String(word.dropFirst(7)))) }
        }
        return Environment.path("CIMG_ROOT") ?? standardPath
    }

    /// Where it is if nobody names another.
    private static var standardPath: FilePath {
        if geteuid() == 0 { return "/var/lib/cimg" }
        if let data = Environment.directory("XDG_DATA_HOME") { return data.appending("cimg") }
        let home = Environment.path("HOME") ?? UserEntry(number: geteuid())?.home
        return home?.appending(".local/share/cimg") ?? ""
    }

    /// The store, for what works with it.
    package var place: StorePlace { StorePlace(path: path, isTalkative: verbose) }

    /// Opens the store.
    package func openStore() throws -> Store { try place.openStore() }

    /// Opens the store to look something up: one that was named and is not there was mistyped, and is not made.
    package func openExistingStore() throws -> Store {
        guard let namedPath else { return try openStore() }
        do throws(Errno) {
            _ = try Descriptor.open(namedPath, O_RDONLY | O_DIRECTORY)
        } catch .noSuchFileOrDirectory {
            throw CommandError(
                "store \(namedPath): is not there; check --root and CIMG_ROOT, \"cimg import\" and \"cimg pull\" make one"
            )
        } catch {
            // Opening it as a store tells what is wrong.
        }
        return try openStore()
    }

    /// Tells something if the user wants to know it.
    package func tell(_ text: @autoclosure () -> String) { place.tell(text()) }
}

/// Refuses flags that were given together although only one of them can be.
package func refuse(together flags: [(name: String, isGiven: Bool)]) throws {
    let given = flags.filter(\.isGiven)
    guard given.count < 2 else { throw CommandError("\(given[0].name) and \(given[1].name) exclude each other") }
}
