// SPDX-License-Identifier: Apache-2.0

import Packages

/// What a file says, as lines, and what was made of it.
package struct Description: Sendable, Equatable {
    /// What the lines tell: `ELF`, `certificates`, `JSON`.
    package let name: String
    /// The lines, each with its end.
    package let text: [UInt8]
    /// Whether lines tell all that is in the file, but for how it is written.
    package let isWhole: Bool

    init(_ name: String, _ text: [UInt8], isWhole: Bool = false) {
        (self.name, self.text, self.isWhole) = (name, text, isWhole)
    }

    init(_ name: String, lines: [String], isWhole: Bool = false) {
        self.init(name, Array(lines.map { $0 + "\n" }.joined().utf8), isWhole: isWhole)
    }

    /// Bytes of a description.
    static let limit = 32 << 20

    /// How much of files may be read to be described, for all descriptions of a comparison.
    package struct Budget {
        /// Bytes that are left.
        package private(set) var rest: UInt64

        /// Makes a budget.
        package init(_ bytes: UInt64 = 1 << 30) { rest = bytes }

        /// Bytes of one file that are read at the most: one file alone cannot leave nothing for others.
        private static let fileLimit: UInt64 = 256 << 20

        /// Lets a file be described with a part of what is left.
        mutating func forFile<Result>(_ describe: (inout Budget) -> Result) -> Result {
            var own = Budget(min(rest, Self.fileLimit))
            let before = own.rest
            let result = describe(&own)
            rest -= before - own.rest
            return result
        }

        /// Takes so many bytes; false where they are not left.
        mutating func take(_ count: UInt64) -> Bool {
            guard count <= rest else { return false }
            rest -= count
            return true
        }
    }

    /// Describes a file that is no text: a program, an archive, a database, a certificate; nil for anything else.
    ///
    /// - Parameters:
    ///   - size: its bytes.
    ///   - start: the first of them: 512, or all.
    ///   - path: where it lies, which tells databases.
    ///   - budget: what may be read; what is not read is told by its size.
    ///   - read: gives so many bytes from an offset on; fewer only at the end.
    package static func binary(
        size: UInt64, start: [UInt8], path: [UInt8], budget: inout Budget,
        read: @escaping (_ offset: UInt64, _ count: Int) throws -> [UInt8]
    ) -> Description? {
        let file = RecordFile(size: size, read)
        return budget.forFile { budget in
            if ELFFile.isProgram(start) { return ProgramFacts.describe(file, &budget) }
            if let kind = ArchiveMembers.kind(start) { return ArchiveMembers.describe(file, kind, &budget) }
            return RecordedPackages.database(file, path: path, &budget) ?? CertificateText.der(file, start, &budget)
        }
    }

    /// Describes a text that has parts whose order says nothing: JSON, certificates, a list of packages; nil for others.
    package static func text(_ bytes: [UInt8], path: [UInt8]) -> Description? {
        RecordedPackages.stanzas(bytes, path: path) ?? CertificateText.pem(bytes) ?? SortedJSON.describe(bytes)
    }
}
