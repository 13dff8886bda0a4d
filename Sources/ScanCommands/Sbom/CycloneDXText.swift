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

/// A bill of materials in CycloneDX 1.6, as JSON.
enum CycloneDXText {
    static func bytes(_ bill: BillOfMaterials) -> [UInt8] {
        var text = JSONText()
        text.beginObject()
        begin(bill, to: &text)
        text.endObject()
        return text.bytes
    }

    /// Writes all of a document but what a scan adds.
    static func begin(_ bill: BillOfMaterials, to text: inout JSONText) {
        text.member("$schema", "http://cyclonedx.org/schema/bom-1.6.schema.json")
        text.member("bomFormat", "CycloneDX")
        text.member("specVersion", "1.6")
        text.member("serialNumber", "urn:uuid:\(bill.identity)")
        text.key("version")
        text.number(1)
        metadata(bill, to: &text)
        text.key("components")
        text.beginArray()
        if let distribution = bill.distribution { write(distribution, to: &text) }
        for entry in bill.entries { write(entry, to: &text) }
        text.endArray()
        text.key("dependencies")
        text.beginArray()
        text.beginObject()
        text.member("ref", root(bill))
        text.key("dependsOn")
        text.beginArray()
        if let distribution = bill.distribution { text.string(reference(distribution)) }
        for entry in bill.entries { text.string(entry.reference) }
        text.endArray()
        text.endObject()
        text.endArray()
    }

    private static func root(_ bill: BillOfMaterials) -> String {
        bill.objectURL ?? bill.digest.map { "\($0)" } ?? "object"
    }

    private static func reference(_ distribution: OSRelease) -> String {
        "os:\(Bytes.escaped(distribution.id)):\(Bytes.escaped(distribution.versionID))"
    }

    private static func metadata(_ bill: BillOfMaterials, to text: inout JSONText) {
        text.key("metadata")
        text.beginObject()
        text.member("timestamp", bill.created)
        text.key("tools")
        text.beginObject()
        text.key("components")
        text.beginArray()
        text.beginObject()
        text.member("type", "application")
        text.member("name", "cimg")
        text.member("version", Version.current)
        text.endObject()
        text.endArray()
        text.endObject()
        text.key("component")
        text.beginObject()
        text.member("bom-ref", root(bill))
        text.member("type", "container")
        text.member("name", RawArguments.bytes(of: bill.name))
        if let digest = bill.digest { text.member("version", "\(digest)") }
        if let url = bill.objectURL { text.member("purl", url) }
        if let image = bill.image {
            var properties = [("cimg:config", "\(image.manifest.config.digest)")]
            if let platform = image.configuration.platform { properties.append(("cimg:platform", "\(platform)")) }
            properties += image.configuration.rootfs.diffIDs.enumerated().map { ("cimg:layer:\($0)", "\($1)") }
            write(properties.map { ($0, Array($1.utf8)) }, to: &text)
        }
        text.endObject()
        text.endObject()
    }

    private static func write(_ distribution: OSRelease, to text: inout JSONText) {
        text.beginObject()
        text.member("bom-ref", reference(distribution))
        text.member("type", "operating-system")
        text.member("name", distribution.id)
        if !distribution.versionID.isEmpty { text.member("version", distribution.versionID) }
        if !distribution.prettyName.isEmpty { text.member("description", distribution.prettyName) }
        text.endObject()
    }

    private static func write(_ entry: BillOfMaterials.Entry, to text: inout JSONText) {
        let package = entry.package
        text.beginObject()
        text.member("bom-ref", entry.reference)
        text.member("type", "library")
        if !package.supplier.isEmpty {
            text.key("supplier")
            text.beginObject()
            text.member("name", package.supplier)
            text.endObject()
        }
        if !package.group.isEmpty { text.member("group", package.group) }
        text.member("name", package.name)
        text.member("version", package.version)
        licences(package, to: &text)
        text.member("purl", "\(entry.url)")
        var properties: [(String, [UInt8])] = [
            ("cimg:type", Array(package.kind.rawValue.utf8)), ("cimg:record", entry.installed.record),
        ]
        if let layer = entry.installed.layer {
            properties += [
                ("cimg:layer", Array("\(layer.index)".utf8)), ("cimg:layer:diff_id", Array("\(layer.diffID)".utf8)),
            ]
        }
        if let owner = entry.installed.owner { properties.append(("cimg:owner", owner)) }
        if package.source != nil {
            properties += [("cimg:source", package.sourceName), ("cimg:source:version", package.sourceVersion)]
        }
        write(properties, to: &text)
        text.endObject()
    }

    /// Licences: names of the list as such, one expression alone, everything else as it was written.
    private static func licences(_ package: Package, to text: inout JSONText) {
        let licences = BillOfMaterials.licences(package)
        guard !licences.isEmpty else { return }
        text.key("licenses")
        text.beginArray()
        if licences.count == 1, let only = licences.first, let expression = only.expression, !only.isSingle {
            text.beginObject()
            text.member("expression", expression)
            text.endObject()
        } else {
            for licence in licences {
                text.beginObject()
                text.key("license")
                text.beginObject()
                if let name = licence.expression, licence.isSingle, name.last != UInt8(ascii: "+") {
                    text.member("id", name)
                } else {
                    text.member("name", licence.declared)
                }
                text.endObject()
                text.endObject()
            }
        }
        text.endArray()
    }

    private static func write(_ properties: [(String, [UInt8])], to text: inout JSONText) {
        text.key("properties")
        text.beginArray()
        for (name, value) in properties {
            text.beginObject()
            text.member("name", name)
            text.member("value", value)
            text.endObject()
        }
        text.endArray()
    }
}
