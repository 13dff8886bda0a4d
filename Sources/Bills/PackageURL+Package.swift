// SPDX-License-Identifier: Apache-2.0

import Packages

extension Package {
    /// The package that a URL names; nil for a type that is not known here, and for one without a name.
    init?(_ url: PackageURL) {
        let kind: PackageKind
        switch url.type {
        case "pypi": kind = .python
        case "golang": kind = .goModule
        case "rpm": kind = .rpm
        default:
            guard let found = PackageKind(rawValue: url.type), found != .python, found != .goModule else { return nil }
            kind = found
        }
        guard !url.name.isEmpty else { return nil }
        self.init(kind, name: url.name, version: url.version)
        switch kind {
        case .npm, .composer, .goModule:
            name = Array((url.namespace + [url.name]).joined(separator: [UInt8(ascii: "/")]))
        case .java: group = Array(url.namespace.joined(separator: [UInt8(ascii: ".")]))
        case .deb, .rpm, .apk, .alpm:
            architecture = url.qualifiers["arch"] ?? []
            modularity = url.qualifiers["modularitylabel"] ?? url.qualifiers["rpmmod"] ?? []
            // An epoch is in the version or beside it.
            if let epoch = url.qualifiers["epoch"], epoch != [UInt8(ascii: "0")], !version.contains(UInt8(ascii: ":")) {
                version = epoch + [UInt8(ascii: ":")] + version
            }
            if let upstream = url.qualifiers["upstream"] { setSource(upstream: upstream) }
        case .python, .gem, .rustCrate, .dotnet, .conda: break
        }
    }

    /// Takes what `upstream` says: a name, perhaps with a version behind `@`, or the file of an rpm of sources.
    private mutating func setSource(upstream: [UInt8]) {
        if kind == .rpm {
            source = Self.source(ofFile: upstream[...])
        } else if let at = upstream.lastIndex(of: UInt8(ascii: "@")) {
            source = SourcePackage(name: Array(upstream[..<at]), version: Array(upstream[(at + 1)...]))
        } else {
            source = SourcePackage(name: upstream, version: [])
        }
        if source?.name == name, source?.version.isEmpty == true { source = nil }
    }

    /// The package that an rpm of sources is of, by the file's name: `NAME-VERSION-RELEASE.src.rpm`, else the name alone.
    static func source(ofFile file: ArraySlice<UInt8>) -> SourcePackage? {
        let suffix = Array(".src.rpm".utf8)
        guard file.suffix(suffix.count).elementsEqual(suffix) else {
            return file.isEmpty ? nil : SourcePackage(name: Array(file), version: [])
        }
        let stem = file.dropLast(suffix.count)
        guard let last = stem.lastIndex(of: UInt8(ascii: "-")),
            let first = stem[..<last].lastIndex(of: UInt8(ascii: "-")), first > stem.startIndex
        else { return nil }
        return SourcePackage(name: Array(stem[..<first]), version: Array(stem[(first + 1)...]))
    }
}
