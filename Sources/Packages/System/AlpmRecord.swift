// SPDX-License-Identifier: Apache-2.0

/// That of pacman: `/var/lib/pacman/local/NAME-VERSION/desc` and `files`.
package enum AlpmRecord {
    private static let object = "pacman record"

    /// Reads a `desc`.
    package static func package(_ desc: [UInt8]) throws(RecordError) -> Package {
        var package = Package(.alpm, name: [], version: [])
        var base: [UInt8] = []
        try forEachValue(desc) { section, value in
            switch section {
            case _ where section.isName("NAME"): package.name = Array(value)
            case _ where section.isName("VERSION"): package.version = Array(value)
            case _ where section.isName("BUILDDATE"): package.build = Array(value)
            case _ where section.isName("BASE"): base = Array(value)
            case _ where section.isName("ARCH"): package.architecture = Array(value)
            case _ where section.isName("LICENSE"): package.licences.append(Array(value))
            case _ where section.isName("PACKAGER"): package.supplier = Array(value)
            default: break
            }
        }
        guard !package.name.isEmpty else { throw RecordError(object, "has no NAME") }
        guard !package.version.isEmpty else { throw RecordError(object, "has no VERSION") }
        if !base.isEmpty, base != package.name {
            package.source = SourcePackage(name: base, version: package.version)
        }
        return package
    }

    /// Reads a `files`: what is not a directory.
    package static func files(_ bytes: [UInt8]) throws(RecordError) -> [OwnedFile] {
        var files: [OwnedFile] = []
        var configuration: Set<[UInt8]> = []
        try forEachValue(bytes) { section, value in
            if section.isName("FILES") {
                if value.last != 0x2F { files.append(OwnedFile(path: [0x2F] + value)) }
            } else if section.isName("BACKUP"), let (path, _) = value.cut(at: 0x09) {
                configuration.insert([0x2F] + path)
            }
        }
        for place in files.indices where configuration.contains(files[place].path) {
            files[place].isConfiguration = true
        }
        return files
    }

    private static func forEachValue(
        _ bytes: [UInt8], _ body: (_ section: ArraySlice<UInt8>, _ value: ArraySlice<UInt8>) -> Void
    ) throws(RecordError) {
        var section: ArraySlice<UInt8> = []
        var count = 0
        for line in Lines(bytes) {
            if line.isEmpty {
                section = []
            } else if section.isEmpty {
                guard line.count > 2, line.first == 0x25, line.last == 0x25 else { continue }
                section = line.dropFirst().dropLast()
            } else {
                count += 1
                guard count <= PackageLimit.files else {
                    throw RecordError(object, "has more than \(PackageLimit.files) values")
                }
                body(section, line)
            }
        }
    }
}
