// SPDX-License-Identifier: Apache-2.0

package import CommandTrees
import Console
import FileTree
package import TreeDiff

/// One JSON object: `left`, `right`, `changes`, and after them, since they are written as they are found, `summary`.
package struct DiffJSON: DiffReport {
    private let compared: ChangedFields
    /// What was written so far.
    var text = JSONText()
    private var counts: [Change.Kind: UInt64] = [:]
    private var movedCount: UInt64 = 0

    /// Starts a report.
    ///
    /// - Parameter compared: the fields of the comparison; added and removed files are described by them.
    package init(compared: ChangedFields) { self.compared = compared }

    package var bytes: [UInt8] {
        get { text.bytes }
        _modify { yield &text.bytes }
    }

    package mutating func begin(left: DiffSide, right: DiffSide) {
        text.beginObject()
        for (key, side) in [("left", left), ("right", right)] {
            text.key(key)
            text.beginObject()
            member("name", RawArguments.bytes(of: side.name))
            text.key("digest")
            if let digest = side.digest { text.string(digest) } else { text.null() }
            text.endObject()
        }
        text.key("changes")
        text.beginArray()
    }

    package mutating func add(_ change: Change) {
        counts[change.kind, default: 0] += 1
        text.beginObject()
        member("path", change.path)
        text.key("kind")
        text.string(change.kind.rawValue)
        text.key("type")
        text.string(DiffValue.type(change.type))
        text.key("fields")
        text.beginArray()
        for field in change.fields.named { text.string(field.name) }
        text.endArray()
        let isWhole = change.kind != .modified || change.fields.contains(.type)
        for (key, file) in [("left", change.left), ("right", change.right)] {
            guard let file else { continue }
            text.key(key)
            if isWhole {
                describe(file, Self.fields(of: file).intersection(compared).union(.type))
            } else {
                describe(file, change.fields)
            }
        }
        text.endObject()
    }

    package mutating func add(moved old: Change, to new: Change) {
        guard let left = old.left, let right = new.right else { return }
        movedCount += 1
        text.beginObject()
        member("path", new.path)
        member("from", old.path)
        text.key("kind")
        text.string("renamed")
        text.key("type")
        text.string(DiffValue.type(new.type))
        let fields = DiffText.metadata(left, right)
        text.key("fields")
        text.beginArray()
        for field in fields.named { text.string(field.name) }
        text.endArray()
        for (key, file) in [("left", left), ("right", right)] {
            text.key(key)
            describe(file, fields.union(.content))
        }
        text.endObject()
    }

    package mutating func end() {
        endChanges()
        text.endObject()
    }

    /// Ends the changes and counts them; the object stays open for more members.
    mutating func endChanges() {
        text.endArray()
        text.key("summary")
        text.beginObject()
        for kind in [Change.Kind.added, .removed, .modified] {
            text.key(kind.rawValue)
            text.number(counts[kind] ?? 0)
        }
        if movedCount > 0 {
            text.key("renamed")
            text.number(movedCount)
        }
        text.endObject()
    }

    /// The fields that say something of a file on its own.
    private static func fields(of file: ChangedFile) -> ChangedFields {
        var fields: ChangedFields = [.mode, .uid, .gid, .mtime]
        switch file.attributes.type {
        case .regular: fields.formUnion([.content, .size])
        case .symbolicLink:
            fields.formUnion(.target)
            fields.remove(.mode)
        case .characterDevice, .blockDevice: fields.formUnion(.device)
        case .directory, .fifo, .socket: break
        }
        if file.attributes.type != .directory && file.linkCount > 1 { fields.insert(.nlink) }
        if !file.attributes.xattrs.isEmpty { fields.insert(.xattrs) }
        return fields
    }

    private mutating func describe(_ file: ChangedFile, _ fields: ChangedFields) {
        let attributes = file.attributes
        text.beginObject()
        if fields.contains(.type) { member("type", DiffValue.type(attributes.type)) }
        if fields.contains(.mode) { member("mode", DiffValue.mode(attributes)) }
        if fields.contains(.uid) { member("uid", attributes.uid) }
        if fields.contains(.gid) { member("gid", attributes.gid) }
        if !fields.isDisjoint(with: [.size, .content]) { member("size", attributes.size) }
        if fields.contains(.mtime) { member("mtime", DiffValue.time(attributes.mtime)) }
        if fields.contains(.content), let digest = file.contentDigest { member("digest", "\(digest)") }
        if fields.contains(.target) { member("target", attributes.target) }
        if fields.contains(.device) { member("device", DiffValue.device(attributes)) }
        if fields.contains(.xattrs) {
            text.key("xattrs")
            text.beginObject()
            for attribute in attributes.xattrs {
                text.key(
                    String(validating: attribute.name, as: UTF8.self) ?? Bytes.escaped(attribute.name))
                text.base64(attribute.value)
            }
            text.endObject()
        }
        if fields.contains(.nlink) { member("nlink", file.linkCount) }
        text.endObject()
    }

    /// A name or path; with its exact bytes beside it where they are not UTF-8.
    private mutating func member(_ key: String, _ name: [UInt8]) {
        text.key(key)
        text.string(name)
        guard String(validating: name, as: UTF8.self) == nil else { return }
        text.key(key + "_base64")
        text.base64(name)
    }

    private mutating func member(_ key: String, _ value: String) {
        text.key(key)
        text.string(value)
    }

    private mutating func member(_ key: String, _ value: some BinaryInteger) {
        text.key(key)
        text.number(value)
    }
}
