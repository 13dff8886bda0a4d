// SPDX-License-Identifier: Apache-2.0

import Browsing
import Console
import FileTree

/// Facts of files as `ls -l` shows them, with names of users and groups as the tree itself has them.
struct FileLine {
    /// The columns of one file: mode, links, owner, group, size or device, time.
    typealias Cells = [String]

    let users: AccountNames
    let groups: AccountNames
    /// Whether owners are shown by their numbers.
    let isNumeric: Bool

    /// Reads the names that a tree has, unless numbers are wanted.
    init(_ tree: BrowsedTree, isNumeric: Bool) throws(BrowsingError) {
        self.isNumeric = isNumeric
        users = isNumeric ? AccountNames() : try tree.userNames()
        groups = isNumeric ? AccountNames() : try tree.groupNames()
    }

    /// The columns of a file.
    func cells(_ attributes: Attributes, linkCount: UInt32) -> Cells {
        let size =
            attributes.type == .characterDevice || attributes.type == .blockDevice
            ? "\(attributes.device.major),\(attributes.device.minor)" : "\(attributes.size)"
        return [
            Self.mode(attributes), "\(linkCount)", owner(attributes.uid, users), owner(attributes.gid, groups), size,
            Self.time(attributes.mtime),
        ]
    }

    private func owner(_ number: UInt32, _ names: AccountNames) -> String {
        names.name(of: number).map { Bytes.escaped($0) } ?? "\(number)"
    }

    /// Rows of columns as lines without their ends: text to the left, numbers to the right.
    static func aligned(_ rows: [Cells]) -> [String] {
        let widths = (0..<6).map { column in rows.map { $0[column].count }.max() ?? 0 }
        return rows.map { row in
            (0..<6).map { column in
                let padding = String(repeating: " ", count: widths[column] - row[column].count)
                let isNumber = column == 1 || column == 4
                return isNumber ? padding + row[column] : row[column] + padding
            }.joined(separator: " ")
        }
    }

    /// Type and permissions: `-rwsr-xr-x`, with a `+` behind it where there is an access control list.
    static func mode(_ attributes: Attributes) -> String {
        let letter =
            switch attributes.type {
            case .regular: "-"
            case .directory: "d"
            case .characterDevice: "c"
            case .blockDevice: "b"
            case .fifo: "p"
            case .socket: "s"
            case .symbolicLink: "l"
            }
        var text = letter
        for (shift, special, mark) in [(6, 0o4000, "s"), (3, 0o2000, "s"), (0, 0o1000, "t")] {
            let bits = Int(attributes.permissions) >> shift
            text += bits & 4 != 0 ? "r" : "-"
            text += bits & 2 != 0 ? "w" : "-"
            let isSpecial = Int(attributes.permissions) & special != 0
            text += isSpecial ? bits & 1 != 0 ? mark : mark.uppercased() : bits & 1 != 0 ? "x" : "-"
        }
        let hasList = attributes.xattrs.contains { $0.name.elementsEqual("system.posix_acl_access".utf8) }
        return hasList ? text + "+" : text
    }

    /// A time in UTC to the minute: `2026-01-31 23:59`.
    static func time(_ time: Timestamp) -> String {
        let whole = DiffValue.time(Timestamp(seconds: time.seconds))
        return String(whole.replacing("T", with: " ", maxReplacements: 1).dropLast(4))
    }
}
