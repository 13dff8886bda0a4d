// SPDX-License-Identifier: Apache-2.0

import Browsing
import CommandTrees
import Console
import FileTree
import Inventory
import InventoryCache
import LayerStore
import OCI
import Objects
import Packages

/// Answers about the packages of one object after the other.
struct PackageReport {
    /// What is asked of each object.
    enum Question {
        case list(Set<PackageKind>)
        case find(PackageQuery, Set<PackageKind>)
        case owner([[UInt8]])
        case verify(Set<PackageKind>)
        case notOwned
    }

    let question: Question
    let isWide: Bool
    let asJSON: Bool
    /// What was found before, and is kept.
    let memory: InventoryFolder?
    /// Whether lines begin with the name of their object.
    let namesObjects: Bool
    /// Whether something was found that the exit code tells.
    private(set) var isFound = false
    /// Whether an answer is missing.
    private(set) var hasTrouble = false
    private var json = JSONText()
    private var count = 0

    init(question: Question, isWide: Bool, asJSON: Bool, namesObjects: Bool, memory: InventoryFolder?) {
        self.memory = memory
        self.question = question
        self.isWide = isWide
        self.asJSON = asJSON
        self.namesObjects = namesObjects
        if asJSON, namesObjects { json.beginArray() }
    }

    /// Tells that an object could not be looked into.
    mutating func fail(_ text: String) {
        StandardError.print("cimg: \(text)")
        hasTrouble = true
    }

    /// Looks into an object and answers.
    mutating func take(_ object: OpenedTree) throws {
        switch question {
        case .list(let kinds):
            try list(object.name, object.digest, inventory(object, .init(kinds: kinds, owners: asJSON)))
        case .find(let query, let kinds):
            try find(query, object.name, object.digest, inventory(object, .init(kinds: kinds)))
        case .owner(let paths): try own(paths, object)
        case .verify(let kinds): try verify(kinds, object)
        case .notOwned: try listUnowned(object)
        }
        count += 1
    }

    /// Answers for an image whose layers were looked into before, without a look at them; false for all else.
    mutating func takeKnown(_ name: String, in finder: ObjectFinder) throws -> Bool {
        let request: TreeInventory.Request
        switch question {
        case .list(let kinds): request = .init(kinds: kinds, owners: asJSON)
        case .find(_, let kinds): request = .init(kinds: kinds)
        case .owner, .verify, .notOwned: return false
        }
        guard let memory, let image = try finder.documents(name),
            let inventory = TreeInventory(of: image.configuration.rootfs.diffIDs, request, in: memory)
        else { return false }
        if case .find(let query, _) = question {
            try find(query, name, "\(image.digest)", inventory)
        } else {
            try list(name, "\(image.digest)", inventory)
        }
        memory.finish()
        count += 1
        return true
    }

    /// Ends the answers.
    mutating func finish() throws {
        guard asJSON else { return }
        if namesObjects { json.endArray() }
        try StandardOutput.write(json.bytes)
    }

    private mutating func inventory(_ object: OpenedTree, _ request: TreeInventory.Request) -> TreeInventory {
        var request = request
        request.memory = memory
        defer { memory?.finish() }
        let inventory = TreeInventory(of: object.tree, request)
        for problem in inventory.problems { fail(problem.description) }
        return inventory
    }

    // MARK: - Lists

    private mutating func list(_ name: String, _ digest: String?, _ inventory: TreeInventory) throws {
        if asJSON { return PackageJSON.write(name, digest, inventory, to: &json) }
        var text = ""
        if namesObjects { text += (count > 0 ? "\n" : "") + "\(name.printable)\n" }
        text += PackageTable(isWide: isWide).text(inventory.packages)
        try StandardOutput.write(text)
        if inventory.packages.isEmpty, inventory.problems.isEmpty {
            StandardError.print("cimg: \"\(name.printable)\": no record of any package is in it")
        }
    }

    private mutating func find(
        _ query: PackageQuery, _ name: String, _ digest: String?, _ inventory: TreeInventory
    ) throws {
        var matching: [InstalledPackage] = []
        for package in inventory.packages {
            do {
                if try query.matches(package.package) { matching.append(package) }
            } catch {
                fail("\"\(name.printable)\": \(error)")
            }
        }
        if !matching.isEmpty { isFound = true }
        if asJSON {
            var inventory = inventory
            inventory.packages = matching
            PackageJSON.write(name, digest, inventory, to: &json)
            return
        }
        try StandardOutput.write(
            matching.map { found in
                let layer = found.layer.map { " (layer \($0.index))" } ?? ""
                return "\(name.printable): \(found.package.kind.rawValue) \(PackageTable.name(found.package)) "
                    + "\(Bytes.escaped(found.package.version))\(layer)\n"
            }.joined())
    }

    // MARK: - Files

    private mutating func own(_ paths: [[UInt8]], _ object: OpenedTree) throws {
        let inventory = inventory(object, .init(files: true))
        let files = try paths.map { path in
            // A link that nobody owns is answered by what it leads to.
            (try object.tree.resolve(path, followsLast: false), try object.tree.find(path))
        }
        let owners = try FileOwners(
            object.tree, inventory.packages, of: files.flatMap { [$0.0.path, $0.1?.path].compactMap(\.self) })
        if asJSON { json.beginArray() }
        for (link, target) in files {
            let own = owners.owners(of: link.path)
            let file = own.isEmpty ? target ?? link : link
            let packages = own.isEmpty ? owners.owners(of: file.path) : own
            if packages.isEmpty { isFound = true }
            if asJSON {
                json.beginObject()
                PackageJSON.member("path", file.path, to: &json)
                json.key("packages")
                json.beginArray()
                for package in packages {
                    PackageJSON.write(InstalledPackage(package: package, record: []), to: &json)
                }
                json.endArray()
                json.endObject()
            } else if packages.isEmpty {
                StandardError.print(
                    "cimg: \"\(object.name.printable)\": \"\(Bytes.escaped(file.path))\": no package owns it")
            }
            for package in packages where !asJSON {
                try StandardOutput.write(
                    "\(Bytes.escaped(file.path)): \(PackageTable.name(package)) \(Bytes.escaped(package.version))\n")
            }
        }
        if asJSON { json.endArray() }
    }

    private mutating func verify(_ kinds: Set<PackageKind>, _ object: OpenedTree) throws {
        let inventory = inventory(object, .init(kinds: kinds, files: true))
        let verification = PackageVerification(of: inventory.packages, in: object.tree)
        for problem in verification.problems { fail(problem.description) }
        if !verification.deviations.isEmpty { isFound = true }
        if asJSON { json.beginArray() }
        for deviation in verification.deviations {
            if asJSON {
                json.beginObject()
                if namesObjects { PackageJSON.member("object", RawArguments.bytes(of: object.name), to: &json) }
                PackageJSON.member("path", deviation.path, to: &json)
                PackageJSON.member("change", Array(deviation.kind.rawValue.utf8), to: &json)
                json.key("configuration")
                json.bool(deviation.isConfiguration)
                PackageJSON.member("package", deviation.package.name, to: &json)
                PackageJSON.member("version", deviation.package.version, to: &json)
                if let layer = deviation.layer { PackageJSON.member("layer", Array("\(layer.diffID)".utf8), to: &json) }
                json.endObject()
            } else {
                let letter = deviation.kind == .missing ? "D" : "C"
                let object = namesObjects ? "\(object.name.printable): " : ""
                try StandardOutput.write(
                    "\(object)\(letter) \(deviation.isConfiguration ? "c" : " ") \(Bytes.escaped(deviation.path)) "
                        + "(\(PackageTable.name(deviation.package)))\n")
            }
        }
        if asJSON { json.endArray() }
        if verification.comparedCount == 0, inventory.problems.isEmpty {
            StandardError.print(
                "cimg: \"\(object.name.printable)\": no package promises digests of files that are there")
        }
    }

    private mutating func listUnowned(_ object: OpenedTree) throws {
        let kinds = Set(PackageKind.allCases.filter(\.isSystem))
        let inventory = inventory(object, .init(kinds: kinds, files: true))
        let owners = try FileOwners(object.tree, inventory.packages)
        let prefix = namesObjects ? "\(object.name.printable): " : ""
        var lines = ""
        var found: [BrowsedFile] = []
        try owners.forEachUnownedProgram(in: object.tree) { found.append($0) }
        if !found.isEmpty { isFound = true }
        if asJSON { json.beginArray() }
        for file in found {
            let layer = try object.tree.layer(of: file)
            if asJSON {
                json.beginObject()
                if namesObjects { PackageJSON.member("object", RawArguments.bytes(of: object.name), to: &json) }
                PackageJSON.member("path", file.path, to: &json)
                if let layer { PackageJSON.member("layer", Array("\(layer.diffID)".utf8), to: &json) }
                json.endObject()
            } else {
                lines += prefix + Bytes.escaped(file.path) + (layer.map { " (layer \($0.index))" } ?? "") + "\n"
            }
        }
        if asJSON { json.endArray() }
        try StandardOutput.write(lines)
    }
}
