// SPDX-License-Identifier: Apache-2.0

import Bills
import CFuzzer
import Describing
import Glibc
import Packages

/// Mutated bytes as records of packages, databases, programs, jars and versions.
///
/// Beyond not crashing: whatever is refused is refused with a message that a terminal can show, and an order that says
/// that one version is less says that the other one is greater. The first byte chooses the reader.
@main
enum FuzzPackages {
    static func main() {
        var count = CommandLine.argc
        var arguments = CommandLine.unsafeArgv
        exit(LLVMFuzzerRunDriver(&count, &arguments) { start, count in test(start, count) })
    }
}

private func test(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    let bytes = Array(UnsafeBufferPointer(start: start, count: count))
    guard let choice = bytes.first else { return 0 }
    let rest = Array(bytes.dropFirst())
    switch choice % 18 {
    case 0: check(DpkgStatus.read(rest))
    case 1: check(APKInstalled.read(rest, files: true))
    case 2: check(RPMDatabase.read(RecordFile(rest), kind: .sqlite))
    case 3: check(RPMDatabase.read(RecordFile(rest), kind: .ndb))
    case 4: check(RPMDatabase.read(RecordFile(rest), kind: .berkeley))
    case 5:
        let half = rest.count / 2
        check(
            RPMDatabase.read(
                RecordFile(Array(rest[..<half])), kind: .sqlite, log: RecordFile(Array(rest[half...]))))
    case 6: check(RPMDatabase.readManifest(rest))
    case 7:
        check { _ = try AlpmRecord.package(rest) }
        check { _ = try AlpmRecord.files(rest) }
    case 8:
        check { _ = try PythonMetadata.package(rest) }
        check { _ = try PythonMetadata.files(rest) }
    case 9:
        check { _ = try JSONManifest.npm(rest) }
        check { check(try JSONManifest.composer(rest)) }
        check { _ = try JSONManifest.conda(rest) }
        check { check(try JSONManifest.dotnet(rest)) }
    case 10: check { _ = try GemSpecification.package(rest, fileName: Array("a-1.gemspec".utf8)) }
    case 11, 12: check(ProgramRecord.read(RecordFile(rest)))
    case 13: check(JarRecord.read(RecordFile(rest), name: Array("a-1.0.jar".utf8)))
    case 14:
        check { _ = try DpkgStatus.paths(rest) }
        check { _ = try DpkgStatus.digests(rest) }
        _ = OSRelease(rest)
    case 15: check { _ = try BillDocument(rest, name: "bom") }
    case 16:
        var budget = Description.Budget(16 << 20)
        for path in ["/var/lib/dpkg/status", "/lib/apk/db/installed", "/var/lib/rpm/Packages"] {
            _ = Description.text(rest, path: Array(path.utf8))
            _ = Description.binary(
                size: UInt64(rest.count), start: Array(rest.prefix(8192)), path: Array(path.utf8), budget: &budget
            ) { offset, count in Array(rest.dropFirst(Int(offset)).prefix(count)) }
        }
    default:
        let half = rest.count / 2
        let left = Array(rest[..<half])
        let right = Array(rest[half...])
        for order in VersionOrder.allCases {
            let relation = order.compare(left, right)
            precondition(order.compare(right, left) == relation?.reversed, "\(order) has no order")
        }
    }
    return 0
}

private func check(_ list: PackageList) {
    for problem in list.problems { check(problem) }
}

/// Runs a reader; an error it throws must be printable.
private func check(_ body: () throws -> Void) {
    do {
        try body()
    } catch {
        check(error)
    }
}

private func check(_ error: any Error) {
    let message = "\(error)"
    precondition(!message.isEmpty, "an error without words")
    precondition(message.utf8.allSatisfy { $0 >= 0x20 && $0 != 0x7F }, "a control character in a message")
}
