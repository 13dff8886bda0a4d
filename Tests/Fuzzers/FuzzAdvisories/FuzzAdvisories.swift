// SPDX-License-Identifier: Apache-2.0

import Advisories
import Bolt
import CFuzzer
import Glibc
import Licences
import OCI
import Packages

/// Mutated text as databases of advisories, ranges of versions, lists, statements, names and licences.
///
/// Beyond not crashing: whatever is refused is refused with a message that a terminal can show. The first byte chooses
/// the reader.
@main
enum FuzzAdvisories {
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

private let seed = Array("\u{4}python\n1.2.3\n>=1.0, <2.0 || ^3 ~> 1.2".utf8)

private func test(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    let bytes = Array(UnsafeBufferPointer(start: start, count: count))
    guard let choice = bytes.first else { return 0 }
    let rest = Array(bytes.dropFirst())
    switch choice % 6 {
    case 0:
        check { _ = try IgnoreList(rest, name: "list") }
        check { _ = try IgnoreList(yaml: rest, name: "list") }
    case 1:
        check {
            var statements = ExploitStatements()
            try statements.add(rest, name: "vex")
        }
    case 2:
        if let url = PackageURL(parsing: rest) {
            precondition(!url.description.isEmpty)
            _ = url.covers(url)
        }
    case 3: _ = LicenceExpression(rest)
    case 4: judge(rest)
    default: check { _ = try AdvisoryMetadata(rest, name: "metadata") }
    }
    return 0
}

/// A kind, a version and a range, a line each, judged by a database that has the range.
private func judge(_ bytes: [UInt8]) {
    let lines = bytes.split(separator: 0x0A, maxSplits: 2, omittingEmptySubsequences: false)
    guard lines.count == 3, let kind = PackageKind(rawValue: String(decoding: lines[0], as: UTF8.self)) else { return }
    let range = String(decoding: lines[2], as: UTF8.self)
        .replacing("\\", with: "\\\\").replacing("\"", with: "\\\"")
        .unicodeScalars.filter { $0.value >= 0x20 }.map(String.init).joined()
    let advisory = Array("{\"VulnerableVersions\":[\"\(range)\"]}".utf8)
    check {
        let database = try AdvisoryDatabase(file(advisory), object: "fuzz")
        let matching = try LanguageMatching(database, [kind])
        _ = try matching.findings(Package(kind, name: Array("p".utf8), version: Array(lines[1])))
    }
}

/// A database with one advisory for the package `p` of every language.
private func file(_ advisory: [UInt8]) -> BoltFile {
    func number(_ value: UInt64, _ count: Int = 8) -> [UInt8] {
        (0..<count).map { UInt8(truncatingIfNeeded: value >> UInt64(8 * $0)) }
    }
    func leaf(_ id: UInt64, _ items: [(String, [UInt8], Bool)]) -> [UInt8] {
        var table: [UInt8] = []
        var data: [UInt8] = []
        for (place, item) in items.enumerated() {
            table += number(item.2 ? 1 : 0, 4) + number(UInt64((items.count - place) * 16 + data.count), 4)
            table += number(UInt64(item.0.utf8.count), 4) + number(UInt64(item.1.count), 4)
            data += Array(item.0.utf8) + item.1
        }
        return number(id) + number(2, 2) + number(UInt64(items.count), 2) + number(0, 4) + table + data
    }
    func inline(_ items: [(String, [UInt8], Bool)]) -> [UInt8] { number(0) + number(0) + leaf(0, items) }
    let bucket = inline([("p", inline([("CVE-1", advisory, false)]), true)])
    let names = ["cargo::", "composer::", "go::", "maven::", "npm::", "nuget::", "pip::", "rubygems::"]
    let root = leaf(3, names.map { ($0 + "x", bucket, true) } + [("vulnerability", inline([]), true)])
    let size = 1 << 16
    func padded(_ bytes: [UInt8]) -> [UInt8] {
        bytes + [UInt8](repeating: 0, count: (size - bytes.count % size) % size)
    }
    let pages = UInt64(4 + root.count / size)
    func meta(_ page: UInt64) -> [UInt8] {
        let fields =
            number(0xED0C_DAED, 4) + number(2, 4) + number(UInt64(size), 4) + number(0, 4) + number(3) + number(0)
            + number(2) + number(pages) + number(page)
        var hash: UInt64 = 0xCBF2_9CE4_8422_2325
        for byte in fields { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01B3 }
        return padded(number(page) + number(4, 2) + number(0, 2) + number(0, 4) + fields + number(hash))
    }
    let content = meta(0) + meta(1) + padded(number(2) + number(16, 2) + number(0, 6)) + padded(root)
    return BoltFile(object: "fuzz") { (offset, count) throws(BoltError) in
        guard let start = Int(exactly: offset), start < content.count else { return [] }
        return Array(content[start..<min(content.count, start + count)])
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
