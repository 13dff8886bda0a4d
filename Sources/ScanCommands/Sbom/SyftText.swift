// SPDX-License-Identifier: Apache-2.0

import Browsing
import CommandOptions
import CommandTrees
import Console
import FileTree
import Inventory
import LayerStore
import Licences
import OCI
import Packages

/// A bill of materials in the JSON of syft: the parts that those who read it need.
enum SyftText {
    /// The version of its schema that the fields are those of.
    private static let schema = "16.0.18"

    static func bytes(_ bill: BillOfMaterials) -> [UInt8] {
        var text = JSONText()
        text.beginObject()
        let root = identifier("source", bill.identity)
        let identifiers = bill.entries.map { identifier($0.reference, Bytes.escaped($0.installed.record)) }
        text.key("artifacts")
        text.beginArray()
        for (entry, identifier) in zip(bill.entries, identifiers) { write(entry, identifier, to: &text) }
        text.endArray()
        text.key("artifactRelationships")
        text.beginArray()
        for identifier in identifiers {
            text.beginObject()
            text.member("parent", root)
            text.member("child", identifier)
            text.member("type", "contains")
            text.endObject()
        }
        text.endArray()
        text.key("files")
        text.beginArray()
        text.endArray()
        source(bill, root, to: &text)
        distribution(bill, to: &text)
        text.key("descriptor")
        text.beginObject()
        text.member("name", "cimg")
        text.member("version", Version.current)
        text.endObject()
        text.key("schema")
        text.beginObject()
        text.member("version", schema)
        text.member(
            "url",
            "https://raw.githubusercontent.com/anchore/syft/main/schema/json/schema-\(schema).json")
        text.endObject()
        text.endObject()
        return text.bytes
    }

    private static func identifier(_ name: String, _ place: String) -> String {
        String(Digest(of: Array("\(name)\n\(place)".utf8)).hex.prefix(16))
    }

    private static func write(_ entry: BillOfMaterials.Entry, _ identifier: String, to text: inout JSONText) {
        let package = entry.package
        let (type, language) = names(package.kind)
        text.beginObject()
        text.member("id", identifier)
        text.member("name", package.name)
        text.member("version", package.version)
        text.member("type", type)
        text.member("foundBy", "cimg")
        text.key("locations")
        text.beginArray()
        text.beginObject()
        text.member("path", entry.installed.record)
        if let layer = entry.installed.layer { text.member("layerID", "\(layer.diffID)") }
        text.member("accessPath", entry.installed.record)
        text.endObject()
        text.endArray()
        text.key("licenses")
        text.beginArray()
        for licence in BillOfMaterials.licences(package) {
            text.beginObject()
            text.member("value", licence.declared)
            text.member("spdxExpression", licence.expression ?? [])
            text.member("type", "declared")
            text.words([], key: "urls")
            text.words([], key: "locations")
            text.endObject()
        }
        text.endArray()
        text.member("language", language)
        text.words([], key: "cpes")
        text.member("purl", "\(entry.url)")
        text.endObject()
    }

    /// What syft calls a kind of package, and its language.
    private static func names(_ kind: PackageKind) -> (type: String, language: String) {
        switch kind {
        case .deb, .rpm, .apk, .alpm: (kind.rawValue, "")
        case .python: ("python", "python")
        case .npm: ("npm", "javascript")
        case .gem: ("gem", "ruby")
        case .goModule: ("go-module", "go")
        case .rustCrate: ("rust-crate", "rust")
        case .java: ("java-archive", "java")
        case .composer: ("php-composer", "php")
        case .dotnet: ("dotnet", "dotnet")
        case .conda: ("conda", "")
        }
    }

    private static func source(_ bill: BillOfMaterials, _ identifier: String, to text: inout JSONText) {
        text.key("source")
        text.beginObject()
        text.member("id", bill.digest?.hex ?? identifier)
        text.member("name", RawArguments.bytes(of: bill.name))
        text.member("version", bill.digest.map { "\($0)" } ?? "")
        text.member("type", bill.image == nil ? "directory" : "image")
        text.key("metadata")
        text.beginObject()
        text.member(bill.image == nil ? "path" : "userInput", RawArguments.bytes(of: bill.name))
        if let image = bill.image {
            text.member("imageID", "\(image.manifest.config.digest)")
            text.member("manifestDigest", "\(image.digest)")
            text.member("mediaType", image.manifest.mediaType ?? MediaType.manifest)
            text.words([], key: "tags")
            text.key("imageSize")
            text.number(image.manifest.layers.reduce(Int64(0)) { $0 &+ $1.size })
            text.key("layers")
            text.beginArray()
            for (layer, diffID) in zip(image.manifest.layers, image.configuration.rootfs.diffIDs) {
                text.beginObject()
                text.member("mediaType", layer.mediaType)
                text.member("digest", "\(diffID)")
                text.key("size")
                text.number(layer.size)
                text.endObject()
            }
            text.endArray()
            text.key("manifest")
            text.base64(image.manifestBytes)
            text.key("config")
            text.base64(image.configurationBytes)
            text.words(bill.repositoryDigest.map { [$0] } ?? [], key: "repoDigests")
            text.member("architecture", image.configuration.architecture ?? "")
            text.member("os", image.configuration.os ?? "")
        }
        text.endObject()
        text.endObject()
    }

    private static func distribution(_ bill: BillOfMaterials, to text: inout JSONText) {
        text.key("distro")
        text.beginObject()
        if let distribution = bill.distribution {
            for (key, value) in [
                ("prettyName", distribution.prettyName), ("name", distribution.name), ("id", distribution.id),
                ("versionID", distribution.versionID), ("versionCodename", distribution.codename),
            ] where !value.isEmpty { text.member(key, value) }
            if !distribution.idLike.isEmpty {
                text.key("idLike")
                text.beginArray()
                for name in distribution.idLike { text.string(name) }
                text.endArray()
            }
        }
        text.endObject()
    }
}
