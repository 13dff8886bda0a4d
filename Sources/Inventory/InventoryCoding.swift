// SPDX-License-Identifier: Apache-2.0

import Browsing
package import OCI
package import Packages

/// Packages and inventories as bytes: what was read once, kept.
///
/// Numbers are little-endian, texts have their length before them. The bytes may be anything when they are read.
package enum InventoryCoding {
    /// What readers of packages know; must be raised when one of them learns something, so that all is read again.
    package static let revision: UInt8 = 2

    // MARK: - Writing

    /// The records of one layer.
    package static func bytes(_ records: [RecordKey: [Package]]) -> [UInt8] {
        var writer = Writer()
        writer.bytes = [revision]
        writer.add(records.count)
        for (key, packages) in records {
            writer.bytes += key.digest.bytes
            writer.bytes.append(key.reader)
            writer.add(key.name)
            writer.add(packages.count)
            for package in packages { writer.add(package) }
        }
        return writer.bytes
    }

    /// The inventory of a tree of layers.
    package static func bytes(_ inventory: KnownInventory) -> [UInt8] {
        var writer = Writer()
        writer.bytes = [revision, inventory.hasOwners ? 1 : 0, inventory.distribution == nil ? 0 : 1]
        if let distribution = inventory.distribution {
            writer.add(distribution.id)
            writer.add(distribution.idLike.count)
            for name in distribution.idLike { writer.add(name) }
            writer.add(distribution.versionID)
            writer.add(distribution.codename)
            writer.add(distribution.name)
            writer.add(distribution.prettyName)
        }
        writer.add(inventory.paths.count)
        for path in inventory.paths { writer.add(Array(path.utf8)) }
        writer.add(inventory.files.count)
        for (path, bytes) in inventory.files.sorted(by: { $0.key < $1.key }) {
            writer.add(Array(path.utf8))
            writer.add(bytes)
        }
        writer.add(inventory.packages.count)
        for installed in inventory.packages {
            writer.add(installed.package)
            writer.add(installed.record)
            writer.add(installed.owner)
            writer.add(installed.layer.map { $0.index + 1 } ?? 0)
        }
        return writer.bytes
    }

    private struct Writer {
        var bytes: [UInt8] = []

        mutating func add(_ number: Int) {
            let value = UInt32(clamping: number)
            for shift in [0, 8, 16, 24] as [UInt32] { bytes.append(UInt8(truncatingIfNeeded: value >> shift)) }
        }

        mutating func add(_ text: [UInt8]) {
            add(text.count)
            bytes += text
        }

        mutating func add(_ text: [UInt8]?) {
            bytes.append(text == nil ? 0 : 1)
            if let text { add(text) }
        }

        mutating func add(_ package: Package) {
            add(Array(package.kind.rawValue.utf8))
            add(package.name)
            add(package.version)
            add(package.architecture)
            add(package.source?.name)
            add(package.source?.version)
            add(package.licences.count)
            for licence in package.licences { add(licence) }
            add(package.supplier)
            add(package.group)
            add(package.modularity)
            add(package.build)
        }
    }

    // MARK: - Reading

    /// The records of a layer; nil for bytes that are none, or were written by another revision.
    package static func records(_ bytes: [UInt8]) -> [RecordKey: [Package]]? {
        var reader = Reader(bytes)
        guard reader.byte() == revision, let count = reader.count() else { return nil }
        var records: [RecordKey: [Package]] = [:]
        for _ in 0..<count {
            guard let digest = reader.take(Digest.byteCount).flatMap({ Digest(bytes: $0) }), let kind = reader.byte(),
                let name = reader.text(), let packages = reader.list({ $0.package() })
            else { return nil }
            records[RecordKey(digest: digest, reader: kind, name: name)] = packages
        }
        return reader.isAtEnd ? records : nil
    }

    /// The inventory of the tree of layers; nil for bytes that are none, or were written by another revision.
    package static func inventory(_ bytes: [UInt8], layers: [DiffID]) -> KnownInventory? {
        var reader = Reader(bytes)
        guard reader.byte() == revision, let hasOwners = reader.byte(), let hasDistribution = reader.byte() else {
            return nil
        }
        var inventory = KnownInventory()
        inventory.hasOwners = hasOwners == 1
        if hasDistribution == 1 {
            var distribution = OSRelease([])
            guard let id = reader.text(), let like = reader.list({ $0.text() }), let version = reader.text(),
                let codename = reader.text(), let name = reader.text(), let pretty = reader.text()
            else { return nil }
            (distribution.id, distribution.idLike, distribution.versionID) = (id, like, version)
            (distribution.codename, distribution.name, distribution.prettyName) = (codename, name, pretty)
            inventory.distribution = distribution
        }
        guard let paths = reader.list({ $0.string() }),
            let files = reader.list({ reader in
                reader.string().flatMap { path in reader.text().map { (path, $0) } }
            }), let packages = reader.list({ $0.installed(layers) }), reader.isAtEnd
        else { return nil }
        inventory.paths = paths
        inventory.files = Dictionary(files) { $1 }
        inventory.packages = packages
        return inventory
    }

    private struct Reader {
        private var rest: ArraySlice<UInt8>

        init(_ bytes: [UInt8]) { rest = bytes[...] }

        var isAtEnd: Bool { rest.isEmpty }

        mutating func byte() -> UInt8? { rest.popFirst() }

        mutating func take(_ count: Int) -> ArraySlice<UInt8>? {
            guard count <= rest.count else { return nil }
            defer { rest = rest.dropFirst(count) }
            return rest.prefix(count)
        }

        /// A number; nil where so many things of a byte are not there.
        mutating func count() -> Int? {
            guard let number = number(), number <= rest.count else { return nil }
            return number
        }

        mutating func number() -> Int? {
            guard let bytes = take(4) else { return nil }
            return Int(bytes.reversed().reduce(UInt32(0)) { $0 << 8 | UInt32($1) })
        }

        mutating func text() -> [UInt8]? { count().flatMap { take($0) }.map(Array.init) }

        mutating func string() -> String? { text().map { String(decoding: $0, as: UTF8.self) } }

        /// A text that may be missing; the outer nil is for damage.
        mutating func optional() -> [UInt8]?? {
            switch byte() {
            case 0: return .some(nil)
            case 1: return text().map { .some($0) }
            default: return nil
            }
        }

        mutating func list<Element>(_ read: (inout Reader) -> Element?) -> [Element]? {
            guard let count = count() else { return nil }
            var found: [Element] = []
            for _ in 0..<count {
                guard let element = read(&self) else { return nil }
                found.append(element)
            }
            return found
        }

        mutating func package() -> Package? {
            guard let kind = string().flatMap({ PackageKind(rawValue: $0) }), let name = text(), let version = text(),
                let architecture = text(), let source = optional(), let sourceVersion = optional(),
                let licences = list({ $0.text() }), let supplier = text(), let group = text(), let modularity = text(),
                let build = text()
            else { return nil }
            var package = Package(kind, name: name, version: version)
            package.architecture = architecture
            package.source = source.map { SourcePackage(name: $0, version: sourceVersion ?? []) }
            (package.licences, package.supplier) = (licences, supplier)
            (package.group, package.modularity, package.build) = (group, modularity, build)
            return package
        }

        mutating func installed(_ layers: [DiffID]) -> InstalledPackage? {
            guard let package = package(), let record = text(), let owner = optional(), let layer = number(),
                layer <= layers.count
            else { return nil }
            var installed = InstalledPackage(
                package: package, record: record,
                layer: layer == 0 ? nil : FileLayer(index: layer - 1, diffID: layers[layer - 1]))
            installed.owner = owner
            return installed
        }
    }
}
