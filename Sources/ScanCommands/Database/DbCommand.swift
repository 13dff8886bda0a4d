// SPDX-License-Identifier: Apache-2.0

import Advisories
package import ArgumentParser
import CommandOptions
import CommandTrees
import Console
import Glibc
import LayerStore
import LinuxIO
import OCI
import Objects
import Registry
import SystemPackage
import Transports

/// `cimg db`: the advisories that scans go by.
package struct DbCommand: ParsableCommand {
    package static let configuration = CommandConfiguration(
        commandName: "db", abstract: "Fetch and show the advisories that scans go by.",
        discussion: """
            Advisories are a database of trivy's (schema 2), kept beside the store, in STORE/advisories. Nothing fetches \
            one but "cimg db update".

            Examples:

              cimg db update docker://ghcr.io/aquasecurity/trivy-db:2
              cimg db update docker://mirror.example:5000/trivy-db:2
              cimg db update ./trivy.db
              cimg db show

            Exit status: 0 done, 2 trouble.
            """,
        subcommands: [DbShowCommand.self, DbUpdateCommand.self], defaultSubcommand: DbShowCommand.self)

    /// Makes the command for the parser.
    package init() {}
}

/// `cimg db update`: takes a database from a registry, a layout or a file.
package struct DbUpdateCommand: ParsableCommand {
    package static let configuration = CommandConfiguration(
        commandName: "update", abstract: "Take advisories from a registry, a layout or a file.",
        discussion: """
            SOURCE is an artifact of a registry, docker://NAME or oci://NAME; one of a layout, oci:DIR:TAG or \
            oci-archive:FILE; the archive that it has as its layer; a file trivy.db, with a metadata.json beside it or \
            without; or a folder of these. Advisories as collectors publish them are read too: records of OSV in JSON, one or an \
            archive (all.zip), lists of Alpine's secdb, the JSON of Debian's tracker; a file, or a folder of any of these, which \
            together become the database. The new database takes the place of the old one when it is whole: its digest \
            is that of its manifest, and it is a database. The policy of "cimg trust" counts for artifacts too. How old \
            it is, how many sources it has and how large it is are printed.

            Examples:

              cimg db update docker://ghcr.io/aquasecurity/trivy-db:2
              cimg db update --tls-verify=false docker://localhost:5000/trivy-db:2
              cimg db update oci:mirror:trivy-db
              cimg db update ./trivy.db
              cimg db update ./osv/PyPI/all.zip

            Exit status: 0 taken, 2 trouble: what was there stays.
            """)

    @OptionGroup var store: StoreOptions

    @OptionGroup var registry: RegistryOptions

    @OptionGroup var policy: PolicyOptions

    @Argument(help: "Where the database is.")
    var source: String

    /// Makes the command for the parser.
    package init() {}

    package mutating func run() throws {
        try reportingTrouble {
            let place = try policy.place(store)
            // What lies in a store that was never made would be taken for something else's.
            _ = try place.openStore()
            let update = try AdvisoryUpdate(AdvisoryFolder(of: place))
            let object = source.printable
            if let name = Self.registryName(source) {
                let client = try registry.client()
                let (reference, document, repository) = try client.document(named: name)
                try place.admit(document, reference, in: repository, client: client)
                try update.take(repository.graph(document), object: object)
            } else if let location = try ImageLocation(parsing: source) {
                guard let graph = try openGraph(location), let top = graph.documents.last else {
                    throw CommandError("\(object): has no manifest")
                }
                try place.admit(manifest: top.bytes, at: location)
                try update.take(graph, object: object)
            } else {
                try update.take(FilePath(argument: source), object: "\"\(object)\"")
            }
            let opened = try AdvisoryFolder.open(nil, of: place)
            let age = opened.age(at: Moment(seconds: Int64(time(nil))))
            let sources = counted(try opened.database.names().count, "source")
            try StandardOutput.write("\(age)\n\(sources), \(TextTable.size(opened.size))\n")
        }
    }

    /// The name behind `docker://` or `oci://`; nil for what does not begin so.
    private static func registryName(_ text: String) -> String? {
        text.hasPrefix("oci://") ? String(text.dropFirst(6)) : RegistryName.explicit(text)
    }
}

/// `cimg db show`: how old the database is, and what is in it.
package struct DbShowCommand: ParsableCommand {
    package static let configuration = CommandConfiguration(
        commandName: "show", abstract: "Show how old the advisories are, and whose they are.",
        discussion: """
            Examples:

              cimg db show
              cimg db show --json --db ./trivy.db

            Exit status: 0 shown, 2 trouble: there is none, or it is damaged.
            """)

    @OptionGroup var store: StoreOptions

    @Option(help: ArgumentHelp("Another database: a file, or the folder it is in.", valueName: "path"))
    var db: String?

    @Flag(help: "Print a JSON object.")
    var json = false

    /// Makes the command for the parser.
    package init() {}

    package mutating func run() throws {
        try reportingTrouble {
            let opened = try AdvisoryFolder.open(db, of: store.place)
            let now = Moment(seconds: Int64(time(nil)))
            let names = try opened.database.names()
            try StandardOutput.write(json ? Self.json(opened, names) : Array(Self.text(opened, names, now).utf8))
        }
    }

    private static func text(_ opened: OpenedAdvisories, _ names: [String], _ now: Moment) -> String {
        var facts = [
            ["Path:", "\(opened.path)"], ["Size:", TextTable.size(opened.size)], ["Age:", opened.age(at: now)],
        ]
        if let next = opened.metadata?.next, !next.isEmpty { facts.append(["Next:", next.printable]) }
        facts.append(["Sources:", "\(names.count)"])
        return TextTable.text(facts) + "\n" + names.map { "\($0.printable)\n" }.joined()
    }

    private static func json(_ opened: OpenedAdvisories, _ names: [String]) -> [UInt8] {
        var text = JSONText()
        text.beginObject()
        text.member("path", RawArguments.bytes(of: opened.path.string))
        text.key("size")
        text.number(opened.size)
        text.member("updated", BillOfMaterials.time(opened.time.seconds))
        text.key("has_metadata")
        text.bool(opened.metadata != nil)
        text.member("next", opened.metadata?.next)
        text.words(names, key: "sources")
        text.endObject()
        return text.bytes
    }
}
