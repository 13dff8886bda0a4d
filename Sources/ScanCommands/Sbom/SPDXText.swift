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

/// A bill of materials in SPDX 2.3, as JSON.
struct SPDXText {
    private let bill: BillOfMaterials
    /// Licences that are not on the list, with the names that the document gives them, in the order of their use.
    private var extracted: [(name: String, text: [UInt8])] = []
    private var names: [[UInt8]: String] = [:]

    private init(_ bill: BillOfMaterials) { self.bill = bill }

    static func bytes(_ bill: BillOfMaterials) -> [UInt8] {
        var document = SPDXText(bill)
        return document.write()
    }

    private mutating func write() -> [UInt8] {
        var text = JSONText()
        text.beginObject()
        text.member("spdxVersion", "SPDX-2.3")
        text.member("dataLicense", "CC0-1.0")
        text.member("SPDXID", "SPDXRef-DOCUMENT")
        text.member("name", RawArguments.bytes(of: bill.name))
        text.member("documentNamespace", "https://spdx.org/spdxdocs/cimg-\(bill.identity)")
        text.key("creationInfo")
        text.beginObject()
        text.member("created", bill.created)
        text.key("creators")
        text.beginArray()
        text.string("Tool: cimg-\(Version.current)")
        text.endArray()
        text.endObject()
        text.key("packages")
        text.beginArray()
        writeObject(to: &text)
        if let distribution = bill.distribution { write(distribution, to: &text) }
        for (number, entry) in bill.entries.enumerated() { write(entry, number, to: &text) }
        text.endArray()
        writeRelationships(to: &text)
        writeExtracted(to: &text)
        text.endObject()
        return text.bytes
    }

    private static func identifier(_ number: Int) -> String { "SPDXRef-Package-\(number)" }

    // MARK: - Packages

    /// What a package begins and ends with, whatever it is.
    private func package(
        _ identifier: String, _ name: [UInt8], _ version: [UInt8], purpose: String, declared: String = "NOASSERTION",
        to text: inout JSONText, _ more: (inout JSONText) -> Void = { _ in }
    ) {
        text.beginObject()
        text.member("SPDXID", identifier)
        text.member("name", name.isEmpty ? Array("unnamed".utf8) : name)
        if !version.isEmpty { text.member("versionInfo", version) }
        text.member("downloadLocation", "NOASSERTION")
        text.key("filesAnalyzed")
        text.bool(false)
        text.member("licenseConcluded", "NOASSERTION")
        text.member("licenseDeclared", declared)
        text.member("copyrightText", "NOASSERTION")
        text.member("primaryPackagePurpose", purpose)
        more(&text)
        text.endObject()
    }

    private static func url(_ url: String, to text: inout JSONText) {
        text.key("externalRefs")
        text.beginArray()
        text.beginObject()
        text.member("referenceCategory", "PACKAGE-MANAGER")
        text.member("referenceType", "purl")
        text.member("referenceLocator", url)
        text.endObject()
        text.endArray()
    }

    private func writeObject(to text: inout JSONText) {
        let version = bill.digest.map { Array("\($0)".utf8) } ?? []
        package(
            "SPDXRef-Object", RawArguments.bytes(of: bill.name), version, purpose: "CONTAINER", to: &text
        ) { text in
            if let digest = bill.digest {
                text.key("checksums")
                text.beginArray()
                text.beginObject()
                text.member("algorithm", "SHA256")
                text.member("checksumValue", digest.hex)
                text.endObject()
                text.endArray()
            }
            if let url = bill.objectURL { Self.url(url, to: &text) }
        }
    }

    private func write(_ distribution: OSRelease, to text: inout JSONText) {
        package(
            "SPDXRef-OperatingSystem", distribution.id, distribution.versionID, purpose: "OPERATING-SYSTEM", to: &text)
    }

    private mutating func write(_ entry: BillOfMaterials.Entry, _ number: Int, to text: inout JSONText) {
        let found = entry.package
        let declared = licence(of: found)
        let name = found.group.isEmpty ? found.name : found.group + [UInt8(ascii: ":")] + found.name
        package(
            Self.identifier(number), name, found.version, purpose: "LIBRARY", declared: declared, to: &text
        ) { text in
            if !found.supplier.isEmpty {
                // A line of its own is what the format gives to a supplier.
                let supplier = String(decoding: found.supplier, as: UTF8.self).printable
                text.member("supplier", "Organization: \(supplier)")
            }
            if found.source != nil {
                text.member(
                    "sourceInfo",
                    Array("built from ".utf8) + found.sourceName + [UInt8(ascii: " ")] + found.sourceVersion)
            }
            var comment = "record: \(Bytes.escaped(entry.installed.record))"
            if let layer = entry.installed.layer { comment += "; layer \(layer.index): \(layer.diffID)" }
            if let owner = entry.installed.owner { comment += "; owner: \(Bytes.escaped(owner))" }
            text.member("comment", comment)
            Self.url("\(entry.url)", to: &text)
        }
    }

    // MARK: - Licences

    private mutating func licence(of package: Package) -> String {
        let parts = BillOfMaterials.licences(package).map { licence -> String in
            guard let expression = licence.expression else { return name(of: licence.declared) }
            return String(decoding: expression, as: UTF8.self)
        }
        guard let first = parts.first else { return "NOASSERTION" }
        if parts.count == 1 { return first }
        return parts.map { $0.contains(" ") ? "(\($0))" : $0 }.joined(separator: " AND ")
    }

    /// The document's own name of a licence that is not on the list.
    private mutating func name(of text: [UInt8]) -> String {
        if let name = names[text] { return name }
        let name = "LicenseRef-\(extracted.count + 1)"
        names[text] = name
        extracted.append((name, text))
        return name
    }

    private func writeExtracted(to text: inout JSONText) {
        guard !extracted.isEmpty else { return }
        text.key("hasExtractedLicensingInfos")
        text.beginArray()
        for licence in extracted {
            text.beginObject()
            text.member("licenseId", licence.name)
            text.member("extractedText", licence.text)
            text.endObject()
        }
        text.endArray()
    }

    // MARK: - Relationships

    private func writeRelationships(to text: inout JSONText) {
        text.key("relationships")
        text.beginArray()
        func relate(_ one: String, _ relation: String, _ other: String) {
            text.beginObject()
            text.member("spdxElementId", one)
            text.member("relationshipType", relation)
            text.member("relatedSpdxElement", other)
            text.endObject()
        }
        relate("SPDXRef-DOCUMENT", "DESCRIBES", "SPDXRef-Object")
        if bill.distribution != nil { relate("SPDXRef-Object", "CONTAINS", "SPDXRef-OperatingSystem") }
        for number in bill.entries.indices { relate("SPDXRef-Object", "CONTAINS", Self.identifier(number)) }
        text.endArray()
    }
}
