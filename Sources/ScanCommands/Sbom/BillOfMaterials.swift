// SPDX-License-Identifier: Apache-2.0

import Advisories
import Browsing
import CommandOptions
import CommandTrees
import Console
import FileTree
import Inventory
import LayerStore
import Licences
import OCI
import Objects
import Packages

/// What an object is and has, as every format of a bill of materials tells it.
struct BillOfMaterials {
    /// A package with the names that documents give it.
    struct Entry {
        let installed: InstalledPackage
        /// Its name for all tools.
        let url: PackageURL
        /// A name that no other entry of the document has: the URL, with a number where several are the same.
        let reference: String

        var package: Package { installed.package }
    }

    /// What the user called the object.
    let name: String
    /// The digest that identifies it; nil for what has none.
    let digest: Digest?
    /// Its documents; nil for what is no image.
    let image: ImageDescription?
    /// The distribution; nil where the tree does not say.
    let distribution: OSRelease?
    /// What the distribution's advisories call it, and its version as exactly as the tree tells it.
    let system: Distribution?
    /// The packages, in the inventory's order.
    let entries: [Entry]
    /// When it was made, RFC 3339: `SOURCE_DATE_EPOCH`, else the image's own time, else the beginning of 1970.
    let created: String
    /// A number of 128 bits that is a function of what is in it.
    let identity: String

    init(
        name: String, digest: String?, image: ImageDescription?, inventory: TreeInventory, system: Distribution?,
        sourceDate: Int64?
    ) {
        self.system = system
        self.name = name
        // A directory has none.
        self.digest = digest.flatMap { try? Digest(parsing: $0) }
        self.image = image
        distribution = inventory.distribution
        var counts: [String: Int] = [:]
        entries = inventory.packages.map { installed in
            let url = PackageURL(installed.package, distribution: inventory.distribution)
            let text = "\(url)"
            let count = counts[text, default: 0]
            counts[text] = count + 1
            return Entry(installed: installed, url: url, reference: count == 0 ? text : "\(text)#\(count)")
        }
        let imageTime = image?.configuration.created.flatMap { Moment(parsing: $0) }?.seconds
        created = Self.time(sourceDate ?? imageTime ?? 0)
        identity = Self.identity(self.digest, entries)
    }

    /// A UUID of version 8 (RFC 9562) made of the digest and all packages.
    private static func identity(_ digest: Digest?, _ entries: [Entry]) -> String {
        var hasher = DigestHasher()
        hasher.update(Array((digest.map { "\($0)\n" } ?? "").utf8))
        for entry in entries { hasher.update(Array(entry.reference.utf8) + [0] + entry.installed.record + [0x0A]) }
        var bytes = Array(hasher.finish().bytes.prefix(16))
        bytes[6] = bytes[6] & 0x0F | 0x80
        bytes[8] = bytes[8] & 0x3F | 0x80
        var text = ""
        for (place, byte) in bytes.enumerated() {
            if [4, 6, 8, 10].contains(place) { text += "-" }
            text += (byte < 16 ? "0" : "") + String(byte, radix: 16)
        }
        return text
    }

    /// A time as RFC 3339 has it, in UTC to the second.
    static func time(_ seconds: Int64) -> String {
        // `2026-11-29 06:40 UTC` to the minute.
        let words = TextTable.date(seconds).split(separator: " ")
        guard words.count == 3 else { return "1970-01-01T00:00:00Z" }
        let second = ((seconds % 60) + 60) % 60
        return "\(words[0])T\(words[1]):\(second < 10 ? "0" : "")\(second)Z"
    }

    /// The digest of an image's repository: `HOST/NAME@sha256:…`; nil for what is in no repository.
    var repositoryDigest: String? {
        // What is no name is in no repository.
        guard let digest, let reference = try? Reference(parsing: RegistryName.explicit(name) ?? name) else {
            return nil
        }
        return "\(reference.registry)/\(reference.repository)@\(digest)"
    }

    /// The name for all tools of an image that is in a repository.
    var objectURL: String? {
        guard let digest else { return nil }
        let text = RegistryName.explicit(name) ?? name
        // As above.
        guard RegistryName.of(text) != nil, let reference = try? Reference(parsing: text) else { return nil }
        let last = reference.repository.split(separator: "/").last.map(String.init) ?? reference.repository
        var url = PackageURL(type: "oci", name: Array(last.lowercased().utf8))
        url.version = Array("\(digest)".utf8)
        url.qualifiers["repository_url"] = Array("\(reference.registry)/\(reference.repository)".utf8)
        if let machine = image?.configuration.architecture { url.qualifiers["arch"] = Array(machine.utf8) }
        return "\(url)"
    }

    /// The command that made a layer, as the image's history has it; nil where it does not say.
    func command(ofLayer index: Int) -> String? {
        let steps = (image?.configuration.history ?? []).filter { $0.emptyLayer != true }
        guard steps.indices.contains(index), let command = steps[index].createdBy, !command.isEmpty else { return nil }
        return command
    }

    /// Licences of a package, each read as an expression.
    static func licences(_ package: Package) -> [LicenceExpression] { package.licences.map { LicenceExpression($0) } }
}
