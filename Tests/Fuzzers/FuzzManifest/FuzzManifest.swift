// SPDX-License-Identifier: Apache-2.0

import CFuzzer
import Glibc
import OCI

/// Mutated text as every JSON document and every name of an image.
///
/// Beyond not crashing: whatever is refused is refused with a message that a terminal can show.
@main
enum FuzzManifest {
    static func main() {
        var count = CommandLine.argc
        var arguments = CommandLine.unsafeArgv
        exit(LLVMFuzzerRunDriver(&count, &arguments) { start, count in test(start, count) })
    }
}

private func test(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    let bytes = Array(UnsafeBufferPointer(start: start, count: count))
    check { _ = try ManifestDocument(json: bytes, name: "fuzz") }
    check { _ = try Manifest(json: bytes, name: "fuzz").checkIsImage(name: "fuzz") }
    check { _ = try ImageIndex(json: bytes, name: "fuzz") }
    check { _ = try ImageConfiguration(json: bytes, name: "fuzz").checkLayerCount(1, name: "fuzz") }
    if let payload = Schema1.payload(bytes) { precondition(payload.count <= 2 * bytes.count, "more than was signed") }
    let text = String(decoding: bytes, as: UTF8.self)
    check { _ = try Reference(parsing: text) }
    check { _ = try Platform(parsing: text) }
    check { _ = try Digest(parsing: text) }
    return 0
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
