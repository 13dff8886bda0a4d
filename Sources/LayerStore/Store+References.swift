// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import Glibc
import LinuxIO
package import OCI
import SystemPackage

/// A name for an image of a store.
package struct ImageReference: Sendable, Hashable {
    /// The name, as in `org.opencontainers.image.ref.name`.
    package let name: String
    /// The manifest it names.
    package let descriptor: ContentDescriptor
}

extension Store {
    private static let nameKey = "org.opencontainers.image.ref.name"
    private static let indexLimit = 64 << 20

    /// The names of images, sorted.
    package func references() throws -> [ImageReference] {
        try readIndex().manifests.compactMap { descriptor in
            descriptor.referenceName.map { ImageReference(name: $0, descriptor: descriptor) }
        }.sorted { $0.name < $1.name }
    }

    /// Names a stored image.
    ///
    /// A name that is in use moves to it.
    ///
    /// - Throws: for a name that cannot be, or an image whose manifest or configuration is not in the store.
    package func setReference(_ name: String, to digest: Digest) throws {
        try Self.checkName(name)
        let hold = try holdForWriting()
        defer { withExtendedLifetime(hold) {} }
        try checkNameable(digest)
        let bytes = try readBlob(digest, limit: DocumentLimit.manifest)
        let mediaType =
            switch try ManifestDocument(json: bytes, name: "manifest \(digest)") {
            case .manifest(let manifest): manifest.mediaType ?? MediaType.manifest
            case .index(let index): index.mediaType ?? MediaType.index
            }
        let descriptor: [String: JSONValue] = [
            "mediaType": .string(mediaType), "digest": .string("\(digest)"),
            "size": .integer(Int64(bytes.count)), "annotations": .object([Self.nameKey: .string(name)]),
        ]
        _ = try changeEntries { entries in
            entries.removeAll { Self.name(of: $0) == name }
            entries.append(.object(descriptor))
            return true
        }
    }

    /// Takes a name away; false if there is none.
    ///
    /// The image stays until `prune`.
    package func removeReference(_ name: String) throws -> Bool {
        try changeEntries { entries in
            let count = entries.count
            entries.removeAll { Self.name(of: $0) == name }
            return entries.count < count
        }
    }

    /// Checks a name: letters, digits and `._-/:@+`, at most 255 bytes, beginning with a letter or digit.
    ///
    /// A registry in front may be an address in brackets: `[::1]:5000/app:1`.
    package static func checkName(_ name: String) throws {
        let rest = name.dropFirst(addressCount(name))
        let allowed = rest.utf8.allSatisfy { byte in
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"):
                true
            default: "._-/:@+".utf8.contains(byte)
            }
        }
        guard allowed, (1...255).contains(name.utf8.count), let first = name.unicodeScalars.first,
            rest.count < name.count || !"._-/:@+".unicodeScalars.contains(first)
        else {
            throw StoreError(
                .invalid, "name \"\(name.printable)\"",
                "is not letters, digits and ._-/:@+, beginning with a letter or digit, at most 255 in all")
        }
    }

    /// The characters of an address in brackets that a name begins with, where a port or a slash is behind it.
    private static func addressCount(_ name: String) -> Int {
        guard name.hasPrefix("["), let end = name.firstIndex(of: "]") else { return 0 }
        let isAddress = name[..<end].dropFirst().utf8.allSatisfy {
            $0 == UInt8(ascii: ":") || $0 == UInt8(ascii: ".") || Character(UnicodeScalar($0)).isHexDigit
        }
        let behind = name[name.index(after: end)...]
        guard isAddress, behind.hasPrefix(":") || behind.hasPrefix("/") else { return 0 }
        return name.distance(from: name.startIndex, to: end) + 1
    }

    /// Checks that an image or artifact has its documents in the store.
    private func checkNameable(_ digest: Digest) throws {
        let bytes = try readBlob(digest, limit: DocumentLimit.manifest)
        guard case .manifest(let manifest) = try ManifestDocument(json: bytes, name: "manifest \(digest)"),
            manifest.isArtifact
        else {
            _ = try describe(digest)
            return
        }
        for blob in [manifest.config] + manifest.layers where !blob.isForeign {
            guard try openBlob(blob.digest) != nil else {
                throw StoreError(.notFound, "manifest \(digest)", "blob \(blob.digest) is not in the store")
            }
        }
    }

    // MARK: - The index

    /// The index; an empty one where there is none.
    func readIndex() throws -> ImageIndex {
        guard let bytes = try indexBytes() else { return ImageIndex(manifests: []) }
        return try OCI.decode(ImageIndex.self, bytes, name: "store \(path): index.json", limit: Self.indexLimit)
    }

    private func indexBytes() throws -> [UInt8]? {
        let name = "store \(path): index.json"
        do {
            let file = try root.openBeneath("index.json", O_RDONLY | O_NONBLOCK)
            let size = try file.size()
            guard size <= UInt64(Self.indexLimit) else {
                throw StoreError(.tooLarge, name, "has \(size) bytes, more than \(Self.indexLimit)")
            }
            var bytes = [UInt8](repeating: 0, count: Int(size))
            let count = try Self.read(file, into: &bytes)
            return Array(bytes.prefix(count))
        } catch Errno.noSuchFileOrDirectory {
            return nil
        } catch let error as Errno {
            throw StoreError(.system, name, "\(error)")
        }
    }

    /// Changes the entries of the index if `change` returns true, and returns what it does.
    ///
    /// The document is changed as JSON: what other tools wrote into it and cimg knows nothing of stays.
    private func changeEntries(_ change: (inout [JSONValue]) -> Bool) throws -> Bool {
        try checkWriting()
        let lock: Descriptor
        do throws(Errno) {
            lock = try root.openBeneath("references.lock", O_RDWR | O_CREAT | O_NONBLOCK, mode: 0o600)
            try lock.lock(exclusive: true)
        } catch {
            throw StoreError(.system, "store \(path)", "cannot lock references.lock: \(error)")
        }
        defer { withExtendedLifetime(lock) {} }
        let name = "store \(path): index.json"
        // Nothing is written on top of what cannot be read.
        _ = try readIndex()
        var members: [String: JSONValue] = [
            "schemaVersion": .integer(2), "mediaType": .string(MediaType.index), "manifests": .array([]),
        ]
        if let bytes = try indexBytes() {
            members = try OCI.decode([String: JSONValue].self, bytes, name: name, limit: Self.indexLimit)
        }
        var entries: [JSONValue] = []
        if case .array(let values) = members["manifests"] { entries = values }
        guard change(&entries) else { return false }
        members["manifests"] = .array(entries)
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        let writer = try TemporaryDirectory(self)
        try writer.write(Array(try encoder.encode(members)), as: "index.json")
        try writer.publish("index.json", in: root, as: "index.json", replacing: true)
        do throws(Errno) {
            try root.synchronizeDirectory()
        } catch {
            throw StoreError(.system, name, "\(error)")
        }
        return true
    }

    private static func name(of entry: JSONValue) -> String? {
        guard case .object(let members) = entry, case .object(let annotations) = members["annotations"],
            case .string(let name) = annotations[nameKey]
        else { return nil }
        return name
    }
}
