// SPDX-License-Identifier: Apache-2.0

import Browsing
import Console
import Inventory
import Packages

/// Packages as JSON.
enum PackageJSON {
    /// Writes what an object has, as an object of its own.
    static func write(
        _ name: String, _ digest: String?, _ inventory: TreeInventory, to text: inout JSONText
    ) {
        text.beginObject()
        text.key("object")
        text.string(RawArguments.bytes(of: name))
        if let digest {
            text.key("digest")
            text.string(digest)
        }
        if let distribution = inventory.distribution {
            text.key("distribution")
            text.beginObject()
            member("id", distribution.id, to: &text)
            member("version", distribution.versionID, to: &text)
            member("codename", distribution.codename, to: &text)
            member("name", distribution.prettyName, to: &text)
            text.endObject()
        }
        text.key("packages")
        text.beginArray()
        for package in inventory.packages { write(package, to: &text) }
        text.endArray()
        if !inventory.problems.isEmpty {
            text.key("problems")
            text.beginArray()
            for problem in inventory.problems {
                text.beginObject()
                member("path", problem.path, to: &text)
                member("cause", Array(problem.cause.utf8), to: &text)
                text.endObject()
            }
            text.endArray()
        }
        text.endObject()
    }

    /// Writes a package as an object; what it does not say is left out.
    static func write(_ installed: InstalledPackage, to text: inout JSONText) {
        let package = installed.package
        text.beginObject()
        member("type", Array(package.kind.rawValue.utf8), to: &text)
        member("group", package.group, to: &text)
        member("name", package.name, to: &text)
        member("version", package.version, to: &text)
        member("architecture", package.architecture, to: &text)
        if package.source != nil {
            member("source", package.sourceName, to: &text)
            member("source_version", package.sourceVersion, to: &text)
        }
        if !package.licences.isEmpty {
            text.key("licences")
            text.beginArray()
            for licence in package.licences { text.string(licence) }
            text.endArray()
        }
        member("supplier", package.supplier, to: &text)
        member("record", installed.record, to: &text)
        if let owner = installed.owner { member("owner", owner, to: &text) }
        if let layer = installed.layer {
            text.key("layer")
            text.beginObject()
            text.key("index")
            text.number(layer.index)
            text.key("diff_id")
            text.string("\(layer.diffID)")
            text.endObject()
        }
        text.endObject()
    }

    static func member(_ key: String, _ value: [UInt8], to text: inout JSONText) {
        guard !value.isEmpty else { return }
        text.key(key)
        text.string(value)
    }
}
