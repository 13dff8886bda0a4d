// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Bills
import Browsing
import Console
import Inventory
import OCI
import Objects
import Packages

/// Bills of materials that are judged instead of the objects that they are of.
enum ScannedBill {
    /// Which of an image's bills of materials is judged instead of the image.
    enum Origin: String, CaseIterable, ExpressibleByArgument {
        case attached, auto
    }

    /// The file of `sbom:FILE`; nil for the name of something else.
    static func file(_ name: String) -> String? {
        name.hasPrefix("sbom:") ? String(name.dropFirst("sbom:".count)) : nil
    }

    /// Reads a file that a user named.
    static func document(file: String) throws -> BillDocument {
        guard !file.isEmpty else { throw CommandError("sbom: names no file; write sbom:FILE") }
        let bytes = try ScanOptions.read(file, isNeeded: true, BillDocument.byteLimit)
        return try BillDocument(bytes ?? [], name: file.printable)
    }

    /// The document beside an image in its registry that the policy demands a signature of and has it; nil where there is
    /// none, and for what is in no registry.
    static func document(
        attachedTo name: String, _ origin: Origin, in finder: ObjectFinder
    ) throws -> BillDocument? {
        let isInRegistry = RegistryName.of(name) != nil
        if isInRegistry || origin == .attached {
            for format in [SbomCommand.Format.cyclonedx, .spdx] {
                let attachment = SbomAttachment(object: name, platform: finder.platform, type: format.mediaType)
                let found = try attachment.find(by: finder.place.judge, client: finder.client())
                for refusal in found.refusals { StandardError.print("cimg: \(refusal)") }
                if let bytes = found.bytes {
                    return try BillDocument(bytes, name: "\(name.printable): attached \(format.rawValue)")
                }
            }
        }
        guard origin == .attached else { return nil }
        throw CommandError("\(name.printable): has no attached cyclonedx or spdx that verifies")
    }

    /// What a document says that there is, as if it had been found in a tree.
    static func inventory(_ document: BillDocument, of kinds: Set<PackageKind>) -> TreeInventory {
        var inventory = TreeInventory()
        inventory.distribution = document.distribution
        inventory.packages = document.packages.filter { kinds.contains($0.package.kind) }.map { billed in
            var installed = InstalledPackage(
                package: billed.package, record: billed.record,
                layer: billed.layer.map { FileLayer(index: $0.index, diffID: $0.diffID) })
            installed.owner = billed.owner
            return installed
        }
        inventory.sort()
        if document.unnamedCount > 0 {
            let count = counted(document.unnamedCount, "component")
            inventory.problems.append(
                InventoryProblem(path: [], cause: "\(count) without a package URL could not be judged"))
        }
        return inventory
    }
}
