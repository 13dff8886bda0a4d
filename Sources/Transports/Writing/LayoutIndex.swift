// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import LayerStore
import OCI

/// The `index.json` of an image layout that gets one more entry (image-layout.md).
enum LayoutIndex {
    static let marker = Array(#"{"imageLayoutVersion":"1.0.0"}"#.utf8)
    private static let nameKey = "org.opencontainers.image.ref.name"

    /// The index with an entry for a document: in place of those of its name, or where it has none, of its digest.
    ///
    /// - Parameter existing: the index that there is, nil for none; what is not changed of it stays.
    static func adding(
        _ top: SourceGraph.Document, name: String?, to existing: [UInt8]?, object: String
    ) throws -> [UInt8] {
        var members: [String: JSONValue] = [
            "schemaVersion": .integer(2), "mediaType": .string(MediaType.index), "manifests": .array([]),
        ]
        if let existing {
            // What is no index is not written over.
            _ = try ImageIndex(json: existing, name: object)
            members = try decode([String: JSONValue].self, existing, name: object, limit: DocumentLimit.manifest)
        }
        var entries: [JSONValue] = []
        if case .array(let found)? = members["manifests"] { entries = found }
        entries.removeAll { entry in
            guard case .object(let entry) = entry else { return false }
            var entryName: String?
            if case .object(let annotations)? = entry["annotations"], case .string(let text)? = annotations[nameKey] {
                entryName = text
            }
            if let name { return entryName == name }
            return entryName == nil && entry["digest"] == .string("\(top.descriptor.digest)")
        }
        var entry: [String: JSONValue] = [
            "mediaType": .string(top.descriptor.mediaType), "digest": .string("\(top.descriptor.digest)"),
            "size": .integer(Int64(top.bytes.count)),
        ]
        if let name { entry["annotations"] = .object([nameKey: .string(name)]) }
        members["manifests"] = .array(entries + [.object(entry)])
        return try encoded(members)
    }

    /// A value as JSON, the same bytes for the same value.
    static func encoded(_ value: some Encodable) throws -> [UInt8] {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        return Array(try encoder.encode(value))
    }
}
