// SPDX-License-Identifier: Apache-2.0

import Browsing
import Console
import FileTree
import OCI

/// Facts of files as JSON objects.
struct FileJSON {
    let tree: BrowsedTree
    /// The names that the tree has for owners.
    let names: FileLine
    /// What to put first into each object: which tree it is of; nil for nothing.
    let object: String?

    /// Prepares to describe files of a tree.
    init(_ tree: BrowsedTree, object: String? = nil) throws(BrowsingError) {
        self.tree = tree
        self.object = object
        names = try FileLine(tree, isNumeric: false)
    }

    /// Writes a file as an object.
    func write(_ file: BrowsedFile, to text: inout JSONText) throws(BrowsingError) {
        let attributes = try tree.attributes(of: file)
        text.beginObject()
        if let object { Self.member("object", RawArguments.bytes(of: object), to: &text) }
        Self.member("path", file.path, to: &text)
        text.key("type")
        text.string(DiffValue.type(attributes.type))
        text.key("mode")
        text.string(DiffValue.mode(attributes))
        for (key, number, names) in [("uid", attributes.uid, names.users), ("gid", attributes.gid, names.groups)] {
            text.key(key)
            text.number(number)
            if let name = names.name(of: number) { Self.member(key == "uid" ? "user" : "group", name, to: &text) }
        }
        text.key("size")
        text.number(attributes.size)
        text.key("mtime")
        text.string(DiffValue.time(attributes.mtime))
        text.key("nlink")
        text.number(try tree.linkCount(of: file))
        if attributes.type == .symbolicLink { Self.member("target", attributes.target, to: &text) }
        if attributes.type == .characterDevice || attributes.type == .blockDevice {
            text.key("device")
            text.string(DiffValue.device(attributes))
        }
        if !attributes.xattrs.isEmpty { writeXattrs(attributes.xattrs, to: &text) }
        if let digest = try tree.knownDigest(of: file) {
            text.key("digest")
            text.string("\(digest)")
        }
        if let layer = try tree.layer(of: file) {
            text.key("layer")
            text.string("\(layer.diffID)")
        }
        text.endObject()
    }

    private func writeXattrs(_ attributes: [ExtendedAttribute], to text: inout JSONText) {
        text.key("xattrs")
        text.beginObject()
        for attribute in attributes {
            text.key(String(validating: attribute.name, as: UTF8.self) ?? Bytes.escaped(attribute.name))
            text.base64(attribute.value)
        }
        text.endObject()
    }

    /// A name or path; with its exact bytes beside it where they are not UTF-8.
    private static func member(_ key: String, _ name: [UInt8], to text: inout JSONText) {
        text.key(key)
        text.string(name)
        guard String(validating: name, as: UTF8.self) == nil else { return }
        text.key(key + "_base64")
        text.base64(name)
    }
}
