// SPDX-License-Identifier: Apache-2.0

import EngineRecords
import OCI
import SystemPackage

extension StorageContents {
    /// Makes an image of its record.
    ///
    /// - Throws: `EngineError`: its identifier could not be a directory's name.
    func image(_ record: ImageRecord, in folder: StorageFolder) throws(EngineError) -> EngineImage {
        let object = "\(folder.name): image \(record.id.prefix(12))"
        guard isIdentifier(record.id) else {
            throw EngineError("\(folder.name): image \(record.id.printable)", "has an identifier that cannot be")
        }
        return EngineImage(
            engine: .podman, storage: folder.path, namespace: nil, id: record.id, names: record.names ?? [],
            // Of another algorithm it is as none.
            digest: record.digest.flatMap { try? Digest(parsing: $0) }, created: record.created,
            readSize: { size(of: record) },
            readManifest: { () throws(EngineError) in try data("manifest", of: record, in: folder) },
            readConfiguration: { () throws(EngineError) in
                try configuration(of: record, in: folder, object: object)
            },
            readLayers: { () throws(EngineError) in
                guard let layer = record.layer, !layer.isEmpty else { return EngineLayers(lowers: [], diffIDs: []) }
                var stack = try stack(layer, object: object)
                let known = try layers.chain(layer, object: object).map(\.diffID)
                let digests = known.compactMap { $0 }
                stack.diffIDs = digests.count == known.count ? digests.reversed() : nil
                return stack
            },
            readData: { () throws(EngineError) in
                guard let layer = record.layer, !layer.isEmpty else { return [] }
                var data: [EngineLayerData] = []
                for layer in try layers.chain(layer, object: object).reversed() {
                    data.append(.unpacked(try unpacked(layer, object: object)))
                }
                return data
            })
    }

    private func size(of record: ImageRecord) -> UInt64? {
        guard let layer = record.layer, !layer.isEmpty else { return 0 }
        guard let chain = try? layers.chain(layer, object: "") else { return nil }  // Then its size is not known.
        var sum: UInt64 = 0
        for layer in chain {
            guard let size = layer.diffSize, let bytes = UInt64(exactly: size) else { return nil }
            let (next, overflow) = sum.addingReportingOverflow(bytes)
            guard !overflow else { return nil }
            sum = next
        }
        return sum
    }

    private func configuration(
        of record: ImageRecord, in folder: StorageFolder, object: String
    ) throws(EngineError) -> [UInt8] {
        var names = ["sha256:\(record.id)"]
        if let manifest = try data("manifest", of: record, in: folder),
            // Its configuration may still have the usual name.
            let parsed = try? Manifest(json: manifest, name: object)
        {
            names.insert("\(parsed.config.digest)", at: 0)
        }
        for name in names {
            if let bytes = try data(name, of: record, in: folder) { return bytes }
        }
        throw EngineError(object, "has no configuration")
    }

    /// A document that the storage keeps with an image; nil where it has none of that name.
    private func data(
        _ name: String, of record: ImageRecord, in folder: StorageFolder
    ) throws(EngineError) -> [UInt8]? {
        try folder.read(
            "\(driver)-images/\(record.id)/\(Self.fileName(ofData: name))", limit: DocumentLimit.configuration)
    }

    /// The file name of a document: itself where it is small letters, digits and points, else `=` and its Base64 form.
    static func fileName(ofData name: String) -> String {
        let isPlain = name.utf8.allSatisfy { byte in
            (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte)
                || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
                || byte == UInt8(ascii: ".")
        }
        return isPlain ? name : "=" + String(decoding: Base64.encoded(Array(name.utf8)), as: UTF8.self)
    }
}
