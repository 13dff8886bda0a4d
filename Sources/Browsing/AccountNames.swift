// SPDX-License-Identifier: Apache-2.0

import FileTree

/// Names of users or groups by their numbers, as a file like `/etc/passwd` or `/etc/group` has them.
package struct AccountNames: Sendable {
    /// The most bytes of such a file that are read.
    package static let maximumByteCount: UInt64 = 4 << 20

    private var names: [UInt32: [UInt8]] = [:]
    private var numbers: [[UInt8]: UInt32] = [:]

    /// Knows no names.
    package init() {}

    /// Reads lines `NAME:PASSWORD:NUMBER:…`; other lines say nothing.
    ///
    /// Of two lines the first counts, as in Linux.
    package init(_ bytes: [UInt8]) {
        for line in bytes.split(separator: UInt8(ascii: "\n")) where line.first != UInt8(ascii: "#") {
            let fields = line.split(separator: UInt8(ascii: ":"), maxSplits: 3, omittingEmptySubsequences: false)
            guard fields.count >= 3, !fields[0].isEmpty, let number = Self.number(fields[2]) else { continue }
            let name = Array(fields[0])
            if names[number] == nil { names[number] = name }
            if numbers[name] == nil { numbers[name] = number }
        }
    }

    /// The name of a number.
    package func name(of number: UInt32) -> [UInt8]? { names[number] }

    /// The number of a name.
    package func number(of name: [UInt8]) -> UInt32? { numbers[name] }

    /// A number in decimal digits; nil for anything else.
    package static func number(_ digits: some Collection<UInt8>) -> UInt32? {
        guard !digits.isEmpty, digits.allSatisfy({ (0x30...0x39).contains($0) }) else { return nil }
        return UInt32(String(decoding: digits, as: UTF8.self))
    }
}

extension BrowsedTree {
    /// The names of users that the tree has in its `/etc/passwd`; none where it has no such file.
    ///
    /// - Throws: `BrowsingError` for a file that is there and cannot be read.
    package func userNames() throws(BrowsingError) -> AccountNames { try accountNames("/etc/passwd") }

    /// The names of groups that the tree has in its `/etc/group`; none where it has no such file.
    ///
    /// - Throws: `BrowsingError` for a file that is there and cannot be read.
    package func groupNames() throws(BrowsingError) -> AccountNames { try accountNames("/etc/group") }

    private func accountNames(_ path: String) throws(BrowsingError) -> AccountNames {
        guard let file = try find(path), file.type == .regular else { return AccountNames() }
        return AccountNames(try bytes(of: file, limit: AccountNames.maximumByteCount))
    }
}
