// SPDX-License-Identifier: Apache-2.0

package import CommandTrees
import Console
import FileTree
package import TreeDiff

/// One line a path: `A`, `D` or `C`, the escaped path, the reasons behind a `C`, and the rights that an `A` brings.
package struct DiffText: DiffReport {
    private let namesOnly: Bool
    package var bytes: [UInt8] = []

    /// Starts a report.
    package init(namesOnly: Bool = false) { self.namesOnly = namesOnly }

    package mutating func begin(left: DiffSide, right: DiffSide) {}

    package mutating func add(_ change: Change) {
        if !namesOnly {
            bytes.append(Self.letter(change.kind))
            bytes.append(UInt8(ascii: " "))
        }
        append(path: change.path)
        if !namesOnly, let left = change.left, let right = change.right {
            bytes.append(contentsOf: " (".utf8)
            bytes.append(contentsOf: Self.reasons(change.fields, left, right).utf8)
            bytes.append(UInt8(ascii: ")"))
        } else if !namesOnly, change.kind == .added, let new = change.right {
            let rights = Self.rights(new.attributes)
            if !rights.isEmpty { bytes.append(contentsOf: " (\(rights.joined(separator: ", ")))".utf8) }
        }
        bytes.append(UInt8(ascii: "\n"))
    }

    package mutating func add(moved old: Change, to new: Change) {
        if namesOnly {
            append(path: new.path)
        } else {
            bytes.append(contentsOf: "R ".utf8)
            append(path: old.path)
            bytes.append(contentsOf: " → ".utf8)
            append(path: new.path)
            if let left = old.left, let right = new.right {
                let fields = Self.metadata(left, right)
                if !fields.isEmpty { bytes.append(contentsOf: " (\(Self.reasons(fields, left, right)))".utf8) }
            }
        }
        bytes.append(UInt8(ascii: "\n"))
    }

    /// In which metadata two files differ, times left out.
    static func metadata(_ left: ChangedFile, _ right: ChangedFile) -> ChangedFields {
        var fields: ChangedFields = []
        let (old, new) = (left.attributes, right.attributes)
        if old.permissions != new.permissions { fields.insert(.mode) }
        if old.uid != new.uid { fields.insert(.uid) }
        if old.gid != new.gid { fields.insert(.gid) }
        if old.xattrs != new.xattrs { fields.insert(.xattrs) }
        return fields
    }

    package mutating func end() {}

    private static func letter(_ kind: Change.Kind) -> UInt8 {
        switch kind {
        case .added: UInt8(ascii: "A")
        case .removed: UInt8(ascii: "D")
        case .modified: UInt8(ascii: "C")
        }
    }

    private mutating func append(path: [UInt8]) {
        if path.allSatisfy({ $0 >= 0x20 && $0 < 0x7F && $0 != UInt8(ascii: "\\") }) {
            bytes.append(contentsOf: path)
        } else {
            bytes.append(contentsOf: Bytes.escaped(path).utf8)
        }
    }

    /// What differs between two files, such as `content, size 3→5`.
    static func reasons(_ fields: ChangedFields, _ left: ChangedFile, _ right: ChangedFile) -> String {
        let (old, new) = (left.attributes, right.attributes)
        let reasons = fields.named.map { name, field in
            let values: (String, String)? =
                switch field {
                case .mode: (DiffValue.mode(old), DiffValue.mode(new))
                case .uid: ("\(old.uid)", "\(new.uid)")
                case .gid: ("\(old.gid)", "\(new.gid)")
                case .size: ("\(old.size)", "\(new.size)")
                case .mtime: (DiffValue.time(old.mtime), DiffValue.time(new.mtime))
                case .target: (Bytes.escaped(old.target), Bytes.escaped(new.target))
                case .device: (DiffValue.device(old), DiffValue.device(new))
                case .nlink: ("\(left.linkCount)", "\(right.linkCount)")
                case .type: (DiffValue.type(old.type), DiffValue.type(new.type))
                default: nil
                }
            if let values { return "\(name) \(values.0)→\(values.1)" }
            return field == .xattrs ? "\(name) \(xattrs(old.xattrs, new.xattrs))" : name
        }
        // Of a file of another type nothing else is compared.
        return (reasons + (fields.contains(.type) ? rights(new) : [])).joined(separator: ", ")
    }

    /// What a new file may do in the name of others: its mode where it sets the user or the group, and capabilities.
    static func rights(_ new: Attributes) -> [String] {
        guard new.type == .regular else { return [] }
        var rights: [String] = []
        if new.permissions & 0o6000 != 0 { rights.append("mode \(DiffValue.mode(new))") }
        let capabilities = Array("security.capability".utf8)
        if new.xattrs.contains(where: { $0.name == capabilities }) { rights.append("xattrs +security.capability") }
        return rights
    }

    /// The names of attributes that differ: `+` added, `-` removed, `~` another value.
    private static func xattrs(_ old: [ExtendedAttribute], _ new: [ExtendedAttribute]) -> String {
        var signs: [[UInt8]: String] = [:]
        var values: [[UInt8]: [UInt8]] = [:]
        for attribute in old {
            values[attribute.name] = attribute.value
            signs[attribute.name] = "-"
        }
        for attribute in new {
            guard let value = values[attribute.name] else {
                signs[attribute.name] = "+"
                continue
            }
            signs[attribute.name] = value == attribute.value ? nil : "~"
        }
        return signs.sorted { Bytes.precedes($0.key, $1.key) }
            .map { $0.value + Bytes.escaped($0.key) }.joined(separator: " ")
    }
}
