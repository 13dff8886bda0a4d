// SPDX-License-Identifier: Apache-2.0

import Bolt
import OCI

/// Advisories of several collectors, by whose they are, the package and the vulnerability.
package struct AdvisoryCollection: Sendable {
    /// What is said of a vulnerability in a package.
    struct Entry: Sendable {
        /// Other names of it.
        var vendorIDs = DistinctTexts()
        /// Of a distribution: in which version it is mended; empty for none.
        var fixedVersion: String?
        /// Of a distribution: in which version it came; empty where it was always there.
        var affectedVersion = ""
        /// Of a language: ranges of versions that have it.
        var vulnerable = DistinctTexts()
        /// A severity of the collector's own, 1 to 4; 0 for none.
        var severity = 0
    }

    /// What is said of a vulnerability, whatever package it is in.
    struct Details: Sendable {
        var title = ""
        var text = ""
        /// By name; empty where nobody says.
        var severity = ""
        var vector = ""
        var score: Double?
        var references: [String] = []
        var published = ""
        var modified = ""
    }

    private var buckets: [String: [String: [String: Entry]]] = [:]
    private var details: [String: Details] = [:]
    private var sources: [String: (id: String, name: String, address: String)] = [:]
    /// How many advisories there are.
    package private(set) var count = 0
    /// What was left out, and how often.
    package private(set) var leftOut: [String: Int] = [:]

    /// Advisories of one collection.
    private static let limit = 5_000_000
    /// Bytes that all of it takes, about.
    private static let byteLimit = 512 << 20
    /// Bytes of a title and of a description; longer ones end there.
    private static let (titleLimit, textLimit) = (1 << 10, 16 << 10)
    private var byteCount = 0
    /// Kinds of things left out that are told apart.
    private static let reasonLimit = 100

    /// Makes an empty one.
    package init() {}

    /// Adds an advisory; what several say of one vulnerability in one package is put together.
    mutating func add(
        _ entry: Entry, _ id: String, of package: String, in bucket: String,
        source: (id: String, name: String, address: String)
    ) throws(FormatError) {
        guard !id.isEmpty, !package.isEmpty, id.utf8.count <= 1024, package.utf8.count <= 1024 else { return }
        sources[bucket] = source
        guard var old = buckets[bucket]?[package]?[id] else {
            guard count < Self.limit else { throw FormatError("advisories", "are more than \(Self.limit)") }
            count += 1
            try take(256 + id.utf8.count + entry.byteCount)
            buckets[bucket, default: [:]][package, default: [:]][id] = entry
            return
        }
        let before = old.byteCount
        for name in entry.vendorIDs.texts { old.vendorIDs.append(name) }
        for range in entry.vulnerable.texts { old.vulnerable.append(range) }
        try take(old.byteCount - before)
        // What one says is not mended is not.
        if old.fixedVersion != nil, entry.fixedVersion == "" { old.fixedVersion = "" }
        buckets[bucket]?[package]?[id] = old
    }

    /// Counts bytes that are kept.
    private mutating func take(_ bytes: Int) throws(FormatError) {
        byteCount += bytes
        guard byteCount <= Self.byteLimit else {
            throw FormatError("advisories", "take more than \(Self.byteLimit) bytes")
        }
    }

    /// Adds what is known of a vulnerability; of several the one that has a title.
    mutating func add(_ new: Details, of id: String) throws(FormatError) {
        var new = new
        new.title = Self.cut(new.title, Self.titleLimit)
        new.text = Self.cut(new.text, Self.textLimit)
        guard let old = details[id], !old.title.isEmpty || new.title.isEmpty else {
            try take(256 + new.title.utf8.count + new.text.utf8.count + new.references.reduce(0) { $0 + $1.utf8.count })
            details[id] = new
            return
        }
        if old.severity.isEmpty, !new.severity.isEmpty {
            var known = old
            (known.severity, known.vector, known.score) = (new.severity, new.vector, new.score)
            details[id] = known
        }
    }

    private static func cut(_ text: String, _ limit: Int) -> String {
        text.utf8.count <= limit ? text : String(decoding: text.utf8.prefix(limit), as: UTF8.self)
    }

    /// Counts what is left out.
    mutating func leaveOut(_ reason: String) {
        guard leftOut[reason] != nil || leftOut.count < Self.reasonLimit else { return }
        leftOut[reason, default: 0] += 1
    }

    // MARK: - The database

    /// Writes the database but for its beginning.
    ///
    /// - Returns: the first pages, which stand before what was written.
    package func write(_ write: @escaping ([UInt8]) throws -> Void) throws -> [UInt8] {
        var writing = BoltWriting(write: write)
        var root: [(key: [UInt8], content: BoltWriting.Content)] = []
        for (bucket, packages) in buckets {
            var entries: [(key: [UInt8], content: BoltWriting.Content)] = []
            for (package, advisories) in packages {
                let page = try writing.bucket(Self.sorted(advisories.map { (Array($0.utf8), .value(Self.json($1))) }))
                entries.append((Array(package.utf8), .bucket(page)))
            }
            root.append((Array(bucket.utf8), .bucket(try writing.bucket(Self.sorted(entries)))))
        }
        let known = try writing.bucket(Self.sorted(details.map { (Array($0.utf8), .value(Self.json($1))) }))
        root.append((Array("vulnerability".utf8), .bucket(known)))
        let names = try writing.bucket(
            Self.sorted(
                sources.map { bucket, source in
                    var object = JSONObject()
                    object.add("ID", source.id)
                    object.add("Name", source.name)
                    object.add("URL", source.address)
                    return (Array(bucket.utf8), .value(object.bytes))
                }))
        root.append((Array("data-source".utf8), .bucket(names)))
        let page = try writing.bucket(Self.sorted(root))
        return writing.head(root: page)
    }

    private static func sorted(
        _ entries: [(key: [UInt8], content: BoltWriting.Content)]
    ) -> [(key: [UInt8], content: BoltWriting.Content)] {
        entries.sorted { $0.key.lexicographicallyPrecedes($1.key) }
    }

    private static func json(_ entry: Entry) -> [UInt8] {
        var object = JSONObject()
        object.add("VendorIDs", entry.vendorIDs.texts)
        if let fixed = entry.fixedVersion { object.add("FixedVersion", fixed) }
        if !entry.affectedVersion.isEmpty { object.add("AffectedVersion", entry.affectedVersion) }
        object.add("VulnerableVersions", entry.vulnerable.texts)
        if entry.severity > 0 { object.add("Severity", literal: "\(entry.severity)") }
        return object.bytes
    }

    private static func json(_ details: Details) -> [UInt8] {
        var object = JSONObject()
        for (key, value) in [
            ("Title", details.title), ("Description", details.text), ("Severity", details.severity),
            ("PublishedDate", details.published), ("LastModifiedDate", details.modified),
        ] where !value.isEmpty { object.add(key, value) }
        object.add("References", details.references)
        if let score = details.score {
            var own = JSONObject()
            own.add("V3Vector", details.vector)
            own.add("V3Score", literal: "\(score)")
            object.add("CVSS", literal: "{\"osv\":\(own.text)}")
        }
        return object.bytes
    }
}

extension AdvisoryCollection.Entry {
    /// Bytes of its texts.
    fileprivate var byteCount: Int { vendorIDs.byteCount + vulnerable.byteCount }
}

/// Texts in their order, each once.
struct DistinctTexts: Sendable, ExpressibleByArrayLiteral {
    private(set) var texts: [String] = []
    /// Bytes of all.
    private(set) var byteCount = 0
    /// The same, where there are so many that looking through them takes time.
    private var known: Set<String> = []
    private static let few = 16

    init() {}

    init(arrayLiteral elements: String...) { for text in elements { append(text) } }

    /// Adds a text that is not there.
    mutating func append(_ text: String) {
        if texts.count <= Self.few {
            guard !texts.contains(text) else { return }
            if texts.count == Self.few { known = Set(texts) }
        } else {
            guard !known.contains(text) else { return }
        }
        if texts.count >= Self.few { known.insert(text) }
        texts.append(text)
        byteCount += 16 + text.utf8.count
    }
}

/// An object of JSON on one line.
private struct JSONObject {
    private var members = ""

    var text: String { "{\(members)}" }
    var bytes: [UInt8] { Array(text.utf8) }

    mutating func add(_ key: String, literal: String) {
        members += (members.isEmpty ? "" : ",") + "\"\(key)\":\(literal)"
    }

    mutating func add(_ key: String, _ value: String) { add(key, literal: Self.quoted(value)) }

    /// Nothing for none.
    mutating func add(_ key: String, _ values: [String]) {
        guard !values.isEmpty else { return }
        add(key, literal: "[\(values.map(Self.quoted).joined(separator: ","))]")
    }

    private static func quoted(_ text: String) -> String {
        var quoted = "\""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"": quoted += "\\\""
            case "\\": quoted += "\\\\"
            case "\n": quoted += "\\n"
            case _ where scalar.value < 0x20:
                let hex = String(scalar.value, radix: 16)
                quoted += "\\u" + String(repeating: "0", count: 4 - hex.utf8.count) + hex
            default: quoted.unicodeScalars.append(scalar)
            }
        }
        return quoted + "\""
    }
}
