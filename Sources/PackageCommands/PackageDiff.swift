// SPDX-License-Identifier: Apache-2.0

import Browsing
package import CommandTrees
package import Console
import FileTree
package import Inventory
import InventoryCache
import LayerStore
import OCI
package import Objects
import Packages

/// Which packages differ between the two sides of a comparison.
package struct PackageDiff {
    private let pair: DiffPair
    private let comparison: InventoryComparison
    /// What the left side has.
    package let left: TreeInventory
    /// What the right side has.
    package let right: TreeInventory
    /// Whether a record of one of the sides could not be read.
    package let hasTrouble: Bool

    /// Whether anything differs.
    package var differs: Bool { !comparison.changes.isEmpty }

    /// The packages that differ.
    package var changes: [PackageChange] { comparison.changes }

    /// Reads both sides; what cannot be read of them is told.
    ///
    /// - Parameter request: what is looked for; with files packages are told too that were rebuilt.
    package init(_ pair: DiffPair, _ request: TreeInventory.Request) {
        self.pair = pair
        func inventory(_ side: DiffSide) -> TreeInventory {
            TreeInventory(of: BrowsedTree(side.tree, name: RawArguments.bytes(of: side.name)), request)
        }
        (left, right) = (inventory(pair.left), inventory(pair.right))
        comparison = InventoryComparison(left.packages, right.packages)
        let problems = left.problems + right.problems
        for problem in problems { StandardError.print("cimg: \(problem)") }
        hasTrouble = !problems.isEmpty
    }

    /// The same with what was found in the layers of images before, which a store keeps: with the builds of packages, without
    /// their files.
    package init(_ pair: DiffPair, rememberedIn place: StorePlace) throws {
        var request = TreeInventory.Request(builds: true)
        let memory = place.isMade ? InventoryFolder(ofStore: try place.openStore().path) : nil
        request.memory = memory
        self.init(pair, request)
        memory?.finish()
    }

    /// The sides in which nothing is recorded: of these nothing is known, which is another answer than no difference.
    package var unrecorded: [String] {
        [(pair.left, left), (pair.right, right)].compactMap { side, inventory in
            inventory.packages.isEmpty && inventory.problems.isEmpty ? side.name.printable : nil
        }
    }

    /// Whether neither side has a record though there is what could come of packages: then it is not known whether they
    /// differ.
    ///
    /// Of the same image it is known without records.
    ///
    /// - Throws: what goes wrong where a side is looked through.
    package var isUnanswered: Bool {
        get throws {
            guard unrecorded.count == 2, pair.left.digest == nil || pair.left.digest != pair.right.digest else {
                return false
            }
            return try !isBare(pair.left, left) || !isBare(pair.right, right)
        }
    }

    /// What cannot be told of the sides, a line each.
    ///
    /// - Parameter isUnanswered: as the property has it, which may look through the sides.
    package func gaps(isUnanswered: Bool) -> [String] {
        let names = unrecorded
        guard names.count == 2 else { return names.map { "\"\($0)\": no record of any package is in it" } }
        let sides = "\"\(names[0])\" and \"\(names[1])\""
        if isUnanswered {
            return [
                "\(sides): no record of any package is in either, so that packages cannot be compared; without --packages "
                    + "files are"
            ]
        }
        return ["\(sides): neither has any packages"]
    }

    /// Whether nothing in a tree could come of a package: it is of no distribution, and no file of it can be run.
    private func isBare(_ side: DiffSide, _ inventory: TreeInventory) throws -> Bool {
        guard inventory.distribution == nil else { return false }
        let tree = BrowsedTree(side.tree, name: RawArguments.bytes(of: side.name))
        let programs = try FindExpression(["-type", "f", "-perm", "/111", "-print", "-quit"].map { Array($0.utf8) })
        var isBare = true
        let outcome = try Finding(programs, in: tree, now: 0).run(from: tree.root) { _, _ in isBare = false }
        return isBare && outcome.problemCount == 0
    }

    /// A line for each change: its letter, the type, the name, the versions, what it was built from, the layer.
    package func text() -> String {
        comparison.changes.map { change in
            let name = "\(change.package.kind.rawValue) \(PackageTable.name(change.package))"
            let versions = [change.left, change.right].compactMap { $0 }.map { Bytes.escaped($0.package.version) }
            var notes = [change.direction].compactMap(\.self)
            if change.package.sourceName != change.package.name {
                notes.append("source \(Bytes.escaped(change.package.sourceName))")
            }
            if let layer = (change.right ?? change.left)?.layer { notes.append("layer \(layer.index)") }
            let note = notes.isEmpty ? "" : " (\(notes.joined(separator: ", ")))"
            return "\(Self.letter(change)) \(name) \(versions.joined(separator: " -> "))\(note)\n"
        }.joined()
    }

    private static func letter(_ change: PackageChange) -> String {
        switch change.kind {
        case .added: "A"
        case .removed: "D"
        case .changed: "C"
        }
    }

    /// One JSON object of both sides' names and all changes.
    package func json() -> [UInt8] {
        var text = JSONText()
        text.beginObject()
        for (key, side) in [("left", pair.left), ("right", pair.right)] {
            text.key(key)
            text.beginObject()
            PackageJSON.member("name", RawArguments.bytes(of: side.name), to: &text)
            if let digest = side.digest { PackageJSON.member("digest", Array(digest.utf8), to: &text) }
            text.endObject()
        }
        text.key("packages")
        write(to: &text)
        text.endObject()
        return text.bytes
    }

    /// Writes the changes as an array.
    package func write(to text: inout JSONText) {
        text.beginArray()
        for change in comparison.changes {
            text.beginObject()
            text.key("change")
            text.string(Self.letter(change))
            if let direction = change.direction { PackageJSON.member("direction", Array(direction.utf8), to: &text) }
            for (key, package) in [("left", change.left), ("right", change.right)] {
                guard let package else { continue }
                text.key(key)
                PackageJSON.write(package, to: &text)
            }
            text.endObject()
        }
        text.endArray()
    }
}
