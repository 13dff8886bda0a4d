// SPDX-License-Identifier: Apache-2.0

import OCI

/// Records of languages that are JSON documents.
package enum JSONManifest {
    /// Reads a `package.json`; nil if it is of no package: it has no name or no version.
    package static func npm(_ bytes: [UInt8]) throws(RecordError) -> Package? {
        let members = try object(bytes, "package.json")
        guard let name = text(members["name"]), let version = text(members["version"]) else { return nil }
        var package = Package(.npm, name: name, version: version)
        switch members["license"] ?? members["licenses"] {
        case .string(let licence): package.licences = [Array(licence.utf8)]
        case .object(let licence):
            package.licences = [text(licence["type"]) ?? text(licence["name"])].compactMap(\.self)
        case .array(let licences):
            package.licences = licences.compactMap { licence in
                switch licence {
                case .string(let name): Array(name.utf8)
                case .object(let members): text(members["type"]) ?? text(members["name"])
                default: nil
                }
            }
        default: break
        }
        return package
    }

    /// Reads Composer's `installed.json`.
    package static func composer(_ bytes: [UInt8]) throws(RecordError) -> PackageList {
        let entries: [JSONValue]
        switch try document(bytes, "installed.json") {
        case .array(let values): entries = values
        case .object(let members):
            guard case .array(let values) = members["packages"] else { return PackageList() }
            entries = values
        default: throw RecordError("installed.json", "is no list of packages")
        }
        var list = PackageList()
        for case .object(let members) in entries {
            guard let name = text(members["name"]), var version = text(members["version"]) else { continue }
            if version.first == UInt8(ascii: "v") { version.removeFirst() }
            var package = Package(.composer, name: name, version: version)
            if case .array(let licences) = members["license"] { package.licences = licences.compactMap { text($0) } }
            try list.add(PackageRecord(package), to: "installed.json")
        }
        return list
    }

    /// Reads a `conda-meta/*.json`.
    package static func conda(_ bytes: [UInt8]) throws(RecordError) -> Package {
        let members = try object(bytes, "conda record")
        guard let name = text(members["name"]), let version = text(members["version"]) else {
            throw RecordError("conda record", "has no name or no version")
        }
        var package = Package(.conda, name: name, version: version)
        package.licences = [text(members["license"])].compactMap(\.self)
        package.build = text(members["build"]) ?? []
        return package
    }

    /// Reads a `*.deps.json` of .NET: the packages that are there when the program runs.
    package static func dotnet(_ bytes: [UInt8]) throws(RecordError) -> PackageList {
        let members = try object(bytes, "deps.json")
        var list = PackageList()
        guard case .object(let libraries) = members["libraries"] else { return list }
        var target: [String: JSONValue] = [:]
        if case .object(let runtime) = members["runtimeTarget"], case .string(let name) = runtime["name"],
            case .object(let targets) = members["targets"], case .object(let found) = targets[name]
        {
            target = found
        }
        for (key, value) in libraries.sorted(by: { $0.key < $1.key }) {
            guard case .object(let library) = value, case .string("package") = library["type"] else { continue }
            if case .object(let parts) = target[key], parts["runtime"] == nil, parts["runtimeTargets"] == nil,
                parts["native"] == nil
            {
                continue
            }
            guard let (name, version) = Array(key.utf8)[...].cut(at: 0x2F), !name.isEmpty, !version.isEmpty else {
                continue
            }
            try list.add(
                PackageRecord(Package(.dotnet, name: Array(name), version: Array(version))), to: "deps.json")
        }
        return list
    }

    /// Reads what a Rust program was built from; what only its build needed is left out.
    static func crates(_ bytes: [UInt8]) throws(RecordError) -> PackageList {
        let members = try object(bytes, "list of crates")
        var list = PackageList()
        guard case .array(let entries) = members["packages"] else { return list }
        for case .object(let members) in entries {
            if case .string("build") = members["kind"] { continue }
            guard let name = text(members["name"]), let version = text(members["version"]) else { continue }
            try list.add(PackageRecord(Package(.rustCrate, name: name, version: version)), to: "list of crates")
        }
        return list
    }

    private static func document(_ bytes: [UInt8], _ object: String) throws(RecordError) -> JSONValue {
        // Some editors put a mark of order in front.
        let bytes = bytes.starts(with: [0xEF, 0xBB, 0xBF]) ? Array(bytes.dropFirst(3)) : bytes
        do {
            return try decode(
                JSONValue.self, bytes, name: object, limit: Int(clamping: PackageLimit.manifestByteCount))
        } catch {
            throw RecordError(object, at: error.place, error.cause)
        }
    }

    private static func object(_ bytes: [UInt8], _ object: String) throws(RecordError) -> [String: JSONValue] {
        guard case .object(let members) = try document(bytes, object) else {
            throw RecordError(object, "is no JSON object")
        }
        return members
    }

    private static func text(_ value: JSONValue?) -> [UInt8]? {
        guard case .string(let text) = value, !text.isEmpty else { return nil }
        return Array(text.utf8)
    }
}
