// SPDX-License-Identifier: Apache-2.0

/// The ways a tar stores a file with holes.
package enum SparseFormat: Sendable, CaseIterable {
    /// Type flag `S`, the map in the header and in blocks after it.
    case oldGNU
    /// pax records `GNU.sparse.offset` and `GNU.sparse.numbytes`, one pair per run.
    case pax00
    /// One pax record `GNU.sparse.map`.
    case pax01
    /// The map in front of the file's data.
    case pax10
}

extension TarBuilder {
    /// Writes a sparse file: runs of data with holes before, between and behind them.
    ///
    /// - Returns: the offset of the first run's bytes.
    @discardableResult
    package mutating func sparse(
        _ path: some RawBytes, _ format: SparseFormat, size: Int, runs: [(offset: Int, bytes: [UInt8])],
        mode: Int64 = 0o644
    ) -> Int {
        let data = runs.flatMap(\.bytes)
        var map = runs.map { ($0.offset, $0.bytes.count) }
        if (map.last.map { $0.0 + $0.1 } ?? 0) < size { map.append((size, 0)) }
        var header = TarHeader(path.rawBytes)
        header.mode = mode
        header.size = Int64(data.count)
        let name = path.rawBytes
        switch format {
        case .oldGNU:
            return oldGNU(header, size: size, map: map, data: data)
        case .pax00:
            var records = [("GNU.sparse.size", "\(size)"), ("GNU.sparse.numblocks", "\(map.count)")]
            for (offset, count) in map {
                records += [("GNU.sparse.offset", "\(offset)"), ("GNU.sparse.numbytes", "\(count)")]
            }
            return entry(header, content: data, pax: records.map { ($0.0, Array($0.1.utf8)) })
        case .pax01:
            let text = map.map { "\($0.0),\($0.1)" }.joined(separator: ",")
            let records = [
                ("GNU.sparse.size", "\(size)"), ("GNU.sparse.numblocks", "\(map.count)"), ("GNU.sparse.map", text),
            ]
            header.name = Self.sparseName(name)
            return entry(
                header, content: data, pax: records.map { ($0.0, Array($0.1.utf8)) } + [("GNU.sparse.name", name)])
        case .pax10:
            var front = Array("\(map.count)\n".utf8)
            for (offset, count) in map { front += Array("\(offset)\n\(count)\n".utf8) }
            front += [UInt8](repeating: 0, count: (512 - front.count % 512) % 512)
            header.name = Self.sparseName(name)
            header.size = Int64(front.count + data.count)
            let records: [(key: String, value: [UInt8])] = [
                ("GNU.sparse.major", Array("1".utf8)), ("GNU.sparse.minor", Array("0".utf8)),
                ("GNU.sparse.name", name), ("GNU.sparse.realsize", Array("\(size)".utf8)),
            ]
            return entry(header, content: front + data, pax: records) + front.count
        }
    }

    private static func sparseName(_ path: [UInt8]) -> [UInt8] {
        let start = path.lastIndex(of: UInt8(ascii: "/")).map { $0 + 1 } ?? 0
        return Array(path[..<start]) + Array("GNUSparseFile.0/".utf8) + Array(path[start...])
    }

    private mutating func oldGNU(_ header: TarHeader, size: Int, map: [(Int, Int)], data: [UInt8]) -> Int {
        var header = header
        header.magic = .gnu
        header.type = UInt8(ascii: "S")
        let inHeader = map.prefix(4)
        var rest = map.dropFirst(4)
        header.patches = [
            (386, inHeader.flatMap { pair(header, $0) }), (482, [rest.isEmpty ? 0 : 1]),
            (483, header.number(Int64(size), width: 12)),
        ]
        if header.name.count > 100 { gnuLongName(header.name) }
        raw(header.block)
        while !rest.isEmpty {
            let part = rest.prefix(21)
            rest = rest.dropFirst(21)
            var block = part.flatMap { pair(header, $0) }
            block += [UInt8](repeating: 0, count: 504 - block.count) + [rest.isEmpty ? 0 : 1]
            raw(block)
            pad()
        }
        let start = body.count
        raw(data)
        pad()
        return start
    }

    private func pair(_ header: TarHeader, _ run: (Int, Int)) -> [UInt8] {
        header.number(Int64(run.0), width: 12) + header.number(Int64(run.1), width: 12)
    }
}
