// SPDX-License-Identifier: Apache-2.0

import Advisories
package import ArgumentParser
import Browsing
import CommandOptions
import CommandTrees
import Console
import Glibc
import Inventory
import LayerStore
import LinuxIO
import OCI
import Objects
import Packages
import SystemPackage
import Transports

/// `cimg sbom`: a bill of materials of an object.
package struct SbomCommand: ParsableCommand {
    package static let configuration = CommandConfiguration(
        commandName: "sbom", abstract: "Write a bill of materials of an image or a container.",
        discussion: """
            Writes what "cimg packages" finds as a document that other programs read: CycloneDX 1.6, SPDX 2.3, or the \
            JSON of syft or trivy. The same object gives the same bytes on every machine: identifiers are made of what \
            is in it, and the time is $SOURCE_DATE_EPOCH, else the image's own, else the beginning of 1970.

            Licences are told as SPDX has them where they are names or expressions of its list, else as they were \
            written. A record of packages that is damaged is told on standard error; the document lacks it, and the \
            exit status is 2.

            \(OpenedTree.help)

            Examples:

              cimg sbom alpine > alpine.cdx.json
              cimg sbom --format spdx -o app.spdx.json app:1
              SOURCE_DATE_EPOCH=0 cimg sbom ./rootfs

            Exit status: 0 written, 2 trouble: something could not be read.
            """)

    /// The formats of bills of materials.
    enum Format: String, CaseIterable, ExpressibleByArgument {
        case cyclonedx, spdx
        case syft = "syft-json"
        case trivy = "trivy-json"

        init?(argument: String) {
            switch argument {
            case "cyclonedx", "cyclonedx-json": self = .cyclonedx
            case "spdx", "spdx-json": self = .spdx
            case "syft", "syft-json", "json": self = .syft
            case "trivy", "trivy-json": self = .trivy
            default: return nil
            }
        }
    }

    @OptionGroup var store: StoreOptions

    @OptionGroup var policy: PolicyOptions

    @Option(help: ArgumentHelp("The platform to take of several.", valueName: "os/arch[/variant]"))
    var platform: String?

    @Option(help: "cyclonedx, spdx, syft-json or trivy-json.")
    var format = Format.cyclonedx

    @Option(
        name: .shortAndLong, help: ArgumentHelp("Write to this file.", valueName: "file"), completion: .file())
    var output: String?

    @Argument(help: "An image, a container or a directory.")
    var object: String

    /// Makes the command for the parser.
    package init() {}

    package mutating func run() throws {
        try lookingIntoTrees {
            var finder = ObjectFinder(in: try policy.place(store))
            finder.platform = try platform.map { try Platform(parsing: $0) }
            finder.directoryHint = "./"
            let opened = try OpenedTree.open(object, in: finder)
            let inventory = TreeInventory(of: opened.tree)
            let image = opened.digest == nil ? nil : try finder.describeIfImage(object)
            let files = RecordedFiles(of: opened.tree, at: Distribution.files)
            let bill = BillOfMaterials(
                name: opened.name, digest: opened.digest, image: image, inventory: inventory,
                system: Distribution(inventory.distribution, files: files.bytes), sourceDate: try Self.sourceDate())
            let bytes =
                switch format {
                case .cyclonedx: CycloneDXText.bytes(bill)
                case .spdx: SPDXText.bytes(bill)
                case .syft: SyftText.bytes(bill)
                case .trivy: TrivyText.bytes(bill)
                }
            try OutputFile.write(bytes, to: output)
            for problem in inventory.problems { StandardError.print("cimg: \(problem)") }
            if !inventory.problems.isEmpty { throw ExitCode(2) }
        }
    }

    /// The time that a builder wants documents to have (reproducible-builds.org); nil where it wants none.
    private static func sourceDate() throws -> Int64? {
        guard let text = Environment.path("SOURCE_DATE_EPOCH")?.string else { return nil }
        guard let seconds = Int64(text), seconds >= 0 else {
            throw CommandError("SOURCE_DATE_EPOCH: \"\(text.printable)\" is no count of seconds since 1970")
        }
        return seconds
    }
}
