// SPDX-License-Identifier: Apache-2.0

import Archive
import Foundation
import LinuxIO
import OCI
import SystemPackage
import TestSupport
import Testing

/// Tars that engines keep in pieces.
@Suite(.timeLimit(.minutes(15))) struct TarSplitTests {
    private let scratch = ScratchDirectory()

    /// A record of pieces of a tar and of files, compressed as engines keep it.
    private func record(_ lines: [String], isCompressed: Bool = true) -> any ByteStream {
        let bytes = Array((lines.joined(separator: "\n") + "\n").utf8)
        return BytesStream(isCompressed ? LayerCompression.gzipMember(bytes) : bytes)
    }

    private func piece(_ bytes: [UInt8], at position: Int) -> String {
        "{\"type\":2,\"payload\":\"\(Data(bytes).base64EncodedString())\",\"position\":\(position)}"
    }

    private func stream(_ lines: [String]) throws -> TarSplitStream {
        let directory = try Descriptor.open(scratch.path, O_RDONLY | O_DIRECTORY)
        return try TarSplitStream(record: record(lines), name: "layer") { name in try directory.openBeneath(name) }
    }

    @Test func `pieces and files in their order are the tar that it was`() throws {
        let content = (0..<100_000).map { UInt8(truncatingIfNeeded: $0 / 3) }
        scratch.file("etc/large", content)
        scratch.file("etc/é", "x")
        let tar = try stream([
            piece(Array("head".utf8), at: 0),
            "{\"type\":1,\"name\":\"./etc/large\",\"size\":\(content.count),\"payload\":\"AAAA\",\"position\":1}",
            piece(Array("middle".utf8), at: 2), "{\"type\":1,\"name\":\"etc/\",\"payload\":null,\"position\":3}",
            "{\"type\":1,\"name\":\"etc/\\u00e9\",\"size\":1,\"position\":4}", piece([0, 0xFF], at: 5),
        ])
        let expected = Array("head".utf8) + content + Array("middlex".utf8) + [0, 0xFF]
        #expect(try readAll(tar, bufferByteCount: 777) == expected)
    }

    @Test func `a name of any bytes is read in base 64`() throws {
        let name: [UInt8] = [UInt8(ascii: "a"), 0xFF]
        let directory = try Descriptor.open(scratch.path, O_RDONLY | O_DIRECTORY)
        let file = try directory.openBeneath(name, O_WRONLY | O_CREAT | O_EXCL, mode: 0o600)
        try file.write(Array("raw".utf8))
        let raw = Data(name).base64EncodedString()
        let tar = try stream(["{\"type\":1,\"name_raw\":\"\(raw)\",\"size\":3,\"position\":0}"])
        #expect(try readAll(tar) == Array("raw".utf8))
    }

    @Test(arguments: [
        ("{\"type\":1,\"name\":\"../x\",\"size\":1}", "a file has the name \"../x\""),
        ("{\"type\":1,\"name\":\"\",\"size\":1}", "a file has the name \"\""),
        ("{\"type\":3}", "a record is of type 3"), ("{\"type\":2,\"payload\":\"!\"}", "a piece is no base 64"),
        ("{\"type\":1,\"name_raw\":\"!\",\"size\":1}", "a name is no base 64"),
    ])
    func `a record that is damaged is told`(_ line: String, _ reason: String) throws {
        let tar = try stream([line])
        #expect(throws: ArchiveError(reason: "layer: the record of how it was unpacked is damaged: \(reason)")) {
            try readAll(tar)
        }
    }

    @Test func `a file that has become shorter is told`() throws {
        scratch.file("f", "ab")
        let tar = try stream(["{\"type\":1,\"name\":\"f\",\"size\":3}"])
        #expect(
            throws: ArchiveError(
                reason: "layer: file \"f\" is shorter than it was: changed since it was unpacked")
        ) {
            try readAll(tar)
        }
    }

    @Test func `a line without an end is refused before it fills memory`() throws {
        let line = "{\"type\":2,\"payload\":\"" + String(repeating: "A", count: 5 << 20)
        let tar = try stream([line])
        #expect(throws: ArchiveError.self) { try readAll(tar) }
    }
}
