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

            --attach stores the document beside the image in its registry, as an artifact that refers to it (a list under \
            a tag where the registry knows no referrers); "cimg sign" signs it by the digest that is printed. --from attached \
            takes the one that is there instead of looking into the image, if the policy demands signatures and has \
            one for it; --from auto does that where there is such one.

            \(OpenedTree.help)

            Examples:

              cimg sbom alpine > alpine.cdx.json
              cimg sbom --attach localhost:5000/app:1
              cimg sbom --from attached --policy strict.json localhost:5000/app:1
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

        /// The media type of a document.
        var mediaType: String {
            switch self {
            case .cyclonedx: "application/vnd.cyclonedx+json"
            case .spdx: "application/spdx+json"
            case .syft: "application/vnd.syft+json"
            case .trivy: "application/vnd.aquasec.trivy.report+json"
            }
        }
    }

    @OptionGroup var store: StoreOptions

    @OptionGroup var policy: PolicyOptions

    @Option(help: ArgumentHelp("The platform to take of several.", valueName: "os/arch[/variant]"))
    var platform: String?

    @Option(help: "cyclonedx (cyclonedx-json), spdx (spdx-json), syft-json (syft, json) or trivy-json (trivy).")
    var format = Format.cyclonedx

    @Option(
        name: .shortAndLong, help: ArgumentHelp("Write to this file.", valueName: "file"), completion: .file())
    var output: String?

    @Flag(help: "Store the document beside the image in its registry, and print its name there.")
    var attach = false

    @Option(help: "Where the document comes from: image, attached (beside the image in its registry), auto.")
    var from = Origin.image

    @OptionGroup var registry: RegistryOptions

    @Argument(help: "An image, a container or a directory.")
    var object: String

    /// Where a document comes from.
    enum Origin: String, CaseIterable, ExpressibleByArgument {
        case image, attached, auto
    }

    /// Makes the command for the parser.
    package init() {}

    package mutating func run() throws {
        try lookingIntoTrees {
            try refuse(together: [("--attach", attach), ("--from \(from.rawValue)", from != .image)])
            let place = try policy.place(store)
            let platform = try platform.map { try Platform(parsing: $0) }
            let attachment = SbomAttachment(object: object, platform: platform, type: format.mediaType)
            if from != .image {
                let found = try attachment.find(by: place.judge, client: registry.client())
                for refusal in found.refusals { StandardError.print("cimg: \(refusal)") }
                if let bytes = found.bytes { return try OutputFile.write(bytes, to: output) }
                if from == .attached {
                    throw CommandError("\(object.printable): has no attached \(format.rawValue) that verifies")
                }
            }
            var finder = ObjectFinder(in: place)
            finder.platform = platform
            finder.directoryHint = "./"
            // What is attached to an image is made of that very image.
            let subject = attach ? try attachment.subject(client: registry.client()) : nil
            let name = subject?.pinned ?? object
            let opened = try OpenedTree.open(name, in: finder)
            let inventory = TreeInventory(of: opened.tree, .init(owners: true))
            let bytes = try document(opened, inventory, finder)
            for problem in inventory.problems { StandardError.print("cimg: \(problem)") }
            if let subject {
                guard inventory.problems.isEmpty else { throw ExitCode(2) }
                let digest = try subject.attach(bytes)
                if output != nil { try OutputFile.write(bytes, to: output) }
                return try StandardOutput.write("\(subject.repository)@\(digest)\n")
            }
            try OutputFile.write(bytes, to: output)
            if !inventory.problems.isEmpty { throw ExitCode(2) }
        }
    }

    private func document(_ opened: OpenedTree, _ inventory: TreeInventory, _ finder: ObjectFinder) throws -> [UInt8] {
        let image = opened.digest == nil ? nil : try finder.describeIfImage(opened.name)
        let files = RecordedFiles(of: opened.tree, at: Distribution.files)
        let bill = BillOfMaterials(
            name: object, digest: opened.digest, image: image, inventory: inventory,
            system: Distribution(inventory.distribution, files: files.bytes), sourceDate: try Self.sourceDate())
        return switch format {
        case .cyclonedx: CycloneDXText.bytes(bill)
        case .spdx: SPDXText.bytes(bill)
        case .syft: SyftText.bytes(bill)
        case .trivy: TrivyText.bytes(bill)
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
