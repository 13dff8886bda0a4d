// SPDX-License-Identifier: Apache-2.0

import Advisories
import Browsing
import CommandOptions
import CommandTrees
import Console
import FileTree
import Inventory
import LayerStore
import OCI
import Packages

/// A bill of materials in the JSON of trivy, schema 2, with all packages.
struct TrivyText {
    /// Packages that trivy tells together, and what it calls them.
    struct Group: Hashable {
        /// What is told above them: a word, or the path of the record.
        let target: String
        /// `os-pkgs` or `lang-pkgs`.
        let group: String
        /// `debian`, `python-pkg`.
        let type: String
    }

    private let bill: BillOfMaterials

    static func bytes(_ bill: BillOfMaterials) -> [UInt8] {
        let document = TrivyText(bill: bill)
        var text = JSONText()
        text.beginObject()
        document.head(isEnded: false, to: &text)
        text.key("Results")
        text.beginArray()
        for (group, entries) in Self.groups(bill) {
            text.beginObject()
            document.write(group, to: &text)
            document.write(entries, to: &text)
            text.endObject()
        }
        text.endArray()
        text.endObject()
        return text.bytes
    }

    init(bill: BillOfMaterials) { self.bill = bill }

    /// The packages by what trivy tells together, those of the system first.
    static func groups(_ bill: BillOfMaterials) -> [(Group, [BillOfMaterials.Entry])] {
        var order: [Group] = []
        var groups: [Group: [BillOfMaterials.Entry]] = [:]
        for entry in bill.entries {
            let group = group(of: entry.installed, in: bill)
            if groups[group] == nil { order.append(group) }
            groups[group, default: []].append(entry)
        }
        return order.map { ($0, groups[$0] ?? []) }
    }

    /// Where a package is told.
    static func group(of installed: InstalledPackage, in bill: BillOfMaterials) -> Group {
        func path() -> String {
            Bytes.escaped(installed.record.first == 0x2F ? installed.record.dropFirst() : installed.record[...])
        }
        func language(_ target: String, _ type: String) -> Group {
            Group(target: target, group: "lang-pkgs", type: type)
        }
        switch installed.package.kind {
        case .deb, .rpm, .apk, .alpm:
            let family = bill.system?.name.printable ?? "unknown"
            let version = bill.system?.version.printable ?? ""
            let system = version.isEmpty ? family : "\(family) \(version)"
            return Group(target: "\(bill.name.printable) (\(system))", group: "os-pkgs", type: family)
        case .python: return language("Python", "python-pkg")
        case .npm: return language("Node.js", "node-pkg")
        case .gem: return language("Ruby", "gemspec")
        case .java: return language("Java", "jar")
        case .goModule: return language(path(), "gobinary")
        case .rustCrate: return language(path(), "rustbinary")
        case .composer: return language(path(), "composer-vendor")
        case .dotnet: return language(path(), "dotnet-core")
        case .conda: return language("Conda", "conda-pkg")
        }
    }

    // MARK: - The document's head

    /// Writes what stands before the results.
    ///
    /// - Parameter isEnded: whether the distribution is past its end.
    func head(isEnded: Bool, to text: inout JSONText) {
        text.key("SchemaVersion")
        text.number(2)
        text.member("CreatedAt", bill.created)
        text.member("ArtifactName", RawArguments.bytes(of: bill.name))
        text.member("ArtifactType", bill.image == nil ? "filesystem" : "container_image")
        text.key("Metadata")
        text.beginObject()
        if let image = bill.image {
            text.key("Size")
            text.number(image.manifest.layers.reduce(Int64(0)) { $0 &+ $1.size })
        }
        if let system = bill.system {
            text.key("OS")
            text.beginObject()
            text.member("Family", system.name)
            text.member("Name", system.version)
            if isEnded {
                text.key("EOSL")
                text.bool(true)
            }
            text.endObject()
        }
        if let image = bill.image {
            text.member("ImageID", "\(image.manifest.config.digest)")
            text.words(image.configuration.rootfs.diffIDs.map { "\($0)" }, key: "DiffIDs")
            if let digest = bill.repositoryDigest { text.words([digest], key: "RepoDigests") }
            text.key("ImageConfig")
            text.value(Self.configuration(image.configurationBytes))
        }
        text.endObject()
    }

    private static func configuration(_ json: [UInt8]) -> JSONValue {
        // The same bytes were decoded as a configuration before.
        (try? decode(JSONValue.self, json, name: "configuration", limit: DocumentLimit.configuration)) ?? .null
    }

    func write(_ group: Group, to text: inout JSONText) {
        text.member("Target", group.target)
        text.member("Class", group.group)
        text.member("Type", group.type)
    }

    // MARK: - Packages

    func write(_ entries: [BillOfMaterials.Entry], to text: inout JSONText) {
        text.key("Packages")
        text.beginArray()
        for entry in entries { write(entry, to: &text) }
        text.endArray()
    }

    /// What trivy calls a package: `NAME@VERSION`, for Java behind its group.
    static func identifier(_ package: Package) -> [UInt8] {
        name(package) + [UInt8(ascii: "@")] + package.version
    }

    /// A package's name, for Java behind its group.
    static func name(_ package: Package) -> [UInt8] {
        package.group.isEmpty ? package.name : package.group + [UInt8(ascii: ":")] + package.name
    }

    private func write(_ entry: BillOfMaterials.Entry, to text: inout JSONText) {
        let package = entry.package
        text.beginObject()
        text.member("ID", Self.identifier(package))
        text.member("Name", Self.name(package))
        text.key("Identifier")
        text.beginObject()
        text.member("PURL", "\(entry.url)")
        text.endObject()
        Self.version(package.version, package.kind, prefix: "", to: &text)
        if !package.architecture.isEmpty { text.member("Arch", package.architecture) }
        if package.kind.isSystem {
            text.member("SrcName", package.sourceName)
            Self.version(package.sourceVersion, package.kind, prefix: "Src", to: &text)
        }
        if !package.licences.isEmpty {
            text.key("Licenses")
            text.beginArray()
            for licence in package.licences { text.string(licence) }
            text.endArray()
        }
        if !package.supplier.isEmpty { text.member("Maintainer", package.supplier) }
        Self.layer(entry.installed, bill, to: &text)
        if !package.kind.isSystem { text.member("FilePath", Array(entry.installed.record.dropFirst())) }
        text.endObject()
    }

    /// A version in the parts that trivy tells apart.
    private static func version(_ version: [UInt8], _ kind: PackageKind, prefix: String, to text: inout JSONText) {
        guard kind == .deb || kind == .rpm else { return text.member(prefix + "Version", version) }
        var rest = version[...]
        if let colon = rest.firstIndex(of: UInt8(ascii: ":")) {
            let epoch = UInt32(String(decoding: rest[..<colon], as: UTF8.self)) ?? 0
            if epoch > 0 {
                text.key(prefix + "Epoch")
                text.number(epoch)
            }
            rest = rest[(colon + 1)...]
        }
        guard let dash = rest.lastIndex(of: UInt8(ascii: "-")) else {
            return text.member(prefix + "Version", Array(rest))
        }
        text.member(prefix + "Version", Array(rest[..<dash]))
        text.member(prefix + "Release", Array(rest[(dash + 1)...]))
    }

    /// The layer of a package, where the object has layers.
    static func layer(_ installed: InstalledPackage, _ bill: BillOfMaterials, to text: inout JSONText) {
        guard let layer = installed.layer else { return }
        let image = bill.image
        text.key("Layer")
        text.beginObject()
        if let descriptor = image?.manifest.layers.dropFirst(layer.index).first {
            text.member("Digest", "\(descriptor.digest)")
        }
        text.member("DiffID", "\(layer.diffID)")
        if let command = bill.command(ofLayer: layer.index) { text.member("CreatedBy", command) }
        text.endObject()
    }
}
