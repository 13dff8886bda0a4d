// SPDX-License-Identifier: Apache-2.0

import Archive
import FileTree
import OCI
import TestSupport
import Testing

@Suite(.timeLimit(.minutes(15))) struct TarReaderTests {
    @Test(arguments: TarFeature.all)
    func `a feature of tars`(feature: TarFeature) throws {
        for pieceByteCount in [Int.max, 512, 700, 1] {
            let entries = try readEntries(feature.tar, pieceByteCount: pieceByteCount)
            #expect(entries.map(\.line) == feature.lines, "in pieces of \(pieceByteCount)")
            if let offsets = feature.dataOffsets { #expect(entries.map(\.entry.dataOffset) == offsets) }
            for entry in entries {
                let start = Int(entry.entry.dataOffset)
                #expect(Array(feature.tar[start..<start + entry.stored.count]) == entry.stored)
            }
        }
    }

    @Test func `no two features have one name`() {
        #expect(Set(TarFeature.all.map(\.description)).count == TarFeature.all.count)
    }

    @Test(arguments: FlatteningCase.all)
    func `a rule of docs/whiteouts.md, from tars`(rule: FlatteningCase) throws {
        let layers = try rule.layers.map { items in
            let layer = LayerBuilder(.gzip, tar: LayerItem.tar(items))
            let tar = try readAll(decompressing(BytesStream(layer.blob)))
            let entries = try readEntries(tar).map { read in
                switch read.entry.kind {
                case .hardLink(let target): LayerEntry(path: read.entry.path, kind: .hardLink(target: target))
                case .file(let attributes):
                    LayerEntry(
                        path: read.entry.path,
                        kind: .file(attributes, extents: read.entry.extents, contentDigest: nil))
                }
            }
            return (layer: MemoryLayer(entries, diffID: layer.diffID), bytes: tar)
        }
        #expect(try FlatteningCase.flatten(layers).outcome == rule.outcome)
    }

    @Test func `data that is not read is passed over`() throws {
        let tar = TarBuilder {
            $0.file("a", [UInt8](repeating: 1, count: 3000))
            $0.sparse("s", .pax10, size: 9000, runs: [(512, [UInt8](repeating: 2, count: 1000))])
            $0.file("b", "x")
        }.bytes
        for pieceByteCount in [Int.max, 700] {
            var reader = TarReader(BytesInput(tar, pieceByteCount: pieceByteCount))
            var names: [String] = []
            while let entry = try reader.next() { names.append(Bytes.escaped(entry.path)) }
            #expect(names == ["a", "s", "b"])
        }
    }

    @Test func `access control lists without numbers, and malformed ones, are counted`() throws {
        let texts = [
            "user::rwx,user:lisa:r--,group::r-x,mask::r-x,other::r--", "user::rwx,group:4294967295:r-x,other::r--",
            "user::rwz", "nonsense", "x::rwx", ",,",
        ]
        let tar = TarBuilder { tar in
            for text in texts { tar.file("a", pax: ["SCHILY.acl.access": text]) }
        }.bytes
        var reader = TarReader(BytesInput(tar))
        while let entry = try reader.next() {
            guard case .file(let attributes) = entry.kind else { continue }
            #expect(attributes.xattrs == [])
        }
        #expect(reader.remarks.aclsWithoutNumbers == texts.count)
    }
}
