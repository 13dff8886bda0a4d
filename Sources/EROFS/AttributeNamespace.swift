// SPDX-License-Identifier: Apache-2.0

/// The namespaces that an extended attribute's name is shortened by: an index in place of a prefix.
///
/// Index 0 stands for the full name; the kernel neither lists nor finds such attributes.
enum AttributeNamespace {
    private static let prefixes: [[UInt8]] = [
        [], Array("user.".utf8), Array("system.posix_acl_access".utf8), Array("system.posix_acl_default".utf8),
        Array("trusted.".utf8), [], Array("security.".utf8),
    ]

    /// The indexes whose prefix is the whole name.
    private static func isComplete(_ index: Int) -> Bool { index == 2 || index == 3 }

    /// The index of a name's namespace and how many bytes of the name it stands for.
    static func split(_ name: [UInt8]) -> (index: UInt8, prefixCount: Int) {
        for index in 1..<prefixes.count where !prefixes[index].isEmpty && name.starts(with: prefixes[index]) {
            let count = prefixes[index].count
            if !isComplete(index) || name.count == count { return (UInt8(index), count) }
        }
        return (0, 0)
    }

    /// The bytes that an index stands for; nil for one that stands for nothing.
    static func prefix(_ index: UInt8) -> [UInt8]? {
        guard index == 0 || Int(index) < prefixes.count && !prefixes[Int(index)].isEmpty else { return nil }
        return prefixes[Int(index)]
    }

    /// Whether a name is one of the two of access control lists.
    static func isAccessList(_ name: [UInt8]) -> Bool { isComplete(Int(split(name).index)) }

    /// Whether a name stored under `index` must be empty after the prefix.
    static func mustBeEmpty(_ index: UInt8) -> Bool { isComplete(Int(index)) }
}
