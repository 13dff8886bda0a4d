// SPDX-License-Identifier: Apache-2.0

/// Python's records: `METADATA` and `PKG-INFO`, which are headers as those of mail, and `RECORD`.
package enum PythonMetadata {
    /// Reads the headers, up to the first empty line.
    package static func package(_ bytes: [UInt8]) throws(RecordError) -> Package {
        var package = Package(.python, name: [], version: [])
        var expression: [UInt8] = []
        var licence: [UInt8] = []
        var classifiers: [[UInt8]] = []
        for line in Lines(bytes) {
            guard let first = line.first else { break }
            guard !ASCII.isBlank(first), let (field, rest) = line.cut(at: UInt8(ascii: ":")) else { continue }
            let value = Array(ASCII.trimmed(rest))
            switch ASCII.lower(first) {
            case UInt8(ascii: "n") where field.isName("Name"): package.name = value
            case UInt8(ascii: "v") where field.isName("Version"): package.version = value
            case UInt8(ascii: "a") where field.isName("Author"): package.supplier = value
            case UInt8(ascii: "l") where field.isName("License-Expression"): expression = value
            case UInt8(ascii: "l") where field.isName("License"): licence = value
            case UInt8(ascii: "c") where field.isName("Classifier"):
                let prefix = Array("License ::".utf8)
                guard value.starts(with: prefix), classifiers.count < 100 else { continue }
                let last = value.lastIndex(of: UInt8(ascii: ":")).map { value[($0 + 1)...] } ?? value[...]
                classifiers.append(Array(ASCII.trimmed(last)))
            default: break
            }
        }
        guard !package.name.isEmpty else { throw RecordError("Python metadata", "has no Name") }
        // What has no version in its headers has it in its name, if at all.
        if !expression.isEmpty {
            package.licences = [expression]
        } else if !licence.isEmpty, !licence.elementsEqual("UNKNOWN".utf8) {
            package.licences = [licence]
        } else {
            package.licences = classifiers
        }
        return package
    }

    /// The name under which indexes and advisories know a package (PEP 503).
    package static func normalized(_ name: [UInt8]) -> [UInt8] {
        var text: [UInt8] = []
        for byte in name {
            let isSeparator = byte == UInt8(ascii: "-") || byte == UInt8(ascii: "_") || byte == UInt8(ascii: ".")
            if isSeparator {
                if text.last != UInt8(ascii: "-") { text.append(UInt8(ascii: "-")) }
            } else {
                text.append(ASCII.lower(byte))
            }
        }
        return text
    }

    /// Reads a `RECORD`: paths relative to the directory that holds the `.dist-info`, and their digests.
    package static func files(_ bytes: [UInt8]) throws(RecordError) -> [OwnedFile] {
        var files: [OwnedFile] = []
        for line in Lines(bytes) {
            guard files.count < PackageLimit.files else {
                throw RecordError("Python RECORD", "has more than \(PackageLimit.files) files")
            }
            let (path, rest) = field(line)
            guard !path.isEmpty else { continue }
            var file = OwnedFile(path: path)
            let digest = rest.prefix { $0 != UInt8(ascii: ",") }
            if digest.starts(with: "sha256=".utf8), let sum = digest.dropFirst(7).fromBase64, sum.count == 32 {
                file.checksum = .sha256(sum)
            }
            files.append(file)
        }
        return files
    }

    /// The first field of a line of comma-separated values, and what is behind its comma.
    private static func field(_ line: ArraySlice<UInt8>) -> ([UInt8], ArraySlice<UInt8>) {
        guard line.first == 0x22 else {
            let (head, tail) = line.cut(at: UInt8(ascii: ",")) ?? (line, [])
            return (Array(head), tail)
        }
        var text: [UInt8] = []
        var rest = line.dropFirst()
        while let byte = rest.popFirst() {
            if byte == 0x22 {
                guard rest.first == 0x22 else { break }
                rest.removeFirst()
            }
            text.append(byte)
        }
        if rest.first == UInt8(ascii: ",") { rest.removeFirst() }
        return (text, rest)
    }
}
