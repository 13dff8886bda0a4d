// SPDX-License-Identifier: Apache-2.0

/// What of a file two trees can disagree on.
package struct ChangedFields: OptionSet, Hashable, Sendable {
    package let rawValue: UInt16

    package init(rawValue: UInt16) { self.rawValue = rawValue }

    /// The bytes of a regular file.
    package static let content = ChangedFields(rawValue: 1 << 0)
    /// Permission bits with setuid, setgid and sticky; not those of a symbolic link, which Linux ignores.
    package static let mode = ChangedFields(rawValue: 1 << 1)
    /// The owner.
    package static let uid = ChangedFields(rawValue: 1 << 2)
    /// The group.
    package static let gid = ChangedFields(rawValue: 1 << 3)
    /// The byte count of a regular file.
    package static let size = ChangedFields(rawValue: 1 << 4)
    /// The time of last modification.
    package static let mtime = ChangedFields(rawValue: 1 << 5)
    /// Extended attributes: names and values.
    package static let xattrs = ChangedFields(rawValue: 1 << 6)
    /// The target of a symbolic link.
    package static let target = ChangedFields(rawValue: 1 << 7)
    /// The number of a character or block device.
    package static let device = ChangedFields(rawValue: 1 << 8)
    /// How many names a file has; never that of a directory, which only counts its subdirectories.
    package static let nlink = ChangedFields(rawValue: 1 << 9)
    /// The kind of file.
    package static let type = ChangedFields(rawValue: 1 << 10)

    /// Every field.
    package static let all = ChangedFields(table.map(\.field))
    /// Every field but `mtime`: two builds of the same thing agree on them.
    package static let timeless = all.subtracting(.mtime)

    private static let table: [(name: String, field: ChangedFields)] = [
        ("content", .content), ("mode", .mode), ("uid", .uid), ("gid", .gid), ("size", .size), ("mtime", .mtime),
        ("xattrs", .xattrs), ("target", .target), ("device", .device), ("nlink", .nlink), ("type", .type),
    ]

    /// The names of all fields in the order in which they are reported.
    package static let allNames = table.map(\.name)

    /// The field of a name as in `allNames`; nil for any other text.
    package init?(name: some StringProtocol) {
        guard let row = Self.table.first(where: { $0.name == name }) else { return nil }
        self = row.field
    }

    /// The fields of the set one by one, in the order in which they are reported, with their names.
    package var named: [(name: String, field: ChangedFields)] {
        Self.table.filter { contains($0.field) }
    }
}
