// SPDX-License-Identifier: Apache-2.0

/// Debian's records: `/var/lib/dpkg/status`, the files of `status.d`, and the lists of `info`.
package enum DpkgStatus {
    private static let object = "dpkg status"

    /// Reads the packages that are installed.
    ///
    /// A package whose state is `not-installed` or `config-files` is none; one without a state is.
    package static func read(_ bytes: [UInt8]) -> PackageList {
        var list = PackageList()
        var stanza = Stanza()
        var number = 0
        func finish(_ list: inout PackageList) {
            guard !stanza.isEmpty else { return }
            number += 1
            let whole = stanza
            stanza = Stanza()
            list.collect { (list) throws(RecordError) in
                if let package = try whole.package(number) { try list.add(PackageRecord(package), to: object) }
            }
        }
        for line in Lines(bytes) {
            if line.allSatisfy(ASCII.isBlank) {
                finish(&list)
                if list.records.count >= PackageLimit.packages, !list.problems.isEmpty { return list }
            } else {
                stanza.take(line)
            }
        }
        finish(&list)
        return list
    }

    private struct Stanza {
        var isEmpty = true
        private var name: ArraySlice<UInt8> = []
        private var version: ArraySlice<UInt8> = []
        private var architecture: ArraySlice<UInt8> = []
        private var status: ArraySlice<UInt8>?
        private var source: ArraySlice<UInt8> = []
        private var maintainer: ArraySlice<UInt8> = []

        mutating func take(_ line: ArraySlice<UInt8>) {
            isEmpty = false
            // Lines that go on belong to fields that are not needed.
            guard let first = line.first, !ASCII.isBlank(first), let (field, value) = line.cut(at: 0x3A) else { return }
            switch ASCII.lower(first) {
            case UInt8(ascii: "p") where field.isName("Package"): name = ASCII.trimmed(value)
            case UInt8(ascii: "v") where field.isName("Version"): version = ASCII.trimmed(value)
            case UInt8(ascii: "a") where field.isName("Architecture"): architecture = ASCII.trimmed(value)
            case UInt8(ascii: "s") where field.isName("Status"): status = ASCII.trimmed(value)
            case UInt8(ascii: "s") where field.isName("Source"): source = ASCII.trimmed(value)
            case UInt8(ascii: "m") where field.isName("Maintainer"): maintainer = ASCII.trimmed(value)
            default: break
            }
        }

        private var isInstalled: Bool {
            guard let status else { return true }
            let state = status.split(whereSeparator: ASCII.isBlank).last ?? []
            return !state.isName("not-installed") && !state.isName("config-files")
        }

        func package(_ number: Int) throws(RecordError) -> Package? {
            guard isInstalled else { return nil }
            guard !name.isEmpty else { throw RecordError(object, at: "stanza \(number)", "has no Package") }
            guard !version.isEmpty else { throw RecordError(object, at: "stanza \(number)", "has no Version") }
            var package = Package(.deb, name: Array(name), version: Array(version))
            package.architecture = Array(architecture)
            package.supplier = Array(maintainer)
            if let open = source.firstIndex(of: UInt8(ascii: "(")) {
                let version = source[(open + 1)...].prefix { $0 != UInt8(ascii: ")") }
                package.source = SourcePackage(
                    name: Array(ASCII.trimmed(source[..<open])), version: Array(ASCII.trimmed(version)))
            } else if !source.isEmpty {
                package.source = SourcePackage(name: Array(source), version: package.version)
            }
            return package
        }
    }

    /// Reads the paths of an `info/NAME.list`.
    package static func paths(_ bytes: [UInt8]) throws(RecordError) -> [OwnedFile] {
        var files: [OwnedFile] = []
        for line in Lines(bytes) where !line.isEmpty {
            guard files.count < PackageLimit.files else {
                throw RecordError("dpkg list", "has more than \(PackageLimit.files) files")
            }
            files.append(OwnedFile(path: line.elementsEqual("/.".utf8) ? [0x2F] : Array(line)))
        }
        return files
    }

    /// Reads the digests of an `info/NAME.md5sums`: absolute paths and what their files should be.
    package static func digests(_ bytes: [UInt8]) throws(RecordError) -> [OwnedFile] {
        var files: [OwnedFile] = []
        for (number, line) in Lines(bytes).enumerated() where !line.isEmpty {
            guard files.count < PackageLimit.files else {
                throw RecordError("dpkg md5sums", "has more than \(PackageLimit.files) files")
            }
            guard line.count > 34, let digest = line.prefix(32).fromHexadecimal else {
                throw RecordError("dpkg md5sums", at: "line \(number + 1)", "is not an MD5 and a path")
            }
            files.append(OwnedFile(path: [0x2F] + line.dropFirst(34), checksum: .md5(digest)))
        }
        return files
    }
}
