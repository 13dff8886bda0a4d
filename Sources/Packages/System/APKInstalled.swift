// SPDX-License-Identifier: Apache-2.0

/// Alpine's record: `/lib/apk/db/installed`.
package enum APKInstalled {
    private static let object = "apk database"

    /// Reads the packages that are installed.
    ///
    /// - Parameters:
    ///   - bytes: all of the record; damage is a problem of the list.
    ///   - files: whether their files are wanted.
    package static func read(_ bytes: [UInt8], files: Bool) -> PackageList {
        var list = PackageList()
        var stanza = Stanza()
        var number = 0
        func finish(_ list: inout PackageList) {
            guard !stanza.isEmpty else { return }
            number += 1
            let whole = stanza
            stanza = Stanza()
            list.collect { (list) throws(RecordError) in try list.add(try whole.record(number), to: object) }
        }
        for line in Lines(bytes) {
            if line.isEmpty {
                finish(&list)
                if list.records.count >= PackageLimit.packages, !list.problems.isEmpty { return list }
            } else {
                stanza.take(line, files: files)
            }
        }
        finish(&list)
        return list
    }

    private struct Stanza {
        var isEmpty = true
        private var package = Package(.apk, name: [], version: [])
        private var origin: [UInt8] = []
        private var directory: ArraySlice<UInt8> = []
        private var files: [OwnedFile] = []
        private var hasTooMany = false

        mutating func take(_ line: ArraySlice<UInt8>, files wanted: Bool) {
            isEmpty = false
            guard let field = line.first, line.dropFirst().first == UInt8(ascii: ":") else { return }
            let value = line.dropFirst(2)
            switch field {
            case UInt8(ascii: "P"): package.name = Array(value)
            case UInt8(ascii: "V"): package.version = Array(value)
            case UInt8(ascii: "C"): package.build = Array(value)
            case UInt8(ascii: "A"): package.architecture = Array(value)
            case UInt8(ascii: "L"): package.licences = value.isEmpty ? [] : [Array(value)]
            case UInt8(ascii: "o"): origin = Array(value)
            case UInt8(ascii: "m"): package.supplier = Array(value)
            case UInt8(ascii: "F") where wanted: directory = value
            case UInt8(ascii: "R") where wanted:
                guard files.count < PackageLimit.files else {
                    hasTooMany = true
                    return
                }
                var file = OwnedFile(path: [0x2F] + directory + (directory.isEmpty ? [] : [0x2F]) + value)
                // What apk leaves to its user without being told so.
                file.isConfiguration = file.path.starts(with: "/etc/".utf8)
                files.append(file)
            case UInt8(ascii: "Z") where wanted && !files.isEmpty:
                if value.starts(with: "Q1".utf8), let digest = value.dropFirst(2).fromBase64, digest.count == 20 {
                    files[files.count - 1].checksum = .sha1(digest)
                } else if value.starts(with: "Q2".utf8), let digest = value.dropFirst(2).fromBase64, digest.count == 32
                {
                    files[files.count - 1].checksum = .sha256(digest)
                }
            default: break
            }
        }

        func record(_ number: Int) throws(RecordError) -> PackageRecord {
            let place = "stanza \(number)"
            guard !package.name.isEmpty else { throw RecordError(object, at: place, "has no name") }
            guard !package.version.isEmpty else { throw RecordError(object, at: place, "has no version") }
            if hasTooMany { throw RecordError(object, at: place, "has more than \(PackageLimit.files) files") }
            var package = package
            if !origin.isEmpty, origin != package.name {
                package.source = SourcePackage(name: origin, version: package.version)
            }
            return PackageRecord(package, files: files)
        }
    }
}
