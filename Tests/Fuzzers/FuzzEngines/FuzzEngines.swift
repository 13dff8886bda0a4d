// SPDX-License-Identifier: Apache-2.0

import Bolt
import CFuzzer
import Engines
import Glibc

/// Mutated text as the files of engines: databases, their values, configurations, maps of users.
///
/// Beyond not crashing: whatever is refused is refused with a message that a terminal can show. The first byte chooses
/// the reader.
@main
enum FuzzEngines {
    static func main() {
        if CommandLine.arguments.contains("--seed") {
            _ = seed.withUnsafeBytes { write(1, $0.baseAddress, $0.count) }
            return
        }
        var count = CommandLine.argc
        var arguments = CommandLine.unsafeArgv
        exit(LLVMFuzzerRunDriver(&count, &arguments) { start, count in test(start, count) })
    }
}

private func test(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    let bytes = Array(UnsafeBufferPointer(start: start, count: count))
    guard let choice = bytes.first else { return 0 }
    let rest = Array(bytes.dropFirst())
    switch choice % 4 {
    case 0:
        check { try EngineText.readConfiguration(rest) }
    case 1:
        _ = IDMap(text: rest)
        check { try EngineText.readMounts(rest) }
    default:
        check { try readAll(database(rest)) }
    }
    return 0
}

/// A database of the bytes; its metas' checksums are put right, which mutations would not find.
private func database(_ bytes: [UInt8]) -> BoltFile {
    var fixed = bytes
    for page in [0, 1] {
        let start = page * 4096 + 16
        guard fixed.count >= start + 64 else { break }
        var hash: UInt64 = 0xCBF2_9CE4_8422_2325
        for byte in fixed[start..<start + 56] { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01B3 }
        for position in 0..<8 {
            fixed[start + 56 + position] = UInt8(truncatingIfNeeded: hash >> UInt64(8 * position))
        }
    }
    let content = fixed
    return BoltFile(object: "fuzz") { (offset, count) throws(BoltError) in
        guard let start = Int(exactly: offset), start < content.count else { return [] }
        return Array(content[start..<min(content.count, start + count)])
    }
}

private func readAll(_ file: BoltFile) throws(BoltError) {
    try file.read { (root) throws(BoltError) in
        var buckets = [root]
        var visited = 0
        while let bucket = buckets.popLast(), visited < 1000 {
            visited += 1
            _ = try bucket.value("key")
            for (_, content) in try bucket.entries() {
                switch content {
                case .value(let value): EngineText.readValue(value)
                case .bucket(let inner): buckets.append(inner)
                }
            }
        }
    }
}

/// Runs a reader; an error it throws must be printable.
private func check(_ body: () throws -> Void) {
    do {
        try body()
    } catch {
        let message = "\(error)"
        precondition(!message.isEmpty, "an error without words")
        precondition(message.utf8.allSatisfy { $0 >= 0x20 && $0 != 0x7F }, "a control character in a message")
    }
}

/// A database of one leaf with a value and a bucket in its record, behind the byte that chooses it.
private let seed: [UInt8] = {
    func number(_ value: UInt64, _ count: Int = 8) -> [UInt8] {
        (0..<count).map { UInt8(truncatingIfNeeded: value >> UInt64(8 * $0)) }
    }
    func padded(_ bytes: [UInt8]) -> [UInt8] { bytes + [UInt8](repeating: 0, count: 4096 - bytes.count) }
    func header(_ id: UInt64, _ flags: UInt64, _ count: UInt64) -> [UInt8] {
        number(id) + number(flags, 2) + number(count, 2) + number(0, 4)
    }
    func meta(_ page: UInt64) -> [UInt8] {
        padded(
            header(page, 4, 0) + number(0xED0C_DAED, 4) + number(2, 4) + number(4096, 4) + number(0, 4) + number(3)
                + number(0) + number(2) + number(8) + number(page) + number(0))
    }
    let inline =
        number(0) + number(0) + header(0, 2, 1) + number(0, 4) + number(16, 4) + number(1, 4) + number(1, 4) + [97, 98]
    let leaf =
        header(3, 2, 2) + number(0, 4) + number(32, 4) + number(3, 4) + number(15, 4) + number(1, 4) + number(34, 4)
        + number(1, 4) + number(UInt64(inline.count), 4) + Array("key".utf8) + [
            1, 0, 0, 0, 14, 0xBB, 0, 0, 0, 0, 0, 0, 0, 255, 255,
        ]
        + Array("z".utf8) + inline
    return [2] + meta(0) + meta(1) + padded(header(2, 16, 0)) + padded(leaf)
}()
