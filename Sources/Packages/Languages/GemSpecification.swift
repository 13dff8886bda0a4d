// SPDX-License-Identifier: Apache-2.0

/// Ruby's records: `*.gemspec`, which are Ruby programs; only the lines that a gem's installation writes are understood.
package enum GemSpecification {
    /// Reads the name, the version and the licences that a specification sets to plain strings.
    ///
    /// - Parameters:
    ///   - bytes: its text, which is Ruby.
    ///   - fileName: `NAME-VERSION.gemspec`, which says what the text does not.
    package static func package(_ bytes: [UInt8], fileName: [UInt8]) throws(RecordError) -> Package {
        var package = Package(.gem, name: [], version: [])
        for line in Lines(bytes) {
            let line = ASCII.trimmed(line)
            guard let dot = line.firstIndex(of: UInt8(ascii: ".")), dot <= line.startIndex + 8,
                let (target, value) = line[(dot + 1)...].cut(at: UInt8(ascii: "="))
            else { continue }
            let field = ASCII.trimmed(target)
            if field.elementsEqual("name".utf8), package.name.isEmpty {
                package.name = strings(value).first ?? []
            } else if field.elementsEqual("version".utf8), package.version.isEmpty {
                package.version = strings(value).first ?? []
            } else if field.elementsEqual("licenses".utf8) || field.elementsEqual("license".utf8) {
                package.licences = strings(value)
            }
        }
        var stem = fileName[...]
        if stem.suffix(8).elementsEqual(".gemspec".utf8) { stem = stem.dropLast(8) }
        let dash = stem.indices.last { place in
            stem[place] == UInt8(ascii: "-") && place + 1 < stem.endIndex && ASCII.isDigit(stem[place + 1])
        }
        if let dash {
            if package.name.isEmpty { package.name = Array(stem[..<dash]) }
            if package.version.isEmpty { package.version = Array(stem[(dash + 1)...]) }
        }
        guard !package.name.isEmpty, !package.version.isEmpty else {
            throw RecordError("gem specification", "has no name or no version")
        }
        return package
    }

    /// The quoted strings of a value.
    private static func strings(_ value: ArraySlice<UInt8>) -> [[UInt8]] {
        var strings: [[UInt8]] = []
        var rest = value
        while strings.count < 100, let start = rest.firstIndex(where: { $0 == 0x22 || $0 == 0x27 }) {
            let mark = rest[start]
            rest = rest[(start + 1)...]
            guard let end = rest.firstIndex(of: mark) else { break }
            strings.append(Array(rest[..<end]))
            rest = rest[(end + 1)...]
        }
        return strings
    }
}
