// SPDX-License-Identifier: Apache-2.0

/// What is in jars: the artifacts that a build wrote down in them, else what their manifest or file name says.
package enum JarRecord {
    /// Jars within each other.
    private static let depth = 8
    /// Bytes of all jars within a jar that are inflated to be read.
    private static let nestedByteCount = 256 << 20
    /// Jars within a jar.
    private static let nestedLimit = 10_000

    /// Whether a file's name is one of a jar.
    package static func isJar(_ name: some Collection<UInt8>) -> Bool {
        let name = ASCII.lower(name.suffix(4))
        return [".jar", ".war", ".ear", ".par"].contains { name.elementsEqual($0.utf8) }
    }

    /// Reads the artifacts of a jar and of all jars in it.
    ///
    /// - Parameters:
    ///   - file: the jar; damage is a problem of the list.
    ///   - name: the file's name, which tells the artifact and version where nothing else does.
    package static func read(_ file: RecordFile, name: [UInt8]) -> PackageList {
        var list = PackageList()
        var waiting = [(file: file, name: name, depth: 0)]
        var rest = nestedByteCount
        var count = 0
        while let jar = waiting.popLast() {
            list.collect { (list) throws(RecordError) in
                let archive = try ZipArchive(jar.file)
                try readOne(archive, name: jar.name, into: &list)
                for member in archive.members where isJar(member.name) {
                    count += 1
                    guard count <= nestedLimit, jar.depth < depth else {
                        throw RecordError(
                            "jar", "has more than \(nestedLimit) jars in it, or \(depth) within each other")
                    }
                    let inner: RecordFile
                    if let slice = try archive.slice(of: member) {
                        inner = slice
                    } else {
                        let bytes = try archive.bytes(of: member, limit: rest)
                        rest -= bytes.count
                        inner = RecordFile(bytes)
                    }
                    waiting.append((inner, Array(member.name.split(separator: 0x2F).last ?? []), jar.depth + 1))
                }
            }
        }
        return list
    }

    private static func readOne(
        _ archive: ZipArchive, name: [UInt8], into list: inout PackageList
    ) throws(RecordError) {
        let own = artifact(ofFile: name)
        var found: [Package] = []
        var manifest: ZipArchive.Member?
        for member in archive.members {
            if member.name.suffix(15).elementsEqual("/pom.properties".utf8), member.name.starts(with: "META-INF/maven/")
            {
                let bytes = try archive.bytes(of: member, limit: Int(PackageLimit.manifestByteCount))
                if let package = properties(bytes) { found.append(package) }
            } else if member.name.elementsEqual("META-INF/MANIFEST.MF".utf8) {
                manifest = member
            }
        }
        let hasOwn = found.contains { $0.name == own?.name && $0.version == own?.version }
        if !hasOwn, found.isEmpty || own != nil, let manifest {
            let bytes = try archive.bytes(of: manifest, limit: Int(PackageLimit.manifestByteCount))
            if let package = main(ofManifest: bytes, own, hasOthers: !found.isEmpty) { found.append(package) }
        } else if found.isEmpty, let own {
            found.append(own)
        }
        for package in found { try list.add(PackageRecord(package), to: "jar") }
    }

    /// Reads a `pom.properties`; nil where it lacks one of the three.
    static func properties(_ bytes: [UInt8]) -> Package? {
        var values: [ArraySlice<UInt8>] = [[], [], []]
        for line in Lines(bytes) {
            guard let (key, value) = ASCII.trimmed(line).cut(at: UInt8(ascii: "=")) else { continue }
            let name = ASCII.trimmed(key)
            for (place, wanted) in ["groupId", "artifactId", "version"].enumerated()
            where name.elementsEqual(wanted.utf8) {
                values[place] = ASCII.trimmed(value)
            }
        }
        guard values.allSatisfy({ !$0.isEmpty && !$0.contains(UInt8(ascii: "$")) }) else { return nil }
        var package = Package(.java, name: Array(values[1]), version: Array(values[2]))
        package.group = Array(values[0])
        return package
    }

    /// The artifact and version of a file's name: `NAME-1.2.jar`.
    static func artifact(ofFile name: [UInt8]) -> Package? {
        let stem = name.dropLast(4)
        let dash = stem.indices.first { place in
            stem[place] == UInt8(ascii: "-") && place > 0 && place + 1 < stem.endIndex && ASCII.isDigit(stem[place + 1])
        }
        guard let dash else { return nil }
        return Package(.java, name: Array(stem[..<dash]), version: Array(stem[(dash + 1)...]))
    }

    /// What the main section of a manifest says of the jar; the file's name says what it does not.
    private static func main(ofManifest bytes: [UInt8], _ own: Package?, hasOthers: Bool) -> Package? {
        var fields: [String: [UInt8]] = [:]
        var last: String?
        for line in Lines(bytes) {
            guard let first = line.first else { break }
            if first == 0x20, let name = last {
                fields[name]? += line.dropFirst()
            } else if let (key, value) = line.cut(at: UInt8(ascii: ":")), fields.count < 1000 {
                let name = String(decoding: ASCII.lower(key), as: UTF8.self)
                fields[name] = Array(ASCII.trimmed(value))
                last = name
            }
        }
        func first(_ names: [String]) -> [UInt8]? {
            names.lazy.compactMap { fields[$0] }.first {
                !$0.isEmpty && !$0.contains(UInt8(ascii: "%")) && !$0.contains(UInt8(ascii: "$"))
            }
        }
        let version = own?.version ?? first(["implementation-version", "specification-version", "bundle-version"])
        let symbolic = first(["bundle-symbolicname"])?.prefix { $0 != UInt8(ascii: ";") }
        let name =
            own?.name
            ?? first(["implementation-title", "specification-title", "bundle-name"]).map { title in
                title.contains(where: ASCII.isBlank) ? symbolic.map(Array.init) ?? title : title
            }
        guard let name, let version, !name.isEmpty, !version.isEmpty else { return nil }
        if hasOthers, own == nil { return nil }
        var package = Package(.java, name: name, version: version)
        let group =
            first(["implementation-vendor-id"])
            ?? symbolic.flatMap { name in
                name.lastIndex(of: UInt8(ascii: ".")).map { Array(name[..<$0]) }
            }
        package.group = group ?? []
        return package
    }
}
