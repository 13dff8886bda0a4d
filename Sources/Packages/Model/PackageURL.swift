// SPDX-License-Identifier: Apache-2.0

/// The name of a package for all tools: `pkg:deb/debian/libssl3@3.0.11-1?arch=amd64&distro=debian-12`.
package struct PackageURL: Hashable, Sendable, CustomStringConvertible {
    /// Its type: `deb`, `pypi`, `golang`.
    package var type: String
    /// What stands before the name; empty parts are left out.
    package var namespace: [[UInt8]] = []
    /// The name.
    package var name: [UInt8]
    /// The version; empty where there is none.
    package var version: [UInt8] = []
    /// What stands behind the question mark, without empty values.
    package var qualifiers: [String: [UInt8]] = [:]

    /// A name without namespace.
    package init(type: String, name: [UInt8]) {
        self.type = type
        self.name = name
    }

    /// The name of a package.
    ///
    /// - Parameters:
    ///   - package: the package, of any kind.
    ///   - distribution: what the tree it is in says that it is; nil where it says nothing.
    package init(_ package: Package, distribution: OSRelease?) {
        type = Self.type(package.kind)
        name = package.name
        version = package.version
        switch package.kind {
        case .deb, .apk, .alpm, .rpm:
            if let distribution {
                namespace = [ASCII.lower(distribution.id)]
                qualifiers["distro"] =
                    distribution.id
                    + (distribution.versionID.isEmpty ? [] : [UInt8(ascii: "-")] + distribution.versionID)
            }
            qualifiers["arch"] = package.architecture
            if package.kind == .rpm, let colon = version.firstIndex(of: UInt8(ascii: ":")) {
                qualifiers["epoch"] = Array(version[..<colon])
                version = Array(version[(colon + 1)...])
            }
            if package.kind != .rpm { name = ASCII.lower(name) }
            if package.sourceName != package.name { qualifiers["upstream"] = package.sourceName }
        case .python: name = PackageName.python(name)
        case .npm, .composer, .goModule:
            if package.kind != .npm { name = ASCII.lower(name) }
            let parts = name.split(separator: 0x2F)
            namespace = parts.dropLast().map(Array.init)
            name = Array(parts.last ?? [])
        case .java: namespace = [package.group]
        case .gem, .rustCrate, .dotnet, .conda: break
        }
    }

    /// Reads one; nil for a text that is none.
    package init?(parsing text: [UInt8]) {
        guard text.starts(with: "pkg:" as StaticString) else { return nil }
        var rest = text.dropFirst(4).drop { $0 == 0x2F }
        if let hash = rest.firstIndex(of: UInt8(ascii: "#")) { rest = rest[..<hash] }
        if let mark = rest.firstIndex(of: UInt8(ascii: "?")) {
            for pair in rest[(mark + 1)...].split(separator: UInt8(ascii: "&")) {
                guard let (key, value) = pair.cut(at: UInt8(ascii: "=")), !value.isEmpty else { continue }
                qualifiers[String(decoding: ASCII.lower(key), as: UTF8.self)] = Self.unescaped(value)
            }
            rest = rest[..<mark]
        }
        if let at = rest.lastIndex(of: UInt8(ascii: "@")), at > rest.startIndex,
            !rest[at...].contains(0x2F)
        {
            version = Self.unescaped(rest[(at + 1)...])
            rest = rest[..<at]
        }
        let parts = rest.split(separator: 0x2F)
        guard parts.count >= 2, let first = parts.first, let last = parts.last else { return nil }
        type = String(decoding: ASCII.lower(first), as: UTF8.self)
        name = Self.unescaped(last)
        namespace = parts.dropFirst().dropLast().map { Self.unescaped($0) }
    }

    private static func type(_ kind: PackageKind) -> String {
        switch kind {
        case .python: "pypi"
        case .goModule: "golang"
        default: kind.rawValue
        }
    }

    /// The name as text: qualifiers in the order of their names, everything escaped that could end a part.
    package var description: String {
        var text = "pkg:\(type)/"
        for part in namespace where !part.isEmpty { text += Self.escaped(part) + "/" }
        text += Self.escaped(name)
        if !version.isEmpty { text += "@" + Self.escaped(version) }
        let pairs = qualifiers.filter { !$0.value.isEmpty }.sorted { $0.key < $1.key }
        for (place, pair) in pairs.enumerated() {
            text += (place == 0 ? "?" : "&") + pair.key + "=" + Self.escaped(pair.value)
        }
        return text
    }

    /// Whether this one, as a statement has it, means a package: what it leaves out may be anything.
    package func covers(_ other: PackageURL) -> Bool {
        type == other.type && name == other.name && namespace == other.namespace
            && (version.isEmpty || version == other.version)
            && qualifiers.allSatisfy { $0.value.isEmpty || other.qualifiers[$0.key] == $0.value }
    }

    private static func escaped(_ bytes: [UInt8]) -> String {
        var text = ""
        for byte in bytes {
            if ASCII.isAlphanumeric(byte) || "-._~:".utf8.contains(byte) {
                text.unicodeScalars.append(Unicode.Scalar(byte))
            } else {
                let hex = String(byte, radix: 16, uppercase: true)
                text += "%" + (hex.utf8.count < 2 ? "0" : "") + hex
            }
        }
        return text
    }

    private static func unescaped(_ bytes: ArraySlice<UInt8>) -> [UInt8] {
        var text: [UInt8] = []
        var rest = bytes
        while let byte = rest.popFirst() {
            if byte == UInt8(ascii: "%"), let value = UInt8(String(decoding: rest.prefix(2), as: UTF8.self), radix: 16)
            {
                rest = rest.dropFirst(2)
                text.append(value)
            } else {
                text.append(byte)
            }
        }
        return text
    }
}

/// Names of packages as their registries compare them.
package enum PackageName {
    /// Python's: small letters, and one dash for each run of dashes, underlines and dots.
    package static func python(_ name: [UInt8]) -> [UInt8] {
        var result: [UInt8] = []
        for byte in ASCII.lower(name) {
            if byte == UInt8(ascii: "-") || byte == UInt8(ascii: "_") || byte == UInt8(ascii: ".") {
                if result.last != UInt8(ascii: "-") { result.append(UInt8(ascii: "-")) }
            } else {
                result.append(byte)
            }
        }
        return result
    }
}
