// SPDX-License-Identifier: Apache-2.0

/// Kinds of extended attributes that some file of an image has; which ones stands in the superblock.
///
/// ls(1) asks for them of every file, unless it is told of one that there are none.
package struct AttributeKinds: OptionSet, Sendable {
    /// A bit for each kind.
    package let rawValue: UInt8

    /// Kinds by their bits.
    package init(rawValue: UInt8) { self.rawValue = rawValue }

    /// POSIX access control lists, see acl(5).
    package static let accessLists = AttributeKinds(rawValue: 1)
    /// Labels of SELinux, `security.selinux`.
    package static let labels = AttributeKinds(rawValue: 2)

    private static let label = Array("security.selinux".utf8)

    /// The kind that an attribute of a name is of; empty for most.
    package init(of name: [UInt8]) {
        if name == Self.label {
            self = .labels
        } else {
            self = AttributeNamespace.isAccessList(name) ? .accessLists : []
        }
    }
}
