// SPDX-License-Identifier: Apache-2.0

package import ArgumentParser
import Browsing
import CommandOptions
import CommandTrees
import Console
import FileTree
import Inventory
import InventoryCache
import LayerStore
import LinuxIO
import OCI
import Objects
import Packages
import SystemPackage

/// `cimg packages`: what is installed in an object.
package struct PackagesCommand: ParsableCommand {
    package static let configuration = CommandConfiguration(
        commandName: "packages", abstract: "List the packages in an image or a container.",
        usage: """
            cimg packages [<options>] <object> ...
            cimg packages [<options>] --find 'NAME < VERSION' <object> ...
            """,
        discussion: """
            Reads the records that package managers and languages leave: those of dpkg, rpm, apk and pacman; of \
            Python, npm, Ruby, Composer, .NET and Conda; what Go and Rust programs were built from; jars, also within \
            jars. Nothing of the object is run. A record that is damaged is told, and the others are listed.

            LAYER is the layer that brought a package; 0 is the base. SOURCE is what it was built from, where that has \
            another name. Cells are cut to fit 80 columns, but not with --wide or --json.

            --find takes a name or a pattern, and an operator and a version, which are compared in the order of the \
            package's own tool. --owner tells which package owns a path. --verify compares files with the digests \
            that their packages promised: D is missing, C changed; with c for files of configuration. --not-owned \
            lists programs that no package of the system owns.

            \(OpenedTree.help)

            Examples:

              cimg packages alpine
              cimg packages --type deb,python --json my_container
              cimg packages --find 'openssl < 3.0.13' --all
              cimg packages --find xz --repository localhost:5000/ --containers
              cimg packages --owner /usr/bin/ssl_client alpine

            Exit status: 0 listed, owned, nothing found or nothing differs; 1 found, not owned or something differs; \
            2 trouble: something could not be read.
            """)

    @OptionGroup var store: StoreOptions

    @OptionGroup var objectOptions: ObjectOptions

    @OptionGroup var unpacking: UnpackingOptions

    @Option(help: ArgumentHelp("The only types to list, separated by commas.", valueName: "type,..."))
    var type: [String] = []

    @Option(help: ArgumentHelp("List the packages that answer this.", valueName: "name operator version"))
    var find: String?

    @Option(help: ArgumentHelp("Print the packages that own a path.", valueName: "path"))
    var owner: [String] = []

    @Flag(help: "Compare files with the digests that their packages promised.")
    var verify = false

    @Flag(help: "List programs that no package of the system owns.")
    var notOwned = false

    @Flag(help: "Print JSON with all that is known.")
    var json = false

    @Flag(help: "Do not cut cells to fit 80 columns.")
    var wide = false

    @OptionGroup var fleet: FleetOptions

    @Argument(help: ArgumentHelp("The objects.", valueName: "object"))
    var objects: [String] = []

    /// Makes the command for the parser.
    package init() {}

    package mutating func run() throws {
        try lookingIntoTrees {
            try refuse(together: [
                ("--find", find != nil), ("--owner", !owner.isEmpty), ("--verify", verify), ("--not-owned", notOwned),
            ])
            let kinds = try Self.kinds(type)
            let listed = try fleet.names(store, allNames: true, client: objectOptions.registry.client)
            let names = objects + listed.names
            guard !names.isEmpty || fleet.isFleet else {
                throw CommandError("no object is named; --all takes the images of the store")
            }
            var finder = try objectOptions.finder(store)
            unpacking.apply(to: &finder)
            var report = PackageReport(
                question: try question(kinds), isWide: wide, asJSON: json, namesObjects: names.count > 1,
                memory: finder.place.isMade ? InventoryFolder(ofStore: try finder.place.openStore().path) : nil)
            for problem in listed.problems { report.fail(problem) }
            for name in names {
                // One object that cannot be opened does not hide what the others say.
                do {
                    if try report.takeKnown(name, in: finder) { continue }
                    try report.take(try OpenedTree.open(name, in: finder))
                } catch  where names.count > 1 {
                    report.fail("\"\(name.printable)\": \(error)")
                }
            }
            try report.finish()
            if report.hasTrouble { throw ExitCode(2) }
            if report.isFound { throw ExitCode(1) }
        }
    }

    private func question(_ kinds: Set<PackageKind>) throws -> PackageReport.Question {
        if let find { return .find(try PackageQuery(find), kinds) }
        if !owner.isEmpty { return .owner(RawArguments.bytes(of: owner)) }
        if verify { return .verify(kinds) }
        return notOwned ? .notOwned : .list(kinds)
    }

    /// The kinds that `--type` names; all without it.
    private static func kinds(_ lists: [String]) throws -> Set<PackageKind> {
        let names = lists.flatMap { $0.split(separator: ",") }
        if names.isEmpty { return Set(PackageKind.allCases) }
        return try names.reduce(into: []) { kinds, name in
            guard let kind = PackageKind(rawValue: String(name)) else {
                let known = PackageKind.allCases.map(\.rawValue).joined(separator: ", ")
                throw CommandError("--type \"\(String(name).printable)\": none of \(known)")
            }
            kinds.insert(kind)
        }
    }
}
