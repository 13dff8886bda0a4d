// SPDX-License-Identifier: Apache-2.0

import FileTree

/// The records of pax extended headers (POSIX pax, "pax Extended Header") that say something of a file.
///
/// Keywords that are not known here (`comment`, `atime`, `uname` and so on) are passed over.
struct PaxRecords {
    /// A keyword whose last value counts.
    enum Keyword: String, CaseIterable {
        case path, linkpath, size, uid, gid, mtime
        case majorNumber = "SCHILY.devmajor"
        case minorNumber = "SCHILY.devminor"
        case accessList = "SCHILY.acl.access"
        case defaultList = "SCHILY.acl.default"
        case label = "RHT.security.selinux"
        case sparseName = "GNU.sparse.name"
        case sparseMajor = "GNU.sparse.major"
        case sparseMinor = "GNU.sparse.minor"
        case sparseSize = "GNU.sparse.size"
        case sparseRealSize = "GNU.sparse.realsize"
        case sparseBlockCount = "GNU.sparse.numblocks"
        case sparseMap = "GNU.sparse.map"

        /// Whether a header for all files that follow may have it: nothing that is one file's own, and nothing long.
        var isGlobal: Bool { [.uid, .gid, .mtime].contains(self) }

        /// The keyword's bytes.
        private var bytes: [UInt8] { Array(rawValue.utf8) }

        private static let known: [[UInt8]: Keyword] = Dictionary(
            uniqueKeysWithValues: allCases.map { ($0.bytes, $0) })

        init?(_ key: ArraySlice<UInt8>) {
            // The most common ones that are unknown are told by their first letter and length.
            guard let first = key.first, "plsugmSGR".utf8.contains(first), (3...20).contains(key.count),
                let known = Self.known[Array(key)]
            else { return nil }
            self = known
        }
    }

    /// Values by keyword; an empty one takes back what stood there.
    private var values: [(keyword: Keyword, value: [UInt8])] = []
    /// Offsets and lengths of the sparse format 0.0, in turn.
    private(set) var sparseNumbers: [[UInt8]] = []
    /// Extended attributes of `SCHILY.xattr.` and, decoded, of `LIBARCHIVE.xattr.` records, in order.
    private(set) var attributes: [ExtendedAttribute] = []
    private(set) var libarchiveAttributes: [ExtendedAttribute] = []

    private static let schilyPrefix = Array("SCHILY.xattr.".utf8)
    private static let libarchivePrefix = Array("LIBARCHIVE.xattr.".utf8)
    private static let sparseOffset = Array("GNU.sparse.offset".utf8)
    private static let sparseLength = Array("GNU.sparse.numbytes".utf8)

    /// Adds the records of a header's body: `LENGTH KEYWORD=VALUE\n` each, the length counting itself.
    ///
    /// - Parameter isGlobal: whether the header counts for all files that follow.
    mutating func add(_ body: [UInt8], isGlobal: Bool = false) throws(ArchiveError) {
        var start = 0
        while start < body.count {
            // GNU tar pads nothing, other writers pad with NULs.
            if body[start] == 0, body[start...].allSatisfy({ $0 == 0 }) { return }
            guard let space = body[start..<min(start + 21, body.count)].firstIndex(of: UInt8(ascii: " ")),
                let length = Self.decimal(body[start..<space]), length > UInt64(space - start + 1),
                length <= UInt64(body.count - start)
            else { throw ArchiveError(reason: "a malformed pax record") }
            let end = start + Int(length)
            guard body[end - 1] == UInt8(ascii: "\n"),
                let equals = body[space + 1..<end - 1].firstIndex(of: UInt8(ascii: "=")), equals > space + 1
            else { throw ArchiveError(reason: "a malformed pax record") }
            try add(body[space + 1..<equals], body[equals + 1..<end - 1], isGlobal)
            start = end
        }
    }

    private mutating func add(
        _ key: ArraySlice<UInt8>, _ value: ArraySlice<UInt8>, _ isGlobal: Bool
    ) throws(ArchiveError) {
        if let keyword = Keyword(key) {
            guard !isGlobal || keyword.isGlobal else { throw Self.notGlobal(key) }
            if [.path, .linkpath, .sparseName].contains(keyword), value.contains(0) {
                throw ArchiveError(reason: "a pax record \"\(keyword.rawValue)\" with a NUL")
            }
            if let known = values.firstIndex(where: { $0.keyword == keyword }) {
                values[known].value = Array(value)
            } else {
                values.append((keyword, Array(value)))
            }
        } else if key.starts(with: Self.schilyPrefix) {
            guard !isGlobal else { throw Self.notGlobal(key) }
            let name = Array(key.dropFirst(Self.schilyPrefix.count))
            attributes.append(ExtendedAttribute(name: name, value: Array(value)))
        } else if key.starts(with: Self.libarchivePrefix) {
            guard !isGlobal else { throw Self.notGlobal(key) }
            let name = key.dropFirst(Self.libarchivePrefix.count)
            guard let attribute = LibarchiveAttribute.decode(name, value) else {
                throw ArchiveError(reason: "a malformed LIBARCHIVE.xattr record")
            }
            libarchiveAttributes.append(attribute)
        } else if key.elementsEqual(Self.sparseOffset) || key.elementsEqual(Self.sparseLength) {
            guard !isGlobal else { throw Self.notGlobal(key) }
            guard sparseNumbers.count.isMultiple(of: 2) == key.elementsEqual(Self.sparseOffset) else {
                throw SparseMap.malformed
            }
            sparseNumbers.append(Array(value))
        }
    }

    private static func notGlobal(_ key: ArraySlice<UInt8>) -> ArchiveError {
        ArchiveError(reason: "pax record \"\(Bytes.escaped(key.prefix(300)))\" in a header for all files")
    }

    /// Takes over what the headers for all files say, where these records say nothing.
    mutating func inherit(_ globals: PaxRecords) {
        for (keyword, value) in globals.values where !values.contains(where: { $0.keyword == keyword }) {
            values.append((keyword, value))
        }
    }

    /// The last value of a keyword; nil where there is none or it is empty.
    subscript(keyword: Keyword) -> [UInt8]? {
        for (known, value) in values where known == keyword { return value.isEmpty ? nil : value }
        return nil
    }

    /// Unsigned decimal digits; nil for anything else or a number beyond 64 bits.
    static func decimal(_ digits: some Collection<UInt8>) -> UInt64? {
        guard !digits.isEmpty else { return nil }
        var value: UInt64 = 0
        for digit in digits {
            guard (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(digit) else { return nil }
            let (scaled, overflow) = value.multipliedReportingOverflow(by: 10)
            let (sum, carry) = scaled.addingReportingOverflow(UInt64(digit - UInt8(ascii: "0")))
            guard !overflow, !carry else { return nil }
            value = sum
        }
        return value
    }

    /// A whole number that may be negative.
    func integer(_ keyword: Keyword) throws(ArchiveError) -> Int64? {
        guard let value = self[keyword] else { return nil }
        let isNegative = value.first == UInt8(ascii: "-")
        guard let magnitude = Self.decimal(value.dropFirst(isNegative ? 1 : 0)), let number = Int64(exactly: magnitude)
        else { throw ArchiveError(reason: "pax record \"\(keyword.rawValue)\": not a number") }
        return isNegative ? -number : number
    }

    private static func notTime(_ keyword: Keyword) -> ArchiveError {
        ArchiveError(reason: "pax record \"\(keyword.rawValue)\": not a time")
    }

    /// A time: seconds with a fraction that may be negative.
    ///
    /// Digits beyond nanoseconds are cut towards the past.
    func time(_ keyword: Keyword) throws(ArchiveError) -> Timestamp? {
        guard let value = self[keyword] else { return nil }
        let isNegative = value.first == UInt8(ascii: "-")
        let point = value.firstIndex(of: UInt8(ascii: "."))
        guard let magnitude = Self.decimal(value[(isNegative ? 1 : 0)..<max(isNegative ? 1 : 0, point ?? value.count)]),
            let seconds = Int64(exactly: magnitude)
        else { throw Self.notTime(keyword) }
        var nanoseconds: UInt32 = 0
        var isInexact = false
        var unit: UInt32 = 100_000_000
        for digit in point.map({ value[($0 + 1)...] }) ?? [] {
            guard (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(digit) else { throw Self.notTime(keyword) }
            nanoseconds += UInt32(digit - UInt8(ascii: "0")) * unit
            isInexact = isInexact || unit == 0 && digit != UInt8(ascii: "0")
            unit /= 10
        }
        guard isNegative else { return Timestamp(seconds: seconds, nanoseconds: nanoseconds) }
        if isInexact { nanoseconds += 1 }
        guard nanoseconds > 0 else { return Timestamp(seconds: -seconds) }
        if nanoseconds == 1_000_000_000 { return Timestamp(seconds: -seconds - 1) }
        return Timestamp(seconds: -seconds - 1, nanoseconds: 1_000_000_000 - nanoseconds)
    }
}
